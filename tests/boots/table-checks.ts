/**
 * What vm_map, vm_unmap and vm_protect must do to the page tables and to the translations that the processor has
 * cached, each as one check; the processor reads through every page before and behind a change, so that a translation
 * that should be forgotten shows. frame-checks.test.ts demands them of the bundled kernel, tests/mutations that they see
 * defects. [SDM-3A "Operations that Invalidate TLBs and Paging-Structure Caches"] Number 109 and 111 of the list of tests.
 */
import { expect } from 'vitest';
import { pcWith, type BootCheck } from './frame-checks.js';
import type { ParkedKernel } from './parked-kernel.js';
import { mappingsStart, walk } from './virtual-memory-model.js';

const PAGE = 4096n;
const MIB = 1n << 20n;
const GIB = 1n << 30n;
const LARGE_PAGES = 512n;
const GIB_PAGES = 1n << 18n;
const ANY = 0n;
const LOCAL = -1n;

/** kernel/src/virtual-memory.ts: Protection, MapFlag. */
const READ = 1n;
const WRITE = 2n;
const EXECUTE = 4n;
const GLOBAL = 1n;
const SIZE_BIT = 1n << 7n;

/** mov rax, [rdi]; ret. mov [rdi], rax; ret. */
const LOAD_AND_RETURN = 0xc307_8b48n;
const STORE_AND_RETURN = 0xc307_8948n;

/** A kernel with code that loads and stores, and calls that must be made. */
class Tables {
  readonly at: bigint;
  private readonly loader: bigint;
  private readonly storer: bigint;

  constructor(readonly kernel: ParkedKernel) {
    this.at = mappingsStart(kernel);
    this.loader = this.code(LOAD_AND_RETURN, 64n * GIB);
    this.storer = this.code(STORE_AND_RETURN, 65n * GIB);
  }

  private code(bytes: bigint, place: bigint): bigint {
    const frame = this.kernel.call('pmm_alloc_page');
    this.kernel.write64(frame, bytes);
    this.made('vm_map', this.at + place, frame, 1n, READ | EXECUTE, 0n);
    return this.at + place;
  }

  /** Maps two pages of the same 2 MiB, so that what follows finds its table there, and the last one used. */
  warm(): void {
    const frame = this.kernel.call('pmm_alloc_page');
    for (const page of [300n, 301n])
      this.made('vm_map', this.at + page * PAGE, frame, 1n, READ, 0n);
  }

  cool(): void {
    this.made('vm_unmap', this.at + 300n * PAGE, 2n);
  }

  made(name: string, ...args: bigint[]): void {
    expect([name, this.kernel.call32(name, ...args)]).toEqual([name, 0]);
  }

  /** A run whose pages hold their own addresses, plus `tag`. */
  run(pages: bigint, tag: bigint, align = PAGE): bigint {
    const run = this.kernel.call('pmm_alloc_pages', pages, align, ANY, ANY, LOCAL);
    expect(run).not.toBe(0n);
    const step = pages > 4n * LARGE_PAGES ? LARGE_PAGES : 1n;
    for (let page = 0n; page < pages; page += step)
      this.kernel.write64(run + page * PAGE, (run + page * PAGE) | tag);
    return run;
  }

  /** The processor reads the first word of each `step`th of the pages, which are those of `run`. */
  expectReads(run: bigint, pages: bigint, tag: bigint, step = 1n): void {
    for (let page = 0n; page < pages; page += step) {
      const read = this.kernel.callAt(this.loader, 'the load', [this.at + page * PAGE]);
      expect([page, read]).toEqual([page, (run + page * PAGE) | tag]);
    }
  }

  /** The processor stores into the page, and is stopped by a page fault. */
  expectStoreFaults(page: bigint): void {
    expect(() =>
      this.kernel.callAt(this.storer, 'the store', [this.at + page * PAGE + 8n]),
    ).toThrow(/ended the machine \(18\)/);
    expect(this.kernel.serial).toContain('#PF page fault');
  }

  store(page: bigint): void {
    this.kernel.callAt(this.storer, 'the store', [this.at + page * PAGE + 8n]);
  }

