/**
 * What the pipeline meets outside of itself: lines of data and code, forwarded stores, the write path, predictions. All that an
 * instruction's times depend on beside the pipeline's own state comes through here, as numbers relative to the time of the
 * question. So the pipeline's steps can be remembered (memo.ts): what was met is recorded with them, and met anew each time.
 */
import { ACCESS_LINEAR, ACCESS_SIZE } from '../../isa/timing-interface';
import { TimingCounter } from '../counters';
import { count } from './counters';
import { branchMet } from './branch-outcome';
import { codeLineDelay, dataLine, filledLine } from './caches';
import { forwardCommit, forwardReady, Forwarding, lookForward, noteForward } from './forwarding';
import { Parameter } from '../engine-layout';
import { fillOpCache, inOpCache } from './op-cache';
import { cycles } from './parameters';
import { Met, NODE_FIRST, NODE_SECOND } from '../memo-layout';
import { isMetKnown, isTracing, noteMet, wasMet } from './met-record';
import { translateCode, translateData, translationDelay } from './translation';
import { closeBuffers } from './write-combining';
import { gather } from './write-path';

/** The answer to the last question: two numbers, whose meaning depends on the question. */
export let metFirst: i64 = 0;
export let metSecond: i64 = 0;

/** Bits of a line's second number. */
const LINE_FILLED: i64 = 1;
const LINE_SPLIT: i64 = 2;
const LINE_CROSSES_PAGE: i64 = 4;
const FORWARD_SHIFT: i64 = 4;
const FORWARD_CYCLES_SHIFT: i64 = 8;

/** Cycles of translation that the last line took. */
export function metDelay(): i64 {
  return metFirst >> 32;
}

/** Cycles behind that until the line was there. */
export function metLineCycles(): i64 {
  return metFirst & 0xffffffff;
}

export function metFilled(): bool {
  return (metSecond & LINE_FILLED) != 0;
}

export function metSplit(): bool {
  return (metSecond & LINE_SPLIT) != 0;
}

export function metCrossing(): bool {
  return (metSecond & LINE_CROSSES_PAGE) != 0;
}

export function metForwarding(): Forwarding {
  return <Forwarding>(<i32>((metSecond >> FORWARD_SHIFT) & 3));
}

/** Cycles from the line's beginning until the data can be forwarded, or is in the cache. */
export function metForwardCycles(): i64 {
  return metSecond >> FORWARD_CYCLES_SHIFT;
}

/** A line at `at`: of the first byte of the access at `entry` of the log. Loads, too, ask what is forwarded; stores are written until `committed`. */
export function answerLine(entry: u32, at: i64, loads: bool, committed: i64): void {
  const linear = entry == 0 ? 0 : load<u64>(entry, ACCESS_LINEAR);
  const size: u32 = entry == 0 ? 8 : load<u8>(entry, ACCESS_SIZE);
  const physical = translateData(linear, at);
  const delay = translationDelay;
  const begin = at + delay;
  const there = dataLine(physical >> 6, begin);
  let second: i64 = filledLine() ? LINE_FILLED : 0;
  if (((<u32>linear) & 63) + size > 64) {
    second |= LINE_SPLIT;
    if (linear >> 12 != (linear + size - 1) >> 12) second |= LINE_CROSSES_PAGE;
  }
  metFirst = (there - begin) | (delay << 32);
  if (loads && committed > begin) second |= answerForward(linear, size, begin);
  metSecond = second;
}

function answerForward(linear: u64, size: u32, begin: i64): i64 {
  const found = lookForward(linear, size, begin);
  if (found == Forwarding.None) return 0;
  const waits =
    found == Forwarding.Whole
      ? max(forwardReady - begin, cycles(Parameter.LoadLatency))
      : forwardCommit - begin;
  return ((<i64>found) << FORWARD_SHIFT) | (waits << FORWARD_CYCLES_SHIFT);
}

export function answerLastLine(entry: u32, at: i64): void {
  const linear = entry == 0 ? 0 : load<u64>(entry, ACCESS_LINEAR);
  const size: u32 = entry == 0 ? 8 : load<u8>(entry, ACCESS_SIZE);
  const physical = translateData(linear + size - 1, at);
  const begin = at + translationDelay;
  metFirst = (dataLine(physical >> 6, begin) - begin) | (translationDelay << 32);
  metSecond = filledLine() ? LINE_FILLED : 0;
}

