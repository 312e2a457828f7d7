import { benchHeap } from '../bench/heap-bench';
import { openHeap } from '../bench/heap-subject';
import { wantsBench, wantsPark } from '../boot-options';
import { printLine } from '../console';
import { powerOff } from '../power';
import { park, start } from './kernel-start';

/**
 * A bench kernel for a heap: this kernel's own, or the twin that kernel/compiler/bench-sources.ts puts in the place of
 * bench/heap-subject.ts. It boots as kmain.ts does, and runs the driver of bench/ alone.
 */
export { interrupt_handler, interrupt_late } from '../interrupts';

export { emptyAlloc, emptyFree } from '../bench/block-bench';

// What a harness calls, when the kernel is parked.
export {
  heapAddress,
  heapAlloc,
  heapFree,
  heapFreeBytes,
  heapRealloc,
} from '../bench/heap-subject';

/** The heap of a parked kernel. */
const PARKED_HEAP_BYTES: u64 = 1 << 20;

export function kernel_main(startInfo: usize): void {
  start(startInfo);
  if (wantsBench) benchHeap(true);
  if (wantsPark) {
    if (openHeap(PARKED_HEAP_BYTES) == 0) unreachable();
    park();
  }
  printLine('[nk_bench] end');
  powerOff();
}
