/** The page of a sweep: one file that asks for nothing else, and shows hostile texts as texts. */
import { describe, expect, it } from 'vitest';
import { RECORD, sweepOf } from '../../../tests/profile-fixture.js';
import { compareCells, type SortCell } from '../browser/row-order.js';
import type { SweepRowResult } from '../sweep-result.js';
import { ramChart } from './ram-chart.js';
import { sweepPage } from './sweep-page.js';

const row = (
  index: number,
  key: Readonly<Record<string, string>>,
  result: SweepRowResult['result'] = 'PASS',
  more: Partial<SweepRowResult> = {},
): SweepRowResult => ({
  index,
  key,
  result,
  code: result === 'PASS' ? 0 : 4,
  note: '',
  stats: { ...RECORD.stats, cycles: 1000 * 2 ** index, ns: 500 * 2 ** index, residentBytes: 4096 },
  records: {},
  hash: '00',
  ...more,
});

const HOSTILE = `</script><img src=x onerror="alert(1)">'&`;

/** Elements that have no end. [HTML, "Void elements"] */
const VOID = new Set(['meta']);

/** Every element that begins ends, in order. */
function expectBalanced(html: string): void {
  const markup = html.replace(/<!doctype html>/, '').replace(/<(style|script)>[^]*?<\/\1>/g, '');
  const open: string[] = [];
  for (const [, slash, name = '', , selfEnded] of markup.matchAll(
    /<(\/?)([a-z0-9]+)((?:\s+[\w-]+="[^"<]*")*)\s*(\/?)>/gi,
  )) {
    if (slash === '/') expect(open.pop()).toBe(name);
    else if (selfEnded !== '/' && !VOID.has(name)) open.push(name);
  }
  expect(open).toEqual([]);
  // No other angle bracket is left: what is not an element is text.
  const rest = markup.replace(/<\/?[a-z0-9]+(?:\s+[\w-]+="[^"<]*")*\s*\/?>/gi, '');
  expect(rest).not.toMatch(/[<>]/);
}

const RAM_ROWS = [
  row(0, { ram: '8 MiB' }),
  row(1, { ram: '64 MiB' }),
  row(2, { ram: '4 GiB' }, 'FAIL', { note: 'triple fault' }),
];

describe('the page of a sweep', () => {
  it('asks for nothing outside itself', () => {
    const html = sweepPage(sweepOf(RAM_ROWS), 's7x.kernel.elf', ['fit: cycles ~ n <']);
    expect(html).toContain('<li>fit: cycles ~ n &lt;</li>');
    expect(html).not.toMatch(/https?:|src=|href=|<link|@import|url\(/);
    expect(html).toContain("default-src 'none'");
    expectBalanced(html);
  });

  it('shows hostile names, values and notes as texts', () => {
    const rows = [
      row(0, { [HOSTILE]: HOSTILE, ram: '8M' }, 'FAIL', {
        note: HOSTILE,
        records: { [HOSTILE]: HOSTILE },
      }),
      row(1, { [HOSTILE]: 'b', ram: '16M' }),
    ];
    const html = sweepPage(sweepOf(rows), HOSTILE);
    expect(html).not.toContain('<img');
    expect(html.match(/<\/script>/g)).toHaveLength(1);
    expect(html).toContain('&lt;/script&gt;&lt;img src=x onerror=&quot;alert(1)&quot;&gt;');
    expectBalanced(html);
  });

  it('has three charts over RAM, a mark for each row, and the cliff in words', () => {
    const html = sweepPage(sweepOf(RAM_ROWS), 'k');
    expect(html.match(/<svg class="chart"/g)).toHaveLength(3);
    expect(html.match(/<circle class="pass"/g)).toHaveLength(6);
    expect(html.match(/<path class="fail"/g)).toHaveLength(3);
    expect(html).toContain('cliff: passes at 64 MiB, fails at 4 GiB');
    expect(html).toContain('3 runs: 2 pass, 1 fail');
  });

  it('has no chart where RAM does not vary, and bars in the table', () => {
    const html = sweepPage(sweepOf([row(0, { cpu: 'unit' }), row(1, { cpu: 'zen1' })]), 'k');
    expect(html).not.toContain('<svg');
    expect(html).toContain('data-order="1000" style="--share: 50.0%"');
    expect(html).toContain('data-order="2000" style="--share: 100.0%"');
  });

  it('has a line for each combination of other options, and says which is which', () => {
    const rows = ['8M', '16M'].flatMap((ram, index) =>
      ['unit', 'zen1'].map((cpu) => row(index, { cpu, ram })),
    );
    const html = sweepPage(sweepOf(rows), 'k');
    expect(html.match(/<polyline/g)).toHaveLength(6);
    expect(html).toMatch(/<li class="s0"><i><\/i>cpu unit<\/li><li class="s1">/);
  });

  it('has rows that could not be run, without figures', () => {
    const rows = [...RAM_ROWS, row(3, { ram: '8 GiB' }, 'ERROR', { stats: null, note: 'no' })];
    const html = sweepPage(sweepOf(rows), 'k');
    expect(html).toContain('<td class="fail">ERROR</td><td class="figure"></td>');
    expectBalanced(html);
  });
});

describe('a chart', () => {
  const places = (svg: string): number[][] =>
    [...svg.matchAll(/cx="([\d.]+)" cy="([\d.]+)"/g)].map(([, x, y]) => [Number(x), Number(y)]);
  const chart = (values: readonly (readonly [ram: number, value: number])[]): string =>
    ramChart(
      't',
      [
        {
          name: '',
          points: values.map(([ram, value]) => ({ ram, value, passes: true, label: '' })),
        },
      ],
      String,
    );

  it('has powers of two at equal distances, and figures in proportion to their height', () => {
    const [a = [], b = [], c = []] = places(
      chart([
        [2 ** 23, 100],
        [2 ** 24, 200],
        [2 ** 25, 300],
      ]),
    );
    expect((b[0] ?? 0) - (a[0] ?? 0)).toBeCloseTo((c[0] ?? 0) - (b[0] ?? 0), 0);
    expect((a[1] ?? 0) - (b[1] ?? 0)).toBeCloseTo((b[1] ?? 0) - (c[1] ?? 0), 0);
    expect(a[1]).toBeGreaterThan(c[1] ?? 0);
  });

  it('has powers of ten at equal distances where figures differ much', () => {
    const [a = [], b = [], c = []] = places(
      chart([
        [2 ** 23, 10],
        [2 ** 24, 1000],
        [2 ** 25, 100_000],
      ]),
    );
    expect((a[1] ?? 0) - (b[1] ?? 0)).toBeCloseTo((b[1] ?? 0) - (c[1] ?? 0), 0);
  });

  it('has labels of sizes in whole units', () => {
    const svg = ramChart(
      't',
      [
        {
          name: '',
          points: [7388, 15400].map((kib, index) => ({
            ram: 2 ** (23 + index),
            value: kib * 1024,
            passes: true,
            label: '',
          })),
        },
      ],
      (bytes) => `${bytes / 1024} KiB`,
      1024,
    );
    const labels = [...svg.matchAll(/text-anchor="end">([^<]*)</g)].map(([, text]) => text);
    expect(labels).toEqual(['0 KiB', '5120 KiB', '10240 KiB', '15360 KiB', '20480 KiB']);
  });
});

describe('sorting', () => {
  const cell = (text: string, order: number | null = null): SortCell => ({ text, order });
  const sorted = (cells: readonly SortCell[], descending: boolean): string[] =>
    [...cells].sort((a, b) => compareCells(a, b, descending)).map(({ text }) => text);

  it('goes by numbers where there are some, by text with its digits otherwise; nothing comes last', () => {
    const sizes = [cell('1 TiB', 2 ** 40), cell('8 MiB', 2 ** 23), cell('')];
    expect(sorted(sizes, false)).toEqual(['8 MiB', '1 TiB', '']);
    expect(sorted(sizes, true)).toEqual(['1 TiB', '8 MiB', '']);
    expect(sorted([cell('zen10'), cell('zen2')], false)).toEqual(['zen2', 'zen10']);
  });
});
