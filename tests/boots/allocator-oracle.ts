/** Remembers who has which pages of the parked kernel, and what they wrote there; knows nothing of how pages are found. */
import { expect } from 'vitest';
import { parseSize } from '../../emulator/base/size.js';
import { pcMap } from '../../emulator/memory/pc-map.js';
import { usablePages, type PageRange } from '../../emulator/memory/usable-oracle.js';
import { ParkedKernel } from './parked-kernel.js';
import { RandomWords } from './random-words.js';

const PAGE = 4096n;

const CHECK_EVERY_STEPS = 25;

/** Uses the kernel on a PC of that size at random; every claim is checked on the way, and in the end all is free again. */
export function randomUse(
  size: string,
  seed: number,
  operations: number,
  checkEvery = CHECK_EVERY_STEPS,
): void {
  const bytes = parseSize(size);
  const { map } = pcMap(bytes);
  const random = new RandomWords(seed * 1000 + Number(bytes >> 20n));
  const kernel = new ParkedKernel(map);
  const free = kernel.call('pmm_free_pages');
  const oracle = new AllocatorOracle(kernel, usablePages(map).ranges);
  for (let step = 1; step <= operations; step++) {
    oracle.randomStep(random);
    if (step % checkEvery !== 0) continue;
    expect([step, kernel.call32('nk_mem_check', 1n)]).toEqual([step, 0]);
    oracle.checkContents();
  }
  expect(oracle.allocations).toBeGreaterThan(operations / 4);
  oracle.freeAll();
  expect(oracle.problems).toEqual([]);
  expect(kernel.call('pmm_free_pages')).toBe(free);
  expect(kernel.call32('nk_mem_check', 1n)).toBe(0);
}

type Family = 'page' | 'kmalloc' | 'pages';

interface Block {
  readonly family: Family;
  readonly address: bigint;
  readonly pages: bigint;
  /** Written to the first and the last word of each probed page. */
  readonly tag: bigint;
}

/** Pages of a block that are written and read: all of a small one. */
const PROBES_MAX = 8n;

export class AllocatorOracle {
  /** What went wrong, one sentence each. */
  readonly problems: string[] = [];
  /** Blocks that were got so far. */
  allocations = 0;
  private readonly blocks = new Map<bigint, Block>();
  private nextTag = 1n;

  constructor(
    private readonly kernel: ParkedKernel,
    private readonly usable: readonly PageRange[],
  ) {}

  /** One call of the interface, chosen and checked. */
  randomStep(random: RandomWords): void {
    const choice = random.below(10);
    const victim = this.blocks.size === 0 ? null : random.pick([...this.blocks.values()]);
    if (victim === null || choice < 4) this.allocate(random);
    else if (choice < 6) this.reallocate(random, victim);
    else this.free(victim);
  }

  checkContents(): void {
    for (const block of this.blocks.values())
      this.expectTags(block, block.pages, 'still allocated');
  }

  freeAll(): void {
    for (const block of [...this.blocks.values()]) this.free(block);
  }

  private allocate(random: RandomWords): void {
    const family = random.pick<Family>(['page', 'kmalloc', 'kmalloc', 'pages']);
    const size = family === 'page' ? PAGE : randomSize(random);
    const pages = (size + PAGE - 1n) / PAGE;
    const address = this.allocateFrom(family, size, pages);
    if (address !== 0n) this.add({ family, address, pages, tag: this.nextTag++ });
  }

  private allocateFrom(family: Family, size: bigint, pages: bigint): bigint {
    switch (family) {
      case 'page':
        return this.kernel.call('pmm_alloc_page');
      case 'kmalloc':
        return this.kernel.call('kmalloc', size);
      case 'pages':
        return this.kernel.call('kmalloc_pages', pages);
    }
  }

  private reallocate(random: RandomWords, block: Block): void {
    if (block.family === 'page') return;
    const size = randomSize(random);
    const pages = (size + PAGE - 1n) / PAGE;
    const address = this.kernel.call('krealloc', block.address, size);
    if (address === 0n) {
      this.expectTags(block, block.pages, 'kept by a krealloc that failed');
      return;
    }
    this.blocks.delete(block.address);
    const kept = pages < block.pages ? pages : block.pages;
    this.expectTags({ ...block, address }, kept, 'kept by krealloc', block.pages);
    this.add({ family: 'kmalloc', address, pages, tag: this.nextTag++ });
  }

  private free(block: Block): void {
    this.expectTags(block, block.pages, 'about to be freed');
    this.blocks.delete(block.address);
    if (block.family === 'page') this.kernel.call('pmm_free_page', block.address);
    else if (block.family === 'pages') this.kernel.call('kfree_pages', block.address, block.pages);
    else this.kernel.call('kfree', block.address);
  }

  private add(block: Block): void {
    const { address, pages } = block;
    const name = `${block.family} 0x${address.toString(16)} of ${pages} pages`;
    if (address % PAGE !== 0n) this.problems.push(`${name} is not aligned`);
    const end = address + pages * PAGE;
    for (const other of this.blocks.values()) {
      if (other.address < end && address < other.address + other.pages * PAGE) {
        this.problems.push(`${name} overlaps ${other.family} 0x${other.address.toString(16)}`);
      }
    }
    const first = address / PAGE;
    if (!this.usable.some((range) => first >= range.first && first + pages - 1n <= range.last)) {
      this.problems.push(`${name} is not inside a range of usable RAM`);
    }
    this.blocks.set(address, block);
    this.allocations++;
    for (const page of probedPages(pages, pages)) {
      this.kernel.write64(address + page * PAGE, tagOf(block.tag, page));
      this.kernel.write64(address + page * PAGE + PAGE - 8n, ~tagOf(block.tag, page));
    }
  }

  /** The tags that are in the first `pages` pages; the block had `written` pages when they were written. */
  private expectTags(block: Block, pages: bigint, when: string, written = block.pages): void {
    for (const page of probedPages(written, pages)) {
      const at = block.address + page * PAGE;
      const tag = tagOf(block.tag, page);
      const [first, last] = [this.kernel.read64(at), this.kernel.read64(at + PAGE - 8n)];
      if (first === tag && last === BigInt.asUintN(64, ~tag)) continue;
      this.problems.push(
        `page ${page} of ${block.family} 0x${block.address.toString(16)}, ${when}: its contents changed`,
      );
    }
  }
}

/** Of the pages of a block of `written` pages that were written, those among the first `pages`. */
function probedPages(written: bigint, pages: bigint): bigint[] {
  const step = written <= PROBES_MAX ? 1n : written / PROBES_MAX;
  const probed: bigint[] = [];
  for (let page = 0n; page < pages; page += step) probed.push(page);
  return probed;
}

function tagOf(tag: bigint, page: bigint): bigint {
  return (tag << 32n) | page;
}

/** Mostly small, sometimes beyond what goes to the heap, rarely more than there is. */
function randomSize(random: RandomWords): bigint {
  const pages = random.pick([1, 1, 1, 2, 3, 8, 40, 300, 1500]);
  return BigInt(1 + random.below(pages * 4096));
}
