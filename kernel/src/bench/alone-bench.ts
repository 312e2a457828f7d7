import { mappingsStart } from '../address-space';
import { newLine } from '../console';
import { heapFreeCount } from '../kernel-heap';
import {
  kmem_cache_alloc_bulk,
  kmem_cache_create,
  kmem_cache_destroy,
  kmem_cache_free_bulk,
  kmem_cache_shrink,
} from '../kmem-cache';
import { kfree, kmalloc } from '../kmalloc';
import { nk_mem_check } from '../memory-check';
import { pmm_free_pages } from '../page-frames';
import { pmm_alloc_pages, pmm_free_pages_run } from '../page-pieces';
import { tableCount } from '../table-frames';
import { Protection, vm_map, vm_protect, vm_unmap } from '../virtual-memory';
import { x86 } from '../x86';
import { effort } from './effort';
import {
  addSample,
  calibrate,
  lineStart,
  printField,
  printSeries,
  samplesOpen,
  SAMPLES_BYTES,
  seriesSelect,
  seriesStartAt,
} from './samples';

/**
 * What this kernel promises and no twin has.
 *
 *     gib_alloc, gib_free                1 GiB, aligned, allocated and freed at once
 *     gib_alloc_row, gib_free_row        8 of them, and then these back; all were touched before
 *     map_page, protect_page, unmap_page a page whose tables are there
 *     invlpg                             one INVLPG and nothing else, as the two latter have in them
 *     map_gib, unmap_gib                 1 GiB by one entry, whose table is there
 *     bulk_alloc, bulk_free              64 objects of 64 bytes in one call
 *     slabs                              bytes of objects, pages that they take, and pages missing in the end
 *     tables                             tables of page tables that are there in the end
 *     mem_check                          all invariants, after a page of every 2 MiB was taken
 */
const SAMPLES: u64 = 256;
const GIB_PAGES: u64 = 1 << 18;
const GIB: u64 = 1 << 30;
const GIBS_IN_ROW: u64 = 8;
const gibs: usize = memory.data(64, 8);
const TWO_MIB: u64 = 2 << 20;
const HERE: i32 = -1;
const PAGE: usize = 4096;
const RIGHTS: u32 = Protection.Read | Protection.Write;
const BATCH: usize = 64;
const OBJECT_BYTES: usize = 64;
const BATCHES: usize = 512;

export function benchAlone(): void {
  const series = kmalloc(SAMPLES_BYTES as usize);
  if (series == 0) unreachable();
  samplesOpen(series);
  calibrate();
  gibibytes();
  gibibytesInRow();
  mappings();
  largeMappings();
  bulk();
  check();
  kfree(series);
}

function print2(first: string, second: string): void {
  for (let i = 0; i < 2; i++) {
    lineStart(i == 0 ? first : second);
    seriesSelect(i);
    printSeries();
  }
}

/** Adds the time since `start` to a series. */
function note(index: i32, start: u64): void {
  const ticks = x86.rdtsc() - start;
  seriesSelect(index);
  addSample(ticks);
}

function gibibytes(): void {
  const first = pmm_alloc_pages(GIB_PAGES, GIB, 0, 0, HERE);
  if (first != 0) pmm_free_pages_run(first, GIB_PAGES);
  seriesStartAt(0);
  seriesStartAt(1);
  for (let i: u64 = 0; first != 0 && i < effort(SAMPLES); i++) {
    let start = x86.rdtsc();
    const run = pmm_alloc_pages(GIB_PAGES, GIB, 0, 0, HERE);
    note(0, start);
    start = x86.rdtsc();
    pmm_free_pages_run(run, GIB_PAGES);
    note(1, start);
  }
  print2('gib_alloc', 'gib_free');
}

function gibibytesInRow(): void {
  for (let round: u64 = 0; round < effort(SAMPLES) / GIBS_IN_ROW; round++) {
    if (round == 1) {
      seriesStartAt(0);
      seriesStartAt(1);
    }
    let taken: u64 = 0;
    for (; taken < GIBS_IN_ROW; taken++) {
      const start = x86.rdtsc();
      const run = pmm_alloc_pages(GIB_PAGES, GIB, 0, 0, HERE);
      if (run == 0) break;
      note(0, start);
      store<usize>(gibs + ((taken << 3) as usize), run);
    }
    for (; taken != 0; taken--) {
      const run = load<usize>(gibs + (((taken - 1) << 3) as usize));
      const start = x86.rdtsc();
      pmm_free_pages_run(run, GIB_PAGES);
      note(1, start);
    }
  }
  print2('gib_alloc_row', 'gib_free_row');
}

