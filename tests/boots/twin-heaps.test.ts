/**
 * What the heap twins with a method of their own owe to its description: dlmalloc's bins give the shortest chunk that fits,
 * the original's list never joins, a Macintosh zone moves what is not locked. Expectations follow from the sources that
 * the twins name, not from the twins.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { pcMap } from '../../emulator/memory/pc-map.js';
import { buildBenchKernel } from '../../scripts/build-bench.js';
import { benchKernelPath, CONTENDERS } from '../../scripts/kernel-bench/contenders.js';
import { projectRoot } from '../cli/s7x.js';
import { ParkedKernel } from './parked-kernel.js';
import { RandomWords } from './random-words.js';

const RAM_BYTES = 8n << 20n;
const SEED = 0x1984;
const NAMES = ['dlmalloc', 'original-heap', 'mac-zone'] as const;

const contenderOf = (name: string): (typeof CONTENDERS)[number] => {
  const found = CONTENDERS.find((contender) => contender.name === name);
  if (found === undefined) throw new Error(`no contender ${name}`);
  return found;
};

function park(name: (typeof NAMES)[number]): ParkedKernel {
  const image = readFileSync(join(projectRoot, benchKernelPath(contenderOf(name))));
  return new ParkedKernel(pcMap(RAM_BYTES).map, image);
}

beforeAll(async () => {
  for (const name of NAMES) await buildBenchKernel(projectRoot, contenderOf(name));
}, 600_000);

describe('the twin of dlmalloc', () => {
  /** Of a chunk: 8 bytes in front, whole 16s, at least 32. [Lea, "A Memory Allocator"; release 2.8, 64 bits] */
  const chunkBytes = (size: bigint): bigint => {
    const rounded = (size + 8n + 15n) & ~15n;
    return rounded < 32n ? 32n : rounded;
  };

  /** Allocates blocks of these sizes, each with a neighbour that stays, and frees them: their chunks by address. */
  function holes(kernel: ParkedKernel, sizes: readonly bigint[]): Map<bigint, bigint> {
    const blocks = sizes.map((size) => {
      const address = kernel.call('heapAlloc', size);
      kernel.call('heapAlloc', 16n);
      return [address, chunkBytes(size)] as const;
    });
    for (const [address] of blocks) kernel.call('heapFree', address);
    return new Map(blocks);
  }

  it(`takes a shortest hole of those that fit, among large chunks (seed ${SEED})`, () => {
    const kernel = park('dlmalloc');
    const random = new RandomWords(SEED);
    const sizes = Array.from({ length: 120 }, () =>
      BigInt(264 + random.below(random.pick([64, 512, 6000]))),
    );
    const free = holes(kernel, sizes);
    expect(new Set(free.values()).size).toBeGreaterThan(60);
    for (let step = 0; step < 100; step++) {
      // Whole chunks of the holes, so that no rest comes back: a member of a ring, a leaf or the root of a tree.
      const [, wanted] = [...free][random.below(free.size)] ?? [0n, 0n];
      const address = kernel.call('heapAlloc', wanted - 8n);
      expect({ address, chunk: free.get(address) }).toEqual({ address, chunk: wanted });
      free.delete(address);
      if (step % 3 === 0) {
        kernel.call('heapFree', address);
        free.set(address, wanted);
      }
    }
  });

  it('takes the next longer hole when there is none of the size, and cuts it at the low end', () => {
    const kernel = park('dlmalloc');
    const free = holes(kernel, [1000n, 2000n, 4000n, 9000n, 700n, 320n]);
    for (const [size, hole] of [
      [3000n, 4000n],
      [1100n, 2000n],
      [650n, 700n],
      [8000n, 9000n],
    ] as const) {
      const address = kernel.call('heapAlloc', size);
      expect(free.get(address)).toBe(chunkBytes(hole));
    }
  });

  it('cuts small requests from the rest of the last one, so that they lie side by side', () => {
    const kernel = park('dlmalloc');
    holes(kernel, [5000n]);
    const addresses = [40n, 56n, 24n, 100n].map((size) => [size, kernel.call('heapAlloc', size)]);
    let next = addresses[0]?.[1] ?? 0n;
    for (const [size = 0n, address] of addresses) {
      expect(address).toBe(next);
      next += chunkBytes(size);
    }
  });
});

