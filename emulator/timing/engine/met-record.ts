/**
 * The record of what a step of the pipeline met: nodes of 40 bytes, in order. While a step is recorded, each question and its
 * answer becomes a node; when a step is taken anew, the first answers come from nodes in place of the question.
 *
 *   +0  u8  kind (Met)            +12 u32 what the question was about: size, kind and number of the access, or operations
 *   +2  u16 entry of the log      +16 i64, +24 i64 the answer
 *   +4  u32 another answer's node +32 i64 an address of code, or a time relative to the step's beginning
 *   +8  i32 time of the question, relative to the step's beginning
 */
import { ACCESS_LOG } from '../../isa/state-layout';
import { MEMO_ANSWERS, MEMO_NODE_BYTES, MEMO_RECORD, MEMO_RECORD_MAX, Met } from '../engine-layout';
import { metFirst, metSecond } from './met';

/** What is met is recorded: the step's beginning, so many nodes so far, whether it can be remembered. */
export let isRecording: bool = false;
let beginning: i64 = 0;
export let recordedNodes: u32 = 0;
export let isRegular: bool = true;
/** Answers that are known: u32 addresses of nodes at MEMO_ANSWERS. */
export let isMetKnown: bool = false;
let knownNext: u32 = 0;
let knownCount: u32 = 0;

export function beginRecord(now: i64): void {
  isRecording = true;
  isRegular = true;
  beginning = now;
  recordedNodes = 0;
}

export function endRecord(): void {
  isRecording = false;
}

/** The first `count` questions of the step have been answered: the answers are those of the nodes at MEMO_ANSWERS. */
export function expectKnown(count: u32): void {
  knownNext = 0;
  knownCount = count;
  isMetKnown = count != 0;
}

/** The next known answer's node. */
export function wasMet(): u32 {
  const node = load<u32>(MEMO_ANSWERS + knownNext * 4);
  knownNext++;
  isMetKnown = knownNext < knownCount;
  return node;
}

/** The step does something that is not remembered. */
export function noteIrregular(): void {
  isRegular = false;
}

/** @inline */
export function noteMet(
  kind: Met,
  entry: u32,
  at: i64,
  about: u32,
  other: i64,
  isTime: bool,
): void {
  if (isRecording) recordMet(kind, entry, at, about, other, isTime);
}

function recordMet(kind: Met, entry: u32, at: i64, about: u32, other: i64, isTime: bool): void {
  if (recordedNodes == MEMO_RECORD_MAX) {
    isRegular = false;
    return;
  }
  const node = MEMO_RECORD + recordedNodes * MEMO_NODE_BYTES;
  recordedNodes++;
  store<u32>(node, kind | (((entry - ACCESS_LOG) >> 4) << 16));
  store<u32>(node, 0, 4);
  store<i32>(node, <i32>(at - beginning), 8);
  store<u32>(node, entry != 0 ? load<u32>(entry, 8) : about, 12);
  store<i64>(node, metFirst, 16);
  store<i64>(node, metSecond, 24);
  store<i64>(node, isTime ? other - beginning : other, 32);
}
