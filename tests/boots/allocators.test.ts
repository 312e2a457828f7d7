/**
 * The memory interface on the emulated processor: a table of edge cases, and long random uses against an oracle that
 * only remembers who has which pages. A failing run is repeated with its seed: S7X_SEED=number.
 */
import { beforeAll, describe, expect, it } from 'vitest';
import { parseSize } from '../../emulator/base/size.js';
import { pcMap } from '../../emulator/memory/pc-map.js';
import { usablePages } from '../../emulator/memory/usable-oracle.js';
import { AllocatorOracle, randomUse } from './allocator-oracle.js';
import { ParkedKernel } from './parked-kernel.js';
import { RandomWords } from './random-words.js';

const PAGE = 4096n;
const MIB = 1n << 20n;
const SIZE_MAX = (1n << 64n) - 1n;

/** kernel/src/memory-errors.ts, MemoryError. */
const ErrorKind = {
  doubleFree: 0,
  foreign: 1,
  misaligned: 2,
  reserved: 3,
  sizeMismatch: 4,
  outOfMemory: 6,
} as const;

const errors = (kernel: ParkedKernel, kind: number): number =>
  kernel.call32('nk_mem_errors', BigInt(kind));

describe('edge cases', () => {
  let kernel: ParkedKernel;
  let free = 0n;
  beforeAll(() => {
    kernel = new ParkedKernel(pcMap(parseSize('64M')).map);
    free = kernel.call('pmm_free_pages');
  });

  it.each([
    ['nothing', 0n],
    ['SIZE_MAX', SIZE_MAX],
    ['SIZE_MAX less a page', SIZE_MAX - PAGE],
    ['4 GiB', 1n << 32n],
    ['4 GiB and a page', (1n << 32n) + PAGE],
    ['4 PiB', 1n << 52n],
    ['all RAM', 64n * MIB],
  ])('kmalloc of %s gives 0 and takes nothing', (_, size) => {
    expect(kernel.call('kmalloc', size)).toBe(0n);
    expect(kernel.call('pmm_free_pages')).toBe(free);
  });

  it.each([1n, 4095n, 4096n, 4097n, 65536n, MIB - 1n, MIB, MIB + 1n, 8n * MIB])(
    'kmalloc of %d bytes is page-aligned, and kfree gives all of it back',
    (size) => {
      const block = kernel.call('kmalloc', size);
      expect([block !== 0n, block % PAGE]).toEqual([true, 0n]);
      kernel.call('kfree', block);
      expect(kernel.call('pmm_free_pages')).toBe(free);
      expect(kernel.call32('nk_mem_check', 1n)).toBe(0);
    },
  );

  it('a heap that is full is followed by frames, and frames by the heap', () => {
    const small: bigint[] = [];
    for (let n = 0; n < 200; n++) {
      const block = kernel.call('kmalloc', 256n * 1024n);
      if (block === 0n) break;
      small.push(block);
    }
    expect(BigInt(small.length) * 64n).toBeGreaterThan(free / 2n);
    for (const block of small) kernel.call('kfree', block);
    expect(kernel.call('pmm_free_pages')).toBe(free);
  });

  it.each<[string, keyof typeof ErrorKind, (k: ParkedKernel, page: bigint, block: bigint) => void]>(
    [
      [
        'a page freed twice',
        'doubleFree',
        (k, page) => {
          k.call('pmm_free_page', page);
          k.call('pmm_free_page', page);
          expect(k.call('pmm_alloc_page')).toBe(page);
        },
      ],
      [
        'a block freed twice',
        'doubleFree',
        (k, _, block) => {
          k.call('kfree', block);
          k.call('kfree', block);
          expect(k.call('kmalloc', 3n * PAGE)).toBe(block);
        },
      ],
      ['the inside of a block', 'foreign', (k, _, block) => k.call('kfree', block + PAGE)],
      ['a page that is not aligned', 'misaligned', (k, page) => k.call('pmm_free_page', page + 8n)],
      ['a block that is not aligned', 'misaligned', (k, _, block) => k.call('kfree', block + 8n)],
      ['the kernel', 'reserved', (k) => k.call('pmm_free_page', MIB)],
      ['the kernel as a block', 'reserved', (k) => k.call('kfree', MIB)],
      ['no RAM', 'foreign', (k) => k.call('pmm_free_page', 3n << 30n)],
      [
        "a size that is not the block's",
        'sizeMismatch',
        (k, _, block) => k.call('kfree_pages', block, 2n),
      ],
    ],
  )('%s is refused and counted as %s', (_, kind, misuse) => {
    const page = kernel.call('pmm_alloc_page');
    const block = kernel.call('kmalloc', 3n * PAGE);
    const before = errors(kernel, ErrorKind[kind]);
    misuse(kernel, page, block);
    expect(errors(kernel, ErrorKind[kind])).toBe(before + 1);
    kernel.call('kfree', block);
    kernel.call('pmm_free_page', page);
    expect(kernel.call('pmm_free_pages')).toBe(free);
    expect(kernel.call32('nk_mem_check', 1n)).toBe(0);
  });

  it('krealloc(0, n) allocates and krealloc(p, 0) frees', () => {
    const block = kernel.call('krealloc', 0n, 5000n);
    expect(block).not.toBe(0n);
    expect(kernel.call('krealloc', block, 0n)).toBe(0n);
    expect(kernel.call('pmm_free_pages')).toBe(free);
  });

  it('krealloc that finds no room leaves the block as it is', () => {
    const block = kernel.call('kmalloc', 5000n);
    kernel.write64(block, 42n);
    expect(kernel.call('krealloc', block, 1n << 40n)).toBe(0n);
    expect(kernel.read64(block)).toBe(42n);
    kernel.call('kfree', block);
  });

  it('pmm_init and kheap_init are refused while something is allocated', () => {
    const page = kernel.call('pmm_alloc_page');
    kernel.call('pmm_init', 16n * MIB, 32n * MIB);
    expect(kernel.call('pmm_free_pages')).toBe(free - 1n);
    kernel.call('pmm_free_page', page);
    expect(kernel.call32('nk_is_active')).toBe(1);
  });

  it('mem_print_stats prints what the counts are', () => {
    const text = kernel.saidDuring(() => kernel.call('mem_print_stats'));
    expect(text).toMatch(
      new RegExp(
        `^\\[nk_mem\\] Physical Memory Statistics:\\n\\[nk_mem\\]   Total: .*\\n\\[nk_mem\\]   Free : ${free} pages `,
      ),
    );
  });

  it('the suite passes when it is called again', () => {
    expect(kernel.call32('nk_memory_run_tests')).toBe(0);
    expect(kernel.call('pmm_free_pages')).toBe(free);
  });
});

