/**
 * Non-temporal stores: a line that is written gathers in a buffer and goes to memory past the caches; a cache that had it has
 * it no longer. Source: SDM Vol. 1, "Caching of Temporal vs. Non-Temporal Data". That a line on its way takes the place of an
 * outstanding miss, for as long as one from memory does, is an estimate.
 * Not modelled: when a buffer that is not full is written, and in how many parts.
 */
import { Parameter, WRITE_COMBINING } from '../engine-layout';
import { evict, lineWritten, writeLine } from './caches';
import { parameter } from './parameters';

let next: u32 = 0;
/** When all lines are in memory. */
let written: i64 = 0;

export function resetCombining(now: i64): void {
  next = 0;
  written = now;
  memory.fill(WRITE_COMBINING, 0, parameter(Parameter.WriteCombiningBuffers) * 8);
}

/** Cycle, not before `at`, in which a buffer takes what is stored to `line`. */
export function combine(line: u64, at: i64): i64 {
  evict(line);
  const count = parameter(Parameter.WriteCombiningBuffers);
  const end: u32 = WRITE_COMBINING + count * 8;
  for (let buffer: u32 = WRITE_COMBINING; buffer < end; buffer += 8)
    if (load<u64>(buffer) == line + 1) return at;
  store<u64>(WRITE_COMBINING + next * 8, line + 1);
  next = (next + 1) % count;
  const from = writeLine(line, at);
  written = max(written, lineWritten);
  return from;
}

/** All buffers are written. Returns when that is done. */
export function closeBuffers(): i64 {
  memory.fill(WRITE_COMBINING, 0, parameter(Parameter.WriteCombiningBuffers) * 8);
  return written;
}
