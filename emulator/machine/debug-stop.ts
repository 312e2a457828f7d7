/** Where a run stands still for a debugger. */
import type { Watchpoint } from '../cpu/processor-debug.js';

/** Where a debugger has the machine stand still: before the instruction of a breakpoint, or behind one that a watchpoint has seen. */
export type DebugStop =
  | { readonly kind: 'breakpoint' }
  | { readonly kind: 'watchpoint'; readonly watchpoint: Watchpoint }
  /** So many instructions have retired as RunLoop.pauseAt says. */
  | { readonly kind: 'pause' };
