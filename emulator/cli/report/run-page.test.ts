/** `report --html`: one page that needs nothing else; what passes between two lines adds up to what a report of that part has. */
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { emptyFolder } from '../../../tests/cli/s7x.js';
import { PROFILE, RECORD, writeRunFolder } from '../../../tests/profile-fixture.js';
import { sumsBetween } from '../browser/line-intervals.js';
import { functionRows } from './call-profile.js';
import { linesData } from './lines-data.js';
import { RunFiles } from './run-files.js';
import { runPage } from './run-page.js';
import { TRACE_SCHEMA, type TraceFile } from './trace-file.js';
import { profileOfTrace } from './trace-stack.js';

const TRACE: TraceFile = {
  schema: TRACE_SCHEMA,
  categories: ['call'],
  coreHz: 1e9,
  cycles: 300,
  endCycle: null,
  functions: ['kmain', 'alloc<T>'],
  stack: [
    [20, 1, 0, 0],
    [50, 2, 1, 0],
    [90, 1, 0, 0],
    [120, 2, 1, 0],
    [230, 1, 0, 0],
  ],
  ports: [],
  lines: [
    [40, 'ready </script><b>'],
    [100, 'second'],
    [200, 'third'],
  ],
};
const PAGES = {
  schema: 'https://system7x.dev/schema/pages-1.json',
  cycles: 300,
  map: [],
  ram: [],
  layout: [],
  functions: ['kmain'],
  uses: [
    [0, 1, 2, 0, 60, 70],
    [2, 9, 1, 0, 10, 10],
    [0, 5, 4, 0, 250, 260],
  ],
  tables: [],
  lacking: 0,
};
const folder = emptyFolder();
const run = (name: string, files: Readonly<Record<string, unknown>>): RunFiles =>
  new RunFiles(writeRunFolder(join(folder, name), { 'run.json': RECORD, ...files }));
const traced = run('traced', {
  'trace.json': TRACE,
  'pages.json': PAGES,
  'profile.json': PROFILE,
});
const page = (files: RunFiles, before: RunFiles | null = null): string =>
  runPage(files, before, { title: 'k <elf>', serialText: 'ready & <done>', tool: 's7x 1' });

describe('between two lines', () => {
  const data = linesData(traced, TRACE);

  it.each([
    [0, 1],
    [1, 2],
    [2, 3],
    [1, 3],
    [0, 4],
    [3, 1],
  ])('%i and %i has the own cycles of functions in that part', (a, b) => {
    const sums = sumsBetween(data, a, b);
    const [from = 0, to = 0] = [data.cycles[Math.min(a, b)], data.cycles[Math.max(a, b)]];
    expect([sums.from, sums.to, sums.cycles, sums.ns]).toEqual([from, to, to - from, to - from]);
    const rows = functionRows(profileOfTrace(TRACE, { from, to }));
    const expected = rows
      .filter(({ selfCycles }) => selfCycles > 0)
      .map(({ name, selfCycles }) => [name, selfCycles]);
    expect(new Map(sums.functions)).toEqual(new Map(expected as [string, number][]));
  });

  it('has the pages that were first used there, and of one line what passes up to the next', () => {
    expect(data.cycles).toEqual([0, 40, 100, 200, 300]);
    expect(sumsBetween(data, 0, 1).pages).toEqual([0, 0, 1, 0]);
    expect(sumsBetween(data, 1, 1)).toMatchObject({ from: 40, to: 100, pages: [2, 0, 0, 0] });
    expect(sumsBetween(data, 0, 4).pages).toEqual([6, 0, 1, 0]);
    expect(sumsBetween(data, 4, 4).cycles).toBe(0);
  });
});

describe('the page', () => {
  it('has figures, lines, flame graph and functions, and nothing from elsewhere', () => {
    const html = page(traced);
    expect(html).toContain('<h1>k &lt;elf&gt;</h1>');
    expect(html).toContain('<span class="pass">PASS</span>');
    expect(html).toContain('<th>instructions</th><td>250, 0.83 a cycle</td>');
    expect(html).toMatch(
      /<tr data-place="1"><td>40 ns<\/td><td>40<\/td>.*ready &lt;\/script&gt;&lt;b&gt;<\/td>/,
    );
    expect(html).toMatch(/<svg [^>]*class="flame"/);
    expect(html).toContain('<td>print&lt;u8&gt;</td>');
    expect(html).not.toMatch(/(?:src|href)=|url\(|@import/);
    // Names in the data end no script.
    expect(html.match(/<script/g)?.length).toBe(html.match(/<\/script>/g)?.length);
  });

  it('without a trace has the text of COM1, and says how there is more', () => {
    const html = page(run('plain', {}));
    expect(html).toContain('<pre id="serial">ready &amp; &lt;done&gt;</pre>');
    expect(html).toContain('With --trace call');
    expect(html).toContain('With --profile');
    expect(html).not.toContain('<svg');
  });

  it('of a run that failed has why and where, and a comparison of two', () => {
    const outcome = { kind: 'hang', code: 8, detail: 'halted <here>', report: ['rip 0x1'] };
    const failed = run('failed', {
      'run.json': { ...RECORD, outcome, expects: [{ pattern: 'OK', cycle: null, line: null }] },
      'profile.json': PROFILE,
    });
    const html = page(failed, traced);
    expect(html).toContain('<span class="fail">FAIL</span> halted &lt;here&gt;');
    expect(html).toContain('<pre>not matched: OK</pre>');
    expect(html).toContain('<h2>Where it was</h2><pre>rip 0x1</pre>');
    expect(html).toContain('<h2>Comparison</h2><pre>compared with');
    expect(html).toContain('red: more cycles than before');
  });
});

it('has each of very many lines, and of very many pages where each was used', () => {
  const count = 499_999;
  const lines = Array.from({ length: count }, (_, line) => [line * 10, `line ${line}`] as const);
  const trace = { ...TRACE, cycles: count * 10, stack: [], lines };
  const used = (line: number): boolean => line % 5 === 0;
  const uses = lines.flatMap(([cycle], page) =>
    used(page) ? [[0, page, 1, 0, cycle + 5, cycle + 5]] : [],
  );
  const files = run('many', { 'trace.json': trace, 'pages.json': { ...PAGES, uses } });
  const { pages } = linesData(files, trace);
  // The first gap lies before the first line, in which no time passes.
  expect(pages.map(([written]) => written)).toEqual([
    0,
    ...lines.map((_, line) => Number(used(line))),
  ]);
  const html = page(files);
  expect(html.match(/<tr data-place/g)).toHaveLength(count);
  expect(html).toContain('<td>line 499998</td>');
}, 30_000);
