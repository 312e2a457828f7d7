/** The measuring and recording tools: a mistake is one sentence and status 2, and nothing is measured or written. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

it.each([
  ['bench', ['--rounds', '0'], '--rounds 0: a positive number is wanted'],
  ['bench', ['--part', 'bots'], '--part bots: there is speed, '],
  ['bench', ['--part', 'tiers', '--workload', 'alu2'], '--workload alu2: there is alu, '],
  [
    'bench',
    ['--part', 'compiled', '--workload', 'list'],
    '--workload list: there is bitmap-scan, ',
  ],
  ['bench', ['--part', 'instructions', '--workload', 'addsq'], "no instruction has 'addsq' in it"],
  [
    'bench',
    ['--against', join('no', 'such'), '--workload', 'alu'],
    'no build of this project is there',
  ],
  ['bench', ['--nope'], "Unknown option '--nope'"],
  ['loops', ['--nope'], "Unknown option '--nope'"],
  ['staircases', ['--nope'], "Unknown option '--nope'"],
  ['record-vectors', ['--help'], "Unknown option '--help'"],
  ['record-vectors', ['--only', 'nothing'], '--only nothing: there is binary-arithmetic, '],
])('%s %j is refused', (name, words, sentence) => {
  const script = fileURLToPath(new URL(`../../dist/scripts/${name}.js`, import.meta.url));
  const run = spawnSync(process.execPath, [script, ...words], { encoding: 'utf8' });
  expect(run.stderr).toContain(`${name}: `);
  expect(run.stderr).toContain(sentence);
  expect(run.stderr).not.toMatch(/\n\s+at /);
  expect([run.status, run.stdout.includes('|')]).toEqual([2, false]);
});
