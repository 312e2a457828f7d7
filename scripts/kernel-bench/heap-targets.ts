/** Targets of the heap, of slabs, of page tables and of the check of all invariants. */
import type { BenchLine } from '../bench/kernel-lines.js';
import type { Contender } from './contenders.js';
import { HEAP_CONTENDERS, MIXES, scattered, type HeapOperation } from './heap-figures.js';
import { short } from './markdown.js';
import { aloneTarget } from './page-targets.js';
import { atMost, type AllFigures, type Target } from './targets.js';
import { ratioOfHighWater } from './heap-tables.js';

const [ours] = HEAP_CONTENDERS;
const PAGES = MIXES.filter(({ mix, permille }) => mix === 'pages' && permille <= 800);
const HEAVY = MIXES.filter(({ mix, permille }) => mix === 'pages' && permille === 800);
const ALL_PAGES = MIXES.filter(({ mix }) => mix === 'pages');
const PAGE_BYTES = 4096;
/** The check is of 64 GiB, and takes time for each frame. */
const CHECKED_IN_A_TIB = 16;

export function heapTargets(all: AllFigures): Target[] {
  return [...mixTargets(all), ...stateTargets(all), ...objectTargets(all), ...tableTargets(all)];
}

function mixTargets({ heaps }: AllFigures): Target[] {
  const limit = (
    what: string,
    most: number,
    operations: readonly HeapOperation[],
    field: string,
  ): Target =>
    atMost(`${what}, pages, 50 and 80 %`, most, ' cycles', HEAP_CONTENDERS, (contender) =>
      operations.flatMap((operation) =>
        PAGES.map((mix) => heaps.ofMix(contender, operation, mix)?.[field] ?? null),
      ),
    );
  return [
    limit('kmalloc, median', 40, ['kmalloc'], 'p50'),
    limit('kfree, median', 50, ['kfree'], 'p50'),
    limit('kmalloc and kfree, p99', 200, ['kmalloc', 'kfree'], 'p99'),
    limit('kmalloc and kfree, the most', 400, ['kmalloc', 'kfree'], 'max'),
  ];
}

function stateTargets({ heaps }: AllFigures): Target[] {
  const tlsf = HEAP_CONTENDERS.find(({ name }) => name === 'tlsf');
  const ofTlsf = HEAVY.map((mix) => tlsf && heaps.ofMix(tlsf, 'heap_score', mix))[0];
  const limit = ofTlsf == null ? null : scattered(ofTlsf);
  const scores = (contender: (typeof HEAP_CONTENDERS)[number]): (number | null)[] =>
    HEAVY.map((mix) => {
      const fields = heaps.ofMix(contender, 'heap_score', mix);
      return fields === null ? null : Number(scattered(fields).toFixed(3));
    });
  const overhead = ours && heaps.ofMix(ours, 'heap_score', ALL_PAGES[0] ?? MIXES[0]);
  return [
    atMost('requests that got nothing, up to 85 % in use', 0, '', HEAP_CONTENDERS, (contender) =>
      ALL_PAGES.map((mix) => heaps.ofMix(contender, 'heap_score', mix)?.['fails'] ?? null),
    ),
    fractions(
      atMost(
        '1 − longest / free, pages, 80 %: TLSF’s',
        limit === null ? NaN : Number(limit.toFixed(3)),
        '',
        HEAP_CONTENDERS,
        scores,
      ),
      limit,
      ours === undefined ? [] : scores(ours),
    ),
    fractions(
      atMost('high water / live, pages, 50 and 80 %', 1.18, '', HEAP_CONTENDERS, (contender) =>
        PAGES.map((mix) => ratioOfHighWater(heaps, contender, mix)),
      ),
      1.18,
      ours === undefined ? [] : PAGES.map((mix) => ratioOfHighWater(heaps, ours, mix)),
    ),
    atMost(
      'bookkeeping of the heap, bytes a page, all of it outside the blocks',
      16.5,
      '',
      ours === undefined ? [] : [ours],
      () => {
        if (overhead == null) return [];
        const { heap = NaN, free = NaN, live = NaN } = overhead;
        return [(heap - free - live) / (heap / PAGE_BYTES)];
      },
    ),
  ];
}