/** Between two pages that stay, so that the table does. */
function mappings(): void {
  const base = mappingsStart() as usize;
  const before = tableCount;
  if (vm_map(base, 0, 1, RIGHTS, 0) != 0) unreachable();
  for (let i = 0; i < 3; i++) seriesStartAt(i);
  for (let i: u64 = 0; i < effort(SAMPLES); i++) {
    const place = base + PAGE + ((i as usize) % 256) * PAGE;
    let start = x86.rdtsc();
    const refused = vm_map(place, i << 12, 1, RIGHTS, 0);
    note(0, start);
    start = x86.rdtsc();
    const refusedAgain = vm_protect(place, 1, Protection.Read);
    note(1, start);
    start = x86.rdtsc();
    const refusedInTheEnd = vm_unmap(place, 1);
    note(2, start);
    if ((refused | refusedAgain | refusedInTheEnd) != 0) unreachable();
  }
  print2('map_page', 'protect_page');
  lineStart('unmap_page');
  seriesSelect(2);
  printSeries();
  if (vm_unmap(base, 1) != 0) unreachable();
  invalidation(base);
  lineStart('tables');
  printField('missing', (tableCount - before) as u64);
  newLine();
}

function invalidation(address: usize): void {
  seriesStartAt(0);
  for (let i: u64 = 0; i < effort(SAMPLES); i++) {
    const start = x86.rdtsc();
    x86.invlpg(address);
    note(0, start);
  }
  lineStart('invlpg');
  printSeries();
}

function largeMappings(): void {
  const base = mappingsStart() as usize;
  if (vm_map(base, 0, 1, RIGHTS, 0) != 0) unreachable();
  seriesStartAt(0);
  seriesStartAt(1);
  for (let i: u64 = 0; i < effort(SAMPLES); i++) {
    const place = base + (GIB as usize);
    let start = x86.rdtsc();
    const refused = vm_map(place, 0, GIB_PAGES, RIGHTS, 0);
    note(0, start);
    start = x86.rdtsc();
    const refusedInTheEnd = vm_unmap(place, GIB_PAGES);
    note(1, start);
    if ((refused | refusedInTheEnd) != 0) unreachable();
  }
  print2('map_gib', 'unmap_gib');
  if (vm_unmap(base, 1) != 0) unreachable();
}

function freePages(): u64 {
  return (heapFreeCount() as u64) + pmm_free_pages();
}

function bulk(): void {
  const table = kmalloc(BATCHES * BATCH * 8);
  const cache = kmem_cache_create(0, OBJECT_BYTES, 0, null);
  if (table == 0 || cache == 0) unreachable();
  kmem_cache_shrink();
  const before = freePages();
  seriesStartAt(0);
  seriesStartAt(1);
  for (let i: usize = 0; i < BATCHES; i++) {
    const start = x86.rdtsc();
    if (kmem_cache_alloc_bulk(cache, BATCH, table + i * BATCH * 8) == 0) unreachable();
    note(0, start);
  }
  const taken = before - freePages();
  for (let i: usize = 0; i < BATCHES; i++) {
    const start = x86.rdtsc();
    kmem_cache_free_bulk(cache, BATCH, table + i * BATCH * 8);
    note(1, start);
  }
  print2('bulk_alloc', 'bulk_free');
  kmem_cache_shrink();
  lineStart('slabs');
  printField('bytes', (BATCHES * BATCH * OBJECT_BYTES) as u64);
  printField('pages', taken);
  printField('missing', before - freePages());
  newLine();
  kmem_cache_destroy(cache);
  kfree(table);
}

/** Pages that are 2 MiB apart are chained through themselves. */
function check(): void {
  const all = pmm_free_pages();
  let chain: usize = 0;
  for (;;) {
    const page = pmm_alloc_pages(1, TWO_MIB, 0, 0, HERE);
    if (page == 0) break;
    store<usize>(page, chain);
    chain = page;
  }
  const start = x86.rdtsc();
  const broken = nk_mem_check(1);
  const ticks = x86.rdtsc() - start;
  if (broken != 0) unreachable();
  lineStart('mem_check');
  printField('pages', all);
  printField('ticks', ticks);
  newLine();
  while (chain != 0) {
    const next = load<usize>(chain);
    pmm_free_pages_run(chain, 1);
    chain = next;
  }
}