describe("the twin of the original's heap", () => {
  it('never joins: after pages of a heap are freed, one by one, none is longer than it was', () => {
    const kernel = park('original-heap');
    const pages: bigint[] = [];
    for (let at = kernel.call('heapAlloc', 1n); at !== 0n; at = kernel.call('heapAlloc', 1n)) {
      pages.push(at);
    }
    expect(pages.length).toBeGreaterThan(200);
    for (const page of pages) kernel.call('heapFree', page);
    expect(kernel.call('heapAlloc', 8192n)).toBe(0n);
    expect(kernel.call('heapAlloc', 4096n)).toBe(pages.at(-1)); // the last freed is the first in the list
  });

  it('uses a block of exactly the size whole (the repaired defect): the next one stays what it was', () => {
    const kernel = park('original-heap');
    const [first, second] = [kernel.call('heapAlloc', 4096n), kernel.call('heapAlloc', 4096n)];
    kernel.write64(second, 0x1234_5678n);
    kernel.call('heapFree', first);
    expect(kernel.call('heapAlloc', 4096n)).toBe(first);
    expect(kernel.call('heapAlloc', 4096n)).toBeGreaterThan(second);
    expect(kernel.read64(second)).toBe(0x1234_5678n);
  });
});

describe('the twin of a Macintosh zone', () => {
  const contents = (kernel: ParkedKernel, handle: bigint): bigint => kernel.read64(handle);
  const expectSound = (kernel: ParkedKernel): void => expect(kernel.call32('zoneCheck')).toBe(0);

  /** Handles of `count` blocks that lie side by side, each of which holds its own number. */
  function row(kernel: ParkedKernel, count: number, size: bigint): bigint[] {
    const handles = Array.from({ length: count }, () => kernel.call('newHandle', size));
    handles.forEach((handle, index) => {
      kernel.write64(contents(kernel, handle), BigInt(index));
    });
    return handles;
  }

  it('CompactMem moves what is not locked down, with its contents, and the gaps become one', () => {
    const kernel = park('mac-zone');
    const handles = row(kernel, 40, 1000n);
    const before = handles.map((handle) => contents(kernel, handle));
    for (let index = 0; index < 40; index += 2) {
      kernel.call('disposeHandle', handles[index] ?? 0n);
    }
    const longest = kernel.call('compactMem', (1n << 64n) - 1n);
    expectSound(kernel);
    expect(longest).toBe(kernel.call('heapFreeBytes') - 16n); // one block, less its header
    handles.forEach((handle, index) => {
      if (index % 2 === 0) return;
      const address = contents(kernel, handle);
      expect(kernel.read64(address)).toBe(BigInt(index));
      expect(address).toBe(before[(index - 1) / 2]);
    });
  });

  it('a locked block stays, and splits the free memory', () => {
    const kernel = park('mac-zone');
    const handles = row(kernel, 40, 1000n);
    const [locked = 0n] = handles.slice(30);
    kernel.call('hLock', locked);
    const before = contents(kernel, locked);
    for (const handle of handles.slice(0, 30)) kernel.call('disposeHandle', handle);
    kernel.call('compactMem', (1n << 64n) - 1n);
    expect(contents(kernel, locked)).toBe(before);
    expect(kernel.call('maxBlock')).toBeLessThan(kernel.call('heapFreeBytes') - 20_000n);
    kernel.call('hUnlock', locked);
    kernel.call('compactMem', (1n << 64n) - 1n);
    expect(contents(kernel, locked)).toBeLessThan(before);
    expect(kernel.call('maxBlock')).toBe(kernel.call('heapFreeBytes') - 16n);
    expectSound(kernel);
  });

  it('a request that fits nowhere compacts first, then purges, purgeable blocks only', () => {
    const kernel = park('mac-zone');
    const handles: bigint[] = [];
    const size = 16_000n;
    for (let at = kernel.call('newHandle', size); at !== 0n; at = kernel.call('newHandle', size)) {
      handles.push(at);
    }
    expect(handles.length).toBeGreaterThan(50);
    // Every fourth block free: enough for two together only when they are moved together.
    for (let index = 0; index < 16; index += 4) kernel.call('disposeHandle', handles[index] ?? 0n);
    const double = kernel.call('newHandle', 2n * size);
    expect(double).not.toBe(0n);
    expect(contents(kernel, handles[1] ?? 0n)).not.toBe(0n);
    expect(kernel.call('newHandle', 5n * size)).toBe(0n);
    const purgeable = handles.slice(20, 30);
    for (const handle of purgeable) kernel.call('hPurge', handle);
    kernel.call('hNoPurge', purgeable[0] ?? 0n);
    kernel.call('hLock', purgeable[1] ?? 0n);
    expect(kernel.call('newHandle', 5n * size)).not.toBe(0n);
    const purged = purgeable.map((handle) => contents(kernel, handle) === 0n);
    expect(purged.slice(0, 2)).toEqual([false, false]);
    expect(purged.filter(Boolean).length).toBeGreaterThanOrEqual(3);
    expect(kernel.call('getHandleSize', purgeable[9] ?? 0n)).toBe(purged[9] === true ? 0n : size);
    expectSound(kernel);
  });

  it('a pointer goes as low as can be: what can be moved from there moves up', () => {
    const kernel = park('mac-zone');
    const handles = row(kernel, 20, 1000n);
    const lowest = contents(kernel, handles[0] ?? 0n);
    const pointer = kernel.call('newPtr', 3000n);
    expect(pointer).toBe(lowest);
    handles.forEach((handle, index) => {
      expect(kernel.read64(contents(kernel, handle))).toBe(BigInt(index));
    });
    expectSound(kernel);
    kernel.call('disposePtr', pointer);
    expectSound(kernel);
  });

  it('has 64 master pointers at a time: the 65th handle takes another block of them', () => {
    const kernel = park('mac-zone');
    const handles = row(kernel, 65, 16n);
    const steps = handles.slice(1).map((handle, index) => handle - (handles[index] ?? 0n));
    expect(new Set(steps.slice(0, 63))).toEqual(new Set([8n]));
    expect(steps[63]).not.toBe(8n);
    expectSound(kernel);
  });

  it(
    `keeps every rule, and all contents, in random use (seed ${SEED})`,
    { timeout: 180_000 },
    () => {
      const kernel = park('mac-zone');
      const random = new RandomWords(SEED);
      interface Block {
        readonly handle: bigint;
        size: bigint;
        readonly tag: bigint;
        purgeable: boolean;
      }
      const blocks: Block[] = [];
      const pointers: { readonly address: bigint; readonly tag: bigint }[] = [];
      const tally = { purged: 0, refused: 0 };
      for (let step = 1; step <= 2500; step++) {
        const tag = BigInt(step);
        const size = BigInt(8 + 8 * random.below(random.pick([4, 40, 1200])));
        const choice = random.below(16);
        const [block] = blocks.length === 0 ? [] : [blocks[random.below(blocks.length)]];
        if (choice < 7) {
          const handle = kernel.call('newHandle', size);
          if (handle === 0n) tally.refused++;
          else {
            blocks.push({ handle, size, tag, purgeable: false });
            kernel.write64(contents(kernel, handle), tag);
          }
        } else if (choice === 7) {
          const address = kernel.call('newPtr', size);
          if (address !== 0n) {
            pointers.push({ address, tag });
            kernel.write64(address, tag);
          }
        } else if (choice === 8 && pointers.length > 20) {
          const [pointer] = pointers.splice(random.below(pointers.length), 1);
          kernel.call('disposePtr', pointer?.address ?? 0n);
        } else if (block !== undefined && choice < 12) {
          kernel.call('disposeHandle', block.handle);
          blocks.splice(blocks.indexOf(block), 1);
        } else if (block !== undefined && contents(kernel, block.handle) !== 0n) {
          if (choice === 12) kernel.call(random.pick(['hLock', 'hUnlock']), block.handle);
          if (choice === 13 && random.below(2) === 0) {
            kernel.call('hPurge', block.handle);
            block.purgeable = true;
          }
          if (choice === 14 && kernel.call32('setHandleSize', block.handle, size) === 1) {
            block.size = size;
          }
          if (choice === 15) kernel.call('compactMem', size);
        }
        if (step % 50 === 0) expectSound(kernel);
        for (const each of step % 100 === 0 ? blocks : []) {
          const address = contents(kernel, each.handle);
          if (address === 0n) tally.purged++;
          const found = address === 0n ? each.tag : kernel.read64(address);
          expect([each.handle, found, address !== 0n || each.purgeable]).toEqual([
            each.handle,
            each.tag,
            true,
          ]);
          if (address !== 0n) expect(kernel.call('getHandleSize', each.handle)).toBe(each.size);
        }
        for (const { address, tag: own } of pointers) expect(kernel.read64(address)).toBe(own);
      }
      expect(tally.purged > 0 && tally.refused > 0).toBe(true);
    },
  );
});