/** A store is written in `commit`, or later; its data can be forwarded from `forward` on. First number: so many cycles later. */
export function answerWrite(entry: u32, commit: i64, forward: i64): void {
  const linear = entry == 0 ? 0 : load<u64>(entry, ACCESS_LINEAR);
  const size: u32 = entry == 0 ? 8 : load<u8>(entry, ACCESS_SIZE);
  metFirst = gather(linear, size, commit);
  metSecond = 0;
  noteForward(linear, size, forward, commit + metFirst);
}

/** Whether the line of code is in the op cache. */
export function answerOpCache(code: u64): void {
  metFirst = inOpCache(code) ? 1 : 0;
  metSecond = 0;
}

/** How many cycles later than a hit the code at `rip` comes from the first level. */
export function answerCodeLine(rip: u64, at: i64): void {
  count(TimingCounter.OpCacheMisses, 1);
  const physical = translateCode(rip, at);
  const delay = translationDelay;
  metFirst = delay + codeLineDelay(physical >> 6, at + delay);
  metSecond = 0;
}

export function answerFill(code: u64, ops: u32): void {
  fillOpCache(code, ops);
  metFirst = 0;
  metSecond = 0;
}

export function answerValue(entry: u32): void {
  metFirst = load<i64>(entry, ACCESS_LINEAR);
  metSecond = 0;
}

/** How long after `at` all lines that were gathered are in memory: none is gathered any longer. */
export function answerBuffers(at: i64): void {
  metFirst = max<i64>(closeBuffers() - at, 0);
  metSecond = 0;
}

export function answerBranch(record: u32, rip: u64, next: u64): void {
  metFirst = <i64>branchMet(record, rip, next);
  metSecond = 0;
}

/** The answer of a step that is taken anew, from the record of what it met before.
 * @inline */
function known(): bool {
  if (!isMetKnown) return false;
  const node = wasMet();
  metFirst = load<i64>(node, NODE_FIRST);
  metSecond = load<i64>(node, NODE_SECOND);
  return true;
}

export function meetLoad(entry: u32, at: i64, committed: i64): void {
  if (!isTracing || !known()) answerLine(entry, at, true, committed);
  if (isTracing) noteMet(Met.Load, entry, at, 0, committed, true, metFirst, metSecond);
}

export function meetStore(entry: u32, at: i64): void {
  if (!isTracing || !known()) answerLine(entry, at, false, 0);
  if (isTracing) noteMet(Met.Store, entry, at, 0, 0, false, metFirst, metSecond);
}

export function meetLastLine(entry: u32, at: i64): void {
  if (!isTracing || !known()) answerLastLine(entry, at);
  if (isTracing) noteMet(Met.LastLine, entry, at, 0, 0, false, metFirst, metSecond);
}

export function meetWrite(entry: u32, commit: i64, forward: i64): void {
  if (!isTracing || !known()) answerWrite(entry, commit, forward);
  if (isTracing) noteMet(Met.Write, entry, commit, 0, forward, true, metFirst, metSecond);
}

export function meetOpCache(code: u64): void {
  if (!isTracing || !known()) answerOpCache(code);
  if (isTracing) noteMet(Met.OpCache, 0, 0, 0, <i64>code, false, metFirst, metSecond);
}

export function meetCodeLine(rip: u64, at: i64): void {
  if (!isTracing || !known()) answerCodeLine(rip, at);
  if (isTracing) noteMet(Met.CodeLine, 0, at, 0, <i64>rip, false, metFirst, metSecond);
}

export function meetFill(code: u64, ops: u32): void {
  if (!isTracing || !known()) answerFill(code, ops);
  if (isTracing) noteMet(Met.Fill, 0, 0, ops, <i64>code, false, metFirst, metSecond);
}

export function meetValue(entry: u32): void {
  if (!isTracing || !known()) answerValue(entry);
  if (isTracing) noteMet(Met.Value, entry, 0, 0, 0, false, metFirst, metSecond);
}

export function meetBuffers(at: i64): void {
  if (!isTracing || !known()) answerBuffers(at);
  if (isTracing) noteMet(Met.Buffers, 0, at, 0, 0, false, metFirst, metSecond);
}

export function meetBranch(record: u32, rip: u64, next: u64): void {
  if (!isTracing || !known()) answerBranch(record, rip, next);
  if (isTracing) noteMet(Met.Branch, 0, 0, record, <i64>rip, false, metFirst, metSecond);
}
