/**
 * The debug build with the word `guards`: a block of the heap lies between guard pages, and the processor stops whoever
 * leaves it. The accesses are instructions of the emulated processor, in a page of their own.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseSize } from '../../emulator/base/size.js';
import { pcMap } from '../../emulator/memory/pc-map.js';
import { projectRoot } from '../cli/s7x.js';
import { bundledKernel } from '../guests/test-machine.js';
import { ParkedKernel } from './parked-kernel.js';
import { RandomWords } from './random-words.js';
import { mappingsStart } from './virtual-memory-model.js';

const PAGE = 4096n;
/** Where the suite maps nothing. */
const OUT_OF_THE_WAY = 1n << 36n;
/** kernel/src/address-space.ts. */
const AREAS_START = 0xffff_f000_0000_0000n;
/** kernel/src/virtual-memory.ts, Protection. */
const READ_EXECUTE = 5n;
/** mov [rdi], rsi; ret, and mov rax, [rdi]; ret */
const CODE = { store: 0xc3_378948n, load: 0xc3_078b48n } as const;

const debugImage = (): Uint8Array =>
  readFileSync(join(projectRoot, 'dist/kernel/kernel-debug.elf'));

class GuardedKernel extends ParkedKernel {
  private readonly code = new Map<bigint, bigint>();

  constructor(words = 'guards', image = debugImage()) {
    super(pcMap(parseSize('16M')).map, image, undefined, words);
    let address = mappingsStart(this) + OUT_OF_THE_WAY;
    for (const code of Object.values(CODE)) {
      const frame = this.call('pmm_alloc_page');
      this.write64(frame, code);
      expect(this.call32('vm_map', address, frame, 1n, READ_EXECUTE, 0n)).toBe(0);
      this.code.set(code, address);
      address += PAGE;
    }
  }

  store(address: bigint, value: bigint): void {
    this.callAt(this.code.get(CODE.store) ?? 0n, 'the store', [address, value]);
  }

  load(address: bigint): bigint {
    return this.callAt(this.code.get(CODE.load) ?? 0n, 'the load', [address]);
  }
}

