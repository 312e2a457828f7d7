/**
 * What vm_map, vm_unmap and vm_protect promise, as two arrays with an element for each page of 4 KiB; knows nothing of
 * page tables but how many a state takes at least: every large page that can be, and no table without entries.
 */
import { expect } from 'vitest';
import { pcMap } from '../../emulator/memory/pc-map.js';
import { parseSize } from '../../emulator/base/size.js';
import { ParkedKernel } from './parked-kernel.js';
import { RandomWords } from './random-words.js';

const PAGE = 4096n;
const MIB = 1n << 20n;
/** Pages of 2 MiB and of 1 GiB, in pages of 4 KiB. */
const LARGE = 512;
const HUGE = 512 * 512;
/** The range that the model covers: 4 GiB. */
const PAGES = 4 * HUGE;

/** kernel/src/virtual-memory.ts: Protection, MapFlag, Refusal, and the start of the range in both paging modes. */
const READ = 1;
const WRITE = 2;
const EXECUTE = 4;
const USER = 8;
const RIGHTS = [READ, READ | WRITE, READ | EXECUTE, READ | USER, READ | WRITE | USER];
const WRITABLE_AND_EXECUTABLE = READ | WRITE | EXECUTE;
const FLAGS = [0, 0, 0, 1, 2];
export const REFUSAL = {
  done: 0,
  writableAndExecutable: 6,
  alreadyMapped: 7,
  notMapped: 8,
  outOfMemory: 9,
} as const;
const MAPPINGS = { 4: 0xffff_e000_0000_0000n, 5: 0xff20_0000_0000_0000n } as const;
const CR4_LA57 = 1n << 12n;

/** Entry bits. [SDM-3A "Paging"] */
const ENTRY_W = 1n << 1n;
const ENTRY_U = 1n << 2n;
const ENTRY_PCD = 1n << 4n;
const ENTRY_G = 1n << 8n;
const ENTRY_XD = 1n << 63n;
const ENTRY_ADDRESS = 0x000f_ffff_ffff_f000n;

/** mov rax, [rdi]; ret */
const LOAD_AND_RETURN = 0xc307_8b48n;
/** RAM that is mapped and read by the processor: a run of 16 MiB, whose pages hold their own addresses. */
const RUN_PAGES = 8 * LARGE;
const RUN_AT = 32n * MIB;
/** Where nothing is: mapped, but never touched. */
const FAR = 1n << 51n;

/** What the processor finds for an address: page, rights, flags, and how large the page is, in pages. */
export interface Found {
  readonly physical: bigint;
  readonly rights: number;
  readonly flags: number;
  readonly size: number;
}

export function pagingLevels(kernel: ParkedKernel): 4 | 5 {
  return (kernel.machine.processor.controlRegister('cr4') & CR4_LA57) === 0n ? 4 : 5;
}

/** The start of the range that vm_map manages. */
export function mappingsStart(kernel: ParkedKernel): bigint {
  return MAPPINGS[pagingLevels(kernel)];
}

/** The emulator's own page walk. */
export function walk(kernel: ParkedKernel, linear: bigint): Found | null {
  const { steps, verdict } = kernel.machine.processor.pageWalkDebug(linear);
  if (verdict !== 'mapped') return null;
  const all = steps.reduce((bits, { entry }) => bits & entry, ~0n);
  const any = steps.reduce((bits, { entry }) => bits | entry, 0n);
  const last = steps.at(-1)?.entry ?? 0n;
  const size = LARGE ** (pagingLevels(kernel) - steps.length);
  const inside = (linear / PAGE) % BigInt(size);
  return {
    physical: (last & ENTRY_ADDRESS & ~(BigInt(size) * PAGE - 1n)) + inside * PAGE,
    rights:
      READ |
      ((all & ENTRY_W) === 0n ? 0 : WRITE) |
      ((any & ENTRY_XD) === 0n ? EXECUTE : 0) |
      ((all & ENTRY_U) === 0n ? 0 : USER),
    flags: ((last & ENTRY_G) === 0n ? 0 : 1) | ((last & ENTRY_PCD) === 0n ? 0 : 2),
    size,
  };
}

interface Range {
  readonly first: number;
  readonly count: number;
}

export class VirtualMemoryModel {
  /** Physical page, -1 where nothing is mapped. */
  private readonly frames = new Float64Array(PAGES).fill(-1);
  /** Rights, plus 16 times the flags. */
  private readonly bits = new Uint8Array(PAGES);
  private readonly start: bigint;
  private readonly runStart: number;
  private readonly loader: bigint;
  private readonly free: bigint;
  /** Calls that were made, and reads by the processor. */
  made = 0;
  reads = 0;

