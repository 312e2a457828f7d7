/**
 * String instructions. Repeated: a start, then elements one by one while the string is short, whole blocks at a rate by
 * where the data lies when it is long. The lines go through the caches, a very long string only by its end.
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

/** Cycles beyond the start that the accesses from `log` up to `end` of one string instruction take, begun at `at`. */
export function stringCycles(log: u32, end: u32, at: i64): i64 {
  let elements: u64 = 0;
  let bytes: u64 = 0;
  let loads = false;
  let stores = false;
  let level: u32 = 1;
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
    level = max(level, touchedLevel);
  }
  if (elements == 0) return 0;
  if (stores && loads) return movsCycles(elements, bytes, level) + walks;
  if (stores) return stosCycles(elements, bytes, level) + walks;
  return <i64>((elements * parameter(Parameter.RepeatOtherElement)) / 100) + walks;
}

function stosCycles(elements: u64, bytes: u64, level: u32): i64 {
  if (elements <= parameter(Parameter.RepeatStosShortElements))
    return <i64>((elements * parameter(Parameter.RepeatStosElement)) / 100);
  let rate: u32 = parameter(Parameter.RepeatStosRateL2);
  if (level == 3) rate = parameter(Parameter.RepeatStosRateL3);
  else if (level == 4) rate = parameter(Parameter.RepeatStosRateDram);
  const tail: i64 = (bytes & 63) == 0 ? 0 : cycles(Parameter.RepeatStosTail);
  return cycles(Parameter.RepeatStosFast) + <i64>((bytes * 100) / rate) + tail;
}

function movsCycles(elements: u64, bytes: u64, level: u32): i64 {
  if (elements <= parameter(Parameter.RepeatMovsShortElements))
    return <i64>((elements * parameter(Parameter.RepeatMovsElement)) / 100);
  let rate: u32 = parameter(Parameter.RepeatMovsRateL1);
  if (level == 2) rate = parameter(Parameter.RepeatMovsRateL2);
  else if (level == 3) rate = parameter(Parameter.RepeatMovsRateL3);
  else if (level == 4) rate = parameter(Parameter.RepeatMovsRateDram);
  return cycles(Parameter.RepeatMovsFast) + <i64>((bytes * 100) / rate);
}

/** The furthest level that most lines of the last touch() came from. */
let touchedLevel: u32 = 1;

/** Sends the lines through the caches, one after the other at the best rate. Returns the cycles of translation. */
function touch(linear: u64, bytes: u64, at: i64): i64 {
  touchedLevel = 1;
  if (bytes == 0) return 0;
  let line = linear >> 6;
  const last = (linear + bytes - 1) >> 6;
  if (last - line > LINES_MAX) line = last - LINES_MAX;
  const lines = last - line + 1;
  const rate = <u64>parameter(Parameter.RepeatMovsRateL1);
  let misses2: u64 = 0;
  let misses3: u64 = 0;
  let misses4: u64 = 0;
  let walks: i64 = 0;
  for (let number: u64 = 0; number < lines; number++) {
    const asked = at + <i64>((number * 6400) / rate);
    const physical = translateData((line + number) << 6, asked);
    walks += translationDelay;
    const level = dataLineLevel(physical >> 6, asked);
    if (level == 2) misses2++;
    else if (level == 3) misses3++;
    else if (level == 4) misses4++;
  }
  if (misses4 * 2 > lines) touchedLevel = 4;
  else if ((misses3 + misses4) * 2 > lines) touchedLevel = 3;
  else if ((misses2 + misses3 + misses4) * 2 > lines) touchedLevel = 2;
  return walks;
}
