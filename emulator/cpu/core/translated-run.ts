/**
 * Translated code in the interpreter's loop: counting how hot a block is, entering a region, going on behind it.
 *
 * A region (emulator/translator) is entered like a block: paid for and recorded. It leaves at a micro-op of one of its
 * blocks, likewise paid for and recorded, with all registers, temporaries and flags as the interpreter would have them before
 * that micro-op; 0 if it has itself done a transfer by a door, behind which RIP says where to go on. Where that is a transfer to a block that begins a region too, it is done here, as the interpreter would do it, and
 * the flags stay pending; else the interpreter goes on there. So whatever a region does not do (a slow access, a fault, a link
 * that is not known, a budget that ends) is done by the interpreter, at the same place and in the same state as without regions.
 */
import {
  BASE_KIND,
  BLOCK_ENTRY,
  BLOCK_FALL,
  BLOCK_HEADER_BYTES,
  BLOCK_HEAT,
  BLOCK_INSTRUCTIONS,
  BLOCK_MODE,
  BLOCK_REGION,
  BLOCK_TAKEN,
  CURRENT_BLOCK,
  FAULT,
  GOES,
  GOES_TAKEN,
  LAST_BLOCKS,
  LAST_BLOCKS_COUNT,
  LAST_BLOCKS_POSITION,
  LINK_ELSEWHERE,
  MODE_KEY_USER,
  REGION_END,
  REGION_REMAINING,
  RIP,
  TRANSLATION_FORCED,
  TRANSLATION_THRESHOLD,
} from '../../isa/state-layout';
import { Op, UOP_IMM } from '../../isa/uop';
import { emptyAccessLog, resumeAccessLog } from './access-log';
import { jumpCacheBlock } from './code-cache';
import { translate, widen } from './host';
import { fastTop, pushesFast, pushFast, topIsFast } from './memory-operations';
import { ripBehind, ripBehindFlat } from './near-transfer';
import { SLOT_RSP, sourceA } from './operations/operand';
import { settlePending } from './pending-flags';
import { executeRare } from './rare-operations';
import { doorInRegion, isTransfer, mayGoOn, transferByDoor } from './region-doors';
import { deadlineCame, left as unpaid, plantedUop, recordEntry } from './run-control';
import { TIMED } from './timed';
import { executeVector } from './vectors/vector-operations';

/** More instructions than this are not given to a region at once: it counts in 32 bits. */
const ROOM_MAX: i64 = 0x40000000;

/** Of the transfers between regions the translator sees every so manieth. */
const TRANSFERS_UNSEEN_MAX: u32 = 256;
let transfersUnseen: i32 = 0;

/** Where the interpreter goes on: see `execute`. */
export let block: u32 = 0;
export let remaining: i64 = 0;
export let ring: u32 = 0;

/** Counts an entry of the block; whether it should be, or is, translated.
 * @inline */
export function isHot(entered: u32): bool {
  const heat = load<i32>(entered, BLOCK_HEAT) - 1;
  store<i32>(entered, heat, BLOCK_HEAT);
  return heat <= 0;
}

/**
 * Executes the region that begins with the block `entered`, if there is one or can be, and those that follow. `left` and `place`
 * are the loop's `remaining` and `ring`, `end` is its own. Returns the micro-op to go on with, to which `block`, `remaining` and `ring` belong;
 * 0: a door has ended the block, or faulted, and RIP says where to go on; or the engine's deadline has come.
 */
export function execute(entered: u32, left: i64, place: u32, end: u64): u32 {
  return TIMED ? executeTimed(entered, left, place) : executePlain(entered, left, place, end);
}

