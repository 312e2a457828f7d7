/**
 * A model of a small machine's pages: one state each. It finds runs by looking at every page, and so shares nothing
 * with the kernel, whose single pages and runs are driven at random and compared after every call: without vitest's
 * matchers, which took most of the time of 10^8 operations.
 */
import { expect } from 'vitest';
import type { MemoryMap } from '../../emulator/memory/memory-map.js';
import { usablePages } from '../../emulator/memory/usable-oracle.js';
import { parseKernelOutput } from './kernel-output.js';
import { ParkedKernel } from './parked-kernel.js';
import type { RandomWords } from './random-words.js';

const PAGE_BYTES = 4096n;
const NOT_FREE = 1;
/** Pages of a bitmap that start a run are looked for in pages; 0: no boundary, no limit. */
export interface RunRequest {
  readonly count: number;
  readonly align: number;
  readonly boundary: number;
  readonly limit: number;
}

export class PageModel {
  readonly kernel: ParkedKernel;
  /** 1: used, reserved or no RAM. By page number. */
  readonly states: Uint8Array;
  free: number;
  /** First page → number of pages, for what was handed out; and the first pages in any order, to pick one. */
  private readonly pieces = new Map<number, number>();
  private readonly firsts: number[] = [];
  /** Most instructions of one call so far. */
  readonly worst = { allocate: 0, free: 0 };

  constructor(map: MemoryMap) {
    this.kernel = new ParkedKernel(map);
    const { ranges } = usablePages(map);
    this.states = new Uint8Array(Number((ranges.at(-1)?.last ?? 0n) + 1n)).fill(NOT_FREE);
    for (const { first, last } of ranges) {
      this.states.fill(0, Number(first), Number(last) + 1);
    }
    for (const { start, end } of parseKernelOutput(this.kernel.serial).reservations) {
      this.states.fill(NOT_FREE, Number(start / PAGE_BYTES), Number((end + 4095n) / PAGE_BYTES));
    }
    this.free = this.states.filter((state) => state === 0).length;
    expect(this.kernel.call('pmm_free_pages')).toBe(BigInt(this.free));
  }

  /** Whether these pages are all free, as the model has it. */
  isFree(first: number, count: number): boolean {
    if (first < 0 || first + count > this.states.length) return false;
    return this.states.subarray(first, first + count).every((state) => state === 0);
  }

  /** Whether a run that is asked for exists. */
  hasRun({ count, align, boundary, limit }: RunRequest): boolean {
    const end = limit === 0 ? this.states.length : Math.min(limit, this.states.length);
    let free = 0;
    for (let page = 0; page < end; page++) {
      free = this.states[page] === 0 ? free + 1 : 0;
      // The starts that this page makes possible: all of the last `free - count + 1` pages were looked at before.
      const first = page - count + 1;
      if (free < count || first % align !== 0) continue;
      if (boundary === 0 || (first % boundary) + count <= boundary) return true;
    }
    return false;
  }

  allocatePage(): void {
    const before = this.kernel.machine.processor.retired;
    const address = this.kernel.call('pmm_alloc_page');
    const spent = this.kernel.machine.processor.retired - before;
    this.worst.allocate = Math.max(this.worst.allocate, spent);
    if (address !== 0n) this.take(address, 1);
    else if (this.free !== 0) expect.fail(`no page, and ${this.free} are free`);
  }

  /** @returns whether the kernel found one, which is whether there is one */
  allocateRun(request: RunRequest): boolean {
    const { count, align, boundary, limit } = request;
    const address = this.kernel.call(
      'pmm_alloc_pages',
      BigInt(count),
      BigInt(align) * PAGE_BYTES,
      BigInt(boundary) * PAGE_BYTES,
      BigInt(limit) * PAGE_BYTES,
      -1n,
    );
    if (address === 0n) {
      if (this.hasRun(request)) expect.fail(`no run, and there is one: ${JSON.stringify(request)}`);
      return false;
    }
    const first = Number(address / PAGE_BYTES);
    const keepsBoundary = boundary === 0 || (first % boundary) + count <= boundary;
    const keepsLimit = limit === 0 || first + count <= limit;
    if (first % align !== 0 || !keepsBoundary || !keepsLimit)
      expect.fail(`page ${first} for ${JSON.stringify(request)}`);
    this.take(address, count);
    return true;
  }

  private releaseAt(index: number): void {
    const last = this.firsts.pop();
    const first = this.firsts[index] ?? last ?? 0;
    if (first !== last && last !== undefined) this.firsts[index] = last;
    const count = this.pieces.get(first) ?? 0;
    const address = BigInt(first) * PAGE_BYTES;
    const before = this.kernel.machine.processor.retired;
    if (count === 1) this.kernel.call('pmm_free_page', address);
    else this.kernel.call('pmm_free_pages_run', address, BigInt(count));
    const spent = this.kernel.machine.processor.retired - before;
    if (count === 1) this.worst.free = Math.max(this.worst.free, spent);
    this.pieces.delete(first);
    this.states.fill(0, first, first + count);
    this.free += count;
  }

  releaseAny(random: RandomWords): void {
    if (this.firsts.length > 0) this.releaseAt(random.below(this.firsts.length));
  }

  releaseAll(): void {
    while (this.firsts.length > 0) this.releaseAt(this.firsts.length - 1);
  }

  /** The kernel's count is the model's, and its invariants hold. */
  check(): void {
    expect(this.kernel.call('pmm_free_pages')).toBe(BigInt(this.free));
    expect(this.kernel.call32('nk_mem_check', 1n)).toBe(0);
  }

  private take(address: bigint, count: number): void {
    const first = Number(address / PAGE_BYTES);
    if (address % PAGE_BYTES !== 0n || !this.isFree(first, count))
      expect.fail(`address ${address}, ${count} pages: not all of them were free`);
    this.states.fill(NOT_FREE, first, first + count);
    this.pieces.set(first, count);
    this.firsts.push(first);
    this.free -= count;
  }
}

/** Single pages and runs at random, to a load that swings; every call is checked. */
export function randomPages(
  model: PageModel,
  random: RandomWords,
  operations: number,
  checkEvery: number,
): void {
  for (let step = 1; step <= operations; step++) {
    const isFilling = Math.floor(step / 400) % 2 === 0;
    const choice = random.below(20);
    if (choice < (isFilling ? 12 : 5)) model.allocatePage();
    else if (choice < (isFilling ? 14 : 6)) model.allocateRun(randomRequest(random, model));
    else model.releaseAny(random);
    if (step % checkEvery === 0) model.check();
  }
  model.check();
}

export function randomRequest(random: RandomWords, model: PageModel): RunRequest {
  const count = 1 + random.below(random.pick([4, 64, 130, 600, 1025]));
  const boundary = random.pick([0, 0, 1 << random.below(12)]);
  const limit = random.pick([0, 0, 0, random.below(model.states.length)]);
  return { count, align: 1 << random.below(random.pick([1, 4, 11])), boundary, limit };
}
