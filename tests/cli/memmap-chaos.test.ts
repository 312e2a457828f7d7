/** `--memmap-chaos`: the kernel finds the same pages however the firmware tells them; a replay has the same map. */
import { describe, expect, it } from 'vitest';
import { runRecord, s7x } from './s7x.js';

const pages = (output: string): string | undefined =>
  /pmm_init: (\d+ pages \([\d.]+ MiB\)), free/.exec(output)?.[1];

describe('--memmap-chaos', () => {
  it.each([
    ['-m', '8M'],
    ['-m', '5G'],
    ['--memmap', 'zoo:dell-r7625-768gib-8-numa-holes'],
  ])('%s %s: the kernel finds the same pages', async (...machine) => {
    const words = ['run', ...machine, '--cpu', 'unit', '--append', 'quiet'];
    const ordered = await s7x(words, { input: null });
    expect(pages(ordered.stdout)).toBeDefined();
    for (const seed of ['1', '2', '18446744073709551615']) {
      const run = await s7x([...words, '--memmap-chaos', seed], { input: null });
      expect([seed, run.status, pages(run.stdout)]).toEqual([seed, 0, pages(ordered.stdout)]);
      expect(runRecord(run).config['memmapChaos']).toBe(seed);
    }
  });

  it('is repeated by a replay', async () => {
    const run = await s7x(['run', '-m', '8M', '--cpu', 'unit', '--memmap-chaos', '5'], {
      input: null,
    });
    const again = await s7x(['replay'], { input: null, folder: run.folder });
    expect([again.status, again.stdout]).toEqual([0, run.stdout]);
  });

  it('memmap shows the map', async () => {
    const shown = await s7x(['memmap', 'pc', '-m', '64M', '--memmap-chaos', '5', '--check']);
    expect(shown.stdout).toMatch(/begins below the entry before it: the map is not sorted/);
    expect(shown.status).toBe(0);
  });

  it('a word that is no seed is refused', async () => {
    const run = await s7x(['run', '--memmap-chaos', '-1']);
    expect(run.status).toBe(2);
    const other = await s7x(['run', '--memmap-chaos', 'seven']);
    expect([other.status, other.stderr]).toEqual([
      2,
      's7x: --memmap-chaos seven: not a seed, a whole number below 2^64\n',
    ]);
  });
});
