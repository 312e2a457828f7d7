/** Growth laws: of figures whose law is known. */
import { describe, expect, it } from 'vitest';
import { RECORD, sweepOf } from '../../tests/profile-fixture.js';
import { fitLines, growthLaw } from './sweep-fit.js';
import type { SweepRowResult } from './sweep-result.js';

const MIB = 2 ** 20;
const SIZES = [8, 64, 512, 4096, 32768].map((mib) => mib * MIB);

describe('the law of a figure', () => {
  it.each<[string, (bytes: number) => number, string]>([
    ['nothing of the size', () => 77, 'constant'],
    ['a twentieth more or less', (n) => (n > 100 * MIB ? 105 : 100), 'constant'],
    ['a level of a tree', (n) => 40 + 10 * Math.log2(n), 'log n'],
    ['a bit a page', (n) => 5000 + n / 32768, 'n'],
    ['a sort', (n) => n * Math.log2(n), 'n log n'],
    ['every page with every other', (n) => (n / 4096) ** 2 + 10, 'n²'],
  ])('%s is found', (_, figure, name) => {
    const points = SIZES.map((bytes) => ({ bytes, value: figure(bytes) }));
    const law = growthLaw(points);
    expect(law?.name).toBe(name);
    expect((law?.at(2 ** 40) ?? 0) / figure(2 ** 40)).toBeCloseTo(1, 0);
  });

  it('is none of a cliff, of what shrinks, of two sizes', () => {
    const cliff = SIZES.map((bytes) => ({ bytes, value: bytes > 4096 * MIB ? 1e9 : 1000 }));
    expect(growthLaw(cliff)).toBeNull();
    expect(growthLaw(SIZES.map((bytes) => ({ bytes, value: 1e12 / bytes })))).toBeNull();
    expect(growthLaw(SIZES.slice(0, 2).map((bytes) => ({ bytes, value: bytes })))).toBeNull();
  });
});

describe('the lines of a sweep', () => {
  const row = (bytes: number, index: number): SweepRowResult => ({
    index,
    key: { ram: `${bytes / MIB} MiB` },
    result: 'PASS',
    code: 0,
    note: '',
    stats: {
      ...RECORD.stats,
      cycles: bytes / 64 + 1000,
      ns: bytes / 128 + 500,
      residentBytes: 4096,
    },
    records: { pages: String(bytes / 4096), word: 'ready' },
    hash: '',
    functions: { main: bytes / 64 + 900, steady: 2_000_000, small: 1 },
  });

  it('are of cycles, memory, recorded numbers, and functions that grow; with a word on a larger machine', () => {
    expect(fitLines(sweepOf(SIZES.map(row)))).toEqual([
      'fit: cycles ~ n, 0.0156 cycles a byte (5 rows within 0.0 %) → 17 179 870 184 cycles (8.590 s) at 1 TiB',
      'fit: resident ~ constant (5 rows within 0.0 %)',
      'fit: pages ~ n, 0.000244 a byte (5 rows within 0.0 %) → 268 435 456 at 1 TiB',
      'fit: main ~ n, 0.0156 cycles a byte (5 rows within 0.0 %) → 17 179 870 084 cycles (8.590 s) at 1 TiB',
    ]);
  });

  it('are one where too few sizes pass', () => {
    const rows = SIZES.map(row).map((each, place) =>
      place < 3 ? { ...each, result: 'FAIL' as const } : each,
    );
    expect(fitLines(sweepOf(rows))).toEqual([
      'fit: fewer than 3 sizes pass, which is too few for a law',
    ]);
  });
});
