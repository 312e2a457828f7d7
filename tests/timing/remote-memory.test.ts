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
import type { RemoteMemory } from '../../emulator/timing/timing-engine.js';
import { cyclic, Sequence } from '../../scripts/staircases/sequence.js';
import { DATA, TimedGuest } from '../../scripts/staircases/timed-guest.js';
import { ParkedKernel } from '../boots/parked-kernel.js';
import { projectRoot } from '../cli/s7x.js';
import { bundledKernel, TestMachine } from '../guests/test-machine.js';

const LINE = 64;
const LOADS = 20_000;
const MIB = 1024 * 1024;
const SOURCE = `pass:\n${'db 0x48\nmov esi, [esi]\n'.repeat(20)}sub ebp, 1\njnz pass`;

/** Cycles of a load in a random chain of loads through so many bytes from `start` on: the first, the second time. */
function chaseThrough(
  start: number,
  bytes: number,
  remote: readonly RemoteMemory[],
): [first: number, second: number] {
  const guest = new TimedGuest(projectRoot, ZEN1, SOURCE, '2 MiB', remote);
  const next = cyclic(bytes / LINE, new Sequence(5));
  next.forEach((to, from) => {
    guest.write(start + from * LINE, BigUint64Array.of(BigInt(start + to * LINE)));
  });
  const run = (): number => guest.run({ rbp: LOADS / 20, rsi: start }) / LOADS;
  return [run(), run()];
}

function chase(bytes: number, distance: number | null): [first: number, second: number] {
  const end = BigInt(DATA + bytes);
  const remote = distance === null ? [] : [{ base: BigInt(DATA), end, distance }];
  return chaseThrough(DATA, bytes, remote);
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

describe("memory that the kernel's allocator gives, on a machine of two nodes of 256 MiB", () => {
  const NODE_BYTES = 256n * BigInt(MIB);
  const PAGES = 8192n;
  const { map } = pcMap(2n * NODE_BYTES);
  const nodes = [0, 1].map((node) => ({
    node,
    base: BigInt(node) * NODE_BYTES,
    length: NODE_BYTES,
  }));
  const kernel = new ParkedKernel({ ...map, nodes });
  const run = (node: bigint): number =>
    Number(kernel.call('pmm_alloc_pages', PAGES, 0n, 0n, 0n, BigInt.asUintN(32, node)));
  const remote = [{ base: NODE_BYTES, end: 2n * NODE_BYTES, distance: 20 }];
  const cyclesIn = (start: number): number => chaseThrough(start, Number(PAGES) * 4096, remote)[0];

  it('is near where nothing is said: a chain through it takes half as long as on the other node', () => {
    const [here, far] = [run(-1n), run(1n)];
    expect([here < NODE_BYTES, far >= NODE_BYTES]).toEqual([true, true]);
    const ratio = cyclesIn(far) / cyclesIn(here);
    expect(Math.abs(ratio / 2 - 1)).toBeLessThanOrEqual(0.05);
  });

  it('is far once the near node has none: that is what the fallback costs', () => {
    let start = run(-1n);
    for (let runs = 0; runs < 16 && BigInt(start) < NODE_BYTES; runs++) start = run(-1n);
    expect(BigInt(start)).toBeGreaterThanOrEqual(NODE_BYTES);
  });
});
