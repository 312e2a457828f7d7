/**
 * Reading and writing guest physical memory by address: for page walks, and for the host through SCRATCH.
 */
import { FAULT, SCRATCH, STORE_SEEN } from '../../isa/state-layout';
import { invalidateCode, touchesBlocks } from './code-cache';
import { codeLines } from './frame-pool';
import {
  entryOf,
  fillPages,
  onesFrame,
  pageTakesWrites,
  readableFrame,
  writableFrame,
} from './physical';
import { forgetRamInterval, gateA20, intervalEnd, pageKind, PageKind } from './ram-ranges';
import { loseMarks, noteTableStore } from './table-marks';
import { TIMED } from './timed';
import { flushTlb } from './tlb';
import { ENTRY_FRAME, ENTRY_TAG, entryPattern } from './uniform';

/** Host page to read physical page `page` from, whatever is there.
 * @inline */
function sourceFrame(page: u64): u32 {
  const kind = pageKind(page);
  return kind == PageKind.None || kind == PageKind.Device ? onesFrame() : readableFrame(page);
}

/** Drops decoded code whose 64-byte lines the bytes touch, which are about to be stored, and notes the store for watchStores(). */
export function noteStore(host: u32, bytes: u32): void {
  if (TIMED) noteTableStore(host);
  note(host, bytes, false);
}

/** The same for bytes that are stored already: code of which they are an immediate is kept (code-patches.ts). */
export function noteStored(host: u32, bytes: u32): void {
  if (TIMED) noteTableStore(host);
  note(host, bytes, true);
}

function note(host: u32, bytes: u32, stored: bool): void {
  store<u32>(STORE_SEEN, 1);
  if (touchesCode(host, bytes)) invalidateCode(host, bytes, stored);
}

/** Whether the bytes of one page are such of which blocks were made. */
export function hitsCode(host: u32, bytes: u32): bool {
  return touchesCode(host, bytes) && touchesBlocks(host, bytes);
}

/** Whether decoded code lies in the 64-byte lines that the bytes of one page touch.
 * @inline */
function touchesCode(host: u32, bytes: u32): bool {
  const lines = codeLines(host);
  if (lines == 0) return false;
  const first = (host >> 6) & 63;
  const last = ((host + bytes - 1) >> 6) & 63;
  const touched = (~(<u64>0) >> (63 - (last - first))) << first;
  return (lines & touched) != 0;
}

/** Reads 4 or 8 aligned bytes for a page walk.
 * @inline */
export function readPhysicalWord(address: u64, bytes: u32): u64 {
  const gated = gateA20(address);
  const host = sourceFrame(gated >> 12) + ((<u32>gated) & 0xfff);
  return bytes == 4 ? load<u32>(host) : load<u64>(host);
}

/** Writes 4 or 8 aligned bytes for a page walk, A and D flags alone; may raise the resident limit. */
export function writePhysicalWord(address: u64, value: u64, bytes: u32): void {
  const gated = gateA20(address);
  if (pageKind(gated >> 12) != PageKind.Ram) return;
  const frame = writableFrame(gated >> 12);
  if (frame == 0) return;
  const host = frame + ((<u32>gated) & 0xfff);
  if (bytes == 4) store<u32>(host, <u32>value);
  else store<u64>(host, value);
  note(host, bytes, false);
}

/** Copies `bytes` (up to SCRATCH_BYTES) from physical `address` on to SCRATCH. The host's own view: A20 does not apply. */
export function physicalRead(address: u64, bytes: u32): void {
  let done: u32 = 0;
  while (done < bytes) {
    const at = address + done;
    const offset = (<u32>at) & 0xfff;
    const count = min(4096 - offset, bytes - done);
    copyOut(SCRATCH + done, at >> 12, offset, count);
    done += count;
  }
}

