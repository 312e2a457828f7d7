import { newLine, print, printLine, printPages, printSize, printUnsigned } from './console';
import { extentCount } from './extents';
import { heapActive, heapFreeCount, heapLargestFree, heapPageCount } from './kernel-heap';
import {
  MEMORY_ERROR_KINDS,
  memoryErrorName,
  nk_mem_errors,
  totalMemoryErrors,
} from './memory-errors';
import { PAGE_SIZE } from './page';
import { pmm_free_pages, pmm_total_pages, reservedFrameCount } from './page-frames';
import { printSlabRow } from './slab-statistics';
import { printZones } from './zone-statistics';
import { windowFaults, windowRecycles } from './window';

/**
 * Prints what the allocators hold. The first four lines are System 7X's own, to the byte: "Used" is everything that
 * is not free, the reserved pages included. The lines behind them say more.
 */
export function mem_print_stats(): void {
  const total = pmm_total_pages();
  const free = pmm_free_pages();
  printLine('[nk_mem] Physical Memory Statistics:');
  printRow('[nk_mem]   Total: ', total);
  printRow('[nk_mem]   Free : ', free);
  printRow('[nk_mem]   Used : ', total - free);
  printRow('[nk_mem]   Rsvd : ', reservedFrameCount());
  printZones();
  if (heapActive()) printHeapRow();
  printSlabRow();
  if (windowFaults != 0) printWindowRow();
  printErrorRow();
}

function printRow(label: string, pages: u64): void {
  print(label);
  printPages(pages);
  newLine();
}

function printHeapRow(): void {
  print('[nk_mem]   Heap : ');
  printPages(heapPageCount());
  print(', free ');
  printUnsigned(heapFreeCount());
  print(', largest free block ');
  printSize((heapLargestFree() as u64) * PAGE_SIZE);
  print(', runs outside ');
  printUnsigned(extentCount());
  newLine();
}

/** RAM beyond 4 GiB: pages entered since boot, and how often all were forgotten to start over. */
function printWindowRow(): void {
  print('[nk_mem]   Window: pages mapped at first touch ');
  printUnsigned(windowFaults);
  print(', started over ');
  printUnsigned(windowRecycles);
  newLine();
}

function printErrorRow(): void {
  print('[nk_mem]   Errors: ');
  if (totalMemoryErrors() == 0) print('none');
  let separate = false;
  for (let kind: u32 = 0; kind < MEMORY_ERROR_KINDS; kind++) {
    if (nk_mem_errors(kind) == 0) continue;
    if (separate) print(', ');
    separate = true;
    print(memoryErrorName(kind));
    print(' ');
    printUnsigned(nk_mem_errors(kind));
  }
  newLine();
}
