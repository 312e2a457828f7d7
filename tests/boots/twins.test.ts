/**
 * The allocators that npm run bench:kernel compares, each called on the emulated processor and compared with what any
 * allocator owes: sets of addresses, kept here.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { pcMap } from '../../emulator/memory/pc-map.js';
import { buildBenchKernel } from '../../scripts/build-bench.js';
import {
  benchKernelPath,
  CONTENDERS,
  type Contender,
} from '../../scripts/kernel-bench/contenders.js';
import { projectRoot } from '../cli/s7x.js';
import { ParkedKernel } from './parked-kernel.js';
import { RandomWords } from './random-words.js';

const MIB = 1n << 20n;
const PAGE = 4096n;
const RAM = 8n * MIB;
const SEED = 0x7717;
const PAGE_OPERATIONS = 1500;
const FRAME_PAGES = 512n;

const ofKind = (kind: Contender['kind']): [string, Contender][] =>
  CONTENDERS.filter((contender) => contender.kind === kind).map((contender) => [
    contender.name,
    contender,
  ]);

function park(contender: Contender): ParkedKernel {
  const image = readFileSync(join(projectRoot, benchKernelPath(contender)));
  return new ParkedKernel(pcMap(RAM).map, image);
}

beforeAll(async () => {
  for (const contender of CONTENDERS) await buildBenchKernel(projectRoot, contender);
}, 600_000);

/** Pages in use, by address; every one is RAM, aligned, and nobody else's. */
class PageOracle {
  readonly used = new Set<bigint>();

  take(address: bigint, pages = 1n): void {
    for (let page = address; page < address + pages * PAGE; page += PAGE) {
      const isRam = page > 0n && page < RAM && !(page >= 0xa0000n && page < 0x100000n);
      expect({ page, isRam, isAligned: page % PAGE, wasUsed: this.used.has(page) }).toEqual({
        ...{ page, isRam: true, isAligned: 0n, wasUsed: false },
      });
      this.used.add(page);
    }
  }

  give(address: bigint, pages = 1n): void {
    for (let page = address; page < address + pages * PAGE; page += PAGE) this.used.delete(page);
  }
}

describe.each(ofKind('pages'))('the bench kernel of the page allocator %s', (name, contender) => {
  const allPages = (kernel: ParkedKernel): bigint[] => {
    const pages: bigint[] = [];
    for (let page = kernel.call('allocPage'); page !== 0n; page = kernel.call('allocPage')) {
      pages.push(page);
    }
    return pages;
  };

  it('hands out every free page once, and again when all are back', () => {
    const kernel = park(contender);
    const free = kernel.call('freePages');
    expect(free).toBeGreaterThan(1000n);
    const first = allPages(kernel);
    const oracle = new PageOracle();
    for (const page of first) oracle.take(page);
    expect(BigInt(first.length)).toBe(free);
    expect(kernel.call('freePages')).toBe(0n);
    for (const page of first) kernel.call('freePage', page);
    expect(kernel.call('freePages')).toBe(free);
    expect(new Set(allPages(kernel))).toEqual(new Set(first));
  });

  it(`keeps pages and runs apart in random use (seed ${SEED})`, () => {
    const kernel = park(contender);
    const random = new RandomWords(SEED);
    const oracle = new PageOracle();
    const free = kernel.call('freePages');
    const pieces: { readonly address: bigint; readonly pages: bigint }[] = [];
    for (let step = 0; step < PAGE_OPERATIONS; step++) {
      const choice = random.below(8);
      if (choice < 4) {
        const pages = choice < 2 ? 1n : 1n << BigInt(random.below(6));
        const address = pages === 1n ? kernel.call('allocPage') : kernel.call('allocRun', pages);
        if (address === 0n) continue;
        oracle.take(address, pages);
        pieces.push({ address, pages });
      } else if (pieces.length > 0) {
        const [piece] = pieces.splice(random.below(pieces.length), 1);
        if (piece === undefined) continue;
        if (piece.pages === 1n) kernel.call('freePage', piece.address);
        else kernel.call('freeRun', piece.address, piece.pages);
        oracle.give(piece.address, piece.pages);
      }
      expect(kernel.call('freePages')).toBe(free - BigInt(oracle.used.size));
    }
    if (name !== 'free-list') expect(pieces.some(({ pages }) => pages > 1n)).toBe(true);
  });

  it('gives 2 MiB frames that are aligned and disjoint, or none', () => {
    const kernel = park(contender);
    const free = kernel.call('freePages');
    const oracle = new PageOracle();
    const frames: bigint[] = [];
    for (let frame = kernel.call('allocFrame'); frame !== 0n; frame = kernel.call('allocFrame')) {
      expect(frame % (FRAME_PAGES * PAGE)).toBe(0n);
      oracle.take(frame, FRAME_PAGES);
      frames.push(frame);
    }
    expect(frames.length > 0).toBe(name !== 'free-list');
    for (const frame of frames) kernel.call('freeFrame', frame);
    expect(kernel.call('freePages')).toBe(free);
  });
});

