/** Results of a sweep: joined from shards, and written for people and for programs. */
import { describe, expect, it } from 'vitest';
import { sweepOf, sweepRowOf } from '../../tests/profile-fixture.js';
import { ConfigurationError } from '../base/errors.js';
import { requireFreeColumns } from './sweep-columns.js';
import { sweepCsv, sweepTable } from './sweep-table.js';
import { mergeSweeps, type SweepResult, type SweepRowResult } from './sweep-result.js';

const stats: NonNullable<SweepRowResult['stats']> = {
  cycles: 14_437_210,
  ns: 4_812_000,
  instructions: 9_120_441,
  residentBytes: 421_888,
  ramBytes: '8388608',
  interrupts: 0,
  exceptions: 0,
  pageFaults: 0,
  resets: 0,
  timing: null,
};

const row = (index: number, ram: string, change: Partial<SweepRowResult> = {}): SweepRowResult =>
  sweepRowOf(index, ram, { stats, ...change });

const failed = { result: 'FAIL', code: 6, note: 'triple fault' } as const;

describe('recorded values', () => {
  const rows = [
    row(0, '8 MiB', { records: { free: '7 012', 'meta.bytes': null } }),
    row(1, '16 MiB', { records: { free: '15 204', 'meta.bytes': '1,2' } }),
    row(2, '1 GiB', { result: 'ERROR', code: 10, note: 'no memory', stats: null, records: {} }),
  ];

  it('are columns before the note, empty where none came', () => {
    const [head, ...lines] = sweepTable(sweepOf(rows));
    expect(head).toMatch(/ resident +free +meta\.bytes +note$/);
    expect(lines[0]).toMatch(/ 412 KiB +7 012$/);
    expect(lines[1]).toMatch(/ 412 KiB +15 204 +1,2$/);
  });

  it('are columns of the CSV', () => {
    const [head, first, second] = sweepCsv(sweepOf(rows)).split('\r\n');
    expect(head).toBe(
      'ram,result,code,ns,cycles,instructions,resident_bytes,free,meta.bytes,hash,note',
    );
    expect(first).toBe('8 MiB,PASS,0,4812000,14437210,9120441,421888,7 012,,h0,');
    expect(second).toContain(',15 204,"1,2",h1,');
  });

  it.each(['cycles', 'note', 'ram'])('cannot be called %s', (name) => {
    expect(() => {
      requireFreeColumns(['ram'], ['free', name]);
    }).toThrow(
      new ConfigurationError(`--record ${name}: a sweep has a column of that name already`),
    );
  });
});

describe('sweepTable', () => {
  it('aligns columns, names the cliff, counts', () => {
    const rows = [
      row(0, '8 MiB'),
      row(1, '512 MiB'),
      row(2, '4 GiB', failed),
      row(3, '1 TiB', failed),
    ];
    expect(sweepTable(sweepOf(rows))).toEqual([
      ' ram      result  time      cycles      instructions  resident  note',
      ' 8 MiB    PASS    4.812 ms  14 437 210  9 120 441     412 KiB',
      ' 512 MiB  PASS    4.812 ms  14 437 210  9 120 441     412 KiB',
      ' 4 GiB    FAIL    4.812 ms  14 437 210  9 120 441     412 KiB   triple fault',
      ' 1 TiB    FAIL    4.812 ms  14 437 210  9 120 441     412 KiB   same',
      ' cliff: passes at 512 MiB, fails at 4 GiB',
      ' 4 runs: 2 pass, 2 fail',
    ]);
  });

  it('counts what was not run, of the shard', () => {
    const plan = { rows: 10, digest: 'd' };
    const last = (shard: SweepResult['shard']): string | undefined =>
      sweepTable(sweepOf([row(0, '8 MiB')], { plan, shard })).at(-1);
    expect(last({ index: 1, count: 1 })).toBe(' 1 runs: 1 pass, 0 fail; not run: 9 of 10');
    expect(last({ index: 1, count: 4 })).toBe(' 1 runs: 1 pass, 0 fail; not run: 2 of 3');
    expect(last({ index: 3, count: 4 })).toBe(' 1 runs: 1 pass, 0 fail; not run: 1 of 2');
    expect(last({ index: 10, count: 10 })).toBe(' 1 runs: 1 pass, 0 fail');
  });

  it('finds a cliff upwards too, and each of several', () => {
    const rows = [row(0, '1 MiB', failed), row(1, '2 MiB'), row(2, '3 MiB', failed)];
    expect(sweepTable(sweepOf(rows)).filter((line) => line.includes('cliff'))).toEqual([
      ' cliff: passes at 2 MiB, fails at 1 MiB',
      ' cliff: passes at 2 MiB, fails at 3 MiB',
    ]);
  });

  it('has no cliff where more than RAM varies', () => {
    const two = (index: number, change = {}): SweepRowResult =>
      row(index, '', { key: { ram: '8 MiB', uart: 'real' }, ...change });
    expect(sweepTable(sweepOf([two(0), two(1, failed)])).join()).not.toContain('cliff');
  });

  it('of no rows says so', () => {
    expect(sweepTable(sweepOf([])).at(-1)).toBe(' 0 runs: 0 pass, 0 fail');
  });
});

describe('sweepCsv', () => {
  it('has a header, plain numbers, CRLF, and quotes where RFC 4180 wants them', () => {
    const rows = [
      row(0, '8 MiB'),
      row(1, '16 MiB', { result: 'ERROR', code: 2, note: 'a, "b"\nc', stats: null, hash: null }),
    ];
    expect(sweepCsv(sweepOf(rows))).toBe(
      'ram,result,code,ns,cycles,instructions,resident_bytes,hash,note\r\n' +
        '8 MiB,PASS,0,4812000,14437210,9120441,421888,h0,\r\n' +
        '16 MiB,ERROR,2,,,,,,"a, ""b""\nc"\r\n',
    );
  });
});

describe('mergeSweeps', () => {
  const rows = [row(0, '1'), row(1, '2'), row(2, '3'), row(3, '4')];
  const whole = sweepOf(rows);
  const part = (index: number, ...places: number[]): { path: string; sweep: SweepResult } => ({
    path: `part${index}`,
    sweep: {
      ...whole,
      shard: { index, count: 2 },
      rows: rows.filter(({ index: place }) => places.includes(place)),
    },
  });

  it('gives the whole sweep, in whatever order the shards come', () => {
    expect(mergeSweeps([part(2, 1, 3), part(1, 0, 2)])).toEqual(whole);
  });

  it.each<[string, ReturnType<typeof part>[], RegExp]>([
    ['no shard', [], /no file/],
    ['a missing shard', [part(1, 0, 2)], /2 of 4 rows are missing/],
    ['a shard twice', [part(1, 0, 2), part(1, 0, 2)], /part1: row 0 is there twice/],
    [
      'a shard of another sweep',
      [part(1, 0, 2), { path: 'alien', sweep: sweepOf(rows, { plan: { rows: 4, digest: 'e' } }) }],
      /alien: not a shard of the same sweep as part1/,
    ],
  ])('refuses %s', (_, parts, sentence) => {
    expect(() => mergeSweeps(parts)).toThrow(ConfigurationError);
    expect(() => mergeSweeps(parts)).toThrow(sentence);
  });
});
