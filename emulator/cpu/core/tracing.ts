/** Reports to the host, made only when somebody listens. */
import { PAGE_USE_SHIFT, PageUse, TRACE_MASK, TraceKind } from '../../isa/state-layout';
import { trace } from './host';

/** Reports an event of `kind`; what `a` and `b` mean is said at TraceKind. */
export function report(kind: TraceKind, a: u64, b: u64): void {
  if (((load<u32>(TRACE_MASK) >> kind) & 1) != 0) trace(kind, a, b);
}

/** Reports that `count` pages of RAM from `page` on are used. */
export function reportPages(use: PageUse, page: u64, count: u64): void {
  report(TraceKind.PageUsed, page | ((<u64>use) << PAGE_USE_SHIFT), count);
}
