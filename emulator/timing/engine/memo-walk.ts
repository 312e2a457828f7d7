/**
 * Takes a step that is known: asks for what it meets, in the order and at the times at which the pipeline would, and compares. As long as
 * the answers are known, the nodes lead on, up to the end, which says what becomes of the pipeline.
 */
import { ACCESS_LOG, TIMING_COUNTERS } from '../../isa/state-layout';
import { ACCESS_SIZE } from '../../isa/timing-interface';
import { PIPELINE_COUNTERS, TimingCounter } from '../counters';
import * as memo from '../memo-layout';
import { MemoWord, Met } from '../memo-layout';
import { count } from './counters';
import { countMemo, memoWord, setMemoWord } from './memo-tables';
import * as met from './met';
import { metFirst, metSecond } from './met';
import * as pipeline from './pipeline';

/** The last node that the last walk() compared with an answer that is new; 0: there was none. */
export let strayed: u32 = 0;
/** Questions of the step that are answered then, at MEMO_ANSWERS: the new answer is the last. */
export let answered: u32 = 0;

export function beginWalk(): void {
  strayed = 0;
  answered = 0;
}

/** Takes the step whose first node is `first`; `next`: where control goes behind it. Returns false where an answer is new. */
export function walk(first: u32, next: u64): bool {
  const beginning = pipeline.dispatchCycle;
  let node = first;
  let count: u32 = 0;
  while (load<u8>(node) != Met.End) {
    ask(node, beginning, next);
    const found = nodeOfAnswer(node, about);
    if (found == 0) return stray(count);
    store<u32>(memo.MEMO_ANSWERS + count * 4, found);
    count++;
    node = found + memo.NODE_BYTES;
  }
  arrive(node, beginning);
  return true;
}

/** What the question of the last ask() was about. */
let about: u32 = 0;

/** Asks a node's question.
 * @inline */
function ask(node: u32, beginning: i64, next: u64): void {
  const entry = ACCESS_LOG + ((<u32>load<u16>(node, memo.NODE_ENTRY)) << 4);
  const at = beginning + <i64>load<i32>(node, memo.NODE_TIME);
  about = load<u32>(node, memo.NODE_ABOUT);
  switch (<i32>load<u8>(node)) {
    case Met.Load:
      met.answerLine(entry, at, true, beginning + load<i64>(node, memo.NODE_MORE));
      about = load<u32>(entry, ACCESS_SIZE);
      return;
    case Met.Store:
      met.answerLine(entry, at, false, 0);
      about = load<u32>(entry, ACCESS_SIZE);
      return;
    case Met.LastLine:
      met.answerLastLine(entry, at);
      return;
    case Met.Write:
      met.answerWrite(entry, at, beginning + load<i64>(node, memo.NODE_MORE));
      return;
    case Met.OpCache:
      met.answerOpCache(load<u64>(node, memo.NODE_MORE));
      return;
    case Met.CodeLine:
      met.answerCodeLine(load<u64>(node, memo.NODE_MORE), at);
      return;
    case Met.Fill:
      met.answerFill(load<u64>(node, memo.NODE_MORE), about);
      return;
    case Met.Value:
      met.answerValue(entry);
      about = load<u32>(entry, ACCESS_SIZE);
      return;
    case Met.Buffers:
      met.answerBuffers(at);
      return;
    default:
      met.answerBranch(about, load<u64>(node, memo.NODE_MORE), next);
  }
}

/** Of the nodes with one question, the one that has the last answer; 0: none has.
 * @inline */
function nodeOfAnswer(first: u32, question: u32): u32 {
  let node = first;
  while (
    load<i64>(node, memo.NODE_FIRST) != metFirst ||
    load<i64>(node, memo.NODE_SECOND) != metSecond ||
    load<u32>(node, memo.NODE_ABOUT) != question
  ) {
    strayed = node;
    node = load<u32>(node, memo.NODE_OTHER);
    if (node == 0) return 0;
  }
  return node;
}

function stray(count: u32): bool {
  store<i64>(memo.MEMO_NEW_ANSWER, metFirst, memo.NODE_FIRST);
  store<i64>(memo.MEMO_NEW_ANSWER, metSecond, memo.NODE_SECOND);
  store<u32>(memo.MEMO_ANSWERS + count * 4, memo.MEMO_NEW_ANSWER);
  answered = count + 1;
  countMemo(MemoWord.Strayed);
  return false;
}

/** The pipeline is in the state to which the step leads. */
function arrive(end: u32, beginning: i64): void {
  const now = beginning + <i64>load<u32>(end, memo.END_CYCLES);
  pipeline.movePresent(now, now + <i64>load<u32>(end, memo.END_RETIREMENT));
  setMemoWord(MemoWord.Current, load<u32>(end, memo.END_STATE));
  setMemoWord(MemoWord.IsStale, 1);
  setMemoWord(MemoWord.LastEnd, end);
  countMemo(MemoWord.Known);
  const times = load<u32>(end, memo.END_TIMES);
  store<u32>(end, times + 1, memo.END_TIMES);
  if (times == 0) noteUncounted(end);
}

function noteUncounted(end: u32): void {
  store<u32>(end, memoWord(MemoWord.Uncounted), memo.END_UNCOUNTED);
  setMemoWord(MemoWord.Uncounted, end);
}

/** The counters are what they are without a memo: what known steps add to them is added when they are looked at. */
export function settleCounters(): void {
  let end = memoWord(MemoWord.Uncounted);
  while (end != 0) {
    addCounters(end, <u64>load<u32>(end, memo.END_TIMES));
    store<u32>(end, 0, memo.END_TIMES);
    end = load<u32>(end, memo.END_UNCOUNTED);
  }
  setMemoWord(MemoWord.Uncounted, 0);
}

function addCounters(end: u32, times: u64): void {
  for (let counter: u32 = 0; counter < <u32>PIPELINE_COUNTERS; counter++)
    count(<TimingCounter>counter, <u64>load<u32>(end + counter * 4, memo.END_COUNTERS) * times);
}

/** What the counters have become since `before`, a copy of them, as the end of a step has it. */
export function keepCounters(end: u32, before: u32): void {
  for (let counter: u32 = 0; counter < <u32>PIPELINE_COUNTERS; counter++) {
    const added = load<u64>(TIMING_COUNTERS + counter * 8) - load<u64>(before + counter * 8);
    store<u32>(end + counter * 4, <u32>added, memo.END_COUNTERS);
  }
}
