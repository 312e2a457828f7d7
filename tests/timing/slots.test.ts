/**
 * Top-down split (Yasin, ISPASS 2014): each cycle has DispatchWidth slots, and each slot is in one account, whether an
 * instruction takes it or dispatch waits.
 */
import { describe, expect, it } from 'vitest';
import { SKYLAKE } from '../../emulator/timing/cores/skylake.js';
import { ZEN1 } from '../../emulator/timing/cores/zen1.js';
import { TimedGuest } from '../../scripts/staircases/timed-guest.js';
import { projectRoot } from '../cli/s7x.js';

const PASSES = 200;
/** The last instructions are dispatched some cycles before HLT ends, the first some cycles after the start. */
const EDGE_CYCLES = 1000;

const BODIES: readonly [what: string, body: string][] = [
  ['additions', 'add eax, ebx\nadd ecx, edx\n'],
  ['address computations of two operations', 'lea eax, [esp+1024]\nlea ecx, [esp+2048]\n'],
  ['one of those beside additions', 'lea eax, [esp+1024]\nadd ecx, 1\nadd edx, 1\nadd ebx, 1\n'],
  ['instructions of many macro-ops', 'add ecx, 1\nrcl eax, 5\nadd edx, 1\nbsr ebx, eax\n'],
  ['exchanges', 'xchg eax, ebx\nadd ecx, 1\nxchg ecx, edx\n'],
  ['calls', 'call over\n'],
];

describe.each([ZEN1, SKYLAKE])('slots of $name', (model) => {
  it.each(BODIES)('of %s add up to the width of dispatch times the cycles', (_what, body) => {
    const source = `mov ebp, ${PASSES}\njmp pass\nover: ret\npass:\n${body.repeat(40)}sub ebp, 1\njnz pass`;
    const guest = new TimedGuest(projectRoot, model, source, '2 MiB');
    const cycles = guest.run();
    const slots = Object.entries(guest.counters())
      .filter(([name]) => name.startsWith('Slots'))
      .reduce((sum, [, count]) => sum + count, 0);
    const width = model.parameters.DispatchWidth.value;
    expect(slots).toBeLessThanOrEqual(width * (cycles + EDGE_CYCLES));
    expect(slots).toBeGreaterThanOrEqual(width * (cycles - EDGE_CYCLES));
  });
});
