/**
 * PREFETCHh and PREFETCHW bring a line into the first level, and nobody waits for it (SDM and AMD 24594, "PREFETCHh",
 * "PREFETCHlevel"); each asks for a miss address buffer (AMD 54945, PMCx052), so that many come no sooner than loads.
 */
import { describe, expect, it } from 'vitest';
import { ZEN1 } from '../../emulator/timing/cores/zen1.js';
import { DATA } from '../../scripts/staircases/timed-guest.js';
import { cyclesOf, MFENCE, run } from './fenced-cycles.js';

/** Behind the memory that is mapped. */
const UNMAPPED = 0x4000_0000;
const DRAM = ZEN1.parameters.DramLatency.value;
const LOAD = 'mov eax, [edi]';
/** Of the line at RDI. */
const PREFETCHES = [
  ['PREFETCHNTA', 'db 0x0f, 0x18, 0x07'],
  ['PREFETCHT0', 'db 0x0f, 0x18, 0x0f'],
  ['PREFETCHT1', 'db 0x0f, 0x18, 0x17'],
  ['PREFETCHT2', 'db 0x0f, 0x18, 0x1f'],
  ['PREFETCHW', 'db 0x0f, 0x0d, 0x0f'],
] as const;
const [, [, PREFETCHT0]] = PREFETCHES;
/** Longer than a line takes from memory with the walk that leads to it. */
const WORK = 'mov ecx, 3000\nwork:\nsub ecx, 1\njnz work';

describe.each(PREFETCHES)('%s', (_name, prefetch) => {
  it('brings the line and its translation: a load some time later finds both', () => {
    expect(cyclesOf(`${prefetch}\n${WORK}`, LOAD)).toBe(cyclesOf(`${LOAD}\n${WORK}`, LOAD));
  });

  it('of a line that is in memory is waited for by nobody', () => {
    const nothing = cyclesOf('', '');
    expect(cyclesOf('', LOAD)).toBeGreaterThan(nothing + DRAM);
    expect(cyclesOf('', prefetch)).toBeLessThan(nothing + 10);
  });

  it('of an address that is not mapped does nothing', () => {
    const there = `mov edi, ${UNMAPPED}\n`;
    const { PageWalks: walks, L1dMisses: misses } = run(`${there}${prefetch}`).counters();
    const without = run(there).counters();
    expect([walks, misses]).toEqual([without.PageWalks, without.L1dMisses]);
  });
});

describe('prefetches', () => {
  it('a load right behind one waits for the rest of the way', () => {
    const alone = cyclesOf('', LOAD);
    const behind = cyclesOf('', `${PREFETCHT0}\n${LOAD}`);
    expect(behind).toBeGreaterThan(DRAM);
    expect(behind).toBeLessThanOrEqual(alone + 2);
  });

  it('of more lines than misses can be outstanding take their turns', () => {
    const lines = 4 * ZEN1.parameters.OutstandingMisses.value;
    // Far apart: no stream. One page of 2 MiB: no further walk.
    const many = Array.from(
      { length: lines },
      (_, line) => `lea edi, [esi + ${((line * 7919) % 4096) * 64}]\n${PREFETCHT0}`,
    );
    const source = `mov esi, ${DATA}\nmov eax, [esi]\n${MFENCE}`;
    const last = cyclesOf(source, `${many.join('\n')}\n${LOAD}`);
    expect(last).toBeGreaterThan(3.5 * DRAM);
  });
});
