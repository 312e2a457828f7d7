/**
 * Accesses to memory that the host is told of (ACCESSES_TOLD): where each is by the translation before it, which mmu.ts notes here.
 */
import {
  ACCESS_HITS_CODE,
  ACCESS_HITS_NOTHING,
  ACCESS_STALE,
  ACCESS_STORES,
  TOLD_LINEAR,
} from '../../isa/state-layout';
import { accessesTold } from './breakpoints';
import { CR0_PG, cr0 } from './control-bits';
import { NOWHERE, translateDebug } from './debug-walk';
import { deviceAddress } from './device-access';
import { codeLines } from './frame-pool';
import { accessed } from './host';
import { accessPermitted } from './page-walk';
import { entryOf } from './physical';
import { hitsCode } from './physical-access';
import { pageKind, PageKind } from './ram-ranges';
import { TAG_HIDDEN, TAG_NONE } from './tlb';
import { ENTRY_FRAME, ENTRY_TAG } from './uniform';

/** The byte that was translated last, whether nothing is there, and whether page tables would no longer translate it so. */
let filledLinear: u64 = 0;
let filledPhysical: u64 = 0;
let filledNothing: bool = false;
let filledStale: bool = false;

/** Page tables have translated a byte to `physical`.
 * @inline */
export function noteFilled(linear: u64, physical: u64, isNothing: bool): void {
  filledLinear = linear;
  filledPhysical = physical;
  filledNothing = isNothing;
  filledStale = false;
}

/** The write tag of an entry whose page is looked at, behind noteFilled: no page's, and where accesses are told it says where the page lies. */
export function tagOfHidden(): i64 {
  return accessesTold ? i64((filledPhysical & ~0xfff) | TAG_HIDDEN) : TAG_NONE;
}

/** The TLB has translated `linear` for `access`, by an entry with the write tag `tag`. */
export function noteTranslated(linear: u64, tag: i64, access: u32): void {
  if (!accessesTold) return;
  const now = translateDebug(linear);
  filledLinear = linear;
  filledPhysical = tag == TAG_NONE ? now : (u64(tag) & ~0xfff) | (linear & 0xfff);
  filledNothing = filledPhysical != NOWHERE && pageKind(filledPhysical >> 12) == PageKind.None;
  filledStale = now != filledPhysical || (cr0(CR0_PG) && !accessPermitted(access));
}

/** Tells the host, where it wants to know, of an access to `bytes` bytes within one page, from the byte on that was translated last. */
export function tellAccess(host: u32, bytes: u32, write: bool): void {
  if (!accessesTold || deviceAddress != 0 || filledPhysical == NOWHERE) return;
  let what: u32 = write ? ACCESS_STORES : 0;
  if (write && hitsCode(host, bytes)) what |= ACCESS_HITS_CODE;
  if (filledNothing) what |= ACCESS_HITS_NOTHING;
  if (filledStale) what |= ACCESS_STALE;
  store<u64>(TOLD_LINEAR, filledLinear);
  accessed(f64(filledPhysical), f64(bytes), what);
}

/** The same of a fill that may be of many pages, all of them RAM, before it is done. */
export function tellFill(linear: u64, physical: u64, bytes: u64): void {
  if (!accessesTold) return;
  store<u64>(TOLD_LINEAR, linear);
  const hits = codeInPages(physical >> 12, (physical + bytes + 4095) >> 12);
  accessed(f64(physical), f64(bytes), ACCESS_STORES | (hits ? ACCESS_HITS_CODE : 0));
}

function codeInPages(first: u64, end: u64): bool {
  for (let page = first; page < end; page++) {
    const entry = entryOf(page);
    if ((entry & ENTRY_TAG) == ENTRY_FRAME && codeLines(entry & ~ENTRY_TAG) != 0) return true;
  }
  return false;
}
