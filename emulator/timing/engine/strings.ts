/**
 * String instructions. Repeated: a start, then elements one by one while the string is short, each line at a rate by
 * where it lies when it is long. The lines go through the caches, a very long string only by its end.
 * Source: measured, rep-strings.txt (REP STOS, REP MOVS); InstLatx64 and estimates for LODS, SCAS, CMPS.
 */
import {
  ACCESS_ELEMENTS,
  ACCESS_KIND,
  ACCESS_LINEAR,
  ACCESS_SIZE,
  AccessKind,
} from '../../isa/timing-interface';
import { dataLineLevel } from './caches';
import { Parameter } from '../engine-layout';
import { cycles, parameter } from './parameters';
import { translateData, translationDelay } from './translation';

/** Lines of one string that go through the caches; what comes before them would have been evicted again. */
const LINES_MAX: u64 = 0x40000;

/** Of 10^7 cycles: what a byte takes is a small part of one. */
const PART: u64 = 10_000_000;

/** Cycles beyond the start that the accesses from `log` up to `end` of one string instruction take, begun at `at`. */
export function stringCycles(log: u32, end: u32, at: i64): i64 {
  let elements: u64 = 0;
  let bytes: u64 = 0;
  let loads = false;
  let stores = false;
  let moving: u64 = 0;
  let storing: u64 = 0;
  let walks: i64 = 0;
  for (let entry = log; entry < end; entry += 16) {
    const kind = <i32>load<u8>(entry, ACCESS_KIND);
    if (kind < AccessKind.StringLoad || kind > AccessKind.StringStoreDown) continue;
    const isStore = kind == AccessKind.StringStore || kind == AccessKind.StringStoreDown;
    if (isStore) stores = true;
    else loads = true;
    const count = <u64>load<u32>(entry, ACCESS_ELEMENTS);
    const size = count * <u64>load<u8>(entry, ACCESS_SIZE);
    elements = max(elements, count);
    bytes = max(bytes, size);
    const down = kind == AccessKind.StringLoadDown || kind == AccessKind.StringStoreDown;
    const linear = load<u64>(entry, ACCESS_LINEAR);
    const first = down ? linear - size + load<u8>(entry, ACCESS_SIZE) : linear;
    walks += touch(first, size, at);
    moving = max(moving, movsByte());
    storing = max(storing, stosByte());
  }
  if (elements == 0) return 0;
  if (stores && loads) return movsCycles(elements, bytes, moving) + walks;
  if (stores) return stosCycles(elements, bytes, storing) + walks;
  return <i64>((elements * parameter(Parameter.RepeatOtherElement)) / 100) + walks;
}

/** `byte`: the PARTs of a cycle that a byte takes. */
function stosCycles(elements: u64, bytes: u64, byte: u64): i64 {
  if (elements <= parameter(Parameter.RepeatStosShortElements))
    return <i64>((elements * parameter(Parameter.RepeatStosElement)) / 100);
  const tail: i64 = (bytes & 63) == 0 ? 0 : cycles(Parameter.RepeatStosTail);
  return cycles(Parameter.RepeatStosFast) + <i64>((bytes * byte) / PART) + tail;
}

function movsCycles(elements: u64, bytes: u64, byte: u64): i64 {
  if (elements <= parameter(Parameter.RepeatMovsShortElements))
    return <i64>((elements * parameter(Parameter.RepeatMovsElement)) / 100);
  return cycles(Parameter.RepeatMovsFast) + <i64>((bytes * byte) / PART);
}

/** Lines of the last touch(), and how many of them came from the second level, the third, memory. */
let touched: u64 = 1;
let touchedL2: u64 = 0;
let touchedL3: u64 = 0;
let touchedDram: u64 = 0;

/** What a byte of the last touch() takes: each line at the rate of the level that had it. */
function movsByte(): u64 {
  const near = touched - touchedL2 - touchedL3 - touchedDram;
  const sum =
    near * partOf(parameter(Parameter.RepeatMovsRateL1)) +
    touchedL2 * partOf(parameter(Parameter.RepeatMovsRateL2)) +
    touchedL3 * partOf(parameter(Parameter.RepeatMovsRateL3)) +
    touchedDram * partOf(parameter(Parameter.RepeatMovsRateDram));
  return sum / touched;
}

function stosByte(): u64 {
  const sum =
    (touched - touchedL3 - touchedDram) * partOf(parameter(Parameter.RepeatStosRateL2)) +
    touchedL3 * partOf(parameter(Parameter.RepeatStosRateL3)) +
    touchedDram * partOf(parameter(Parameter.RepeatStosRateDram));
  return sum / touched;
}

/** Of a rate in hundredths of a byte in a cycle. */
function partOf(rate: u32): u64 {
  return (100 * PART) / rate;
}

/** Sends the lines through the caches, one after the other at the best rate. Returns the cycles of translation. */
function touch(linear: u64, bytes: u64, at: i64): i64 {
  touched = 1;
  touchedL2 = 0;
  touchedL3 = 0;
  touchedDram = 0;
  if (bytes == 0) return 0;
  let line = linear >> 6;
  const last = (linear + bytes - 1) >> 6;
  if (last - line > LINES_MAX) line = last - LINES_MAX;
  touched = last - line + 1;
  const rate = <u64>parameter(Parameter.RepeatMovsRateL1);
  let walks: i64 = 0;
  for (let number: u64 = 0; number < touched; number++) {
    const asked = at + <i64>((number * 6400) / rate);
    const physical = translateData((line + number) << 6, asked);
    if (translationDelay != 0) walks += translationDelay + cycles(Parameter.RepeatPage);
    const level = dataLineLevel(physical >> 6, asked);
    if (level == 2) touchedL2++;
    else if (level == 3) touchedL3++;
    else if (level == 4) touchedDram++;
  }
  return walks;
}
