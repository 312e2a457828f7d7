/**
 * Regions: the ranges of RAM that are managed, sorted and disjoint, as sanitised. The allocator's fast paths never look
 * at them; they decide what is RAM and what is not where a 2 MiB frame is not RAM as a whole.
 */
@unmanaged
export class Region {
  /** Number of the first frame: its address / 4096. */
  firstFrame: u64;
  frameCount: u64;
}

export const REGION_SIZE: usize = 16;

let table: usize = 0;
let count: u32 = 0;

export function regionsInit(memoryStart: usize): void {
  table = memoryStart;
  count = 0;
}

/** Appends a region; regions come in ascending order. */
export function regionAdd(firstFrame: u64, frameCount: u64): void {
  const region = regionAt(count);
  region.firstFrame = firstFrame;
  region.frameCount = frameCount;
  count += 1;
}

export function regionCount(): u32 {
  return count;
}

export function regionAt(index: u32): Region {
  return changetype<Region>(table + (index as usize) * REGION_SIZE);
}

/** The region that holds `frame`, or null. */
export function regionOfFrame(frame: u64): Region | null {
  const index = firstRegionEndingAfter(frame);
  if (index == count) return null;
  const region = regionAt(index);
  return frame < region.firstFrame ? null : region;
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