const HEAP_OPERATIONS = 1500;
/** In both ends of a block: whose it is. */
interface Block {
  readonly handle: bigint;
  readonly size: bigint;
  readonly tag: bigint;
}

/** A Macintosh zone keeps what it has taken for master pointers: 64 of 8 bytes behind a header of 16, each time. */
const MASTER_BLOCK_BYTES = 64n * 8n + 16n;

describe.each(ofKind('blocks'))('the bench kernel of the heap %s', (name, contender) => {
  it(`keeps blocks apart, and their contents, in random use (seed ${SEED})`, () => {
    const kernel = park(contender);
    const random = new RandomWords(SEED);
    const free = kernel.call('heapFreeBytes');
    const blocks: Block[] = [];
    const ends = ({ handle, size }: Block): readonly [bigint, bigint] => {
      const address = kernel.call('heapAddress', handle);
      return [address, address + size - 8n];
    };
    const add = (handle: bigint, size: bigint, tag: bigint): void => {
      const block = { handle, size, tag };
      for (const end of ends(block)) kernel.write64(end, tag);
      blocks.push(block);
    };
    const remove = (): Block | undefined => {
      const [block] = blocks.splice(random.below(blocks.length), 1);
      if (block === undefined) return undefined;
      expect(ends(block).map((end) => kernel.read64(end))).toEqual([block.tag, block.tag]);
      return block;
    };
    for (let step = 1; step <= HEAP_OPERATIONS; step++) {
      const size = BigInt(16 + 8 * random.below(random.pick([8, 64, 1000])));
      const choice = random.below(8);
      if (choice < 4) {
        const handle = kernel.call('heapAlloc', size);
        if (handle !== 0n) add(handle, size, BigInt(step));
        continue;
      }
      const block = remove();
      if (block === undefined) continue;
      if (choice < 7) {
        kernel.call('heapFree', block.handle);
        continue;
      }
      const handle = kernel.call('heapRealloc', block.handle, size);
      if (handle === 0n && name === 'original-heap') {
        blocks.push(block); // it has fallen to pieces; the block stays
        continue;
      }
      expect(handle).not.toBe(0n);
      expect(kernel.read64(kernel.call('heapAddress', handle))).toBe(block.tag);
      add(handle, size, BigInt(step));
    }
    expect(blocks.length).toBeGreaterThan(50);
    while (blocks.length > 0) kernel.call('heapFree', remove()?.handle ?? 0n);
    if (contender.twin === null) return;
    const kept = free - kernel.call('heapFreeBytes');
    if (name.startsWith('mac-zone')) expect(kept % MASTER_BLOCK_BYTES).toBe(0n);
    else expect(kept).toBe(0n);
  });
});
