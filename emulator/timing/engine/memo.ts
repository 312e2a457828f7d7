/**
 * Remembers what a part of a block did to the pipeline. A step leads from a state, by a block's instructions and by what they met, to the
 * next state, with the cycles and the counters that it adds. Where it is known, only what was met is asked for again; else
 * the pipeline itself takes the step. After Schnarr and Larus, "Fast Out-Of-Order Processor Simulation Using Memoization", ASPLOS 1998.
 */
import { ACCESS_LOG, ACCESS_LOG_NEXT, TIMING_COUNTERS } from '../../isa/state-layout';
import { TimingCounter } from '../counters';
import * as layout from '../engine-layout';
import { Met } from '../engine-layout';
import { packDataAccesses, unpackDataAccesses } from './data-accesses';
import { packFrontEnd, unpackFrontEnd } from './front-end';
import { packInstructions, unpackInstructions, waitingRecord } from './instructions';
import {
  allocate,
  findStep,
  forgetAll,
  internState,
  isFull,
  isSeldom,
  keepStep,
  STATE_PACKED,
} from './memo-tables';
import {
  answerBranch,
  answerBuffers,
  answerCodeLine,
  answerFill,
  answerLastLine,
  answerLine,
  answerOpCache,
  answerValue,
  answerWrite,
  metFirst,
  metSecond,
} from './met';
import { beginRecord, endRecord, expectKnown, isRegular, recordedNodes } from './met-record';
import { beginPacking, packingFits } from './packing';
import * as pipeline from './pipeline';
import { packPorts, unpackPorts } from './ports';

/** u32 each: the state that the pipeline is in, 0: not known; whether the pipeline's own structures are behind it; credit; units to pass over. */
const CURRENT: u32 = layout.MEMO_STATE + 16;
const IS_STALE: u32 = layout.MEMO_STATE + 20;
const CREDIT: u32 = layout.MEMO_STATE + 24;
const PAUSE: u32 = layout.MEMO_STATE + 28;
const NEXT_PAUSE: u32 = layout.MEMO_STATE + 32;
/** The end of the step that led here: it knows the step that followed last. */
const LAST_END: u32 = layout.MEMO_STATE + 36;

/** End of a step. */
const END_STATE: u32 = 4;
const END_CYCLES: u32 = 8; // u32
const END_RETIREMENT: u32 = 12; // u32, from the new dispatch cycle on
const END_COUNTERS: u32 = 16; // u32 × 12
const END_NEXT_BLOCK: u32 = 64;
const END_NEXT_PART: u32 = 68;
const END_NEXT_NODE: u32 = 72;
const END_BYTES: u32 = 80;

export function forgetMemo(): void {
  forgetAll();
  store<u32>(CURRENT, 0);
  store<u32>(IS_STALE, 0);
  store<i32>(CREDIT, CREDIT_MAX);
  store<u32>(PAUSE, 0);
  store<u32>(NEXT_PAUSE, PAUSE_MIN);
  store<u32>(KNOWN, 0);
  store<u32>(LAST_END, 0);
}

/** The present state is one that is kept. */
export function isStateKnown(): bool {
  return load<u32>(CURRENT) != 0;
}

/** The pipeline's own structures are what they are without a memo. */
export function settle(): void {
  if (load<u32>(IS_STALE) != 0) unpack();
  store<u32>(CURRENT, 0);
  store<u32>(LAST_END, 0);
}

/** Steps that were known since the last that was not. */
const KNOWN: u32 = layout.MEMO_STATE + 40;
/** A step that is not known costs as much as so many that are save. */
const UNKNOWN_COST: i32 = 8;
const CREDIT_MAX: i32 = 40_000;
const CREDIT_TRIAL: i32 = 2_000;
const PAUSE_MIN: u32 = 1 << 12;
const PAUSE_MAX: u32 = 1 << 17;
/** PAUSE without end. */
const FOR_EVER: u32 = 0xffff_ffff;

/** For comparisons: whether steps are remembered. */
export function setMemo(on: bool): void {
  settle();
  store<u32>(PAUSE, on ? 0 : FOR_EVER);
}

/** Whether steps are remembered now: it is of no use where states do not recur.
 * @inline */
export function isRemembering(): bool {
  return load<u32>(PAUSE) == 0 || pauseEnds();
}

function pauseEnds(): bool {
  const pause = load<u32>(PAUSE);
  if (pause == FOR_EVER) return false;
  store<u32>(PAUSE, pause - 1);
  return pause == 1;
}

