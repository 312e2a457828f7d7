/** A file for results that cannot be written is refused before the work, not behind it. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { guest } from '../guests/guest.js';
import { emptyFolder, s7x } from './s7x.js';

const image = guest('power-off');
const missing = '/proc/none/below/result';

it.each([
  ['run --junit', ['run', image, '--junit', missing]],
  ['run --tap', ['run', image, '--tap', missing]],
  ['sweep --csv', ['sweep', image, '-m', '8M', `--csv=${missing}`]],
  ['sweep --html', ['sweep', image, '-m', '8M', `--html=${missing}`]],
  ['sweep --junit', ['sweep', image, '-m', '8M', '--junit', missing]],
])('%s', async (_, words) => {
  const folder = emptyFolder();
  const run = await s7x([...words, '-o', 'out'], { folder });
  expect([run.status, run.stdout, run.stderr]).toEqual([
    10,
    '',
    `s7x: ${missing} cannot be written: no such file or directory\n`,
  ]);
  expect(existsSync(join(folder, 'out/run.json'))).toBe(false);
});

it('a file in the folder that the run makes is none', async () => {
  const folder = emptyFolder();
  const words = ['run', image, '-o', 'new', '--junit', 'new/junit.xml'];
  expect((await s7x(words, { folder })).status).toBe(0);
  expect(existsSync(join(folder, 'new/junit.xml'))).toBe(true);
});
