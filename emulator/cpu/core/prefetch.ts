/** PREFETCHh, PREFETCHW (timed core only): which line the timing engine is told of. They change no state and never fault. */
import { CpuMode, MODE, SEGMENT_BASE, SEGMENT_SIZE_BYTES, SEGMENTS } from '../../isa/state-layout';
import { Segment, UOP_A, UOP_IMM } from '../../isa/uop';
import { logPrefetch } from './access-log';
import { CR0_PG, cr0 } from './control-bits';
import { sourceA } from './operations/operand';
import { Verdict, walkTables } from './page-walk';
import { isCanonical } from './mode';

/**
 * An Op.Nop with an address. The page tables are walked here, not looked up in the TLB, so that the answer is the same
 * however a run is cut. Neither segment limits nor the page's rights are looked at.
 */
export function notePrefetch(uop: u32): void {
  if (load<u32>(uop, UOP_A) == 0) return;
  const linear = linearOf(load<u32>(uop, UOP_IMM) & 0xff, sourceA<u64>(uop));
  if (!isCanonical(linear)) return;
  if (cr0(CR0_PG) && walkTables(linear) != Verdict.Mapped) return;
  logPrefetch(uop, linear);
}

function linearOf(segment: u32, offset: u64): u64 {
  const long = load<u32>(MODE) == CpuMode.Long;
  if (long && segment < u32(Segment.FS)) return offset;
  const linear = offset + load<u64>(SEGMENTS + segment * SEGMENT_SIZE_BYTES, SEGMENT_BASE);
  return long ? linear : linear & 0xffffffff;
}
