/**
 * Accesses to memory that the host is told of (ACCESSES_TOLD): where each is by the translation before it, which mmu.ts notes here.
 */
import { ACCESS_HITS_CODE, ACCESS_HITS_NOTHING, ACCESS_STORES } from '../../isa/state-layout';
import { accessesTold } from './breakpoints';
import { NOWHERE, translateDebug } from './debug-walk';
import { deviceAddress } from './device-access';
import { codeLines } from './frame-pool';
import { accessed } from './host';
import { entryOf } from './physical';
import { hitsCode } from './physical-access';
import { pageKind, PageKind } from './ram-ranges';
import { ENTRY_FRAME, ENTRY_TAG } from './uniform';

/** Physical address of the byte that was translated last, and whether nothing is there. */
let filledPhysical: u64 = 0;
let filledNothing: bool = false;

/** Page tables have translated a byte to `physical`.
 * @inline */
export function noteFilled(physical: u64, isNothing: bool): void {
  filledPhysical = physical;
  filledNothing = isNothing;
}

/** The TLB has translated `linear`: where it lies is for tellAccess, which goes by what page tables say now. */
export function noteTranslated(linear: u64): void {
  if (!accessesTold) return;
  filledPhysical = translateDebug(linear);
  filledNothing = filledPhysical != NOWHERE && pageKind(filledPhysical >> 12) == PageKind.None;
}

/** Tells the host, where it wants to know, of an access to `bytes` bytes within one page, from the byte on that was translated last. */
export function tellAccess(host: u32, bytes: u32, write: bool): void {
  if (!accessesTold || deviceAddress != 0 || filledPhysical == NOWHERE) return;
  let what: u32 = write ? ACCESS_STORES : 0;
  if (write && hitsCode(host, bytes)) what |= ACCESS_HITS_CODE;
  if (filledNothing) what |= ACCESS_HITS_NOTHING;
  accessed(f64(filledPhysical), f64(bytes), what);
}

/** The same of a fill that may be of many pages, all of them RAM, before it is done. */
export function tellFill(physical: u64, bytes: u64): void {
  if (!accessesTold) return;
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