describe('108: a block of the heap between guard pages', () => {
  it.each<[string, bigint, bigint, string]>([
    ['the word behind two pages', 2n * PAGE, 2n * PAGE, '0 bytes behind the end of'],
    ['one byte over two pages', 2n * PAGE, 2n * PAGE - 7n, '0 bytes behind the end of'],
    ['a word in the middle of the page behind', PAGE, PAGE + 2048n, '2048 bytes behind the end of'],
    ['the word before the first', 2n * PAGE, -8n, '8 bytes before the start of'],
    ['the page behind 1 MiB', 256n * PAGE, 256n * PAGE, '0 bytes behind the end of'],
  ])('stops a store to %s at that instruction, and names the block', (_, size, offset, words) => {
    const kernel = new GuardedKernel();
    const block = kernel.call('kmalloc', size);
    kernel.store(block, 1n);
    kernel.store(block + size - 8n, 2n);
    expect([kernel.load(block), kernel.load(block + size - 8n)]).toEqual([1n, 2n]);
    expect(() => {
      kernel.store(block + offset, 3n);
    }).toThrow(/ended the machine \(18\)/);
    expect(kernel.serial).toContain('#PF page fault, error code 0x0000000000000002: write to');
    expect(kernel.serial).toContain(
      `${words} a block of the heap at 0x${block.toString(16)}, pages: ${size / PAGE}\n`,
    );
  });

  it('is unmapped when it is freed: a load from it faults, and its addresses stay unused', () => {
    const kernel = new GuardedKernel();
    const block = kernel.call('kmalloc', PAGE);
    kernel.call('kfree', block);
    for (let n = 0; n < 100; n++) {
      const next = kernel.call('kmalloc', PAGE);
      expect(next).toBeGreaterThan(block);
      kernel.call('kfree', next);
    }
    expect(() => kernel.load(block)).toThrow(/ended the machine \(18\)/);
    expect(kernel.serial).toContain(`read of 0x${block.toString(16)}, which is not mapped`);
  });

  it.each<[string, RegExp, (kernel: ParkedKernel, block: bigint) => void]>([
    [
      'a byte behind the size, within the last page',
      /kfree\(0x[0-9a-f]+\) refused: written beyond its end/,
      (kernel, block) => {
        (kernel as GuardedKernel).store(block + 100n, 0n);
        kernel.call('kfree', block);
      },
    ],
    [
      'a second free',
      /refused: double free/,
      (kernel, block) => {
        kernel.call('kfree', block);
        kernel.call('kfree', block);
      },
    ],
    [
      'a free of an address inside',
      /refused: misaligned address/,
      (kernel, block) => kernel.call('kfree', block + 16n),
    ],
    [
      'a free of a guard',
      /refused: foreign address/,
      (kernel, block) => kernel.call('kfree', block + PAGE),
    ],
  ])('stops at %s', (_, message, misuse) => {
    const kernel = new GuardedKernel();
    const block = kernel.call('kmalloc', 100n);
    expect(() => {
      misuse(kernel, block);
    }).toThrow(/ended the machine \(18\)/);
    expect(kernel.serial).toMatch(message);
  });

  it('keeps its contents when it grows and shrinks, and everything comes back (seed 7)', () => {
    const kernel = new GuardedKernel();
    const random = new RandomWords(7);
    kernel.call('kfree', kernel.call('kmalloc', PAGE)); // the page tables that stay
    const free = kernel.call('pmm_free_pages');
    const blocks: { address: bigint; size: bigint; tag: bigint }[] = [];
    for (let step = 0; step < 600; step++) {
      const index = random.below(Math.max(1, blocks.length));
      const found = blocks[index];
      const size = BigInt(8 + random.below(40_000)) & ~7n;
      if (found === undefined || (blocks.length < 30 && random.below(2) === 0)) {
        const address = kernel.call('kmalloc', size);
        expect([address >= AREAS_START, address % PAGE]).toEqual([true, 0n]);
        blocks.push({ address, size, tag: BigInt(step) });
        kernel.store(address, BigInt(step));
        kernel.store(address + size - 8n, BigInt(step));
        continue;
      }
      expect(kernel.load(found.address)).toBe(found.tag);
      if (random.below(2) === 0) {
        kernel.call('kfree', found.address);
        blocks.splice(index, 1);
        continue;
      }
      found.address = kernel.call('krealloc', found.address, size);
      found.size = size;
      expect(kernel.load(found.address)).toBe(found.tag);
      kernel.store(found.address + size - 8n, found.tag);
      kernel.store(found.address, found.tag);
      if (step % 50 === 0) expect(kernel.call32('nk_mem_check', 1n)).toBe(0);
    }
    for (const { address } of blocks) kernel.call('kfree', address);
    expect(kernel.call('pmm_free_pages')).toBe(free);
    expect(kernel.call32('nk_mem_check', 1n)).toBe(0);
  });

  it('is one of the heap when no area is to be had', () => {
    const kernel = new GuardedKernel();
    while (kernel.call('pmm_alloc_page') !== 0n);
    const block = kernel.call('kmalloc', PAGE);
    expect(block).not.toBe(0n);
    expect(block).toBeLessThan(parseSize('16M'));
  });
});

it('the suite passes beside guarded blocks', () => {
  const kernel = new GuardedKernel();
  expect(kernel.call('kmalloc', PAGE)).toBeGreaterThanOrEqual(AREAS_START);
  expect(kernel.call32('nk_memory_run_tests')).toBe(0);
});

it.each([
  ['the debug build without the word', '', debugImage],
  ['the release build with it', 'guards', bundledKernel],
])('%s has blocks without guard pages', (_, words, image) => {
  const kernel = new GuardedKernel(words, image());
  expect(kernel.call('kmalloc', PAGE)).toBeLessThan(parseSize('16M'));
});
