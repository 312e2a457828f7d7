/**
 * Remembers what a part of a block did to the pipeline. A step leads from a state, by a block's instructions and by what they met, to the
 * next state, with the cycles and the counters that it adds. Where it is known, only what was met is asked for again (memo-walk.ts); else
 * the pipeline itself takes the step, and it is kept. Cycles and counters are the same either way.
 * After Schnarr and Larus, "Fast Out-Of-Order Processor Simulation Using Memoization", ASPLOS 1998.
 */
import { TIMING_COUNTERS } from '../../isa/state-layout';
import { PIPELINE_COUNTERS } from '../counters';
import * as memo from '../memo-layout';
import { MemoWord, Met } from '../memo-layout';
import { pauseForEver, resetCredit, spendCredit } from './memo-credit';
import {
  allocate,
  countMemo,
  findStep,
  forgetAll,
  isFull,
  isSeldom,
  keepStep,
  memoWord,
  passOver,
  setMemoWord,
} from './memo-tables';
import { answered, beginWalk, keepCounters, settleCounters, strayed, walk } from './memo-walk';
import { beginRecord, endRecord, expectKnown, isRegular, recordedNodes } from './met-record';
import * as pipeline from './pipeline';
import { enterState, packedBytes, presentState } from './pipeline-state';

/** Bytes that a step and a state take at most. */
const KEPT_BYTES_MAX: u32 =
  memo.MEMO_RECORD_MAX * memo.NODE_BYTES + memo.END_BYTES + memo.STATE_BYTES_MAX + 64;

/** The state before the step that the pipeline is taking, 0: it is not known; its dispatch cycle. */
let stateBefore: u32 = 0;
let dispatchBefore: i64 = 0;

export { settleCounters } from './memo-walk';

export function forgetMemo(): void {
  setMemoWord(MemoWord.Uncounted, 0);
  forgetAll();
  setMemoWord(MemoWord.IsStale, 0);
  resetCredit();
}

/** Whether steps are remembered at all: for comparisons. */
export function setMemo(on: bool): void {
  settle();
  pauseForEver(!on);
}

/** The present state is one that is kept. */
export function isStateKnown(): bool {
  return memoWord(MemoWord.Current) != 0;
}

/** The pipeline's own structures are what they are without a memo. */
export function settle(): void {
  if (memoWord(MemoWord.IsStale) != 0) enterPresent();
  setMemoWord(MemoWord.Current, 0);
  setMemoWord(MemoWord.LastEnd, 0);
}

function enterPresent(): void {
  setMemoWord(MemoWord.IsStale, 0);
  enterState(memoWord(MemoWord.Current));
}

/**
 * Takes the step of `part` of the block, from the present state. Returns whether it was known; else the pipeline has to take it, between
 * beginStep() and endStep(). `block`: a number that no other block has; `next`: where control goes behind it.
 */
export function takeKnownStep(block: u32, part: u32, next: u64): bool {
  beginWalk();
  const state = memoWord(MemoWord.Current);
  if (state == 0) return false;
  const first = firstNode(state, block, part);
  return first != 0 && walk(first, next);
}

/** The first node of the step; the end of the one before knows it where it is the same as the last time. */
function firstNode(state: u32, block: u32, part: u32): u32 {
  const last = memoWord(MemoWord.LastEnd);
  if (last == 0) return findStep(state, block, part);
  if (load<u32>(last, memo.END_NEXT_BLOCK) == block && load<u32>(last, memo.END_NEXT_PART) == part)
    return load<u32>(last, memo.END_NEXT_NODE);
  const first = findStep(state, block, part);
  if (first == 0) return 0;
  store<u32>(last, block, memo.END_NEXT_BLOCK);
  store<u32>(last, part, memo.END_NEXT_PART);
  store<u32>(last, first, memo.END_NEXT_NODE);
  return first;
}

/** Whether the step that is not known is worth remembering; where its first answers were known, it has to be. */
export function isWorthRemembering(block: u32): bool {
  if (answered != 0 || !isSeldom(block)) return true;
  settle();
  return false;
}

/** The pipeline is about to take a step, of which the answers that are known are not asked for again. */
export function beginStep(): void {
  if (memoWord(MemoWord.IsStale) != 0) enterPresent();
  if (isFull(KEPT_BYTES_MAX)) {
    settleCounters();
    forgetAll();
    countMemo(MemoWord.Forgotten);
  }
  expectKnown(answered);
  stateBefore = memoWord(MemoWord.Current);
  if (stateBefore == 0) return;
  dispatchBefore = pipeline.dispatchCycle;
  memory.copy(memo.MEMO_COUNTERS, TIMING_COUNTERS, PIPELINE_COUNTERS * 8);
  beginRecord(dispatchBefore);
}

/** The pipeline has taken it. */
export function endStep(block: u32, part: u32): void {
  endRecord();
  setMemoWord(MemoWord.LastEnd, 0);
  countMemo(MemoWord.Unknown);
  if (!isRegular) passOver(block);
  const state = isRegular ? presentState() : 0;
  setMemoWord(MemoWord.Current, state);
  if (stateBefore != 0 && state != 0) remember(block, part, state);
  if (spendCredit(packedBytes)) settle();
}

/** Keeps the step: behind a new answer, what followed that; else from its beginning on. */
function remember(block: u32, part: u32, state: u32): void {
  const known = answered != 0 ? answered - 1 : 0;
  const bytes = (recordedNodes - known) * memo.NODE_BYTES;
  const first = allocate(bytes + memo.END_BYTES);
  memory.copy(first, memo.MEMO_RECORD + known * memo.NODE_BYTES, bytes);
  const end = first + bytes;
  store<u32>(end, Met.End);
  store<u32>(end, state, memo.END_STATE);
  store<u32>(end, <u32>(pipeline.dispatchCycle - dispatchBefore), memo.END_CYCLES);
  store<u32>(end, <u32>(pipeline.retireCycle - pipeline.dispatchCycle), memo.END_RETIREMENT);
  keepCounters(end, memo.MEMO_COUNTERS);
  store<u32>(end, 0, memo.END_TIMES);
  store<u32>(end, 0, memo.END_NEXT_BLOCK);
  if (answered != 0) store<u32>(strayed, first, memo.NODE_OTHER);
  else keepStep(stateBefore, block, part, first);
  setMemoWord(MemoWord.LastEnd, end);
}