/** A step was not known. Where that happens too often, none is remembered for a while. */
function spendCredit(): void {
  const most = load<i32>(CREDIT) + <i32>load<u32>(KNOWN);
  store<u32>(KNOWN, 0);
  if (most >= CREDIT_MAX) store<u32>(NEXT_PAUSE, PAUSE_MIN);
  const left = min(most, CREDIT_MAX) - UNKNOWN_COST;
  store<i32>(CREDIT, left);
  if (left >= 0) return;
  settle();
  const pause = load<u32>(NEXT_PAUSE);
  store<i32>(CREDIT, CREDIT_TRIAL);
  store<u32>(PAUSE, pause);
  store<u32>(NEXT_PAUSE, min(pause * 2, PAUSE_MAX));
}

/** The node at which the last walk() ended without success; how many answers are known. */
let strayed: u32 = 0;
let answered: u32 = 0;

/** Takes the step from the known state. Returns whether it was known; else the pipeline has to take it. */
export function walkStep(block: u32, part: u32, next: u64): bool {
  strayed = 0;
  const state = load<u32>(CURRENT);
  if (state == 0) return false;
  let first: u32 = 0;
  const last = load<u32>(LAST_END);
  if (last != 0 && load<u32>(last, END_NEXT_BLOCK) == block && load<u32>(last, END_NEXT_PART) == part)
    first = load<u32>(last, END_NEXT_NODE);
  else {
    first = findStep(state, block, part);
    if (first != 0 && last != 0) {
      store<u32>(last, block, END_NEXT_BLOCK);
      store<u32>(last, part, END_NEXT_PART);
      store<u32>(last, first, END_NEXT_NODE);
    }
  }
  const found: bool = first != 0 && walk(first, next);
  bump(found ? 52 : first != 0 ? 56 : 60);
  return found;
}

function bump(o: u32): void {
  store<u32>(layout.MEMO_STATE + o, load<u32>(layout.MEMO_STATE + o) + 1);
}

function walk(first: u32, next: u64): bool {
  const base = pipeline.dispatchCycle;
  let node = first;
  let count: u32 = 0;
  while (true) {
    const kind = <i32>load<u8>(node);
    const entry = ACCESS_LOG + ((<u32>load<u16>(node, 2)) << 4);
    const at = base + <i64>load<i32>(node, 8);
    let about = load<u32>(node, 12);
    switch (kind) {
      case Met.Load:
        answerLine(entry, at, true, base + load<i64>(node, 32));
        about = load<u32>(entry, 8);
        break;
      case Met.Store:
        answerLine(entry, at, false, 0);
        about = load<u32>(entry, 8);
        break;
      case Met.LastLine:
        answerLastLine(entry, at);
        break;
      case Met.Write:
        answerWrite(entry, at, base + load<i64>(node, 32));
        break;
      case Met.OpCache:
        answerOpCache(load<u64>(node, 32));
        break;
      case Met.CodeLine:
        answerCodeLine(load<u64>(node, 32), at);
        break;
      case Met.Fill:
        answerFill(load<u64>(node, 32), about);
        break;
      case Met.Value:
        answerValue(entry);
        about = load<u32>(entry, 8);
        break;
      case Met.Buffers:
        answerBuffers(at);
        break;
      case Met.Branch:
        answerBranch(about, load<u64>(node, 32), next);
        break;
      default:
        arrive(node, base);
        return true;
    }
    while (
      load<i64>(node, 16) != metFirst ||
      load<i64>(node, 24) != metSecond ||
      load<u32>(node, 12) != about
    ) {
      const other = load<u32>(node, 4);
      if (other == 0) return stray(node, count);
      node = other;
    }
    store<u32>(layout.MEMO_ANSWERS + count * 4, node);
    count++;
    node += layout.MEMO_NODE_BYTES;
  }
}

/** What was met is new: the pipeline takes the step with the answers that there are. */
function stray(node: u32, count: u32): bool {
  strayed = node;
  answered = count + 1;
  const known = layout.MEMO_MEMORY + 0x5800;
  store<i64>(known, metFirst, 16);
  store<i64>(known, metSecond, 24);
  store<u32>(layout.MEMO_ANSWERS + count * 4, known);
  return false;
}

function arrive(end: u32, base: i64): void {
  store<u32>(KNOWN, load<u32>(KNOWN) + 1);
  const now = base + <i64>load<u32>(end, END_CYCLES);
  pipeline.movePresent(now, now + <i64>load<u32>(end, END_RETIREMENT));
  store<u32>(CURRENT, load<u32>(end, END_STATE));
  store<u32>(IS_STALE, 1);
  store<u32>(LAST_END, end);
  const counters = end + END_COUNTERS;
  addTwo(TimingCounter.Instructions, counters);
  addTwo(TimingCounter.SlotsBadSpeculation, counters + 8);
  addTwo(TimingCounter.SlotsBackEndMemory, counters + 16);
  addTwo(TimingCounter.Loads, counters + 24);
  addTwo(TimingCounter.StoreForwards, counters + 32);
  addTwo(TimingCounter.EstimatedCycles, counters + 40);
}

