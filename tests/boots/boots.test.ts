/**
 * The bundled kernel on machines of every size, against the page oracle (emulator/memory/usable-oracle.ts), which
 * shares nothing with the kernel, and against arithmetic on the reservations that the kernel prints.
 */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { parseSize } from '../../emulator/base/size.js';
import { typeLabel } from '../../emulator/memory/entry-type.js';
import type { MemoryMap } from '../../emulator/memory/memory-map.js';
import { pcMap } from '../../emulator/memory/pc-map.js';
import { usablePages } from '../../emulator/memory/usable-oracle.js';
import { assertBootableMap } from '../../emulator/memory/validate-map.js';
import { zooMap, zooNames } from '../../emulator/memory/zoo.js';
import { projectRoot, runRecord, s7x, sweepRecord, type Finished } from '../cli/s7x.js';
import { guestImage } from '../guests/guest.js';
import { TestMachine } from '../guests/test-machine.js';
import { pagesWithin, parseKernelOutput, type KernelOutput } from './kernel-output.js';

const SIZES = [
  '8M',
  '16M',
  '32M',
  '64M',
  '100M',
  '1G',
  '3G',
  '4G',
  '5G',
  '8G',
  '64G',
  '1T',
  '16T',
  '256T',
  '4P',
];
const PAGE_BYTES = 4096n;

/** Least reserved: the first MiB, the heap (1/8 of RAM to 6 MiB); the rest must be left to hand out. */
const RESERVED_SHARE_MAX = 3n;

/** Sweeps of many boots. */
const LONG = { hostMsMax: 280_000 };

/** What row `index` of a sweep printed. */
function serialOf({ folder }: Finished, index: number): string {
  const runs = join(folder, 's7x-sweep/runs');
  const name = readdirSync(runs).find((entry) =>
    entry.startsWith(`${String(index).padStart(4, '0')}-`),
  );
  return readFileSync(join(runs, name ?? '', 'serial.log'), 'latin1');
}

/** All that must hold of a whole boot on `map`. */
function checkBoot(map: MemoryMap, output: KernelOutput): void {
  const oracle = usablePages(map);
  // The kernel prints the last byte: lengths are modulo 2^64, 0 included.
  expect(
    output.firmwareMap.map(({ start, end }) => [start, BigInt.asUintN(64, end - start)]),
  ).toEqual(map.entries.map(({ base, length }) => [base, length]));
  expect(output.ram.map(({ start, end }) => [start / PAGE_BYTES, end / PAGE_BYTES - 1n])).toEqual(
    oracle.ranges.map(({ first, last }) => [first, last]),
  );
  const reserved = pagesWithin(output.reservations, oracle.ranges);
  expect(reserved).toBeLessThan(oracle.pageCount / RESERVED_SHARE_MAX + 1024n);
  expect(output.counts.at(-1)).toEqual({
    total: oracle.pageCount,
    free: oracle.pageCount - reserved,
    used: reserved,
    reserved,
  });
}

function checkSuite(output: KernelOutput): void {
  const text = output.lines.join('\n');
  for (const name of [
    'pmm_basic',
    'pmm_alloc_free',
    'kheap_basic',
    'kheap_realloc',
    'kheap_stress',
  ]) {
    expect(text).toMatch(new RegExp(`${name}.*(PASS|ok)`, 'i'));
  }
  expect(text).toMatch(/(\d+)\/\1 tests passed|tests passed: (\d+) of \2/);
  expect(text).not.toMatch(/FAIL/);
  expect(text).toContain('[nk_mem]   Errors: ');
}

describe('the bundled kernel', () => {
  let sweep: Finished;
  beforeAll(async () => {
    sweep = await s7x(
      ['sweep', '--ram', SIZES.join(','), '--uart', 'instant', '--functional'],
      LONG,
    );
  }, 300_000);

  it('boots on every size and switches the machine off', () => {
    const rows = sweepRecord(sweep).rows.map(({ key, result, note }) => [key['ram'], result, note]);
    expect(rows.filter(([, result]) => result !== 'PASS')).toEqual([]);
    expect(rows).toHaveLength(SIZES.length);
    expect(sweep.status).toBe(0);
  });

  it.each(SIZES)(
    'on %s: RAM and Total as the oracle, Free less what it says is reserved',
    (size) => {
      const output = parseKernelOutput(serialOf(sweep, SIZES.indexOf(size)));
      checkBoot(pcMap(parseSize(size)).map, output);
      checkSuite(output);
    },
  );

  it('needs no more than 64 MiB of host memory for guest memory, however much RAM there is', () => {
    for (const { key, stats } of sweepRecord(sweep).rows) {
      expect([key['ram'], (stats?.residentBytes ?? Infinity) < 64 << 20]).toEqual([
        key['ram'],
        true,
      ]);
    }
  });

  it('takes about as many instructions on 4 PiB as on 1 GiB: nothing walks over memory', () => {
    const rows = sweepRecord(sweep).rows;
    const instructions = (size: string): number =>
      rows[SIZES.indexOf(size)]?.stats?.instructions ?? Infinity;
    expect(instructions('4P')).toBeLessThan(4 * instructions('1G'));
  });
});

