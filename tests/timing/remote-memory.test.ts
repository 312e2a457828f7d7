/**
 * Memory of another node takes longer: as much as the SLIT says, where 10 is the processor's own and 20 twice as far (ACPI
 * specification, "System Locality Information Table"). The chase's own figure, 16 to 64 MiB, is measured.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { pcMap } from '../../emulator/memory/pc-map.js';
import { ZEN1 } from '../../emulator/timing/cores/zen1.js';
import { REMOTE_MEMORY, REMOTE_RANGES } from '../../emulator/timing/engine-layout.js';
import { createTimingModel } from '../../emulator/timing/models.js';
import { cyclic, Sequence } from '../../scripts/staircases/sequence.js';
import { DATA, TimedGuest } from '../../scripts/staircases/timed-guest.js';
import { projectRoot } from '../cli/s7x.js';
import { bundledKernel, TestMachine } from '../guests/test-machine.js';

const LINE = 64;
const LOADS = 20_000;
const MIB = 1024 * 1024;
const SOURCE = `mov esi, ${DATA}\npass:\n${'db 0x48\nmov esi, [esi]\n'.repeat(20)}sub ebp, 1\njnz pass`;

/** Cycles of a load in a random chain of loads through so many bytes: the first, the second time. */
function chase(bytes: number, distance: number | null): [first: number, second: number] {
  const remote =
    distance === null ? [] : [{ base: BigInt(DATA), end: BigInt(DATA + bytes), distance }];
  const guest = new TimedGuest(projectRoot, ZEN1, SOURCE, '2 MiB', remote);
  const next = cyclic(bytes / LINE, new Sequence(5));
  next.forEach((to, from) => {
    guest.write(DATA + from * LINE, BigUint64Array.of(BigInt(DATA + to * LINE)));
  });
  const run = (): number => guest.run({ rbp: LOADS / 20 }) / LOADS;
  return [run(), run()];
}

describe('a chain of loads through 32 MiB, none of them in a cache', () => {
  const [local] = chase(32 * MIB, null);

  it('takes as long in memory of distance 10 as without nodes', () => {
    expect(chase(32 * MIB, 10)[0]).toBe(local);
  });

  it.each([
    [20, 2],
    [16, 1.6],
  ])(
    'in memory of distance %i takes %d times as long, a twentieth at most apart',
    (distance, times) => {
      const ratio = chase(32 * MIB, distance)[0] / local;
      expect(Math.abs(ratio / times - 1)).toBeLessThanOrEqual(0.05);
    },
  );
});

it('a chain that the caches hold takes as long on another node', () => {
  expect(chase(128 * 1024, 20)[1]).toBe(chase(128 * 1024, 10)[1]);
});

it('a machine of two nodes tells the engine which memory the second has', () => {
  const { map } = pcMap(16n * BigInt(MIB));
  const nodes = [
    { node: 0, base: 0n, length: BigInt(8 * MIB) },
    { node: 1, base: BigInt(8 * MIB), length: BigInt(8 * MIB) },
  ];
  const { machine } = new TestMachine(bundledKernel(), {
    memoryMap: { ...map, nodes },
    timing: createTimingModel('zen1'),
    timed: {
      core: readFileSync(join(projectRoot, 'dist/emulator/cpu/core-timed.wasm')),
      engines: { zen1: readFileSync(join(projectRoot, 'dist/emulator/timing/engine-zen1.wasm')) },
    },
  });
  const { memory } = machine.processor;
  const words = [0, 8, 16].map((at) => memory.u32(REMOTE_RANGES + at));
  expect(memory.u32(REMOTE_MEMORY)).toBe(1);
  expect(words).toEqual([
    (8 * MIB) / LINE,
    (16 * MIB) / LINE,
    2 * ZEN1.parameters.DramLatency.value,
  ]);
});
