import { nodesInit } from './acpi-affinity';
import { bootInfoCheck, printFirmwareMap } from './boot-info';
import { openAllocators, printAllocators, printLayout, printPaging } from './boot-layout';
import { reserveBootStructures } from './boot-reservations';
import { frameScores } from './bench/frame-scores';
import { nk_bench } from './bench/nk-bench';
import {
  bootOptionsRead,
  wantsBench,
  wantsExample,
  wantsPark,
  wantsScores,
  wantsTests,
} from './boot-options';
import { printLine } from './console';
import { protectImage } from './image-protection';
import { interruptsInit } from './interrupts';
import { nk_memory_example } from './example';
import { clippedEntries, droppedBytes } from './memory-map';
import { nk_mem_check } from './memory-check';
import { panic } from './last-words';
import { EXIT_TESTS_FAILED, exitWith, haltForEver, powerOff } from './power';
import { processorInit, processorProtect } from './processor';
import { printLeftOut, printRam, ramInit } from './ram';
import { serialDrain, serialInit } from './serial';
import { mem_print_stats } from './statistics';
import { nk_memory_run_tests } from './tests/memory-tests';

// System 7X's memory interface, and what its harnesses call. Each of these is a symbol of the ELF file.
export { pmm_init, pmm_init_map } from './pmm-init';
export { pmm_alloc_page, pmm_free_page, pmm_free_pages, pmm_total_pages } from './page-frames';
export { pmm_alloc_pages, pmm_alloc_pages_zeroed, pmm_free_pages_run } from './page-pieces';
export { pmm_node_distance, pmm_node_range, pmm_nodes_clear } from './nodes';
export { bootAllocate } from './boot-memory';
export { pmm_reclaim_acpi, pmm_release_boot_memory } from './boot-release';
export {
  reservationAt,
  reservationCount,
  reserve,
  unreserve,
  unreserveRange,
} from './reservations';
export { nk_interrupt } from './interrupt-handlers';
export { kheap_init, nk_is_active } from './kheap-init';
export {
  kcalloc,
  kfree,
  kfree_pages,
  kmalloc,
  kmalloc_pages,
  kmalloc_small,
  krealloc,
} from './kmalloc';
export {
  kmem_cache_alloc,
  kmem_cache_alloc_bulk,
  kmem_cache_create,
  kmem_cache_destroy,
  kmem_cache_free,
  kmem_cache_free_bulk,
  kmem_cache_shrink,
} from './kmem-cache';
export { vm_map, vm_protect, vm_query, vm_unmap } from './virtual-memory';
export { vm_alloc, vm_free } from './guarded-memory';
export { vm_physical } from './window';
export { mem_print_stats } from './statistics';
export { nk_mem_stats } from './memory-statistics';
export { nk_mem_errors } from './memory-errors';
export { sanitiseMap, sanitisedRanges } from './memory-map';
export { nk_nodes_read } from './acpi-affinity';
export { nodeByRank, nodeOf } from './nodes';
export { nk_mem_check } from './memory-check';
export { nk_memory_run_tests } from './tests/memory-tests';
export { nk_memory_example } from './example';
export { interrupt_handler, interrupt_late } from './interrupts';

/** Where the boot stub arrives, in 64-bit mode with 0–4 GiB mapped: this kernel's table of contents. */
export function kernel_main(startInfo: usize): void {
  serialInit(); // from here on we can speak
  printLine('System 7X nanokernel memory manager');
  processorInit(); // how many address bits, which page sizes
  interruptsInit(); // from here on a mistake has a name

  const info = bootInfoCheck(startInfo);
  bootOptionsRead(info);
  printFirmwareMap(info);
  ramInit(info.memoryMap as usize, info.memoryMapEntries); // which pages are RAM
  printRam();
  printLeftOut(droppedBytes, clippedEntries);
  printPaging();
  nodesInit(info.rsdp); // which memory is near which

  reserveBootStructures(info); // which of them are taken already
  processorProtect(); // pages of ring 3 are nothing for ring 0
  protectImage(); // code cannot be written, data cannot be executed, null is nowhere
  openAllocators(); // the rest is handed out from here on
  printLayout();
  printAllocators();

  if (wantsTests && nk_memory_run_tests() != 0) exitWith(EXIT_TESTS_FAILED);
  if (wantsExample) nk_memory_example();
  if (wantsBench) nk_bench();
  if (wantsScores) frameScores();
  if (nk_mem_check(0) != 0) panic('an invariant of the memory manager is broken');
  mem_print_stats();
  if (wantsPark) park();
  powerOff();
}

/** Everything is initialised and nothing runs: a harness may take the processor and call what is exported above. */
function park(): void {
  printLine('parked');
  serialDrain();
  haltForEver();
}
