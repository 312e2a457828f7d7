/** `s7x run --numa`, and zoo maps with nodes, from the command line to the kernel's lines and run.json. */
import { describe, expect, it } from 'vitest';
import { runRecord, s7x } from './s7x.js';

describe('s7x run --numa', () => {
  it('implies the RAM, makes the nodes, and stands in run.json', async () => {
    const run = await s7x(['run', '--numa', '1G,2G', '--append', 'quiet', '--uart', 'instant']);
    expect(run.status).toBe(0);
    expect(run.stdout.match(/NUMA node .*/g)).toEqual([
      'NUMA node 0: 262046 pages (1023.61 MiB)',
      'NUMA node 1: 524288 pages (2048.00 MiB)',
    ]);
    const { config } = runRecord(run);
    expect([config['ramBytes'], config['numa']]).toEqual([
      String((3 << 30) >>> 0),
      [String(1 << 30), String(2 ** 31)],
    ]);
  });

  it('with another amount of RAM is refused in one sentence', async () => {
    const run = await s7x(['run', '--numa', '1G,1G', '-m', '3G']);
    expect([run.status, run.stdout]).toEqual([2, '']);
    expect(run.stderr).toContain(
      '--numa: the nodes have 2 GiB (2147483648 bytes) together, but the map pc has 3 GiB',
    );
  });

  it('is not needed for a map of the zoo that has nodes', async () => {
    const map = 'zoo:bull-sas-bullx-x8dah-24g';
    const run = await s7x(['run', '--memmap', map, '--append', 'quiet', '--uart', 'instant']);
    expect(run.status).toBe(0);
    // Linux on this machine: "On node 1 totalpages: 3145728".
    expect(run.stdout).toContain('[nk_boot] NUMA node 1: 3145728 pages');
  });
});
