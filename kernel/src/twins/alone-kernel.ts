import { benchAlone } from '../bench/alone-bench';
import { wantsBench } from '../boot-options';
import { printLine } from '../console';
import { powerOff } from '../power';
import { start } from './kernel-start';

/** A bench kernel of this kernel's own for what no twin has. */
export { interrupt_handler, interrupt_late } from '../interrupts';

export function kernel_main(startInfo: usize): void {
  start(startInfo);
  if (wantsBench) benchAlone();
  printLine('[nk_bench] end');
  powerOff();
}
