/**
 * Random use of kmalloc_small, kcalloc, krealloc, kfree and two caches, against a model that only remembers who has which
 * bytes and what they wrote there.
 */
import { expect } from 'vitest';
import { pcMap } from '../../emulator/memory/pc-map.js';
import { ParkedKernel } from './parked-kernel.js';
import { RandomWords } from './random-words.js';

interface SmallBlock {
  readonly address: bigint;
  readonly size: bigint;
  /** In the first and the last eight bytes, as far as it has them. */
  readonly tag: bigint;
  /** Handle of its cache; 0 = kmalloc_small's. */
  readonly cache: bigint;
}

const CACHE_SIZES = [24n, 700n];
const BLOCKS_MAX = 600;
const CHECK_EVERY_STEPS = 500;
const RAM_BYTES = 32 << 20;
/** No two blocks may share a unit of 8 bytes: all sizes are rounded up to it. */
const UNIT_BYTES = 8;

class SmallOracle {
  readonly blocks: SmallBlock[] = [];
  /** 1 for each unit of RAM that a block has. */
  private readonly units = new Uint8Array(RAM_BYTES / UNIT_BYTES);
  private nextTag = 1n;

  constructor(private readonly kernel: ParkedKernel) {}

  allocate(random: RandomWords, cache: bigint, cacheSize: bigint): void {
    const size = cache === 0n ? BigInt(8 + random.below(random.pick([64, 300, 2500]))) : cacheSize;
    const zeroed = cache === 0n && random.below(4) === 0;
    const address =
      cache !== 0n
        ? this.kernel.call('kmem_cache_alloc', cache)
        : zeroed
          ? this.kernel.call('kcalloc', 1n, size)
          : this.kernel.call('kmalloc_small', size);
    expect(address).not.toBe(0n);
    if (zeroed) expect(this.kernel.read64(address)).toBe(0n);
    this.add(address, size, cache);
  }

  free(index: number): void {
    const block = this.remove(index);
    if (block.cache === 0n) this.kernel.call('kfree', block.address);
    else this.kernel.call('kmem_cache_free', block.cache, block.address);
  }

  reallocate(random: RandomWords, index: number): void {
    const size = BigInt(8 + random.below(3000));
    const block = this.remove(index);
    const address = this.kernel.call('krealloc', block.address, size);
    expect([address !== 0n, this.kernel.read64(address)]).toEqual([true, block.tag]);
    this.add(address, size, 0n);
  }

  private add(address: bigint, size: bigint, cache: bigint): void {
    const first = Number(address) / UNIT_BYTES;
    const end = first + Math.ceil(Number(size) / UNIT_BYTES);
    if (!Number.isInteger(first)) throw new Error(`0x${address.toString(16)} is not aligned`);
    if (this.units.subarray(first, end).includes(1))
      throw new Error(`0x${address.toString(16)} overlaps another block`);
    this.units.fill(1, first, end);
    const block = { address, size, cache, tag: this.nextTag++ };
    this.kernel.write64(address + size - 8n, block.tag);
    this.kernel.write64(address, block.tag);
    this.blocks.push(block);
  }

  /** Takes a block, which has its contents, off the books. */
  private remove(index: number): SmallBlock {
    const block = this.blocks[index];
    const last = this.blocks.pop();
    if (block === undefined || last === undefined) throw new Error('there is no such block');
    if (block !== last) this.blocks[index] = last;
    const { address, size, tag } = block;
    expect(this.kernel.read64(address)).toBe(tag);
    if (size >= 16n) expect(this.kernel.read64(address + size - 8n)).toBe(tag);
    const first = Number(address) / UNIT_BYTES;
    this.units.fill(0, first, first + Math.ceil(Number(size) / UNIT_BYTES));
    return block;
  }
}

/** Uses a kernel on 32 MiB at random; in the end all is free again. */
export function randomSmallUse(
  seed: number,
  operations: number,
  checkEvery = CHECK_EVERY_STEPS,
): void {
  const random = new RandomWords(seed);
  const kernel = new ParkedKernel(pcMap(BigInt(RAM_BYTES)).map);
  const free = kernel.call('pmm_free_pages');
  const caches = CACHE_SIZES.map((size) => kernel.call('kmem_cache_create', 0n, size, 8n, 0n));
  const oracle = new SmallOracle(kernel);
  for (let step = 1; step <= operations; step++) {
    const which = random.below(4);
    const size = CACHE_SIZES[which] ?? 0n;
    const index = random.below(Math.max(1, oracle.blocks.length));
    if (random.below(BLOCKS_MAX) >= oracle.blocks.length)
      oracle.allocate(random, caches[which] ?? 0n, size);
    else if (which === 3 && oracle.blocks[index]?.cache === 0n) oracle.reallocate(random, index);
    else oracle.free(index);
    if (step % checkEvery === 0)
      expect([step, kernel.call('nk_mem_check', 1n)]).toEqual([step, 0n]);
  }
  while (oracle.blocks.length > 0) oracle.free(oracle.blocks.length - 1);
  for (const cache of caches) expect(kernel.call32('kmem_cache_destroy', cache)).toBe(1);
  kernel.call('kmem_cache_shrink');
  expect(kernel.call('pmm_free_pages')).toBe(free);
  expect(kernel.call('nk_mem_check', 1n)).toBe(0n);
}
