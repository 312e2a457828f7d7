/**
 * Streams: the prefetchers of the first and second level, as far as they show. A miss that continues a run of lines,
 * upwards or downwards, finds its line on the way: lines of a stream arrive at a pace that depends on where they lie.
 * Source for the paces: InstLatx64, Zen 1, "linear forward".
 * Not modelled: strides beyond one line, the traffic of lines that nobody asks for.
 */
import { Parameter, STREAMS, STREAMS_DOWN, STREAMS_UP } from '../engine-layout';
import { cycles } from './parameters';
import { waysFirst, waysWith } from './set-search';

const STREAM_COUNT: u32 = 16;
const STREAM_BYTES: u32 = 32;
const STREAM_LINE: u32 = 0; // u64: the line expected next; of a first miss: its own
const STREAM_STEP: u32 = 8; // i64: +1 or -1, 0 for a first miss
const STREAM_THERE: u32 = 16; // i64: when the last line arrived
const STREAM_RUN: u32 = 24; // u32: lines so far
const STREAM_LEVEL: u32 = 28; // u32: where the last line lay
/** Lines in a row after which the prefetcher is ahead. */
const RUN_MIN: u32 = 2;

let next: u32 = 0;
/** The stream that went on last. */
let current: u32 = STREAMS;

export function resetStreams(): void {
  next = 0;
  current = STREAMS;
  memory.fill(STREAMS_UP, 0xff, 2 * STREAM_COUNT * 8);
}

/** Cycle at which `line`, asked for at `at`, arrives: `demand` without a prefetcher, earlier with one. */
export function streamed(line: u64, at: i64, demand: i64, level: u32): i64 {
  const step = load<i64>(current, STREAM_STEP);
  if (load<u64>(current, STREAM_LINE) == line && step != 0)
    return continued(current, line, step, at, demand, level);
  const found =
    waysWith(STREAMS_UP, STREAM_COUNT, line) | waysWith(STREAMS_DOWN, STREAM_COUNT, line);
  if (found != 0) {
    const stream = STREAMS + waysFirst(found) * STREAM_BYTES;
    const known = load<i64>(stream, STREAM_STEP);
    const first: i64 = line > load<u64>(stream, STREAM_LINE) ? 1 : -1;
    return continued(stream, line, known != 0 ? known : first, at, demand, level);
  }
  const stream = STREAMS + next * STREAM_BYTES;
  // Line 0 begins no stream.
  store<u64>(STREAMS_UP + next * 8, line == 0 ? ~0 : line + 1);
  store<u64>(STREAMS_DOWN + next * 8, line - 1);
  next = (next + 1) % STREAM_COUNT;
  store<u64>(stream, line, STREAM_LINE);
  store<i64>(stream, 0, STREAM_STEP);
  store<i64>(stream, demand, STREAM_THERE);
  store<u32>(stream, 1, STREAM_RUN);
  store<u32>(stream, level, STREAM_LEVEL);
  return demand;
}

/** Cycles from one line of a stream to the next. */
function paceOf(level: u32): i64 {
  if (level == 2) return cycles(Parameter.StreamL2);
  return level == 3 ? cycles(Parameter.StreamL3) : cycles(Parameter.StreamDram);
}

function continued(stream: u32, line: u64, step: i64, at: i64, demand: i64, level: u32): i64 {
  current = stream;
  const run = load<u32>(stream, STREAM_RUN) + 1;
  let there = demand;
  if (run > RUN_MIN) {
    const paced = load<i64>(stream, STREAM_THERE) + paceOf(level);
    there = max(at + cycles(Parameter.LoadLatency), paced);
    // It lies nearer than the line before it and need not wait for that.
    there = select(min(demand, there), there, level < load<u32>(stream, STREAM_LEVEL));
  }
  const expected = line + <u64>step;
  const number = (stream - STREAMS) / STREAM_BYTES;
  store<u64>(STREAMS_UP + number * 8, step > 0 ? expected : ~0);
  store<u64>(STREAMS_DOWN + number * 8, step > 0 || expected == 0 ? ~0 : expected);
  store<u64>(stream, expected, STREAM_LINE);
  store<i64>(stream, step, STREAM_STEP);
  store<i64>(stream, there, STREAM_THERE);
  store<u32>(stream, run, STREAM_RUN);
  store<u32>(stream, level, STREAM_LEVEL);
  return there;
}