describe('the kernel stops, with last words and a status of its own,', () => {
  const start = (): ParkedKernel => new ParkedKernel(pcMap(parseSize('8M')).map);

  it('at a jump to where no RAM is', () => {
    const kernel = start();
    const wild = 0x8000_0000n;
    expect(() => kernel.callAt(wild, 'wild', [])).toThrow(/ended the machine \(18\)/);
    expect(kernel.serial).toMatch(/\[nk_panic\] #PF page fault.*: execution of 0x0{8}80000000/);
    expect(kernel.serial).toMatch(/\[nk_panic\] +rip 0{8}80000000/);
  });

  it('at a null pointer', () => {
    const kernel = start();
    expect(() => kernel.callAt(0n, 'null', [])).toThrow(/ended the machine \(18\)/);
  });

  it('at boot information that is none', () => {
    const kernel = start();
    expect(() => kernel.call('kernel_main', 0x9000n)).toThrow(/ended the machine \(20\)/);
    expect(kernel.serial).toMatch(/no PVH start info at 0x0{12}9000/);
  });
});

const given = process.env['S7X_SEED'];
const SEEDS = given === undefined ? [1, 2, 3] : [Number(given)];
const OPERATIONS = 1500;

describe.each(SEEDS)('random use, seed %d', (seed) => {
  it.each(['8M', '24M', '6G'])('on %s: no page twice, contents kept, all given back', (size) => {
    randomUse(size, seed, OPERATIONS);
  });
});

describe('the oracle sees', () => {
  const start = (): { kernel: ParkedKernel; oracle: AllocatorOracle; random: RandomWords } => {
    const { map } = pcMap(parseSize('8M'));
    const kernel = new ParkedKernel(map);
    const random = new RandomWords(5);
    return { kernel, random, oracle: new AllocatorOracle(kernel, usablePages(map).ranges) };
  };

  it('a block whose contents change', () => {
    const { kernel, oracle, random } = start();
    const page = kernel.call('pmm_alloc_page');
    kernel.call('pmm_free_page', page);
    oracle.randomStep(random);
    for (let at = 0x100000n; at < 0x800000n; at += PAGE) {
      if (kernel.read64(at) >> 32n === 1n) kernel.write64(at, 0n);
    }
    oracle.checkContents();
    expect(oracle.problems.join()).toMatch(/contents changed/);
  });

  it('a page that is handed out twice', () => {
    const { kernel, oracle, random } = start();
    const call = kernel.call.bind(kernel);
    const twice = call('kmalloc', PAGE);
    kernel.call = (name, ...args) =>
      name === 'pmm_free_page'
        ? 0n
        : name.startsWith('k') || name === 'pmm_alloc_page'
          ? twice
          : call(name, ...args);
    for (let step = 0; step < 8; step++) oracle.randomStep(random);
    expect(oracle.problems.join()).toMatch(/overlaps/);
  });

  it('a page that is no RAM', () => {
    const { kernel, oracle, random } = start();
    kernel.call = () => 0x900000n;
    kernel.write64 = () => undefined;
    oracle.randomStep(random);
    expect(oracle.problems.join()).toMatch(/not inside a range of usable RAM/);
  });
});