function executePlain(entered: u32, left: i64, place: u32, end: u64): u32 {
  block = entered;
  remaining = left;
  ring = place;
  store<i32>(entered, 1, BLOCK_HEAT);
  let region: u32 = load<u16>(entered, BLOCK_REGION);
  if (region == 0 || plantedUop != 0) {
    if (plantedUop != 0 && load<u32>(TRANSLATION_THRESHOLD) != u32(TRANSLATION_FORCED))
      return entered + BLOCK_HEADER_BYTES;
    region = translate(entered, plantedUop);
    if (region == 0) return entered + BLOCK_HEADER_BYTES;
  }
  let entry: u32 = plantedUop != 0 ? 0 : load<u8>(entered, BLOCK_ENTRY);
  let uop: u32 = 0;
  let from: u32 = 0;
  for (let next = entered; next != 0;) {
    const room = min(remaining, ROOM_MAX);
    store<u64>(REGION_END, end - u64(remaining - room));
    const way = call_indirect<u32>(region, i32(room), ring << 2, entry);
    block = load<u32>(CURRENT_BLOCK);
    remaining += i64(load<i32>(REGION_REMAINING)) - room;
    ring = load<u32>(LAST_BLOCKS_POSITION) >> 2;
    uop = way & ~u32(GOES);
    if (from != 0 && --transfersUnseen <= 0) {
      transfersUnseen = i32(min(load<u32>(TRANSLATION_THRESHOLD), TRANSFERS_UNSEEN_MAX));
      widen(from, next);
    }
    next = uop == 0 ? 0 : following(uop, way & u32(GOES));
    from = region;
    if (next == 0) {
      if (way != uop || (uop != 0 && !leavesByDoor(uop))) break;
      uop = 0;
      next = mayGoOn() ? enterable(jumpCacheBlock(load<u64>(RIP))) : 0;
      if (next == 0) break;
      const differs = load<u32>(next, BLOCK_MODE) ^ load<u32>(block, BLOCK_MODE);
      if (differs != 0 && differs != u32(MODE_KEY_USER)) from = 0;
    }
    if (load<u32>(BASE_KIND) != 0) settlePending();
    block = next;
    remaining -= i64(load<u32>(next, BLOCK_INSTRUCTIONS));
    ring = recordEntry(next, ring);
    region = load<u16>(next, BLOCK_REGION);
    entry = load<u8>(next, BLOCK_ENTRY);
  }
  settlePending();
  return uop;
}

/** The region that was left last, and the block in which that was. */
let regionLeft: u32 = 0;
let blockLeft: u32 = 0;

/**
 * The same in the timed core, where regions tell the timing engine of their blocks as the interpreter does. What follows a region is left to the
 * interpreter.
 */
function executeTimed(entered: u32, left: i64, place: u32): u32 {
  block = entered;
  remaining = left;
  ring = place;
  store<i32>(entered, 1, BLOCK_HEAT);
  if (plantedUop != 0) return entered + BLOCK_HEADER_BYTES;
  if (load<u16>(entered, BLOCK_REGION) != 0) noteTransfer(entered, place);
  // A region that has grown may have taken the place of this one.
  if (load<u16>(entered, BLOCK_REGION) == 0 && translate(entered, 0) == 0)
    return entered + BLOCK_HEADER_BYTES;
  const room = min(remaining, ROOM_MAX);
  const region: u32 = load<u16>(entered, BLOCK_REGION);
  const way = call_indirect<u32>(region, i32(room), ring << 2, <u32>load<u8>(entered, BLOCK_ENTRY));
  block = load<u32>(CURRENT_BLOCK);
  const behindFirst = room - i64(load<i32>(REGION_REMAINING));
  remaining -= behindFirst;
  ring = load<u32>(LAST_BLOCKS_POSITION) >> 2;
  settlePending();
  noteLength(entered, behindFirst);
  regionLeft = region;
  blockLeft = block;
  if (way != 0) {
    resumeAccessLog();
    return way & ~u32(GOES);
  }
  emptyAccessLog();
  deadlineCame();
  return 0;
}

/** Instructions behind the first block from which on a region has been worth entering; runs in a row that were not; entries that are then interpreted. */
const WORTH_INSTRUCTIONS: i64 = 8;
const SHORT_RUNS_MAX: u32 = 64;
const PASSED_OVER_MAX: u32 = 256;
let shortRuns: u32 = 0;

/** Where control goes from door to door, or from one page to the next, regions cost more than they save: the block is interpreted for a while. */
function noteLength(entered: u32, behindFirst: i64): void {
  if (behindFirst >= WORTH_INSTRUCTIONS) shortRuns = 0;
  else if (++shortRuns > SHORT_RUNS_MAX)
    store<i32>(entered, i32(min(load<u32>(TRANSLATION_THRESHOLD), PASSED_OVER_MAX)), BLOCK_HEAT);
}

