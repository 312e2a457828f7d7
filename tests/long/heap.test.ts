/**
 * The heap and the caches for longer, each claim against an oracle that only remembers, `nk_mem_check` in between: 10^7
 * operations a seed. Other seeds: S7X_SEED=number; more or fewer operations: S7X_OPERATIONS=number. docs/testing.md
 * says what was run.
 */
import { describe, expect, it } from 'vitest';
import { parseSize } from '../../emulator/base/size.js';
import { pcMap } from '../../emulator/memory/pc-map.js';
import { randomUse } from '../boots/allocator-oracle.js';
import { largeBlocks } from '../boots/heap-checks.js';
import { ParkedKernel } from '../boots/parked-kernel.js';
import { randomSmallUse } from '../boots/small-oracle.js';
import { mutantImage } from '../mutations/mutant.js';

const OPERATIONS = Number(process.env['S7X_OPERATIONS'] ?? 1e7);
const CHECK_EVERY = 5000;
const TIMEOUT_MS = 12 * 3_600_000;
const SEEDS = [Number(process.env['S7X_SEED'] ?? 1)];

describe.each(SEEDS)(`${OPERATIONS} operations, seed %d`, (seed) => {
  it(
    'on small blocks and objects',
    () => randomSmallUse(seed, OPERATIONS, CHECK_EVERY),
    TIMEOUT_MS,
  );
  it(
    'on pages and runs of 100 MiB',
    () => randomUse('100M', seed, OPERATIONS, CHECK_EVERY),
    TIMEOUT_MS,
  );
});

it(
  '105: 10^6 blocks of 1 MiB and more are not leaked',
  () => {
    const kernel = new ParkedKernel(pcMap(parseSize('64M')).map);
    largeBlocks(kernel, 1e6);
    expect(kernel.call32('nk_mem_check', 1n)).toBe(0);
  },
  TIMEOUT_MS,
);

it('each page of a heap has a link of its own, up to the last page number that a heap may have: 15 TiB', () => {
  const exported = "export { vm_physical } from './window';";
  const image = mutantImage([
    {
      file: 'kmain.ts',
      replace: exported,
      by: `${exported}\nexport { linksLength } from './heap-bins';`,
    },
  ]);
  const kernel = new ParkedKernel(pcMap(parseSize('16M')).map, image);
  // kernel/README.md: 496 links in a page of memory, none in its first line.
  for (const group of [0n, 1n, 30n, 31n, 32n, 5_131_381n, 5_131_383n, 8_388_605n]) {
    for (const within of [0n, 15n, 16n, 248n, 479n, 480n, 495n]) {
      const page = group * 496n + within;
      const place = 64n + group * 4096n + within * 8n;
      expect([page, kernel.call('linksLength', page)]).toEqual([page, place]);
    }
  }
});
