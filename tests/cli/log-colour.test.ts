/** `--color`, `--no-color`, the environment and `--wall-time`: what the emulator's lines look like. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { guest } from '../guests/guest.js';
import { s7x, type Finished } from './s7x.js';

const ESCAPE = '\u001b[';
const run = (
  words: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Finished> =>
  s7x(
    [
      'run',
      guest('power-off'),
      '--functional',
      ...(words.includes('--log-format=json') ? [] : ['--log-format', 'pretty']),
      ...words,
    ],
    {
      env: { NO_COLOR: '', FORCE_COLOR: '', ...env },
    },
  );

describe('lines elsewhere than on a terminal', () => {
  it.each<[readonly string[], Record<string, string>, boolean]>([
    [[], {}, false],
    [['--color'], {}, true],
    [[], { FORCE_COLOR: '1' }, true],
    [['--no-color'], { FORCE_COLOR: '1' }, false],
    [[], { FORCE_COLOR: '1', NO_COLOR: '1' }, false],
    [['--color', '--log-file', 'log'], {}, true],
    [['--log-file', 'log'], { FORCE_COLOR: '1' }, false],
    [['--color', '--log-format=json'], {}, false],
  ])('%j with %j', async (words, env, isColoured) => {
    const finished = await run(words, env);
    const shown = words.includes('log')
      ? readFileSync(join(finished.folder, 'log'), 'utf8')
      : finished.stderr;
    expect(shown.includes(`${ESCAPE}32mPASS${ESCAPE}0m`)).toBe(isColoured);
    expect(shown.includes(ESCAPE)).toBe(isColoured);
    expect(readFileSync(join(finished.folder, '.s7x/last/log.ndjson'), 'utf8')).not.toContain(
      ESCAPE,
    );
    expect(finished.stdout).not.toContain(ESCAPE);
  });
});

describe('--wall-time', () => {
  const log = ({ folder }: Finished): { wall?: string }[] =>
    readFileSync(join(folder, '.s7x/last/log.ndjson'), 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { wall?: string });

  it("gives each line the host's time, which no line has otherwise", async () => {
    const before = new Date().toISOString();
    const finished = await run(['--wall-time']);
    const walls = log(finished).map(({ wall }) => wall ?? '');
    expect(walls.length).toBeGreaterThan(2);
    expect(walls.every((wall) => wall >= before && wall <= new Date().toISOString())).toBe(true);
    expect(finished.stderr).toMatch(/^s7x: \[\d\d:\d\d:\d\d\.\d\d\d\] PASS {2}/m);
    const plain = await run([]);
    expect(log(plain).every(({ wall }) => wall === undefined)).toBe(true);
    expect(plain.stderr).toMatch(/^s7x: PASS {2}/m);
  });
});
