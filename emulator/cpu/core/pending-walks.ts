/**
 * Which page tables the timing engine would read if it were told of the instructions that wait for the end of their block: those of the
 * block's code, and those of the accesses that are logged (timed core only).
 */
import {
  ACCESS_LOG,
  BLOCK_LENGTH,
  BLOCK_RIP,
  CpuMode,
  CURRENT_BLOCK,
  MODE,
  SEGMENT_BASE,
} from '../../isa/state-layout';
import {
  ACCESS_BYTES,
  ACCESS_ELEMENTS,
  ACCESS_KIND,
  ACCESS_SIZE,
  AccessKind,
} from '../../isa/timing-interface';
import { Segment } from '../../isa/uop';
import { waitingEnd } from './access-log';
import { segmentCache } from './mode';
import { entryOf } from './physical';
import { gateA20, pageKind, PageKind } from './ram-ranges';
import { isNarrow, NOWHERE, rootCount, rootLevel, rootTable, tableNamed } from './table-format';
import { pathGeneration } from './table-marks';
import { ENTRY_FRAME, ENTRY_TAG, entryPattern } from './uniform';

/** Pages whose walks do not read a table: {u64 page, u32 its frame, u32 pathGeneration}, direct-mapped. PTEs do not change what is read. */
const PASSED_ENTRIES: u32 = 32;
const PASSED_BYTES: u32 = 16;
const passed: usize = memory.data(32 * 16, 8);

let lastPage: u64 = ~0;

/** Whether one of the walks reads a table that lies in `frame`; or it may, for all that can be said at once. */
export function waitingWalksRead(frame: u32): bool {
  lastPage = ~0;
  if (codeWalksRead(frame)) return true;
  const end = waitingEnd();
  for (let entry: u32 = ACCESS_LOG; entry != end; entry += ACCESS_BYTES) {
    if (<i32>load<u8>(entry, ACCESS_KIND) == AccessKind.Value) continue;
    if (load<u32>(entry, ACCESS_ELEMENTS) > 1) return true; // they may lie in many pages
    const linear = load<u64>(entry);
    if (walkReads(linear, frame)) return true;
    if (walkReads(linear + (<u64>load<u8>(entry, ACCESS_SIZE) - 1), frame)) return true;
  }
  return false;
}

function codeWalksRead(frame: u32): bool {
  const block = load<u32>(CURRENT_BLOCK);
  const rip = load<u64>(block, BLOCK_RIP);
  const linear =
    load<u32>(MODE) == CpuMode.Long
      ? rip
      : (rip + load<u64>(segmentCache(Segment.CS), SEGMENT_BASE)) & 0xffffffff;
  if (walkReads(linear, frame)) return true;
  return walkReads(linear + (<u64>load<u32>(block, BLOCK_LENGTH) - 1), frame);
}

function walkReads(linear: u64, frame: u32): bool {
  if (linear >> 12 == lastPage) return false;
  lastPage = linear >> 12;
  const known = passed + (((<u32>lastPage) ^ (frame >> 12)) & (PASSED_ENTRIES - 1)) * PASSED_BYTES;
  if (
    load<u64>(known) == lastPage &&
    load<u32>(known, 8) == frame &&
    load<u32>(known, 12) == pathGeneration
  )
    return false;
  if (pathMeets(linear, frame)) return true;
  store<u64>(known, lastPage);
  store<u32>(known, frame, 8);
  store<u32>(known, pathGeneration, 12);
  return false;
}

/** Whether a table that leads to `linear` lies in `frame`. */
function pathMeets(linear: u64, frame: u32): bool {
  let table = rootTable((<u32>(linear >> 30)) & (rootCount() - 1));
  let level = rootLevel();
  const narrow = isNarrow();
  const levelBits: u32 = narrow ? 10 : 9;
  while (table != NOWHERE) {
    const page = gateA20(table) >> 12;
    const kind = pageKind(page);
    if (kind != PageKind.Ram && kind != PageKind.Rom) return false;
    const there = entryOf(page);
    if (there == (frame | ENTRY_FRAME)) return true;
    if (--level == 0) return false;
    const number = (<u32>(linear >> (12 + level * levelBits))) & ((1 << levelBits) - 1);
    const offset = narrow ? number << 2 : number << 3;
    const entries =
      (there & ENTRY_TAG) == ENTRY_FRAME
        ? load<u64>((there & ~ENTRY_TAG) + (offset & ~7))
        : entryPattern(there);
    const entry = narrow ? (entries >> ((offset & 4) << 3)) & 0xffff_ffff : entries;
    table = tableNamed(entry, level + 1);
  }
  return false;
}
