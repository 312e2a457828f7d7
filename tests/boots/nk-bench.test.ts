/**
 * The kernel's own measurement (boot argument `bench`): its lines, and each figure against the instructions that the
 * processor retired between the two RDTSC, found by stepping through the run. With `--cpu unit` a cycle is one
 * instruction.
 */
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { ExitReason } from '../../emulator/isa/state-layout.js';
import { pcMap } from '../../emulator/memory/pc-map.js';
import { parseBenchLines, type BenchLine } from '../../scripts/bench/kernel-lines.js';
import { bundledKernel, TestMachine } from '../guests/test-machine.js';
import { hasQemu, qemuKernel, withQemu } from '../qemu/qemu.js';

const MIB = 1n << 20n;
const HEADER = '[nk_bench] cycles';
const STEPS = 900_000;
/** RDTSC is 0F 31. [SDM-2B RDTSC] */
const RDTSC = [0x0f, 0x31];

function machine(append: string): TestMachine {
  return new TestMachine(bundledKernel(), {
    memoryMap: pcMap(8n * MIB).map,
    commandLine: `notests ${append}`,
    uartMode: 'instant',
  });
}

const seriesOf = (serial: string): BenchLine[] =>
  parseBenchLines(serial).filter(({ fields }) => 'min' in fields);

function expectSound(lines: readonly BenchLine[]): void {
  for (const { op, fields } of lines) {
    const { n = 0, min = 0, p50 = 0, p99 = 0, max = 0, sum = 0 } = fields;
    const ordered = 0 < min && min <= p50 && p50 <= p99 && p99 <= max;
    expect([op, fields, ordered && n * min <= sum && sum <= n * max]).toEqual([op, fields, true]);
  }
}

const OPERATIONS = [
  ...['rdtsc', 'pmm_init', 'page_alloc', 'page_free', 'page_pair', 'run_alloc', 'run_free'],
  ...['run_alloc_row', 'run_free_row', 'frame_alloc_row', 'frame_free_row'],
  ...['frame_alloc', 'frame_free', 'kmalloc', 'kfree', 'krealloc'],
  ...['block_pair', 'object_pair', 'object_alloc', 'object_free'],
];

describe('the boot argument bench', () => {
  it('prints every operation at every occupancy, in order of size, and gives everything back', () => {
    const host = machine('bench bench-quick');
    expect(host.run()).toMatchObject({ kind: 'power-off' });
    const lines = seriesOf(host.serial);
    expect(new Set(lines.map(({ op }) => op))).toEqual(new Set(OPERATIONS));
    expectSound(lines);
    const occupancies = lines.filter(
      ({ op, fields }) => op === 'page_alloc' && !('batch' in fields),
    );
    expect(occupancies.map(({ fields }) => fields['permille'])).toEqual([10, 500, 900, 990, 999]);
    expect(host.serial).toContain('[nk_bench] end\n');
    const atBoot = /pmm_init: .*, free (\d+) pages/.exec(host.serial)?.[1];
    const inTheEnd = [...host.serial.matchAll(/Free : (\d+) pages/g)].at(-1)?.[1];
    expect(inTheEnd).toBe(atBoot);
  });

  it('with bench-counts also frees and allocates rows that are longer than what the shelf holds', () => {
    const host = machine('bench bench-quick bench-counts');
    expect(host.run()).toMatchObject({ kind: 'power-off' });
    const lines = seriesOf(host.serial);
    const rows = ['page_free_row', 'page_alloc_row'];
    expectSound(lines);
    for (const row of rows) {
      const counts = lines
        .filter(({ op, fields }) => op === row && fields['permille'] !== 10)
        .map(({ fields }) => fields['n']);
      expect([row, counts]).toEqual([row, Array(4).fill(1000 / 8)]);
    }
  });

  it(
    'counts, with --cpu unit, the instructions between its two RDTSC',
    { timeout: 300_000 },
    () => {
      const host = machine('bench');
      const counted = countBetweenStamps(host);
      const lines = seriesOf(host.serial.slice(0, host.serial.lastIndexOf('\n') + 1));
      const [calibration] = counted;
      expect(lines.length).toBeGreaterThan(1);
      const overhead = Math.min(...(calibration ?? []));
      for (const [index, { op, fields }] of lines.entries()) {
        const corrected = (counted[index] ?? []).map((n) => (op === 'rdtsc' ? n : n - overhead));
        const sorted = corrected.sort((a, b) => a - b);
        expect({ op, ...fields }).toMatchObject({
          n: sorted.length,
          min: sorted[0],
          p50: sorted[Math.ceil(sorted.length / 2) - 1],
          max: sorted.at(-1),
          sum: sorted.reduce((sum, value) => sum + value, 0),
        });
      }
    },
  );

  it('scores the allocator: free frames of 2 MiB never exceed free pages', () => {
    const host = machine('bench-scores');
    expect(host.run()).toMatchObject({ kind: 'power-off' });
    const scores = parseBenchLines(host.serial).filter(({ op }) => op === 'frame_score');
    expect(scores).toHaveLength(3 * 21);
    for (const { fields } of scores) {
      expect(fields['whole']).toBeLessThanOrEqual((fields['free'] ?? 0) / 512);
    }
  });
});

describe.skipIf(!hasQemu)(withQemu('the boot argument bench on QEMU'), () => {
  it('prints the same lines', { timeout: 60_000 }, async () => {
    const { serial } = await qemuKernel(
      fileURLToPath(new URL('../../dist/kernel/kernel.elf', import.meta.url)),
      '64M',
      'notests bench bench-quick',
    );
    const lines = seriesOf(serial);
    expect(new Set(lines.map(({ op }) => op))).toEqual(new Set(OPERATIONS));
    expect(serial).toContain('[nk_bench] end');
  });
});

/** Steps through the first series: for each line printed, the instructions between the pairs of RDTSC before it. */
function countBetweenStamps(host: TestMachine): number[][] {
  const { machine } = host;
  const { processor, clock } = machine;
  const stamps = addressesOf(RDTSC);
  const series: number[][] = [];
  let current: number[] = [];
  let opened: number | null = null;
  const step = (budget: number): void => {
    clock.advanceTo(machine.nowCycles);
    const reason = processor.run(budget);
    expect([ExitReason.Budget, ExitReason.Io, ExitReason.Pause]).toContain(reason);
  };
  while (!host.serial.includes(HEADER)) step(100_000);
  for (let steps = 0; steps < STEPS; steps++) {
    if (stamps.has(processor.rip)) {
      const retired = processor.retired;
      if (opened !== null) current.push(retired - opened);
      opened = opened === null ? retired : null;
    }
    const before = host.serial.length;
    step(1);
    if (host.serial.length === before || !host.serial.endsWith('\n')) continue;
    if (current.length > 0) series.push(current);
    current = [];
  }
  return series;
}

/** Where in the kernel's memory these two bytes are: an instruction that begins at one of these is that instruction. */
function addressesOf([first = 0, second = 0]: readonly number[]): Set<bigint> {
  const image = machine('').machine;
  const start = image.symbols.addressOf('__kernel_start') ?? 0x100000n;
  const end = image.symbols.addressOf('__text_end') ?? start + 0x80000n;
  const bytes = image.processor.read(start, Number(end - start));
  const found = new Set<bigint>();
  bytes.forEach((byte, offset) => {
    if (byte === first && bytes[offset + 1] === second) found.add(start + BigInt(offset));
  });
  return found;
}