/** Figures near one, with three decimals. */
function fractions(
  target: Target,
  limit: number | null,
  values: readonly (number | null)[],
): Target {
  const found = values.filter((value) => value !== null);
  if (found.length === 0 || limit === null)
    return { ...target, target: '', measured: '', isMet: null };
  const texts = [...new Set(found.map((value) => value.toFixed(3)))];
  return { ...target, target: `≤ ${limit.toFixed(3)}`, measured: texts.join(' and ') };
}

function objectTargets(all: AllFigures): Target[] {
  const { heaps } = all;
  const object = (
    what: string,
    most: number,
    unit: string,
    of: (contender: Contender) => number | null,
  ): Target =>
    atMost(`object of 64 bytes: ${what}`, most, unit, HEAP_CONTENDERS, (contender) => [
      of(contender),
    ]);
  const own = (what: string, most: number, operation: 'object_alloc' | 'object_free'): Target => {
    const loop = ours === undefined ? null : heaps.loop(ours, operation);
    const apart = loop === null ? '' : `, without the loop around it (${short(Math.round(loop))})`;
    return object(`${what}${apart}`, most, ' instructions', (contender) =>
      heaps.ownInstructions(contender, operation),
    );
  };
  const slabs = fieldsOf(all, 'slabs');
  const waste = slabs && 1 - (slabs['bytes'] ?? 0) / ((slabs['pages'] ?? NaN) * PAGE_BYTES);
  return [
    object('allocated and freed at once', 15, ' cycles', (contender) =>
      heaps.object(contender, 'zen1', 'object_pair'),
    ),
    own('allocate, among many', 14, 'object_alloc'),
    own('free, among many', 20, 'object_free'),
    aloneTarget(all, 'object of 64 bytes, 64 in one call: allocate', 'bulk_alloc', 8, 64),
    aloneTarget(all, 'object of 64 bytes, 64 in one call: free', 'bulk_free', 8, 64),
    {
      what: 'slab memory that is no object of 64 bytes',
      target: '≤ 12.5 %',
      measured: waste === undefined ? '' : `${(waste * 100).toFixed(1)} %`,
      isMet: waste === undefined ? null : waste <= 0.125,
    },
    missing('pages not back when all objects are free', slabs),
  ];
}

function tableTargets(all: AllFigures): Target[] {
  const ticks = fieldsOf(all, 'mem_check')?.['ticks'];
  return [
    aloneTarget(all, 'vm_map, a page whose tables are there', 'map_page', 60),
    besideInvalidation(all, 'vm_protect of it', 'protect_page'),
    besideInvalidation(all, 'vm_unmap of it', 'unmap_page'),
    aloneTarget(all, 'vm_map, 1 GiB by one entry', 'map_gib', 150),
    missing('tables not back when all is unmapped', fieldsOf(all, 'tables')),
    {
      what: 'nk_mem_check of 1 TiB with a page of every 2 MiB taken: 16 times that of 64 GiB',
      target: '≤ 40 M cycles',
      measured: ticks === undefined ? '' : short(ticks * CHECKED_IN_A_TIB),
      isMet: ticks === undefined ? null : ticks * CHECKED_IN_A_TIB <= 40e6,
    },
  ];
}

/** The promise is 60 cycles and what INVLPG takes, which is measured by itself. */
function besideInvalidation(all: AllFigures, what: string, operation: string): Target {
  const [whole, invalidation] = [operation, 'invlpg'].map((op) => fieldsOf(all, op)?.['p50']);
  const known = whole !== undefined && invalidation !== undefined;
  return {
    what,
    target: `≤ 60 cycles + INVLPG${known ? ` (${invalidation})` : ''}`,
    measured: known ? String(whole) : '',
    isMet: known ? whole <= 60 + invalidation : null,
  };
}

function fieldsOf({ alone }: AllFigures, operation: string): BenchLine['fields'] | undefined {
  return alone.find(({ op }) => op === operation)?.fields;
}

function missing(what: string, fields: BenchLine['fields'] | undefined): Target {
  const count = fields?.['missing'];
  return {
    what,
    target: 'none',
    measured: count === undefined ? '' : count === 0 ? 'none' : String(count),
    isMet: count === undefined ? null : count === 0,
  };
}
