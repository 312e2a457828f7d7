/**
 * A hash of what guest memory contains, independent of how it is stored: runs of equal 8-byte content by ascending
 * address, whether they are uniform entries or frames that happen to repeat one word. Zero content counts as nothing.
 */
import { RAM_RANGES } from '../../isa/state-layout';
import { PageKind, rangeEnd, rangeFirst, rangeKind } from './ram-ranges';
import { entryOf, nodeEntrySpan } from './physical';
import { ENTRY_FRAME, ENTRY_TAG, entryPattern } from './uniform';

let hash: u64 = 0;
/** The run not yet mixed in: pages `runFirst` to `runEnd` - 1 hold `runPattern`. */
let runFirst: u64 = 0;
let runEnd: u64 = 0;
let runPattern: u64 = 0;

function mix(value: u64): void {
  hash = rotl<u64>(hash ^ (value * 0x9e3779b97f4a7c15), 29) * 0xbf58476d1ce4e5b9;
}

function endRun(): void {
  if (runFirst != runEnd && runPattern != 0) {
    mix(runFirst);
    mix(runEnd);
    mix(runPattern);
  }
  runFirst = runEnd;
}

function addRun(first: u64, end: u64, pattern: u64): void {
  if (first != runEnd || pattern != runPattern) {
    endRun();
    runFirst = first;
    runPattern = pattern;
  }
  runEnd = end;
}

/** Whether the frame repeats its first word. */
function isUniform(frame: u32): bool {
  const word = load<u64>(frame);
  for (let at = frame + 8; at != frame + 4096; at += 8) {
    if (load<u64>(at) != word) return false;
  }
  return true;
}

function addFrame(page: u64, frame: u32): void {
  if (isUniform(frame)) {
    addRun(page, page + 1, load<u64>(frame));
    return;
  }
  endRun();
  mix(page);
  for (let at = frame; at != frame + 4096; at += 8) mix(load<u64>(at));
  runFirst = page + 1;
  runEnd = page + 1;
}

/** Hash of all RAM and ROM, beginning from `seed`. */
export function hashMemory(seed: u64): u64 {
  hash = seed;
  const count = load<u32>(RAM_RANGES);
  for (let range: u32 = 0; range < count; range++) {
    if (rangeKind(range) == PageKind.Device) continue;
    const end = rangeEnd(range);
    let page = rangeFirst(range);
    runFirst = page;
    runEnd = page;
    while (page < end) {
      const entry = entryOf(page);
      if ((entry & ENTRY_TAG) == ENTRY_FRAME) {
        addFrame(page, entry & ~ENTRY_TAG);
        page++;
      } else {
        const stop = min(nodeEntrySpan(page), end);
        addRun(page, stop, entryPattern(entry));
        page = stop;
      }
    }
    endRun();
  }
  return hash;
}
