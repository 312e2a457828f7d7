import { describe, expect, it } from 'vitest';
import { FOLDED, PROFILE, RECORD } from '../../../tests/profile-fixture.js';
import { foldedStacks, functionRows } from './call-profile.js';
import { flameGraph } from './flame-graph.js';
import { textReport } from './text-report.js';
import { estimatedShare, missRates, topDown } from './timing-figures.js';
import type { RunRecord } from '../run-record.js';

const timed = (timing: Record<string, number>): RunRecord => ({
  ...RECORD,
  stats: { ...RECORD.stats, timing },
});

describe('a profile', () => {
  it('as folded stacks: one line for each stack that cost something, sorted', () => {
    expect(foldedStacks(PROFILE)).toBe(`${FOLDED.join('\n')}\n`);
  });

  it.each([
    // name        self  total  calls
    ['[firmware]', 100, 100, 1],
    ['kmain', 10, 200, 1],
    ['alloc', 105, 170, 4], // 40 + 50 + 15 + 60 below kmain and 5 below print: the inner alloc counts once
    ['scan', 50, 50, 8],
    ['print<u8>', 20, 25, 3],
    ['[#PF]', 15, 75, 1],
  ])('by function: %s has %i of its own, %i in all, %i calls', (name, self, total, calls) => {
    const row = functionRows(PROFILE).find((each) => each.name === name);
    expect(row).toMatchObject({ selfCycles: self, totalCycles: total, calls });
  });

  it('by function: own cycles add up to the whole', () => {
    expect(functionRows(PROFILE).reduce((sum, { selfCycles }) => sum + selfCycles, 0)).toBe(300);
  });
});

describe('figures of the timing counters', () => {
  it('are absent where the model does not count', () => {
    expect([topDown(RECORD), missRates(RECORD), estimatedShare(RECORD)]).toEqual([null, [], null]);
  });

  it('top-down shares of the slots add up to 100 %', () => {
    const slots = { SlotsRetiring: 30, SlotsBadSpeculation: 10, SlotsFrontEnd: 20 };
    const record = timed({ ...slots, SlotsBackEndMemory: 35, SlotsBackEndCore: 5 });
    expect(topDown(record)?.map(({ value }) => value)).toEqual([30, 10, 20, 35, 5]);
  });

  it('misses are per thousand instructions, mispredictions also by branch', () => {
    const record = timed({
      Instructions: 2000,
      L2Misses: 3,
      Branches: 50,
      BranchMispredictions: 4,
    });
    expect(missRates(record).map(({ name, value }) => [name, value])).toEqual([
      ['L2 misses', 1.5],
      ['branch mispredictions', 2],
      ['mispredicted', 8],
    ]);
  });

  it('estimated cycles are a share of all; names may begin with a small letter', () => {
    expect(estimatedShare(timed({ estimatedCycles: 75 }))).toBe(25);
  });
});

describe('the text', () => {
  const folder = { path: 'x', record: RECORD, profile: PROFILE };
  it('says what ran, how it ended and what it cost', () => {
    const text = textReport({ ...folder, profile: null }, null, 20);
    expect(text).toMatch(/kernel\.elf/);
    expect(text).toMatch(/PASS: the guest switched the machine off \(exit status 0\)/);
    expect(text).toMatch(/300 cycles/);
    expect(text).not.toMatch(/self %|top-down|misses|estimate/);
  });

  it('lists the dearest functions first, as many as asked', () => {
    const lines = textReport(folder, null, 2).split('\n');
    const head = lines.findIndex((line) => line.startsWith('self %'));
    expect(lines.slice(head + 1, head + 4)).toEqual([
      expect.stringMatching(/^ {2}35\.0 {3}56\.7 .* 105 .* 170 .* 4 {2}alloc$/),
      expect.stringMatching(/^ {2}33\.3 {3}33\.3 .*\[firmware\]$/),
      'and 4 more functions (--top)',
    ]);
  });

  it('of two runs names the functions whose cycles changed', () => {
    const nodes = PROFILE.nodes.map((node, number) =>
      number === 4 ? ([3, 4, 150, 50, 8] as const) : node,
    );
    const text = textReport({ ...folder, profile: { ...PROFILE, nodes } }, folder, 20);
    expect(text).toMatch(/ 50 +150 +\+200\.00 % {2}scan\n$/);
  });
});

describe('the flame graph', () => {
  /** Frames by name: left edge and width in pixels of the picture, height of the row. */
  const boxes = (svg: string): { name: string; x: number; y: number; width: number }[] =>
    [
      ...svg.matchAll(
        /data-name="([^"]*)".*?<rect class="frame" x="([\d.]+)" y="([\d.]+)" width="([\d.]+)"/g,
      ),
    ].map(([, name = '', x, y, width]) => ({
      name,
      x: Number(x),
      y: Number(y),
      width: Number(width),
    }));
  const svg = flameGraph(PROFILE, { title: 'a <title>' });

  it('gives each context a width that is its share, callees above their caller', () => {
    const [all] = boxes(svg);
    const widthOf = (name: string): number =>
      boxes(svg).find((box) => box.name === name)?.width ?? 0;
    expect(all).toMatchObject({ name: 'all', width: 1180 });
    expect(widthOf('[firmware]')).toBeCloseTo((1180 * 100) / 300, 1);
    expect(widthOf('kmain')).toBeCloseTo((1180 * 200) / 300, 1);
    expect(widthOf('scan')).toBeCloseTo((1180 * 50) / 300, 1);
    const [kmain, scan] = ['kmain', 'scan'].map((name) =>
      boxes(svg).find((box) => box.name === name),
    );
    expect((kmain?.y ?? 0) - (scan?.y ?? 0)).toBe(2 * 19);
  });

  it('is one document that asks for nothing from elsewhere, with names escaped', () => {
    expect(svg).toMatch(/^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg"/);
    expect(svg).toContain('print&lt;u8&gt;');
    expect(svg.replaceAll('http://www.w3.org/2000/svg', '')).not.toMatch(
      /https?:|src=|href=|import/,
    );
  });

  it('of two runs is red where cycles were added and blue where they went', () => {
    const nodes = PROFILE.nodes.map((node, number) =>
      number === 4
        ? ([3, 4, 90, 50, 8] as const)
        : number === 5
          ? ([2, 5, 1, 1, 3] as const)
          : node,
    );
    const compared = flameGraph({ ...PROFILE, nodes }, { title: '', before: PROFILE });
    const fill = (name: string): string | undefined =>
      new RegExp(`data-name="${name}".*?fill="hsl\\((\\d+)`).exec(compared)?.[1];
    expect([fill('scan'), fill('print&lt;u8&gt;'), fill('\\[firmware\\]')]).toEqual([
      '8',
      '215',
      '40',
    ]);
  });
});
