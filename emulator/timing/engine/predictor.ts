/**
 * Branch prediction with the real outcome: direction by hashed perceptrons, targets by two levels of target buffers and an innermost one for
 * the branches of a loop, a table for indirect branches keyed by history, and a return stack.
 * Sources: Jiménez and Lin, "Dynamic Branch Prediction with Perceptrons" (HPCA 2001); Tarjan and Skadron, "Merging Path and
 * Gshare Indexing in Perceptron Branch Prediction" (TACO 2005); AMD 55723, "Branch Prediction".
 * Not modelled: predictions made with the history of a wrong path, aliasing by the bits that real tables use.
 */
import {
  BTB_L0,
  BTB_L0_DIRECTION_MAX,
  BTB_L1,
  BTB_L2,
  INDIRECT,
  PERCEPTRON_ENTRIES,
  PERCEPTRONS,
  Parameter,
  RETURN_STACK,
} from '../engine-layout';
import { parameter } from './parameters';
import { waysWith } from './set-search';

/** Training goes on while the sum is no larger than this: 2.14 × (history length + 1) + 20.58 for eight tables. */
const THRESHOLD: i32 = 40;
const WEIGHT_MAX: i32 = 63;
/** log2 of the longest history that the tables see, by table, in branches: 0 3 6 10 16 24 40 64. */
const HISTORY_LENGTHS: u64 = 0x4028181006030300;

let history: u64 = 0;
/** History of targets of indirect branches. */
let path: u64 = 0;
let returnTop: u32 = 0;
/** Places of the innermost target buffer that are filled next, forwards and backwards. */
let nextForward: u32 = 0;
let nextBackward: u32 = 0;

export function resetPredictor(): void {
  history = 0;
  path = 0;
  returnTop = 0;
  nextForward = 0;
  nextBackward = 0;
}

/** @inline */
function mix(value: u64): u32 {
  const product = value * 0x9e3779b97f4a7c15;
  return <u32>(product >> 40);
}

/** Place of the weight that `table`, a constant, has for the branch.
 * @inline */
function weightOf(table: u32, rip: u64): u32 {
  const length = (HISTORY_LENGTHS >> (<u64>(table << 3))) & 0xff;
  const seen = length == 64 ? history : history & (((<u64>1) << length) - 1);
  const index =
    table == 0 ? mix(rip) : mix((seen * 0xff51afd7ed558ccd) ^ (rip << 3) ^ (<u64>table));
  return PERCEPTRONS + table * PERCEPTRON_ENTRIES + (index & (PERCEPTRON_ENTRIES - 1));
}

/** Whether the direction of the conditional branch at `rip` is predicted; learns `taken`. */
export function directionPredicted(rip: u64, taken: bool): bool {
  const first = weightOf(0, rip);
  const second = weightOf(1, rip);
  const third = weightOf(2, rip);
  const fourth = weightOf(3, rip);
  const fifth = weightOf(4, rip);
  const sixth = weightOf(5, rip);
  const seventh = weightOf(6, rip);
  const eighth = weightOf(7, rip);
  const low = weight(first) + weight(second) + weight(third) + weight(fourth);
  const sum = low + weight(fifth) + weight(sixth) + weight(seventh) + weight(eighth);
  const right = sum >= 0 == taken;
  if (!right || abs(sum) <= THRESHOLD) {
    const step: i32 = taken ? 1 : -1;
    learn(first, step);
    learn(second, step);
    learn(third, step);
    learn(fourth, step);
    learn(fifth, step);
    learn(sixth, step);
    learn(seventh, step);
    learn(eighth, step);
  }
  history = (history << 1) | (<u64>taken);
  return right;
}

/** @inline */
function weight(at: u32): i32 {
  return load<i8>(at);
}

/** @inline */
function learn(at: u32, step: i32): void {
  store<i8>(at, <i8>max<i32>(min<i32>(weight(at) + step, WEIGHT_MAX), -WEIGHT_MAX));
}

/** What the target buffers know of the taken branch at `rip`; 0 nothing, 1 first level, 2 second. They learn it. */
export function targetLevel(rip: u64): u32 {
  const key = rip + 1;
  const first =
    BTB_L1 + (((<u32>rip) ^ (<u32>(rip >> 8))) & (parameter(Parameter.BtbL1Entries) - 1)) * 8;
  if (load<u64>(first) == key) return 1;
  const second =
    BTB_L2 + (((<u32>rip) ^ (<u32>(rip >> 13))) & (parameter(Parameter.BtbL2Entries) - 1)) * 8;
  const level: u32 = load<u64>(second) == key ? 2 : 0;
  store<u64>(first, key);
  store<u64>(second, key);
  return level;
}

/** Whether the innermost target buffer holds the direct branch at `rip`.
 * @inline */
export function heldInnermost(rip: u64): bool {
  if (parameter(Parameter.BtbL0Entries) == 0) return false;
  return waysWith(BTB_L0, 2 * BTB_L0_DIRECTION_MAX, rip + 1) != 0;
}

/** It holds the direct branch at `rip` from now on, in place of the one that it has held longest in this direction. */
export function holdInnermost(rip: u64, forward: bool): void {
  const entries = parameter(Parameter.BtbL0Entries);
  if (entries == 0) return;
  if (forward) {
    store<u64>(BTB_L0 + nextForward * 8, rip + 1);
    nextForward = (nextForward + 1) % entries;
  } else {
    store<u64>(BTB_L0 + (BTB_L0_DIRECTION_MAX + nextBackward) * 8, rip + 1);
    nextBackward = (nextBackward + 1) % entries;
  }
}

/** Whether the target of the indirect branch at `rip` is predicted; learns it. */
export function indirectPredicted(rip: u64, target: u64): bool {
  const key = rip ^ (path * 0x9e3779b97f4a7c15);
  const entries = parameter(Parameter.IndirectTargets);
  const last = INDIRECT + (mix(rip) & (entries - 1)) * 16;
  const byPath = INDIRECT + 0x2000 + (mix(key) & (entries - 1)) * 16;
  const known = load<u64>(byPath) == key;
  const right = known
    ? load<u64>(byPath, 8) == target
    : load<u64>(last) == rip && load<u64>(last, 8) == target;
  store<u64>(last, rip);
  store<u64>(last, target, 8);
  store<u64>(byPath, key);
  store<u64>(byPath, target, 8);
  path = (path << 7) ^ (path >> 50) ^ (target >> 1);
  return right;
}

export function pushReturn(rip: u64): void {
  returnTop = (returnTop + 1) % parameter(Parameter.ReturnStackEntries);
  store<u64>(RETURN_STACK + returnTop * 8, rip);
}

export function returnPredicted(target: u64): bool {
  const entries = parameter(Parameter.ReturnStackEntries);
  const right = load<u64>(RETURN_STACK + returnTop * 8) == target;
  returnTop = (returnTop + entries - 1) % entries;
  return right;
}
