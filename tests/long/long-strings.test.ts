/**
 * A long repeated string instruction costs the host about as much for a line as a short one: its lines do not queue up in
 * the engine's calendars, where each would search behind all those before it. The host's clock is asked: on a busy host, run it again.
 */
import { describe, expect, it } from 'vitest';
import { SKYLAKE } from '../../emulator/timing/cores/skylake.js';
import { ZEN1 } from '../../emulator/timing/cores/zen1.js';
import { DATA, TimedGuest } from '../../scripts/staircases/timed-guest.js';
import { projectRoot } from '../cli/s7x.js';

const SHORT_QWORDS = 0x4000;
const LONG_QWORDS = 0x4_0000;
/** The long one's lines come from a cache further away. Where lines queue up, it is more than 40. */
const RATIO_MAX = 15;
const RUNS = 6;

/** The least time of a few runs, the first aside, which warms up. */
function hostTimeOf(guest: TimedGuest, qwords: number): number {
  const times = Array.from({ length: RUNS }, () => {
    const begin = performance.now();
    guest.run({ rcx: qwords });
    return performance.now() - begin;
  });
  return Math.min(...times.slice(1));
}

describe('a line of 2 MiB takes the host no more than 15 times as long as one of 128 KiB', () => {
  it.each([
    { model: ZEN1, instruction: 'stosd' },
    { model: ZEN1, instruction: 'movsd' },
    { model: SKYLAKE, instruction: 'stosd' },
  ])('rep $instruction, $model.name', ({ model, instruction }) => {
    const source = `cld\nmov edi, ${DATA}\nmov esi, ${2 * DATA}\ndb 0xf3, 0x48\n${instruction}`;
    const guest = new TimedGuest(projectRoot, model, source, '2 MiB');
    const short = hostTimeOf(guest, SHORT_QWORDS) / SHORT_QWORDS;
    const long = hostTimeOf(guest, LONG_QWORDS) / LONG_QWORDS;
    expect(long / short).toBeLessThan(RATIO_MAX);
  });
});
