/** The page walk that the timing engine asks for (timed core only). */
import { TIMING_WALK } from '../../isa/state-layout';
import { WALK_COUNT, WALK_ENTRIES, WALK_PHYSICAL, WALK_SHIFT } from '../../isa/timing-interface';
import { CR0_PG, cr0 } from './control-bits';
import { Verdict, walkCount, walkPage, walkRecords, walkShift, walkTables } from './page-walk';
import { gateA20 } from './ram-ranges';
import { isCanonical } from './mode';

const PAGE_SHIFT: u32 = 12;
/** Bytes of an entry of walkRecords. */
const RECORD_BYTES: u32 = 16;

/**
 * Writes the walk for `linear` to TIMING_WALK, without side effects: physical address of the page that maps it, log2 of its
 * size (0: not mapped), the entries read. Without paging every 4 KiB page maps itself, and nothing is read.
 */
export function walk(linear: u64): void {
  let shift: u32 = 0;
  let count: u32 = 0;
  let physical: u64 = 0;
  if (isCanonical(linear)) {
    if (!cr0(CR0_PG)) {
      shift = PAGE_SHIFT;
      physical = gateA20(linear & ~0xfff);
    } else {
      const mapped = walkTables(linear) == Verdict.Mapped;
      count = walkCount;
      if (mapped) {
        shift = walkShift;
        physical = gateA20((walkPage >> shift) << shift);
      }
    }
  }
  store<u64>(TIMING_WALK, physical, WALK_PHYSICAL);
  store<u32>(TIMING_WALK, shift, WALK_SHIFT);
  store<u32>(TIMING_WALK, count, WALK_COUNT);
  for (let index: u32 = 0; index < count; index++) {
    const entry = load<u64>(walkRecords + index * RECORD_BYTES);
    store<u64>(TIMING_WALK + (index << 3), entry, WALK_ENTRIES);
  }
}
