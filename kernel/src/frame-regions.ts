import { SLOTS_PER_WORD } from './frame-bitmap';

/**
 * Regions: which frames the bitmap speaks of.
 *
 * Each range of managed RAM is a region and has a slice of the bitmap, which begins at a word. Bits are spent on RAM
 * only: with RAM at 8 MiB and at 4 PiB the bitmap holds the pages of both, and nothing for the hole between.
 *
 *     frames     ▓▓▓▓▓▓▓▓·················▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓······▓▓▓▓
 *                region 0                 region 1             region 2
 *     slots      │00000000│1111111111111111│2222xxxx│            x: tail of the last word, always used
 */
@unmanaged
export class Region {
  /** Number of the first frame: its address / 4096. */
  firstFrame: u64;
  frameCount: u64;
  /** Slot of the first frame, a multiple of 64. */
  firstSlot: u64;
  freeCount: u64;
}

export const REGION_SIZE: usize = 32;

let table: usize = 0;
let count: u32 = 0;
/** The region of the last look-up: mostly the next one's, too. */
let recent: u32 = 0;

export function regionsInit(memoryStart: usize): void {
  table = memoryStart;
  count = 0;
  recent = 0;
}

/** Appends a region; regions come in ascending order. Returns it. */
export function regionAdd(firstFrame: u64, frameCount: u64, firstSlot: u64): Region {
  const region = regionAt(count);
  region.firstFrame = firstFrame;
  region.frameCount = frameCount;
  region.firstSlot = firstSlot;
  region.freeCount = frameCount;
  count += 1;
  return region;
}

export function regionCount(): u32 {
  return count;
}

export function regionAt(index: u32): Region {
  return changetype<Region>(table + (index as usize) * REGION_SIZE);
}

/** Words of bitmap for a region of `frames` frames. */
export function wordsForFrames(frames: u64): u64 {
  return (frames + SLOTS_PER_WORD - 1) / SLOTS_PER_WORD;
}

/** The region that holds `frame`, or null. */
export function regionOfFrame(frame: u64): Region | null {
  if (count == 0) return null;
  const guess = regionAt(recent);
  if (frame - guess.firstFrame < guess.frameCount) return guess;
  const index = firstRegionEndingAfter(frame);
  if (index == count) return null;
  const region = regionAt(index);
  if (frame < region.firstFrame) return null;
  recent = index;
  return region;
}

/** The region whose slice holds `slot`, which is the slot of a frame. */
export function regionOfSlot(slot: u64): Region {
  const guess = regionAt(recent);
  if (slot - guess.firstSlot < guess.frameCount) return guess;
  let low: u32 = 0;
  let high = count - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (regionAt(middle).firstSlot <= slot) low = middle;
    else high = middle - 1;
  }
  recent = low;
  return regionAt(low);
}

/** Index of the first region that ends after `frame`; regionCount() when there is none. */
export function firstRegionEndingAfter(frame: u64): u32 {
  let low: u32 = 0;
  let high = count;
  while (low < high) {
    const middle = (low + high) >> 1;
    const region = regionAt(middle);
    if (region.firstFrame + region.frameCount <= frame) low = middle + 1;
    else high = middle;
  }
  return low;
}