/** The block `entered`, which is the last in LAST_BLOCKS, begins a region: where the one before it was left in the last region, that one may grow. */
function noteTransfer(entered: u32, place: u32): void {
  const before = load<u32>(LAST_BLOCKS + ((place - 1) & (LAST_BLOCKS_COUNT - 1)) * 4);
  if (regionLeft == 0 || before != blockLeft || --transfersUnseen > 0) return;
  transfersUnseen = i32(min(load<u32>(TRANSLATION_THRESHOLD), TRANSFERS_UNSEEN_MAX));
  widen(regionLeft, entered);
}

/** Whether `uop` is a door that transfers control, which is then done, or has faulted and is not paid for. */
function leavesByDoor(uop: u32): bool {
  if (remaining <= 0 || plantedUop != 0 || !isTransfer(uop)) return false;
  settlePending();
  if (!transferByDoor(uop)) return false;
  if (load<u32>(FAULT) != 0) remaining += unpaid(uop, i64(load<u32>(block, BLOCK_INSTRUCTIONS)));
  return true;
}

/**
 * The block that begins a region and follows `uop`, the last micro-op of `block`, whose transfer is then done; else 0, and
 * nothing has happened. `goes`: over which link, if that is decided.
 */
function following(uop: u32, goes: u32): u32 {
  if (goes != 0) {
    const next = load<u32>(block + (goes == u32(GOES_TAKEN) ? BLOCK_TAKEN : BLOCK_FALL));
    if (next > u32(LINK_ELSEWHERE)) return enterable(next);
    if (next == 0) return 0;
    const rip = goes == u32(GOES_TAKEN) ? load<u64>(uop, UOP_IMM) : ripBehind(uop);
    return enterable(jumpCacheBlock(rip));
  }
  switch (i32(load<u16>(uop))) {
    case Op.RetFlat: {
      if (!topIsFast()) return 0;
      const next = enterable(jumpCacheBlock(fastTop()));
      if (next != 0) store<u64>(SLOT_RSP, load<u64>(SLOT_RSP) + 8 + load<u64>(uop, UOP_IMM));
      return next;
    }
    case Op.JmpIndirect:
      return enterable(jumpCacheBlock(sourceA<u64>(uop)));
    case Op.CallIndirectFlat:
      return called(uop, enterable(jumpCacheBlock(sourceA<u64>(uop))));
    case Op.CallFlat: {
      const next = load<u32>(block, BLOCK_TAKEN);
      if (next == u32(LINK_ELSEWHERE))
        return called(uop, enterable(jumpCacheBlock(load<u64>(uop, UOP_IMM))));
      return called(uop, enterable(next));
    }
    default:
      return 0;
  }
}

/** The block if it begins a region and the instructions left are enough for it, else 0.
 * @inline */
function enterable(next: u32): u32 {
  if (next == 0 || load<u16>(next, BLOCK_REGION) == 0) return 0;
  return i64(load<u32>(next, BLOCK_INSTRUCTIONS)) > remaining ? 0 : next;
}

/** Pushes the return address of a call of `next`; 0 when there is no such block, or the push is a slow one. */
function called(uop: u32, next: u32): u32 {
  if (next == 0 || !pushesFast()) return 0;
  pushFast(ripBehindFlat(block, uop));
  return next;
}

/**
 * For regions: executes a micro-op that transfers no control and touches no memory, or a door of doorInRegion. Nonzero when
 * it has faulted, or would not do without a slow path: it had no effect, and the interpreter is to execute it.
 */
export function stepUop(uop: u32): u32 {
  const op = load<u16>(uop);
  if (op == u16(Op.Microcode) || op == u16(Op.MicrocodeEnd)) return u32(!doorInRegion(uop));
  const failed = op >= u16(Op.RequireSse) ? executeVector(uop) : executeRare(uop);
  if (failed) store<u32>(FAULT, 0);
  return u32(failed);
}