  constructor(
    private readonly kernel: ParkedKernel,
    private readonly random: RandomWords,
  ) {
    this.start = mappingsStart(kernel) + (BigInt(HUGE) * PAGE) / 2n; // no table border
    const pages = BigInt(RUN_PAGES + LARGE);
    const run = kernel.call('pmm_alloc_pages', pages, PAGE, 0n, RUN_AT + pages * PAGE, 0n);
    if (run === 0n || run > RUN_AT) throw new Error('no run of frames for the test');
    this.runStart = Math.ceil(Number(run / PAGE) / LARGE) * LARGE;
    for (let page = 0; page < RUN_PAGES; page++) {
      const at = BigInt(this.runStart + page) * PAGE;
      kernel.write64(at, at);
    }
    const code = kernel.call('pmm_alloc_page');
    kernel.write64(code, LOAD_AND_RETURN);
    this.loader = mappingsStart(kernel) + BigInt(PAGES * 4) * PAGE;
    this.expectCall('vm_map', REFUSAL.done, this.loader, code, 1n, BigInt(READ | EXECUTE), 0n);
    this.free = kernel.call('pmm_free_pages');
  }

  /** One call, its result, and what the processor sees at the edges of its range and somewhere else. */
  step(): void {
    const range = this.randomRange();
    const edges = [range.first - 1, range.first, range.first + range.count - 1];
    const places = [...edges, range.first + range.count, this.random.below(PAGES)];
    for (const place of places) this.readAt(place); // so that a stale translation would be there
    const choice = this.random.below(10);
    if (choice < 4) this.map(range);
    else if (choice < 7) this.unmap(range);
    else this.protect(range);
    for (const place of places) this.checkAt(place);
  }

  /** Everything: each page's translation in steps, the number of tables, the kernel's own check. */
  checkAll(step: number): void {
    for (let page = 0; page < PAGES; page += 1 + this.random.below(4096)) this.checkAt(page);
    expect([step, this.kernel.call32('nk_mem_check', 0n)]).toEqual([step, 0]);
    const taken = Number(this.free - this.kernel.call('pmm_free_pages'));
    expect([step, taken]).toEqual([step, this.tables()]);
  }

  /** Unmaps all that is left. */
  clear(): void {
    for (let page = 0; page < PAGES; page++) {
      if (this.isMapped(page)) this.unmap({ first: page, count: this.mappedFrom(page, PAGES) });
    }
    expect(this.tables()).toBe(0);
  }

  private map({ first, count }: Range): void {
    const rights = this.random.below(20) === 0 ? WRITABLE_AND_EXECUTABLE : this.random.pick(RIGHTS);
    const flags = this.random.pick(FLAGS);
    const target = this.randomTarget(first, count);
    const isFree = this.frames.subarray(first, first + count).every((frame) => frame < 0);
    const isRefused = rights === WRITABLE_AND_EXECUTABLE;
    const result = isRefused
      ? REFUSAL.writableAndExecutable
      : isFree
        ? REFUSAL.done
        : REFUSAL.alreadyMapped;
    const [va, pa] = [this.address(first), BigInt(target) * PAGE];
    this.expectCall('vm_map', result, va, pa, BigInt(count), BigInt(rights), BigInt(flags));
    if (result !== REFUSAL.done) return;
    for (let page = 0; page < count; page++) this.frames[first + page] = target + page;
    this.bits.fill(rights | (flags << 4), first, first + count);
  }

  private unmap({ first, count }: Range): void {
    const result = this.mappedFrom(first, count) === count ? REFUSAL.done : REFUSAL.notMapped;
    this.expectCall('vm_unmap', result, this.address(first), BigInt(count));
    if (result === REFUSAL.done) this.frames.fill(-1, first, first + count);
  }

  private protect({ first, count }: Range): void {
    const rights = this.random.pick(RIGHTS);
    const result = this.mappedFrom(first, count) === count ? REFUSAL.done : REFUSAL.notMapped;
    this.expectCall('vm_protect', result, this.address(first), BigInt(count), BigInt(rights));
    if (result !== REFUSAL.done) return;
    for (let page = first; page < first + count; page++) {
      this.bits[page] = ((this.bits[page] ?? 0) & 0xf0) | rights;
    }
  }

  private expectCall(name: string, result: number, ...args: bigint[]): void {
    this.made++;
    const call = `${name}(${args.map((value) => value.toString(16)).join(', ')})`;
    expect([call, this.kernel.call32(name, ...args)]).toEqual([call, result]);
  }

  /** The page as the page tables have it now, and its contents as the processor reads them. */
  private checkAt(page: number): void {
    if (page < 0 || page >= PAGES) return;
    const found = walk(this.kernel, this.address(page));
    expect([page, found]).toEqual([page, this.promised(page)]);
    this.readAt(page);
  }