/** Copies bytes of a page to `to`. The host's look at memory that nobody has touched takes no storage. */
function copyOut(to: u32, page: u64, offset: u32, bytes: u32): void {
  const kind = pageKind(page);
  if (kind == PageKind.None || kind == PageKind.Device) {
    memory.fill(to, 0xff, bytes);
    return;
  }
  const entry = entryOf(page);
  if ((entry & ENTRY_TAG) == ENTRY_FRAME) {
    memory.copy(to, (entry & ~ENTRY_TAG) + offset, bytes);
    return;
  }
  const pattern = entryPattern(entry);
  for (let index: u32 = 0; index < bytes; index++)
    store<u8>(to + index, <u8>(pattern >> (((offset + index) & 7) << 3)));
}

/** Copies `bytes` from SCRATCH to RAM (and, with `loading`, to ROM); false at the resident limit. */
function copyIn(address: u64, bytes: u32, loading: bool): bool {
  let done: u32 = 0;
  while (done < bytes) {
    const at = address + done;
    const offset = (<u32>at) & 0xfff;
    const count = min(4096 - offset, bytes - done);
    if (pageTakesWrites(at >> 12, loading)) {
      const frame = writableFrame(at >> 12);
      if (frame == 0) {
        store<u32>(FAULT, 0);
        return false;
      }
      memory.copy(frame + offset, SCRATCH + done, count);
      noteStore(frame + offset, count);
    }
    done += count;
  }
  return true;
}

/** A bus master writes `bytes` from SCRATCH; ROM and addresses without memory ignore it. False at the resident limit. */
export function physicalWrite(address: u64, bytes: u32): bool {
  return copyIn(address, bytes, false);
}

/** As physicalWrite, into ROM too: for the machine that places its firmware. */
export function physicalLoad(address: u64, bytes: u32): bool {
  return copyIn(address, bytes, true);
}

function fillPart(address: u64, bytes: u32, pattern: u64): bool {
  if (pageKind(address >> 12) != PageKind.Ram) return true;
  const frame = writableFrame(address >> 12);
  if (frame == 0) return false;
  const host = frame + ((<u32>address) & 0xfff);
  for (let index: u32 = 0; index < bytes; index++)
    store<u8>(host + index, <u8>(pattern >> ((index & 7) << 3)));
  noteStore(host, bytes);
  return true;
}

/**
 * Fills `bytes` bytes of RAM from `address` on with repetitions of `pattern` (its lowest byte first). Whole pages become
 * uniform and cost no storage. False, with the resident-limit fault raised, when storage for the edges is not to be had.
 */
export function fillPhysical(address: u64, bytes: u64, pattern: u64): bool {
  store<u32>(STORE_SEEN, 1);
  const end = address + bytes;
  const firstWhole = (address + 4095) >> 12;
  const endWhole = end >> 12;
  if (firstWhole >= endWhole) {
    const split = min(end, firstWhole << 12);
    if (!fillPart(address, <u32>(split - address), pattern)) return false;
    return (
      end == split ||
      fillPart(split, <u32>(end - split), rotr<u64>(pattern, (split - address) << 3))
    );
  }
  const headBytes = (firstWhole << 12) - address;
  if (headBytes != 0 && !fillPart(address, <u32>headBytes, pattern)) return false;
  const shifted = rotr<u64>(pattern, headBytes << 3);
  for (let page = firstWhole; page < endWhole;) {
    const kind = pageKind(page);
    const stop = min(intervalEnd, endWhole);
    if (kind == PageKind.Ram && !fillPages(page, stop, shifted)) return false;
    page = stop;
  }
  const tailBytes = (<u32>end) & 0xfff;
  return tailBytes == 0 || fillPart(endWhole << 12, tailBytes, shifted);
}

/** fillPhysical for the host: no fault stays pending. */
export function physicalFill(address: u64, bytes: u64, pattern: u64): bool {
  const complete = fillPhysical(address, bytes, pattern);
  if (!complete) store<u32>(FAULT, 0);
  return complete;
}

/** The host has rewritten RAM_RANGES. */
export function ramRangesChanged(): void {
  forgetRamInterval();
  flushTlb(false);
  if (TIMED) loseMarks();
}

/** The host has moved the A20 gate. */
export function a20Changed(): void {
  flushTlb(false);
  if (TIMED) loseMarks();
}
