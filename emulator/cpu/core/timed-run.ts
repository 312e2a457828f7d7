/**
 * The calls of the timing engine that surround the interpreter's loop, in the timed core only (isa/timing-interface.ts says
 * what they mean). Where control leaves a block at a place that depends on the code alone, the engine may end the run; a
 * block that ended because it got long, or before an instruction that crosses a page, only advances the time: such places
 * depend on where the block began, and that depends on where earlier runs were cut.
 */
import { AccessKind } from '../../isa/timing-interface';
import {
  BLOCK_FALL,
  BLOCK_HOST,
  BLOCK_LENGTH,
  BLOCK_RIP,
  BLOCK_TAKEN,
  FETCH_BUFFER,
} from '../../isa/state-layout';
import { Door, Op, Segment, StringKind, UOP_EXTRA, UOP_IMM, UOP_INDEX } from '../../isa/uop';
import { dropAccessesOf, emptyAccessLog, emptyAccessLogBefore, noteExtent } from './access-log';
import { ripBehind } from './near-transfer';
import { advance, leave } from './timing';

export { notePrefetch } from './prefetch';

/** Where the last `leaveBlock` went. */
export let nextRip: u64 = 0;

/** The loop has stopped before the micro-op's instruction; `faulted`: after it has begun. */
export function stopBefore(block: u32, from: u32, uop: u32, faulted: bool): void {
  const index = u32(load<u8>(uop, UOP_INDEX));
  if (faulted) dropAccessesOf(index);
  if (index > from) advance(block, from, index);
  emptyAccessLog();
}

/**
 * Before the micro-op's door is executed: when it looks at time, ports or translations, or ends the block, the instructions
 * before it are handed over. Returns the first instruction that is not.
 */
export function beforeDoor(block: u32, from: u32, uop: u32): u32 {
  const door = load<i32>(uop, UOP_EXTRA);
  const looks =
    i32(load<u16>(uop)) == Op.MicrocodeEnd ||
    door == Door.Rdmsr ||
    (door == Door.String && i32(load<u32>(uop, UOP_IMM) & 15) >= StringKind.Ins);
  const index = u32(load<u8>(uop, UOP_INDEX));
  if (!looks || index == from) return from;
  advance(block, from, index);
  emptyAccessLogBefore(index);
  return index;
}

/** A door has ended the block: whether the deadline has come. */
export function leaveByDoor(block: u32, from: u32, uop: u32, rip: u64): bool {
  const over = leave(block, from, u32(load<u8>(uop, UOP_INDEX)) + 1, rip);
  emptyAccessLog();
  return over != 0;
}

/**
 * The block's `count` instructions are done and its last micro-op leaves through `event`: a link of the block, or a jump to
 * `rip`, or to the block `next`. Returns whether the deadline has come; control goes to `nextRip`.
 */
export function leaveBlock(
  block: u32,
  from: u32,
  count: u32,
  uop: u32,
  event: i32,
  rip: u64,
  next: u32,
): bool {
  if (event == BLOCK_TAKEN) nextRip = load<u64>(uop, UOP_IMM);
  else if (event == BLOCK_FALL) nextRip = ripBehind(uop);
  else nextRip = next != 0 ? load<u64>(next, BLOCK_RIP) : rip;
  let over: u32 = 0;
  if (i32(load<u16>(uop)) == Op.EndBlock && !endsAtPageEnd(block)) advance(block, from, count);
  else over = leave(block, from, count, nextRip);
  emptyAccessLog();
  return over != 0;
}

/** The block's last byte is the last one of a page, or its one instruction crosses into the next page. */
function endsAtPageEnd(block: u32): bool {
  const host = load<u32>(block, BLOCK_HOST);
  return host == FETCH_BUFFER || ((host + load<u32>(block, BLOCK_LENGTH)) & 0xfff) == 0;
}

/**
 * Logs what a string instruction has done: `elements` elements from DS:`source`, and ES:`target`, on.
 */
export function noteString(
  kind: i32,
  segment: u32,
  source: u64,
  target: u64,
  bytes: u32,
  elements: u64,
  down: bool,
): void {
  const loads = down ? AccessKind.StringLoadDown : AccessKind.StringLoad;
  const stores = down ? AccessKind.StringStoreDown : AccessKind.StringStore;
  const reads =
    kind == StringKind.Movs ||
    kind == StringKind.Cmps ||
    kind == StringKind.Lods ||
    kind == StringKind.Outs;
  if (reads) noteExtent(loads, segment, source, bytes, elements);
  if (kind == StringKind.Cmps || kind == StringKind.Scas) {
    noteExtent(loads, Segment.ES, target, bytes, elements);
  } else if (kind == StringKind.Movs || kind == StringKind.Stos || kind == StringKind.Ins) {
    noteExtent(stores, Segment.ES, target, bytes, elements);
  }
}
