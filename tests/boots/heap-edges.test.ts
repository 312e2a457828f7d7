/**
 * The heap's records where their arrangement has an edge: links in groups of 496, tags in groups of 2048, lengths about 64, which tags
 * keep in eight neighbours, and heaps whose records need a page more. The arrangement is that of kernel/README.md.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { parseSize } from '../../emulator/base/size.js';
import { pcMap } from '../../emulator/memory/pc-map.js';
import { projectRoot } from '../cli/s7x.js';
import { allocate, counts, MIB, PAGE } from './heap-calls.js';
import { ParkedKernel } from './parked-kernel.js';
import { heapDataPages } from './promise-checks.js';

const START = 32n * MIB;
const FIRST_NUMBER = 8n;
const LINKS = 496n;
const TAGS = 2048n;
/** The longest block that kmalloc takes from the heap before it asks for frames. */
const FILLER_PAGES = 255n;

let kernel: ParkedKernel;
/** Address of the first data page. */
let first = 0n;
let dataPages = 0n;

beforeAll(() => {
  kernel = new ParkedKernel(pcMap(parseSize('192M')).map);
});

/** The heap moves to START, with `pages` pages. */
function open(pages: bigint): void {
  kernel.call('kheap_init', START, START + pages * PAGE);
  const said = kernel.saidDuring(() => kernel.call('mem_print_stats'));
  dataPages = BigInt(/Heap : (\d+) pages/.exec(said)?.[1] ?? 0);
  first = allocate(kernel, PAGE);
  kernel.call('kfree', first);
  endQuarantine();
}

/** What waits in the debug build's quarantine is freed when memory is out. */
function endQuarantine(): void {
  expect(kernel.call('kmalloc', 1n << 40n)).toBe(0n);
}

const isWhole = (): boolean => kernel.call32('nk_mem_check', 1n) === 0;
const take = (pages: bigint): bigint => allocate(kernel, pages * PAGE);
const free = (...blocks: readonly bigint[]): void => {
  for (const block of blocks) kernel.call('kfree', block);
};
const addressOf = (page: bigint): bigint => first + (page - FIRST_NUMBER) * PAGE;

/** Blocks that fill the empty heap up to page number `page`. */
function fillTo(page: bigint): bigint[] {
  const blocks: bigint[] = [];
  let at = FIRST_NUMBER;
  while (at < page) {
    const pages = page - at < FILLER_PAGES ? page - at : FILLER_PAGES;
    blocks.push(take(pages));
    expect(blocks.at(-1)).toBe(addressOf(at));
    at += pages;
  }
  return blocks;
}

const span = (from: number, to: number): number[] =>
  Array.from({ length: to - from + 1 }, (_, index) => from + index);

describe('how many data pages a heap has', () => {
  it.each([
    ['2 to 12 pages', span(2, 12)],
    [
      'where the links need a page more',
      [...span(335, 341), ...span(485, 505), ...span(980, 1000)],
    ],
    ['where the tags need a page more', [...span(2035, 2065), ...span(4085, 4115)]],
    ['more', [8192, 20_000, 40_000]],
  ])('%s', (_, sizes) => {
    for (const size of sizes) {
      open(BigInt(size));
      expect([size, dataPages]).toEqual([size, heapDataPages(BigInt(size))]);
      const end = START + BigInt(size) * PAGE;
      expect([size, first]).toEqual([size, end - dataPages * PAGE]);
      // All that is data is the caller's: what is written there changes no record.
      kernel.fill(first, first + PAGE, 0xff);
      kernel.fill(end - PAGE, end, 0xff);
      expect([size, isWhole()]).toEqual([size, true]);
    }
  });
});

describe.each([TAGS, 2n * TAGS])('about page number %d, where a group of tags begins', (edge) => {
  beforeAll(() => {
    open(5000n);
  });

  it.each([62n, 63n, 64n, 65n, 66n, 200n])('blocks of %d pages', (length) => {
    const offsets = [...span(-9, 9), ...span(-9, 9).map((offset) => offset - Number(length))];
    for (const start of offsets.map((offset) => edge + BigInt(offset))) {
      const fillers = fillTo(start - 1n);
      const before = take(1n);
      const block = take(length);
      const behind = take(1n);
      expect([before, block, behind]).toEqual(
        [start - 1n, start, start + length].map((page) => addressOf(page)),
      );
      const holds = (what: string): void => {
        expect([what, start - edge, isWhole()]).toEqual([what, start - edge, true]);
      };
      free(block);
      holds('a hole between blocks in use');
      expect(take(length)).toBe(block);
      holds('the hole in use again, whole');
      free(block, before);
      holds('joined with what is before');
      expect(take(length + 1n)).toBe(before);
      expect(kernel.call('krealloc', before, PAGE)).toBe(before);
      holds('cut');
      expect(kernel.call('krealloc', before, (length + 1n) * PAGE)).toBe(before);
      holds('grown into all that is behind');
      expect(kernel.call('krealloc', before, PAGE)).toBe(before);
      free(behind);
      holds('joined with what is on both sides');
      free(before, ...fillers);
      holds('empty');
    }
  });
});

