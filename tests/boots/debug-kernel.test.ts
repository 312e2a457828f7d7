/** The debug build of the kernel: it boots, passes its suite, and stops at the first misuse. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseSize } from '../../emulator/base/size.js';
import { pcMap } from '../../emulator/memory/pc-map.js';
import { projectRoot } from '../cli/s7x.js';
import { ParkedKernel } from './parked-kernel.js';

const PAGE = 4096n;
const ALLOCATED = 0x5a5a_5a5a_5a5a_5a5an;
const FREED = 0x4343_4343_4343_4343n;
const QUARANTINE_PAGES = 64;

const start = (): ParkedKernel =>
  new ParkedKernel(
    pcMap(parseSize('16M')).map,
    readFileSync(join(projectRoot, 'dist/kernel/kernel-debug.elf')),
  );

describe('the debug build', () => {
  it('passes the suite, poisons what it hands out and takes back, and reuses nothing at once', () => {
    const kernel = start();
    expect(kernel.call32('nk_memory_run_tests')).toBe(0);
    const block = kernel.call('kmalloc', 2n * PAGE);
    expect(kernel.read64(block + PAGE)).toBe(ALLOCATED);
    kernel.call('kfree', block);
    expect(kernel.read64(block + PAGE)).toBe(FREED);
    for (let n = 0; n < QUARANTINE_PAGES / 2; n++) {
      const next = kernel.call('kmalloc', 2n * PAGE);
      expect(next).not.toBe(block);
      kernel.call('kfree', next);
    }
    expect(kernel.call('kmalloc', 2n * PAGE)).toBe(block);
    expect(kernel.call('nk_mem_check', 1n)).toBe(0n);
  });

  it.each<[string, RegExp, (kernel: ParkedKernel) => void]>([
    [
      'a second free, of a block in quarantine',
      /kfree\(0x[0-9a-f]+\) refused: double free/,
      (kernel) => {
        const block = kernel.call('kmalloc', PAGE);
        kernel.call('kfree', block);
        kernel.call('kfree', block);
      },
    ],
    [
      'a second free, of a run in quarantine',
      /refused: double free/,
      (kernel) => {
        const run = kernel.call('kmalloc_pages', 2n);
        kernel.call('kfree', run);
        kernel.call('kfree', run);
      },
    ],
    [
      'a second free, of a run in quarantine, as pages',
      /pmm_free_pages_run\(0x[0-9a-f]+\) refused: double free/,
      (kernel) => {
        const run = kernel.call('kmalloc_pages', 2n);
        kernel.call('kfree', run);
        kernel.call('pmm_free_pages_run', run, 2n);
      },
    ],
    [
      '107 a write to a block after it was freed',
      /refused: written after free/,
      (kernel) => {
        const block = kernel.call('kmalloc', PAGE);
        kernel.call('kfree', block);
        kernel.write64(block + 512n, 1n);
        for (let n = 0; n <= QUARANTINE_PAGES; n++)
          kernel.call('kfree', kernel.call('kmalloc', PAGE));
      },
    ],
    [
      '107 a write to an object after it was freed, at its next allocation',
      /refused: written after free/,
      (kernel) => {
        const object = kernel.call('kmalloc_small', 64n);
        kernel.call('kfree', object);
        kernel.write64(object + 8n, 1n);
        kernel.call('kmalloc_small', 64n);
      },
    ],
    [
      'a write behind the size that was asked for',
      /kfree\(0x[0-9a-f]+\) refused: written beyond its end/,
      (kernel) => {
        const block = kernel.call('kmalloc', 100n);
        kernel.write64(block + 100n, 0n);
        kernel.call('kfree', block);
      },
    ],
  ])('stops at %s', (_, message, misuse) => {
    const kernel = start();
    expect(() => misuse(kernel)).toThrow(/ended the machine \(18\)/);
    expect(kernel.serial).toMatch(message);
    expect(kernel.serial).toContain('[nk_panic] the memory manager was misused');
  });

  it('does not stop when memory is merely out', () => {
    const kernel = start();
    expect(kernel.call('kmalloc', 1n << 30n)).toBe(0n);
  });
});