  private readAt(page: number): void {
    const frame = this.frames[page] ?? -1;
    if (frame < 0 || ((this.bits[page] ?? 0) & USER) !== 0) return;
    if (frame < this.runStart || frame >= this.runStart + RUN_PAGES) return;
    const value = this.kernel.callAt(this.loader, 'the load', [this.address(page)]);
    expect([page, value]).toEqual([page, BigInt(frame) * PAGE]);
    this.reads++;
  }

  private promised(page: number): Found | null {
    if (!this.isMapped(page)) return null;
    const bits = this.bits[page] ?? 0;
    const physical = BigInt(this.frames[page] ?? 0) * PAGE;
    return { physical, rights: bits & 15, flags: bits >> 4, size: this.sizeOf(page) };
  }

  /** The largest page that can hold this one. The range begins in the middle of a gigabyte. */
  private sizeOf(page: number): number {
    for (const size of [HUGE, LARGE]) {
      const first = Math.floor((page + HUGE / 2) / size) * size - HUGE / 2;
      if (first >= 0 && this.isUniform(first, size)) return size;
    }
    return 1;
  }

  private isUniform(first: number, size: number): boolean {
    const frame = this.frames[first] ?? -1;
    if (frame < 0 || frame % size !== 0 || first + size > PAGES) return false;
    for (let page = 1; page < size; page++) {
      if (this.frames[first + page] !== frame + page) return false;
      if (this.bits[first + page] !== this.bits[first]) return false;
    }
    return true;
  }

  /** Tables below the root that hold something; the loader's page keeps the upper ones. */
  private tables(): number {
    let tables = 0;
    for (let huge = -HUGE / 2; huge < PAGES; huge += HUGE) {
      if (!this.holdsAny(huge, HUGE) || this.isUniform(huge, HUGE)) continue;
      tables++; // a page directory
      for (let large = Math.max(huge, 0); large < huge + HUGE; large += LARGE) {
        if (this.holdsAny(large, LARGE) && !this.isUniform(large, LARGE)) tables++;
      }
    }
    return tables;
  }

  private holdsAny(first: number, size: number): boolean {
    return this.frames.subarray(Math.max(first, 0), first + size).some((frame) => frame >= 0);
  }

  private isMapped(page: number): boolean {
    return (this.frames[page] ?? -1) >= 0;
  }

  /** Mapped pages from `first` on, at most `count`. */
  private mappedFrom(first: number, count: number): number {
    let mapped = 0;
    while (mapped < count && this.isMapped(first + mapped)) mapped++;
    return mapped;
  }

  private address(page: number): bigint {
    return this.start + BigInt(page) * PAGE;
  }

  /** Mostly a few pages, close together so that calls meet; sometimes large pages, rarely more than a gigabyte. */
  private randomRange(): Range {
    const { random } = this;
    const kind = random.below(200);
    if (kind === 0) {
      const first = random.below(3) * HUGE + HUGE / 2;
      return { first, count: random.pick([HUGE, HUGE, HUGE + LARGE, HUGE / 2]) };
    }
    if (kind < 40) return { first: random.below(24) * LARGE, count: LARGE * (1 + random.below(3)) };
    const near = random.below(8) * LARGE + random.pick([0, 0, LARGE - 3, random.below(LARGE)]);
    const first = kind < 60 ? HUGE / 2 + HUGE + near : near;
    return { first, count: random.pick([1, 1, 2, 3, 5, 30, LARGE - 1, LARGE]) };
  }

  /** RAM or nothing, such that large pages are possible, or not; next to what is mapped before the range. */
  private randomTarget(first: number, count: number): number {
    const before = this.frames[first - 1] ?? -1;
    const offset = this.random.pick([0, 0, 0, 1, 77]);
    const place = (first % LARGE) + offset + LARGE * this.random.below(2);
    const isReadable = count + place <= RUN_PAGES && this.random.below(3) !== 0;
    if (this.random.below(2) === 0 && before >= 0 && this.fits(before + 1, count))
      return before + 1;
    if (isReadable) return this.runStart + place;
    return Number(FAR / PAGE) + ((first + HUGE / 2) % HUGE) + offset;
  }

  /** Whether these frames are all in the run or all far away: nobody's memory is mapped by mistake. */
  private fits(frame: number, count: number): boolean {
    return frame >= Number(FAR / PAGE) || frame + count <= this.runStart + RUN_PAGES;
  }
}

/** Uses the calls at random on a PC of that size; in the end all tables are gone. */
export function randomMappings(size: string, seed: number, operations: number): void {
  const kernel = new ParkedKernel(pcMap(parseSize(size)).map);
  const model = new VirtualMemoryModel(kernel, new RandomWords(seed));
  for (let step = 1; step <= operations; step++) {
    model.step();
    if (step % 500 === 0) model.checkAll(step);
  }
  model.checkAll(operations);
  model.clear();
  model.checkAll(operations);
  expect(model.reads).toBeGreaterThan(operations);
}