describe('links', () => {
  it('of every page: what was freed last goes out first, over several groups', () => {
    open(2000n);
    const blocks = Array.from({ length: Number(dataPages) }, () => take(1n));
    expect(blocks).toEqual(blocks.map((_, index) => first + BigInt(index) * PAGE));
    const odd = blocks.filter((_, index) => index % 2 === 1);
    free(...odd);
    expect(isWhole()).toBe(true);
    for (const block of [...odd].reverse()) expect(take(1n)).toBe(block);
    expect(isWhole()).toBe(true);
    // Out of the middle of the list: each joins the one behind it.
    free(...odd, ...blocks.filter((_, index) => index % 2 === 0 && index % 3 !== 0));
    expect(isWhole()).toBe(true);
    free(...blocks.filter((_, index) => index % 6 === 0));
    expect(isWhole()).toBe(true);
    expect(take(FILLER_PAGES)).toBe(first);
    free(first);
  });
});

describe('nk_mem_check sees a record that somebody has changed', () => {
  const linkOf = (page: bigint): bigint =>
    START + 64n + (page / LINKS) * PAGE + (page % LINKS) * 8n;
  /** Tags begin where the links have ended, in the second quarter of a page of memory. */
  const tagOf = (page: bigint): bigint => {
    const linksEnd = linkOf(FIRST_NUMBER + dataPages);
    const quarter = START + ((linksEnd - START + 3071n) / PAGE) * PAGE + 1024n;
    return quarter + (page / TAGS) * PAGE + (page % TAGS);
  };
  const xorByte = (at: bigint, value: bigint): void => {
    kernel.write64(at, kernel.read64(at) ^ value);
  };
  let blocks: bigint[] = [];

  beforeEach(() => {
    open(1000n);
    blocks = fillTo(480n);
    for (let page = 480n; page < 600n; page++) blocks.push(take(1n));
    blocks.push(take(100n), take(1n));
    // One list of three: 490, 500, 485 is its first. And a long hole from 600 on.
    free(addressOf(490n), addressOf(500n), addressOf(485n), addressOf(600n));
    expect(isWhole()).toBe(true);
  });

  it.each<[string, () => bigint, bigint]>([
    ['a link that names a line that stays empty', () => linkOf(485n), 516n ^ 500n],
    ['a link that names itself', () => linkOf(500n), 490n ^ 516n],
    ['a link that names a page beyond the heap', () => linkOf(485n), 1n << 20n],
    ['a link back to another page', () => linkOf(500n), 2n << 32n],
    ['the length of a long hole, in front', () => tagOf(601n), 1n],
    ['the length of a long hole, in its last tags', () => tagOf(691n), 1n],
    ['the last tag of a long hole', () => tagOf(699n), 1n],
    ['a page inside a block that has the tag of one', () => tagOf(20n), 1n],
    ['the first of sixteen pages inside a block', () => tagOf(32n), 1n],
    ['the seventh of sixteen', () => tagOf(38n), 0x40n],
    ['the last of sixteen', () => tagOf(47n), 0x80n],
    ['a block in use that is said to be longer', () => tagOf(510n), 3n],
    ['a hole that is said to be in use', () => tagOf(490n), 0x80n],
    ['the tag before the first page', () => tagOf(7n), 1n],
    ['the tag behind the last page', () => tagOf(FIRST_NUMBER + dataPages), 1n],
  ])('%s', (_, at, change) => {
    xorByte(at(), change);
    const isMissed = isWhole();
    xorByte(at(), change);
    const holes = [485n, 490n, 500n, 600n].map((page) => addressOf(page));
    free(...blocks.filter((block) => !holes.includes(block)));
    expect([isMissed, isWhole()]).toEqual([false, true]);
  });
});

describe('the debug build', () => {
  const ALLOCATED = 0x5a5a_5a5a_5a5a_5a5an;
  const QUARANTINE_PAGES = 64;

  it.each([1n, 62n, 63n, 64n, 65n])(
    'blocks of %d pages that go through quarantine, whose links hold no places, are one hole in the end',
    (length) => {
      const image = readFileSync(join(projectRoot, 'dist/kernel/kernel-debug.elf'));
      kernel = new ParkedKernel(pcMap(parseSize('64M')).map, image);
      open(2500n);
      const holds = (what: string): void => {
        expect([what, isWhole()]).toEqual([what, true]);
      };
      for (const start of [LINKS - 1n, LINKS, TAGS - length, TAGS - 1n, TAGS, TAGS + 3n]) {
        const fillers = fillTo(start);
        // 100 bytes less: a red zone, whose length is where a free block has the next one's place.
        const blocks = [0n, 1n, 2n].map(() => allocate(kernel, length * PAGE - 100n));
        expect(blocks).toEqual([0n, 1n, 2n].map((n) => addressOf(start + n * length)));
        holds('in use, with red zones');
        for (const index of [1, 0, 2]) {
          free(blocks[index] ?? 0n);
          holds('freed, in quarantine or joined with its neighbours');
        }
        free(...fillers);
        for (let n = 0; n < QUARANTINE_PAGES; n++) {
          const page = take(1n);
          expect([kernel.read64(page), kernel.read64(page + PAGE - 8n)]).toEqual([
            ALLOCATED,
            ALLOCATED,
          ]);
          free(page);
        }
        holds('out of quarantine');
        endQuarantine();
        counts(kernel, 'initRefused', 0, () => {
          open(2500n);
        }); // all is one hole: the heap may move
        holds('empty');
      }
    },
  );
});
