import { frameScores } from '../bench/frame-scores';
import { openPages } from '../bench/page-subject';
import { benchPages } from '../bench/page-bench';
import { wantsBench, wantsPark, wantsScores } from '../boot-options';
import { printLine } from '../console';
import { powerOff } from '../power';
import { park, start } from './kernel-start';

/**
 * A bench kernel for an allocator of pages: this kernel's own, or the twin that kernel/compiler/bench-sources.ts puts in
 * the place of bench/page-subject.ts. It boots as kmain.ts does, and runs the drivers of bench/ alone.
 */
export { interrupt_handler, interrupt_late } from '../interrupts';

// What a harness calls, when the kernel is parked.
export {
  allocFrame,
  allocPage,
  allocRun,
  freeFrame,
  freePage,
  freePages,
  freeRun,
  totalPages,
} from '../bench/page-subject';

export function kernel_main(startInfo: usize): void {
  start(startInfo);
  if (wantsBench) benchPages();
  if (wantsScores) frameScores();
  if (wantsPark) {
    openPages();
    park();
  }
  printLine('[nk_bench] end');
  powerOff();
}
