/** `s7x report`: what it prints, which files it writes, and what it says about bad input. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { guest } from '../guests/guest.js';
import { PROFILE, RECORD, writeRunFolder } from '../profile-fixture.js';
import { emptyFolder, s7x } from './s7x.js';

const folder = emptyFolder();
const at = (name: string): string => join(folder, name);
writeRunFolder(at('run'), { 'run.json': RECORD, 'profile.json': PROFILE });
writeRunFolder(at('plain'), { 'run.json': RECORD });

/** The profile's nodes, one of them its own caller. */
const withOwnCaller = (number: number): number[][] =>
  PROFILE.nodes.map((node, index) => [index === number ? number : node[0], ...node.slice(1)]);

const NO_PAGES = {
  schema: 'https://system7x.dev/schema/pages-1.json',
  cycles: 0,
  map: [],
  ram: [],
  layout: [],
  functions: [],
  uses: [],
  tables: [],
  lacking: 0,
};

describe('s7x report', () => {
  it.each(['run.json', 'profile.json'])(
    'does not write over the %s that it reads',
    async (name) => {
      const before = readFileSync(at(`run/${name}`));
      const run = await s7x(['report', 'plain', 'run', '--folded', `./run/${name}`], { folder });
      expect([run.status, run.stderr]).toEqual([
        2,
        expect.stringMatching(/^s7x: --folded .*: this file is what the run left$/m),
      ]);
      expect(readFileSync(at(`run/${name}`)).equals(before)).toBe(true);
    },
  );

  it('without a folder speaks of the last run', async () => {
    const run = await s7x(['run', guest('power-off')]);
    const report = await s7x(['report'], { folder: run.folder });
    expect(report.stdout).toMatch(/power-off\.elf/);
    expect(report.stdout).toMatch(/PASS: the guest switched the machine off/);
    expect([report.status, report.stderr]).toEqual([0, '']);
  });

  it('--json is one document with run and functions', async () => {
    const { stdout } = await s7x(['report', 'run', '--json'], { folder });
    const document = JSON.parse(stdout) as { run: unknown; functions: { name: string }[] };
    expect(document.run).toEqual(RECORD);
    expect(document.functions[0]).toMatchObject({ name: 'alloc', selfCycles: 105 });
  });

  it('--csv is a table of functions; it needs a profile, and stdout for itself', async () => {
    const { stdout, status } = await s7x(['report', 'run', '--csv'], { folder });
    expect(status).toBe(0);
    expect(stdout).toMatch(/^function,self_cycles,total_cycles,instructions,calls\r\nalloc,105,/);
    const plain = await s7x(['report', 'plain', '--csv'], { folder });
    expect([plain.status, plain.stderr]).toEqual([
      2,
      's7x: --csv: plain has no profile.json; run with --profile\n',
    ]);
    const both = await s7x(['report', 'run', '--csv', '--json'], { folder });
    expect([both.status, both.stderr]).toEqual([
      2,
      's7x: --json and --csv cannot both go to stdout\n',
    ]);
  });

  it('writes the files that are asked for, and then no text', async () => {
    const words = ['report', 'run', '--folded', 'a/b.folded', '--flame', 'c.svg'];
    const { status, stdout } = await s7x(words, { folder });
    expect([status, stdout]).toEqual([0, '']);
    expect(readFileSync(at('a/b.folded'), 'utf8')).toMatch(/^kmain;alloc;scan 50$/m);
    expect(readFileSync(at('c.svg'), 'utf8')).toMatch(/^<svg .*<\/svg>\n$/s);
  });

  it.each<[string, string[], number, RegExp, Record<string, unknown>?]>([
    ['a folder that is not there', ['missing'], 10, /^s7x: missing: no such folder/],
    ['a file instead of a folder', ['run/profile.json'], 2, /not the folder of a run/],
    ['an empty folder', ['bad'], 10, /there is no run\.json/, {}],
    ['a damaged run.json', ['bad'], 2, /run\.json is not JSON/, { 'run.json': '{' }],
    ['another document', ['bad'], 2, /run\.json has no schema/, { 'run.json': '{}' }],
    ['a later version', ['bad'], 2, /has schema x, not/, { 'run.json': { schema: 'x' } }],
    [
      'a run.json without a figure',
      ['bad'],
      2,
      /^s7x: bad\/run\.json: stats\.cycles is missing or not what s7x run writes$/m,
      { 'run.json': { ...RECORD, stats: { ...RECORD.stats, cycles: undefined } } },
    ],
    [
      'a profile whose caller is itself',
      ['bad'],
      2,
      /^s7x: bad\/profile\.json: nodes\[3\] names a caller or frame out of order$/m,
      { 'run.json': RECORD, 'profile.json': { ...PROFILE, nodes: withOwnCaller(3) } },
    ],
    [
      'pages that are none',
      ['bad', '--memory', 'x.html'],
      2,
      /pages\.json: uses\[0\] is missing or not/,
      { 'run.json': RECORD, 'pages.json': { ...NO_PAGES, uses: [[1]] } },
    ],
    ['no profile', ['plain', '--flame', 'x.svg'], 2, /--flame: plain has no profile\.json/],
    ['no number', ['run', '--top', 'few'], 2, /--top few: not a count/],
    [
      'a place that cannot be written',
      ['run', '--flame', 'run/run.json/x'],
      10,
      /cannot be written/,
    ],
    [
      'a place in a folder that nobody can make',
      ['run', '--flame', '/proc/none/below/x.svg'],
      10,
      /^s7x: --flame \/proc\/none\/below\/x\.svg cannot be written: no such file/,
    ],
    ['a file without a name', ['run', '--flame', ''], 2, /^s7x: --flame: no file is named$/m],
    ['a third folder', ['run', 'run', 'run'], 2, /unknown argument: run/],
  ])('%s: one sentence, exit status', async (_what, words, status, sentence, files) => {
    if (files !== undefined) {
      const own = emptyFolder();
      writeRunFolder(join(own, 'bad'), files);
      const report = await s7x(['report', ...words], { folder: own });
      expect([report.status, report.stdout]).toEqual([status, '']);
      expect(report.stderr).toMatch(sentence);
      return;
    }
    const report = await s7x(['report', ...words], { folder });
    expect([report.status, report.stdout]).toEqual([status, '']);
    expect(report.stderr).toMatch(sentence);
    expect(report.stderr.trim().split('\n')).toHaveLength(1);
  });
});
