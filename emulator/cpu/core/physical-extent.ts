/** Linear addresses that are contiguous in physical memory: for fills of many pages at once (string-chunks.ts). */
import { CR0_PG, cr0 } from './control-bits';
import { GP, raise } from './exceptions';
import { currentAccess } from './mmu';
import { isCanonical } from './mode';
import { ACCESS_WRITE, pageWalk, walkPage, walkShift } from './page-walk';
import { a20Shift, gateA20, intervalEnd, pageKind, PageKind } from './ram-ranges';

/** Physical address of the last physicalExtent. */
export let extentPhysical: u64 = 0;

/**
 * How many bytes from `linear` on are physically contiguous RAM under one page (of any size), writable when `write`:
 * for fillPhysical(extentPhysical, …). 0 when there is no such extent, or when faulted.
 */
export function physicalExtent(linear: u64, write: bool): u64 {
  if (!isCanonical(linear)) {
    raise(GP, 0);
    return 0;
  }
  let shift: u32 = 32;
  if (cr0(CR0_PG)) {
    if (!pageWalk(linear, currentAccess() | (write ? ACCESS_WRITE : 0))) return 0;
    extentPhysical = walkPage | (linear & 0xfff);
    shift = walkShift;
  } else extentPhysical = linear;
  extentPhysical = gateA20(extentPhysical);
  shift = min(shift, a20Shift());
  if (pageKind(extentPhysical >> 12) != PageKind.Ram) return 0;
  const pageEnd = ((linear >> shift) + 1) << shift;
  return min(pageEnd - linear, (intervalEnd << 12) - extentPhysical);
}
