/** `npm run bench`: a mistake is one sentence and status 2, and nothing is measured. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const script = fileURLToPath(new URL('../../dist/scripts/bench.js', import.meta.url));

it.each([
  [['--rounds', '0'], '--rounds 0: a positive number is wanted'],
  [['--part', 'bots'], '--part bots: there is speed, '],
  [['--part', 'tiers', '--workload', 'alu2'], '--workload alu2: there is alu, '],
  [['--part', 'instructions', '--workload', 'addsq'], "no instruction has 'addsq' in it"],
  [['--against', join('no', 'such'), '--workload', 'alu'], 'no build of this project is there'],
  [['--nope'], "Unknown option '--nope'"],
])('%j is refused', (words, sentence) => {
  const run = spawnSync(process.execPath, [script, ...words], { encoding: 'utf8' });
  expect(run.stderr).toContain(`bench: `);
  expect(run.stderr).toContain(sentence);
  expect(run.stderr).not.toMatch(/\n\s+at /);
  expect([run.status, run.stdout.includes('|')]).toEqual([2, false]);
});
