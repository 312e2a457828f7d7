import { newLine } from '../console';
import {
  freePage,
  freePages,
  openPages,
  scratchReturn,
  scratchTake,
  takePages,
  totalPages,
} from './page-subject';
import { randomBelow, randomSeed } from './random';
import { lineStart, printField } from './samples';

/**
 * How well an allocator keeps memory in large pieces: at 50, 75 and 90 % in use, 100 rounds in which 10 % of the pages
 * in use, chosen at random, are freed and as many are allocated (boot argument `bench-scores`).
 *
 *     [nk_bench] op=frame_score permille=500 round=100 free=131072 whole=255 longest=120000
 *
 * `whole` counts the free 2 MiB frames (free / 512 would be ideal), `longest` the pages of the longest free run, at the
 * end only. An allocator is asked for nothing but pages: in the end all free ones are taken, which shows where they
 * were; frames that were partly in use in a snapshot are those that held a page of the table.
 */
const ROUNDS: u64 = 100;
const SNAPSHOT_EVERY: u64 = 5;
const SNAPSHOTS: u64 = 21;
/** Up to 16 GiB of address space. */
const FRAMES: u64 = 8192;
const FRAME_SHIFT: u64 = 21;
const PAGES_PER_FRAME: u32 = 512;
const PAGE_SHIFT: u64 = 12;
const SINGLE_PAGES_MAX: u64 = 1 << 21;

const COUNTS: u64 = FRAMES * 4;
const SNAPSHOT: u64 = FRAMES / 8;
const PAGE_BITS: u64 = (FRAMES * (PAGES_PER_FRAME as u64)) / 8;

let table: usize = 0;
let held: u64 = 0;
let snapshots: usize = 0; // a bit for each frame with a page in use
let frameCounts: usize = 0; // u32 for each frame: managed pages, all of which we have in the end
let freeBits: usize = 0; // a bit for each page that was free in the end

export function frameScores(): void {
  for (let i = 0; i < 3; i++) {
    openPages();
    const tableBytes = totalPages() * 8;
    const bytes = tableBytes + SNAPSHOTS * SNAPSHOT + COUNTS + PAGE_BITS;
    if (totalPages() > SINGLE_PAGES_MAX) return;
    table = scratchTake(bytes);
    if (table == 0) return;
    snapshots = table + (tableBytes as usize);
    frameCounts = snapshots + ((SNAPSHOTS * SNAPSHOT) as usize);
    freeBits = frameCounts + (COUNTS as usize);
    memory.fill(snapshots, 0, (bytes - tableBytes) as usize);
    score(i == 0 ? 500 : i == 1 ? 750 : 900);
    while (held != 0) {
      held -= 1;
      freePage(load<u64>(slot(held)) as usize);
    }
    scratchReturn(table, bytes);
  }
}

function slot(index: u64): usize {
  return table + ((index << 3) as usize);
}

function score(permille: u64): void {
  randomSeed(0x5eed);
  const all = freePages();
  held = takePages(slot(0), (all * permille) / 1000);
  const free = all - held;
  takeSnapshot(0);
  for (let round: u64 = 1; round <= ROUNDS; round++) {
    churn(held / 10);
    if (round % SNAPSHOT_EVERY == 0) takeSnapshot(round / SNAPSHOT_EVERY);
  }
  const used = held;
  held += takePages(slot(held), free);
  countManaged(used);
  for (let i: u64 = 0; i < SNAPSHOTS; i++) {
    lineStart('frame_score');
    printField('permille', permille);
    printField('round', i * SNAPSHOT_EVERY);
    printField('free', free);
    printField('whole', wholeFrames(i));
    if (i == SNAPSHOTS - 1) printField('longest', longestRun());
    newLine();
  }
}

function churn(count: u64): void {
  for (let i: u64 = 0; i < count; i++) {
    const picked = slot(randomBelow(held));
    held -= 1;
    const page = load<u64>(picked) as usize;
    store<u64>(picked, load<u64>(slot(held)));
    freePage(page);
  }
  held += takePages(slot(held), count);
}

/** Marks every frame that holds a page of the table. */
function takeSnapshot(index: u64): void {
  const bits = snapshots + ((index * SNAPSHOT) as usize);
  for (let i: u64 = 0; i < held; i++) setBit(bits, load<u64>(slot(i)) >> FRAME_SHIFT);
}

function setBit(bits: usize, index: u64): void {
  const at = bits + (((index >> 6) << 3) as usize);
  store<u64>(at, load<u64>(at) | ((1 as u64) << (index & 63)));
}

function isSet(bits: usize, index: u64): bool {
  return ((load<u64>(bits + (((index >> 6) << 3) as usize)) >> (index & 63)) & 1) != 0;
}

/** Counts the pages of each frame; those behind the first `used` of the table had been free. */
function countManaged(used: u64): void {
  for (let i: u64 = 0; i < held; i++) {
    const page = load<u64>(slot(i));
    const count = frameCounts + (((page >> FRAME_SHIFT) << 2) as usize);
    store<u32>(count, load<u32>(count) + 1);
    if (i >= used) setBit(freeBits, page >> PAGE_SHIFT);
  }
}

/** Frames all of whose pages are managed and were free in a snapshot. */
function wholeFrames(index: u64): u64 {
  let whole: u64 = 0;
  for (let frame: u64 = 0; frame < FRAMES; frame++) {
    if (load<u32>(frameCounts + ((frame << 2) as usize)) != PAGES_PER_FRAME) continue;
    if (!isSet(snapshots + ((index * SNAPSHOT) as usize), frame)) whole += 1;
  }
  return whole;
}

function longestRun(): u64 {
  let longest: u64 = 0;
  let run: u64 = 0;
  for (let page: u64 = 0; page < PAGE_BITS * 8; page++) {
    run = isSet(freeBits, page) ? run + 1 : 0;
    longest = max(longest, run);
  }
  return longest;
}
