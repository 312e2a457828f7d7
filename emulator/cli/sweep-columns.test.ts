/** `--columns` and `--sort`: which columns a table and a CSV have, and in what order their rows stand. */
import { describe, expect, it } from 'vitest';
import { RECORD, sweepOf, sweepRowOf } from '../../tests/profile-fixture.js';
import { parseView, sweepColumns } from './sweep-columns.js';
import type { SweepRowResult } from './sweep-result.js';
import { sweepCsv, sweepTable } from './sweep-table.js';

const row = (index: number, ram: string, change: Partial<SweepRowResult> = {}): SweepRowResult =>
  sweepRowOf(index, ram, {
    stats: {
      ...RECORD.stats,
      cycles: 1000 - index,
      ns: 2000 + index,
      residentBytes: 4096 << index,
    },
    ...change,
  });

const ROWS = [
  row(0, '1 GiB', { records: { free: '7 012', heap: '2 MiB', name: 'b' } }),
  row(1, '64 MiB', { records: { free: '15 204', heap: '512 KiB', name: 'a' } }),
  row(2, '8 MiB', {
    result: 'FAIL',
    code: 6,
    note: 'fault',
    records: { free: '999', heap: '1 GiB' },
  }),
  row(3, '4 TiB', { result: 'ERROR', code: 10, note: 'no memory', stats: null }),
];
const KNOWN = [...sweepColumns(['ram'], ['free', 'heap', 'name']).keys()];
const view = (columns: readonly string[], sort?: string) => parseView({ columns, sort }, KNOWN);
const order = (sort: string): string[] =>
  sweepCsv(sweepOf(ROWS), view(['hash'], sort))
    .trim()
    .split('\r\n')
    .slice(1);

describe('--columns', () => {
  it('are those of the table, in this order', () => {
    const lines = sweepTable(sweepOf(ROWS), view(['note,ram', 'code,ns,resident']));
    expect(lines.slice(0, 5)).toEqual([
      ' note       ram     code  ns    resident',
      '            1 GiB   0     2000  4 KiB',
      '            64 MiB  0     2001  8 KiB',
      ' fault      8 MiB   6     2002  16 KiB',
      ' no memory  4 TiB   10',
    ]);
  });

  it('are those of the CSV, figures as plain numbers', () => {
    expect(sweepCsv(sweepOf(ROWS.slice(0, 1)), view(['time', 'resident', 'free']))).toBe(
      'ns,resident_bytes,free\r\n2000,4096,7 012\r\n',
    );
  });

  it.each([
    [['ns', 'time'], 'ns\r\n2000\r\n', ' ns    time'],
    [['time', 'hash', 'ns'], 'ns,hash\r\n2000,', ' time      hash'],
    [['resident', 'resident_bytes'], 'resident_bytes\r\n4096\r\n', ' resident  resident_bytes\n'],
  ])('%j: a CSV has one column where a table has two of the same figure', (names, csv, table) => {
    const one = sweepOf(ROWS.slice(0, 1));
    expect(sweepCsv(one, view(names)).startsWith(csv)).toBe(true);
    expect(sweepTable(one, view(names)).join('\n').startsWith(table)).toBe(true);
  });

  it.each([
    ['none', '--columns ram,none: there is no column none (there are: ram, result, code, time, '],
    ['cycle', "note, free, heap, name); did you mean 'cycles'?"],
    ['ram', '--columns ram,ram: ram is there twice'],
    ['', '--columns ram,: there is no column  (there are: '],
  ])('refuses %j', (name, sentence) => {
    expect(() => view(['ram', name])).toThrow(sentence);
  });
});

describe('--sort', () => {
  it.each([
    ['ram', ['h2', 'h1', 'h0', 'h3']], // sizes
    ['ram:desc', ['h3', 'h0', 'h1', 'h2']],
    ['cycles', ['h2', 'h1', 'h0', 'h3']], // a row without figures is last
    ['cycles:desc', ['h0', 'h1', 'h2', 'h3']],
    ['resident:asc', ['h0', 'h1', 'h2', 'h3']],
    ['free', ['h2', 'h0', 'h1', 'h3']], // digits in groups
    ['heap', ['h1', 'h0', 'h2', 'h3']],
    ['name:desc', ['h0', 'h1', 'h2', 'h3']],
    ['result', ['h3', 'h2', 'h0', 'h1']], // texts; equal ones as they were
    ['code:desc', ['h3', 'h2', 'h0', 'h1']],
  ])('%s', (sort, hashes) => {
    expect(order(sort)).toEqual(hashes);
  });

  it('has the note of the row above in the same order', () => {
    const rows = [row(0, '1 MiB', { note: 'x' }), row(1, '2 MiB'), row(2, '3 MiB', { note: 'x' })];
    expect(sweepTable(sweepOf(rows), view(['ram', 'note'], 'note')).slice(1, 4)).toEqual([
      ' 1 MiB  x',
      ' 3 MiB  same',
      ' 2 MiB',
    ]);
  });

  it.each([
    ['cycels', '--sort cycels: there is no column cycels (there are: ram, '],
    ['cycles:down', '--sort cycles:down: there is no column cycles:down (there are: '],
  ])('refuses %s', (sort, sentence) => {
    expect(() => view([], sort)).toThrow(sentence);
  });
});
