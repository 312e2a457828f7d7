/** `s7x sweep --bail[=N]`: what has begun, what has not, and what documents say of it. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { guest } from '../guests/guest.js';
import { s7x, sweepRecord } from './s7x.js';

const bye = guest('power-off');
const FAST = ['--uart', 'instant'];

it('--bail stops at the first row that fails', async () => {
  const words = ['--ram', '8M..1G', '--expect', 'nothing', '--bail', '-j', '1'];
  const run = await s7x(['sweep', bye, ...words, ...FAST]);
  expect([run.status, sweepRecord(run).rows.length]).toEqual([4, 1]);
});

it('--bail=2 begins no row after two that failed; documents have the rest as not run', async () => {
  const words = ['--ram', '8M..128M', '--expect', 'nothing', '--bail=2', '-j', '1', ...FAST];
  const files = ['--junit', 'junit.xml', '--tap=rows.tap'];
  const run = await s7x(['sweep', bye, ...words, ...files]);
  const { rows, notRun } = sweepRecord(run);
  expect([run.status, rows.map(({ index }) => index)]).toEqual([4, [0, 1]]);
  expect(notRun).toEqual([
    { index: 2, key: { ram: '32 MiB' } },
    { index: 3, key: { ram: '64 MiB' } },
    { index: 4, key: { ram: '128 MiB' } },
  ]);
  expect(run.stdout).toContain(' 2 runs: 0 pass, 2 fail; not run: 3 of 5\n');
  const text = (name: string) => readFileSync(join(run.folder, name), 'utf8');
  expect(text('junit.xml')).toContain('tests="5" failures="2" errors="0" skipped="3"');
  expect(text('junit.xml')).toMatch(
    /name="ram 32 MiB" time="0.0+">\n<skipped message="not run"\/>/,
  );
  expect(text('rows.tap')).toContain('\n1..5\n');
  expect(text('rows.tap')).toContain('\nok 5 - ram 128 MiB # SKIP not run\n');
});

it('--bail takes no image for its number; all rows pass, and none is said not to have run', async () => {
  const run = await s7x(['sweep', '--bail', bye, '--ram', '8M,16M', ...FAST]);
  expect([run.status, sweepRecord(run).notRun]).toEqual([0, undefined]);
  const wrong = await s7x(['sweep', bye, '--ram', '8M', '--bail=all']);
  expect([wrong.status, wrong.stderr]).toEqual([
    2,
    's7x: --bail all: not a count; write a number such as 5000, 5M or 1.2G\n',
  ]);
});

it('--bail ends rows that are running', async () => {
  const words = ['--vary', 'max-insns=900G,1M', '-j', '2', '--functional', '--bail'];
  const run = await s7x(['sweep', guest('stores-forever'), ...words]);
  expect([run.status, sweepRecord(run).rows.map(({ index }) => index)]).toEqual([4, [1]]);
});
