/**
 * The pool of 4 KiB host pages behind guest memory: frames with guest bytes and nodes of the radix tree.
 * Pages are taken from the end of linear memory, freed pages are chained through their first word.
 */
import {
  FRAMES,
  FRAME_INFO,
  FRAME_INFO_BYTES,
  POOL_FREE,
  POOL_LIMIT,
  POOL_NEXT,
  POOL_USED,
} from '../../isa/state-layout';
import { invalidateCode } from './code-cache';
import { unmarkFrame } from './table-marks';
import { TIMED } from './timed';

export const PAGE_BYTES: u32 = 4096;
/** Linear memory grows by this many wasm pages (16 MiB); pages that nobody touches cost the host nothing. */
const GROW_PAGES: i32 = 256;
/** Frames that a wasm32 memory can hold at all, less a reserve for representative frames. */
const FRAMES_MAX: u32 = 0x100000 - (FRAMES >> 12) - 1024;

/** Fills `bytes` (a multiple of 8) from the 8-byte aligned address `host` on with repetitions of `pattern`. */
export function fillHost(host: u32, bytes: u32, pattern: u64): void {
  if (pattern == (pattern & 0xff) * 0x0101010101010101) {
    memory.fill(host, <u8>pattern, bytes);
    return;
  }
  store<u64>(host, pattern);
  let done: u32 = 8;
  while (done < bytes) {
    const more = min(done, bytes - done);
    memory.copy(host + done, host, more);
    done += more;
  }
}

/** A page from the end of linear memory, all zero; 0 when the host has no more. */
function bump(): u32 {
  let next = load<u32>(POOL_NEXT);
  if (next == 0) next = FRAMES;
  const end = <u64>next + PAGE_BYTES;
  if (end > 0xfffff000) return 0;
  if (end > (<u64>memory.size()) << 16) {
    if (memory.grow(GROW_PAGES) < 0 && memory.grow(1) < 0) return 0;
  }
  store<u32>(POOL_NEXT, <u32>end);
  return next;
}

/** Takes a page filled with `pattern`, whatever the limit says; 0 only when the host has no memory left. */
export function allocateUnlimited(pattern: u64): u32 {
  let page = load<u32>(POOL_FREE);
  if (page != 0) {
    store<u32>(POOL_FREE, load<u32>(page));
    fillHost(page, PAGE_BYTES, pattern);
  } else {
    page = bump();
    if (page == 0) return 0;
    if (pattern != 0) fillHost(page, PAGE_BYTES, pattern);
  }
  store<u32>(POOL_USED, load<u32>(POOL_USED) + 1);
  return page;
}

/** Takes a page filled with `pattern`; 0 when the resident limit is reached. */
export function allocatePage(pattern: u64): u32 {
  const limit = load<u32>(POOL_LIMIT);
  if (load<u32>(POOL_USED) >= (limit == 0 ? FRAMES_MAX : limit)) return 0;
  return allocateUnlimited(pattern);
}

export function freePage(page: u32): void {
  if (codeLines(page) != 0) invalidateCode(page, PAGE_BYTES, false);
  if (TIMED) unmarkFrame(page);
  store<u32>(page, load<u32>(POOL_FREE));
  store<u32>(POOL_FREE, page);
  store<u32>(POOL_USED, load<u32>(POOL_USED) - 1);
}

/** One bit for each 64-byte line of the frame that holds decoded code.
 * @inline */
export function codeLines(host: u32): u64 {
  return load<u64>(FRAME_INFO + (host >> 12) * FRAME_INFO_BYTES);
}

/** Storage in use, in bytes: frames and nodes. */
export function residentBytes(): u64 {
  return (<u64>load<u32>(POOL_USED)) << 12;
}

/** Limits the storage in use to `bytes` (0 = as much as the host can address). */
export function setResidentLimit(bytes: u64): void {
  store<u32>(POOL_LIMIT, <u32>min(bytes >> 12, <u64>FRAMES_MAX));
}
