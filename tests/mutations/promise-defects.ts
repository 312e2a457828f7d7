/**
 * The recorded contradictions between System 7X's documents, diagnostics and tests and what it did (D1 to D11), each as
 * a kernel that does not do what is said of it: see heap-defects.ts. The checks are those of tests/boots/promise-checks.ts.
 * D6 is a document that does not speak of a function, and calls a plan what is there: it damages documents, and a source.
 */
import { one, type Defect } from './defect.js';

const STATISTICS = '113 the first four lines of mem_print_stats are those of System 7X';
const LAYOUT = 'the layout that is printed is disjoint, in order, and what is reserved';
const HEAP_SIZE =
  'the heap has the size that kernel/README.md says, and what is printed of it is so';
const METADATA =
  'the metadata lie in RAM that nobody else has, at most 0.134 bytes a page and 16 KiB';
const TAKEN = '77 nothing that somebody has is handed out: low memory, kernel, metadata, heap';
const RUNS =
  '83 runs begin at a multiple of what was asked for, cross no boundary, and end below the limit';
const FIGURES = 'a figure of any size is printed whole';
const LARGE = 'blocks of 32 MiB and 128 MiB are that long and share nothing';
const INTERFACE =
  "kernel/README.md's interface names every function that is exported, once, and no other";
const PLANS = 'no document calls a plan what the kernel does';
const SUITE = "the kernel's own suite fails on a heap that is corrupt";

export const PROMISE_DEFECTS: readonly Defect[] = [
  one(
    'D1 the layout that is printed overlaps',
    LAYOUT,
    'boot-layout.ts',
    'printRange(reservation.start, reservation.end);',
    'printRange(reservation.start, reservation.end + 0x10_0000);',
  ),
  one(
    'D2 the metadata are eight times as large as they are said to be',
    METADATA,
    'zone-plan.ts',
    'size += descriptorsSize(plan) + plan.frames * (LINE_SIZE as u64);',
    'size += descriptorsSize(plan) + 8 * plan.frames * (LINE_SIZE as u64);',
  ),
  one(
    'D3 pages are handed out from below where they are said to begin',
    TAKEN,
    'boot-reservations.ts',
    'room = room && take(0, LOW_MEMORY_END, Owner.LowMemory);',
    'room = room && take(0, LOW_MEMORY_END / 4, Owner.LowMemory);',
  ),
  one(
    'D4 the heap is shorter than the comment says',
    HEAP_SIZE,
    'boot-layout.ts',
    'if (opened) kheap_init(heap, heap + (heapSize as usize));',
    'if (opened) kheap_init(heap, heap + (heapSize as usize) / 2);',
  ),
  one(
    'D5 an alignment is promised and not given',
    RUNS,
    'page-pieces.ts',
    'return allocateRunWithin(n, max(align, 1), boundary, lastPage, node, RunOwner.Block);',
    'return allocateRunWithin(n, 1, boundary, lastPage, node, RunOwner.Block);',
  ),
  one(
    'D6 the README does not mention kmalloc_pages',
    INTERFACE,
    '../README.md',
    '| `kmalloc_pages(n)` | n contiguous pages | 0 |\n',
    '',
  ),
  one(
    'D6 the README lists coalescing as a plan',
    PLANS,
    '../README.md',
    '## Limits\n',
    '## Limits\n\nFuture enhancements: coalescing of adjacent free blocks.\n',
  ),
  one(
    'D6 a function comes that no document speaks of',
    INTERFACE,
    'kmain.ts',
    "export { vm_physical } from './window';",
    "export { vm_physical } from './window';\nexport { allocateRun } from './page-runs';",
  ),
  one(
    'D7 a suite that passes whatever is broken',
    SUITE,
    'tests/suite.ts',
    'if (holds) return true;',
    'if (holds || failures == 0) return true;',
  ),
  one(
    'D8 hundredths of a MiB are rounded',
    STATISTICS,
    'console.ts',
    'printDecimal(((pages % PAGES_PER_MIB) * 100) / PAGES_PER_MIB, 2);',
    'printDecimal(((pages % PAGES_PER_MIB) * 100 + 255) / PAGES_PER_MIB, 2);',
  ),
  one(
    'D9 figures of more than 32 bits are cut',
    FIGURES,
    'console.ts',
    'printDecimal(value, 1);',
    'printDecimal(value & 0xffff_ffff, 1);',
  ),
  one(
    'D10 reserved pages do not count as used',
    STATISTICS,
    'statistics.ts',
    "printRow('[nk_mem]   Used : ', total - free);",
    "printRow('[nk_mem]   Used : ', total - free - reservedFrameCount());",
  ),
  one(
    'D11 blocks of 32 MiB and 128 MiB are a page each',
    LARGE,
    'kmalloc.ts',
    'address = large ? allocateRun(pages, RunOwner.Block) : heapTake(pages);',
    'address = large ? allocateRun(1, RunOwner.Block) : heapTake(pages);',
  ),
];