  expectSizes(pages: readonly bigint[], size: bigint, run: bigint): void {
    for (const page of pages) {
      const linear = this.at + page * PAGE;
      const found = walk(this.kernel, linear);
      expect([page, found?.size, found?.physical]).toEqual([page, Number(size), run + page * PAGE]);
      // Bit 7 says how large the page is; in an entry of 4 KiB it would be another memory type (PAT). [ibid. "PAT"]
      const entry = this.kernel.machine.processor.pageWalkDebug(linear).steps.at(-1)?.entry ?? 0n;
      expect([page, (entry & SIZE_BIT) !== 0n]).toEqual([page, size !== 1n]);
    }
  }
}

/** Maps `pages` to one run, has them read, unmaps them at once, and maps them to another, whose contents are read. */
function expectRemapped(tables: Tables, pages: bigint, flags: bigint): void {
  const { at } = tables;
  const [old, next] = [tables.run(pages, 1n), tables.run(pages, 2n)];
  tables.made('vm_map', at, old, pages, READ, flags);
  tables.expectReads(old, pages, 1n);
  tables.made('vm_unmap', at, pages);
  tables.made('vm_map', at, next, pages, READ, flags);
  tables.expectReads(next, pages, 2n);
  tables.made('vm_unmap', at, pages);
}

