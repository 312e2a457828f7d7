/**
 * Translations without side effects, for crash reports and debuggers: no A or D bits, no TLB entries, no faults, and the
 * address only has to be mapped, whoever may use it.
 */
import { SCRATCH } from '../../isa/state-layout';
import { CR0_PG, cr0 } from './control-bits';
import { Verdict, walkCount, walkPage, walkRecords, walkTables, walkTopLevel } from './page-walk';
import { gateA20 } from './ram-ranges';
import { isCanonical } from './mode';

export const NOWHERE: u64 = 0xffff_ffff_ffff_ffff;
const VERDICT_NON_CANONICAL: u32 = 3;

/** Physical address of the byte at `linear`, all ones when it is not mapped. */
export function translateDebug(linear: u64): u64 {
  if (!isCanonical(linear)) return NOWHERE;
  if (!cr0(CR0_PG)) return gateA20(linear);
  return walkTables(linear) == Verdict.Mapped ? gateA20(walkPage | (linear & 0xfff)) : NOWHERE;
}

/**
 * Writes the walk for `linear` to SCRATCH: u32 verdict (0 mapped, 1 not present, 2 reserved bit, 3 not canonical), u32 number
 * of records, then records of 24 bytes {u32 level (5 PML5E … 1 PTE), u32 0, u64 entry's physical address, u64 entry}.
 * Without paging there are no records.
 */
export function pageWalkDebug(linear: u64): void {
  let verdict: u32 = 0;
  let count: u32 = 0;
  if (!isCanonical(linear)) verdict = VERDICT_NON_CANONICAL;
  else if (cr0(CR0_PG)) {
    verdict = walkTables(linear);
    count = walkCount;
  }
  store<u32>(SCRATCH, verdict);
  store<u32>(SCRATCH, count, 4);
  for (let index: u32 = 0; index < count; index++) {
    const from = walkRecords + index * 16;
    const to = SCRATCH + 8 + index * 24;
    store<u32>(to, walkTopLevel - index);
    store<u32>(to, 0, 4);
    store<u64>(to, load<u64>(from), 8);
    store<u64>(to, load<u64>(from, 8), 16);
  }
}
