/** Goes through the access log of a block, instruction by instruction. */
import { ACCESS_BYTES, ACCESS_INDEX, ACCESS_KIND, AccessKind } from '../../isa/timing-interface';
import { ACCESS_LOG, ACCESS_LOG_NEXT } from '../../isa/state-layout';
import { noteIrregular } from './met-record';

let next: u32 = ACCESS_LOG;
let end: u32 = ACCESS_LOG;
/** Number of the instruction whose accesses are asked for, in place for the two bytes at ACCESS_KIND. */
let current: u32 = 0;

export function beginAccesses(): void {
  next = ACCESS_LOG;
  end = load<u32>(ACCESS_LOG_NEXT);
}

/** Instruction `index` comes. Passes over what those before it have left.
 * @inline */
export function skipAccessesBefore(index: u32): void {
  current = index << 8;
  if (next < end && <u32>load<u8>(next, ACCESS_INDEX) < index) skip(index);
}

function skip(index: u32): void {
  noteIrregular();
  while (next < end && <u32>load<u8>(next, ACCESS_INDEX) < index) next += ACCESS_BYTES;
}

/** The instruction's next entry of the log of this kind, 0 when there is none: not all that it may access is accessed.
 * @inline */
export function nextAccess(kind: AccessKind): u32 {
  const entry = next;
  if (entry >= end || <u32>load<u16>(entry, ACCESS_KIND) != (current | (<u32>kind)))
    return searchAccess(kind);
  next = entry + ACCESS_BYTES;
  return entry;
}

function searchAccess(kind: AccessKind): u32 {
  noteIrregular();
  for (let entry = next; entry < end; entry += ACCESS_BYTES) {
    const what = <u32>load<u16>(entry, ACCESS_KIND);
    if ((what & ~0xff) != current) return 0;
    if (what != (current | (<u32>kind))) continue;
    next = entry + ACCESS_BYTES;
    return entry;
  }
  return 0;
}

/** Where the entries of instruction `index` begin, and where they end. */
export function accessesBegin(): u32 {
  return next;
}

export function accessesEnd(index: u32): u32 {
  let last = next;
  while (last < end && <u32>load<u8>(last, ACCESS_INDEX) == index) last += ACCESS_BYTES;
  return last;
}

/** Goes on behind them. */
export function passAccesses(to: u32): void {
  next = to;
}