export const TABLE_CHECKS: Readonly<Record<string, BootCheck>> = {
  '109 after vm_unmap no page is read as it was, one page or a hundred, global or not': (boot) => {
    const tables = new Tables(boot(pcWith('64M')));
    for (const isWarm of [false, true, false]) {
      if (isWarm) tables.warm();
      for (const pages of [1n, 31n, 33n, 100n])
        for (const flags of [0n, GLOBAL]) expectRemapped(tables, pages, flags);
      if (isWarm) tables.cool();
    }
    // The table goes with its last page, and its frame is another's when the page is mapped again.
    tables.warm();
    tables.cool();
    const taken = Array.from({ length: 200 }, () => tables.run(1n, 3n));
    const [first = 0n] = taken;
    tables.made('vm_map', tables.at + 300n * PAGE, first, 1n, READ, 0n);
    for (const run of taken) expect(tables.kernel.read64(run)).toBe(run | 3n);
    expect(walk(tables.kernel, tables.at + 300n * PAGE)?.physical).toBe(first);
    expect(tables.kernel.call32('nk_mem_check', 1n)).toBe(0);
  },

  '109 after vm_protect a page that could be written cannot be, the first of many or the last': (
    boot,
  ) => {
    for (const [pages, page] of [
      [1n, 0n],
      [40n, 0n],
      [40n, 39n],
    ] as const) {
      const tables = new Tables(boot(pcWith('64M')));
      const run = tables.run(pages, 1n);
      tables.warm();
      tables.made('vm_map', tables.at, run, pages, READ | WRITE, GLOBAL);
      for (let each = 0n; each < pages; each++) tables.store(each);
      tables.made('vm_protect', tables.at, pages, READ);
      tables.expectStoreFaults(page);
    }
  },

  '111 a table of 512 pages that do not lie in a row stays a table: each page is read where it lies':
    (boot) => {
      const tables = new Tables(boot(pcWith('64M')));
      const { at, kernel } = tables;
      const run = tables.run(LARGE_PAGES, 1n, 2n * MIB);
      const placeOf = (page: bigint): bigint =>
        page === 100n ? 400n : page === 400n ? 100n : page;
      for (let page = 0n; page < LARGE_PAGES; page++)
        tables.made('vm_map', at + page * PAGE, run + placeOf(page) * PAGE, 1n, READ, 0n);
      for (const page of [0n, 100n, 400n, 511n]) {
        const found = walk(kernel, at + page * PAGE);
        expect([page, found?.size, found?.physical]).toEqual([page, 1, run + placeOf(page) * PAGE]);
      }
      expect(kernel.call32('nk_mem_check', 1n)).toBe(0);
    },

  '109 tables that have become empty are free again, page by page or all at once': (boot) => {
    const tables = new Tables(boot(pcWith('64M')));
    const { at, kernel } = tables;
    const place = at + 3n * GIB; // where nothing is mapped: a page directory and a page table
    const run = tables.run(3n, 1n);
    const free = kernel.call('pmm_free_pages');
    for (const step of [1n, 3n]) {
      for (let page = 0n; page < 3n; page += step)
        // one by one, the second finds the table: it is the recent one
        tables.made('vm_map', place + page * PAGE, run + page * PAGE, step, READ, 0n);
      expect(kernel.call('pmm_free_pages')).toBe(free - 2n);
      for (let page = 0n; page < 3n; page += step)
        tables.made('vm_unmap', place + page * PAGE, step);
      expect([step, kernel.call('pmm_free_pages')]).toEqual([step, free]);
      expect(kernel.call32('nk_mem_check', 1n)).toBe(0);
    }
  },

  '109, 111 a page of 2 MiB, cut and whole again, is unmapped as a whole: no 4 KiB of it is read as before':
    (boot) => {
      const tables = new Tables(boot(pcWith('64M')));
      const { at } = tables;
      const old = tables.run(LARGE_PAGES, 1n, 2n * MIB);
      const next = tables.run(LARGE_PAGES, 2n, 2n * MIB);
      tables.made('vm_map', at, old, LARGE_PAGES, READ | WRITE, GLOBAL);
      tables.expectSizes([0n, 511n], LARGE_PAGES, old);
      tables.made('vm_protect', at + 100n * PAGE, 1n, READ);
      tables.expectSizes([0n, 100n, 511n], 1n, old);
      tables.expectReads(old, LARGE_PAGES, 1n); // 512 translations of 4 KiB
      tables.made('vm_protect', at + 100n * PAGE, 1n, READ | WRITE);
      tables.expectSizes([0n, 100n, 511n], LARGE_PAGES, old);
      tables.made('vm_unmap', at, LARGE_PAGES);
      tables.made('vm_map', at, next, LARGE_PAGES, READ, 0n);
      tables.expectReads(next, LARGE_PAGES, 2n);
    },

  '109, 111 the same, and all of it gets other rights: no 4 KiB of it can be written': (boot) => {
    for (const page of [0n, 1n, 300n, 511n]) {
      const tables = new Tables(boot(pcWith('64M')));
      const { at } = tables;
      const run = tables.run(LARGE_PAGES, 1n, 2n * MIB);
      tables.made('vm_map', at, run, LARGE_PAGES, READ | WRITE, 0n);
      tables.made('vm_protect', at + 100n * PAGE, 1n, READ);
      tables.store(page);
      tables.made('vm_protect', at + 100n * PAGE, 1n, READ | WRITE);
      tables.made('vm_protect', at, LARGE_PAGES, READ);
      tables.expectStoreFaults(page);
    }
  },

  '111 a page of 1 GiB, cut to 2 MiB and 4 KiB, translates each page as before; protected back it is one page again':
    (boot) => {
      const tables = new Tables(boot(pcWith('6G')));
      const { at } = tables;
      const run = tables.run(GIB_PAGES, 1n, GIB);
      const free = tables.kernel.call('pmm_free_pages');
      tables.made('vm_map', at, run, GIB_PAGES, READ | WRITE, 0n);
      tables.expectReads(run, GIB_PAGES, 1n, 16n * LARGE_PAGES);
      const cut = 77n * LARGE_PAGES + 5n;
      tables.made('vm_protect', at + cut * PAGE, 1n, READ);
      tables.expectReads(run, GIB_PAGES, 1n, LARGE_PAGES);
      tables.expectSizes([0n, 76n * LARGE_PAGES + 511n, 511n * LARGE_PAGES], LARGE_PAGES, run);
      tables.expectSizes([77n * LARGE_PAGES, cut, 77n * LARGE_PAGES + 511n], 1n, run);
      tables.made('vm_protect', at + cut * PAGE, 1n, READ | WRITE);
      tables.expectSizes([0n, cut, GIB_PAGES - 1n], GIB_PAGES, run);
      tables.expectReads(run, GIB_PAGES, 1n, LARGE_PAGES);
      expect(tables.kernel.call32('nk_mem_check', 0n)).toBe(0);
      tables.made('vm_unmap', at, GIB_PAGES);
      expect(tables.kernel.call('pmm_free_pages')).toBe(free);
    },
};
