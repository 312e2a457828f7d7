/**
 * The record of what a step of the pipeline met: nodes (memo-layout.ts), in order. While a step is recorded, each question and its
 * answer becomes a node; when a step is taken anew, the first answers come from nodes in place of the question.
 */
import { ACCESS_SIZE } from '../../isa/timing-interface';
import { ACCESS_LOG } from '../../isa/state-layout';
import {
  MEMO_ANSWERS,
  MEMO_RECORD,
  MEMO_RECORD_MAX,
  Met,
  NODE_ABOUT,
  NODE_BYTES,
  NODE_FIRST,
  NODE_MORE,
  NODE_OTHER,
  NODE_SECOND,
  NODE_TIME,
} from '../memo-layout';

/** The step is recorded, or taken anew: where neither is so, nothing is written down. */
export let isTracing: bool = false;
/** What is met is recorded: the step's beginning, so many nodes so far, whether it can be remembered. */
let isRecording: bool = false;
let beginning: i64 = 0;
export let recordedNodes: u32 = 0;
export let isRegular: bool = true;
/** Answers that are known: u32 addresses of nodes at MEMO_ANSWERS. */
export let isMetKnown: bool = false;
let knownNext: u32 = 0;
let knownCount: u32 = 0;

export function beginRecord(now: i64): void {
  isRecording = true;
  isTracing = true;
  beginning = now;
  recordedNodes = 0;
}

export function endRecord(): void {
  isRecording = false;
  isTracing = false;
}

/** The first `count` questions of the step have been answered: the answers are those of the nodes at MEMO_ANSWERS. */
export function expectKnown(count: u32): void {
  isRegular = true;
  knownNext = 0;
  knownCount = count;
  isMetKnown = count != 0;
  isTracing = isRecording || isMetKnown;
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

/** A question and its answer, two numbers. `isTime`: `more` is a time.
 */
export function noteMet(
  kind: Met,
  entry: u32,
  at: i64,
  about: u32,
  more: i64,
  isTime: bool,
  first: i64,
  second: i64,
): void {
  if (isRecording)
    recordMet(kind, entry, at, about, isTime ? more - beginning : more, first, second);
}

function recordMet(
  kind: Met,
  entry: u32,
  at: i64,
  about: u32,
  more: i64,
  first: i64,
  second: i64,
): void {
  if (recordedNodes == MEMO_RECORD_MAX) {
    isRegular = false;
    return;
  }
  const node = MEMO_RECORD + recordedNodes * NODE_BYTES;
  recordedNodes++;
  store<u32>(node, kind | (((entry - ACCESS_LOG) >> 4) << 16));
  store<u32>(node, 0, NODE_OTHER);
  store<i32>(node, <i32>(at - beginning), NODE_TIME);
  store<u32>(node, entry != 0 ? load<u32>(entry, ACCESS_SIZE) : about, NODE_ABOUT);
  store<i64>(node, first, NODE_FIRST);
  store<i64>(node, second, NODE_SECOND);
  store<i64>(node, more, NODE_MORE);
}