/** @inline */
function addTwo(counter: TimingCounter, from: u32): void {
  const at = TIMING_COUNTERS + ((<u32>counter) << 3);
  v128.store(at, i64x2.add(v128.load(at), v128.load32x2_u(from)));
}

/** Counters before the step. */
const BEFORE: u32 = layout.MEMO_MEMORY + 0x5900;
let stepFrom: u32 = 0;
let dispatchBefore: i64 = 0;

/** The pipeline is about to take a step. */
export function beginStep(): void {
  if (load<u32>(IS_STALE) != 0) unpack();
  if (isFull(0x8000)) {
    bump(48);
    forgetAll();
    store<u32>(CURRENT, 0);
    store<u32>(LAST_END, 0);
  }
  stepFrom = load<u32>(CURRENT);
  expectKnown(strayed != 0 ? answered : 0);
  if (stepFrom == 0) return;
  dispatchBefore = pipeline.dispatchCycle;
  memory.copy(BEFORE, TIMING_COUNTERS, (<u32>TimingCounter.Count) * 8);
  beginRecord(pipeline.dispatchCycle);
}

/** The pipeline has taken it: it is remembered. */
export function endStep(block: u32, part: u32): void {
  endRecord();
  const strayedFrom = strayed;
  strayed = 0;
  store<u32>(LAST_END, 0);
  if (isSeldom(block)) {
    store<u32>(CURRENT, 0);
    return;
  }
  const state = packed();
  store<u32>(CURRENT, state);
  remember(block, part, state, strayedFrom);
  spendCredit();
}

function remember(block: u32, part: u32, state: u32, strayedFrom: u32): void {
  if (stepFrom == 0 || state == 0 || !isRegular) return;
  const known = strayedFrom != 0 ? answered - 1 : 0;
  const bytes = (recordedNodes - known) * layout.MEMO_NODE_BYTES;
  const first = allocate(bytes + END_BYTES);
  memory.copy(first, layout.MEMO_RECORD + known * layout.MEMO_NODE_BYTES, bytes);
  writeEnd(first + bytes, state);
  if (strayedFrom != 0) store<u32>(strayedFrom, first, 4);
  else keepStep(stepFrom, block, part, first);
  store<u32>(LAST_END, first + bytes);
}

function writeEnd(end: u32, state: u32): void {
  store<u32>(end, Met.End);
  store<u32>(end, state, END_STATE);
  store<u32>(end, <u32>(pipeline.dispatchCycle - dispatchBefore), END_CYCLES);
  store<u32>(end, <u32>(pipeline.retireCycle - pipeline.dispatchCycle), END_RETIREMENT);
  const counters = end + END_COUNTERS;
  keepTwo(TimingCounter.Instructions, counters);
  keepTwo(TimingCounter.SlotsBadSpeculation, counters + 8);
  keepTwo(TimingCounter.SlotsBackEndMemory, counters + 16);
  keepTwo(TimingCounter.Loads, counters + 24);
  keepTwo(TimingCounter.StoreForwards, counters + 32);
  keepTwo(TimingCounter.EstimatedCycles, counters + 40);
  store<u32>(end, 0, END_NEXT_BLOCK);
  store<u32>(end, 0, END_NEXT_PART);
}

function keepTwo(counter: TimingCounter, to: u32): void {
  const at = (<u32>counter) << 3;
  store<u32>(to, <u32>(load<u64>(TIMING_COUNTERS + at) - load<u64>(BEFORE + at)));
  store<u32>(to, <u32>(load<u64>(TIMING_COUNTERS + at + 8) - load<u64>(BEFORE + at + 8)), 4);
}

/** The present state's address, 0: it cannot be kept. */
function packed(): u32 {
  if (waitingRecord() != 0) return 0;
  beginPacking();
  const now = pipeline.dispatchCycle;
  let to: u32 = packFrontEnd(layout.MEMO_PACKED, now);
  to = pipeline.packPipeline(to);
  to = packInstructions(to);
  to = packDataAccesses(to, now);
  to = packPorts(to, now);
  if (!packingFits) return 0;
  store<u64>(to, 0);
  return internState(layout.MEMO_PACKED, (to + 7) & ~7);
}

function unpack(): void {
  store<u32>(IS_STALE, 0);
  const now = pipeline.dispatchCycle;
  let from = unpackFrontEnd(load<u32>(CURRENT) + STATE_PACKED, now);
  from = pipeline.unpackPipeline(from);
  from = unpackInstructions(from);
  from = unpackDataAccesses(from, now);
  unpackPorts(from, now);
}