describe('all maps of the zoo', () => {
  const names = zooNames();
  const bootable = (name: string): boolean => {
    try {
      assertBootableMap(zooMap(name));
      return true;
    } catch {
      return false;
    }
  };
  const refused = names.filter((name) => !bootable(name));
  let sweep: Finished;
  beforeAll(async () => {
    sweep = await s7x(
      ['sweep', '--vary', 'memmap=zoo:*', '--uart', 'instant', '--functional'],
      LONG,
    );
  }, 300_000);

  it('boot, but for those without RAM at 1 MiB, whose row says so', () => {
    const { rows } = sweepRecord(sweep);
    expect(rows).toHaveLength(names.length);
    const failed = rows.filter(({ result }) => result !== 'PASS');
    const sentence: unknown = expect.stringMatching(/no usable RAM at 1 MiB \(0x100000\)/);
    expect(failed.map(({ key, note }) => [key['memmap'], note])).toEqual(
      refused.map((name) => [`zoo:${name}`, sentence]),
    );
  });

  it('are the 137 of the collection; two cannot boot', () => {
    expect([names.length, refused.length]).toEqual([137, 2]);
  });

  it.each(names.filter(bootable))('zoo:%s: RAM and counts as the oracle', (name) => {
    const output = parseKernelOutput(serialOf(sweep, names.indexOf(name)));
    checkBoot(zooMap(name), output);
    for (const [index, { type }] of zooMap(name).entries.entries()) {
      expect(output.firmwareMap[index]?.type.replace(/ \(type \d+\)/, '')).toBe(
        typeLabel(type).replace(/ \(type \d+\)/, ''),
      );
    }
  });
});

describe('s7x run -m 8G', () => {
  /** What the interface prints: tests, example, statistics. */
  const ofInterface = (text: string): string =>
    text
      .split('\n')
      .filter((line) => /^\[nk_(mem|test|example)\]|^\S*tests? /.test(line))
      .join('\n');
  const golden = join(projectRoot, 'tests/boots/golden/8G.txt');

  it('prints the same lines of the interface as ever (UPDATE_GOLDEN=1 to change them)', async () => {
    const run = await s7x(['run', '-m', '8G']);
    expect(run.status).toBe(0);
    const lines = ofInterface(run.stdout);
    if (process.env['UPDATE_GOLDEN'] === '1') {
      mkdirSync(dirname(golden), { recursive: true });
      writeFileSync(golden, `${lines}\n`);
    }
    expect(`${lines}\n`).toBe(readFileSync(golden, 'utf8'));
  });
});

describe('a machine of 4 PiB', () => {
  const MIB = 1 << 20;

  it('costs the host what one of 8 MiB does: under 200 MiB in all', async () => {
    const peak = async (size: string): Promise<number> =>
      runRecord(await s7x(['run', '-m', size, '--uart', 'instant'])).host.peakResidentBytes;
    const [small, large] = [await peak('8M'), await peak('4P')];
    expect(large).toBeLessThan(200 * MIB);
    expect(large - small).toBeLessThan(64 * MIB);
  });

  it('is there before anything of it is: no storage but for ROM and image', () => {
    const { map } = pcMap(parseSize('4P'));
    const { machine } = new TestMachine(guestImage('power-off'), { memoryMap: map });
    expect(machine.ramBytes).toBeGreaterThan(parseSize('4095T'));
    expect(machine.processor.residentBytes).toBeLessThan(MIB);
  });
});

describe('too little RAM', () => {
  it("is the command's to refuse where the image does not fit, then the kernel's, and then enough", async () => {
    const run = await s7x(['sweep', '--ram', '1M..8M+256K', '--uart', 'instant', '--functional']);
    const rows = sweepRecord(run).rows;
    const codes = rows.map(({ code }) => code);
    const stages = codes.filter((code, index) => code !== codes[index - 1]);
    expect(stages).toEqual([2, 39, 0]);
    rows.forEach(({ code, note }, index) => {
      if (code === 2) expect(note).toMatch(/lies outside the RAM|no usable RAM at 1 MiB/);
      if (code !== 39) return;
      const text = serialOf(run, index);
      expect(text).toMatch(/too little memory: usable RAM \d+.*reserved \d+.*it needs \d+/);
      expect(text.trimEnd().split('\n').at(-1)).toMatch(/reserved|\[nk_boot\]/);
    });
  });

  it.each([
    ['canary', 35, /FAIL/],
    ['notests', 0, /Physical Memory Statistics/],
    ['quiet', 0, /Physical Memory Statistics/],
  ])('the command line word %s: status %d', async (word, status, shape) => {
    const run = await s7x(['run', '-m', '16M', '--append', word, '--uart', 'instant']);
    expect(run.stdout).toMatch(shape);
    expect(run.status).toBe(status);
  });
});
