import { extentCount } from './extents';
import { PAGES_PER_FRAME } from './frame-descriptor';
import { heapActive, heapFreeCount, heapLargestFree, heapPageCount } from './kernel-heap';
import { MEMORY_ERROR_KINDS, nk_mem_errors } from './memory-errors';
import {
  allocatedFrames,
  pmm_free_pages,
  pmm_total_pages,
  reservedFrameCount,
} from './page-frames';
import { releaseClaim } from './page-claim';
import { interruptsOff, interruptsRestore } from './processor';
import { idleObjects, slabCaches, slabPages, slabs, sumSlabs } from './slab-statistics';
import { tableCount } from './table-frames';
import { windowFaults, windowRecycles } from './window';
import { zoneAt, zoneCount } from './zones';

/**
 * What mem_print_stats prints, as a structure of the caller's. All fields are u64 unless they say otherwise:
 *
 *       0   size            in: bytes at the address; out: bytes that all of it takes, 256 + 48 a zone
 *       8   total           pages, of 4096 bytes each, as all that follow:
 *      16   free            total = free + reserved + allocated
 *      24   reserved
 *      32   allocated
 *      40   heapPages       those of the heap; 0 before kheap_init
 *      48   heapFree
 *      56   heapLargest     of its largest free block
 *      64   runs            runs of page frames: their number
 *      72   slabs           their number, 80 their pages, 88 the caches that have some, 96 objects in magazines and hands
 *     104   windowFaults    pages of the window that were entered, 112 how often it started over
 *     120   tables          page tables of vm_map and vm_alloc
 *     128   errors          13 of them, refusals by kind (memory-errors.ts); 3 more are 0
 *     256   zones           as many as fit, in this order of fields: u32 node, u32 kind (zones.ts: 0 DMA, 1 DMA32, 2 NORMAL), total,
 *                           free, free frames of 2 MiB, free GiBs, free pages that are in no free frame of 2 MiB
 */
@unmanaged
class MemoryStatistics {
  size: u64;
  total: u64;
  free: u64;
  reserved: u64;
  allocated: u64;
  heapPages: u64;
  heapFree: u64;
  heapLargest: u64;
  runs: u64;
  slabs: u64;
  slabPages: u64;
  slabCaches: u64;
  idleObjects: u64;
  windowFaults: u64;
  windowRecycles: u64;
  tables: u64;
}

/** 48 bytes. */
@unmanaged
class ZoneStatistics {
  node: u32;
  kind: u32;
  total: u64;
  free: u64;
  frames: u64;
  gibs: u64;
  scattered: u64;
}

const ERRORS_OFFSET: usize = 128;
const ZONES_OFFSET: usize = 256;
const ZONE_STATISTICS_SIZE: usize = 48;

/**
 * Fills the structure at `record`, at a multiple of 8, whose first field says how many bytes there are; zones that do not fit are left out. Returns the number
 * of zones that there are; 0, and nothing is written, when there are fewer than 256 bytes.
 */
export function nk_mem_stats(record: usize): u32 {
  const room = load<u64>(record);
  if (room < (ZONES_OFFSET as u64)) return 0;
  const flags = interruptsOff();
  releaseClaim(); // then zones count what is at hand, too
  memory.fill(record, 0, ZONES_OFFSET);
  const all = changetype<MemoryStatistics>(record);
  all.size = (ZONES_OFFSET + (zoneCount() as usize) * ZONE_STATISTICS_SIZE) as u64;
  all.total = pmm_total_pages();
  all.free = pmm_free_pages();
  all.reserved = reservedFrameCount();
  all.allocated = allocatedFrames();
  all.runs = extentCount();
  all.tables = tableCount;
  all.windowFaults = windowFaults;
  all.windowRecycles = windowRecycles;
  if (heapActive()) fillHeap(all);
  sumSlabs();
  all.slabs = slabs;
  all.slabPages = slabPages;
  all.slabCaches = slabCaches;
  all.idleObjects = idleObjects;
  for (let kind: u32 = 0; kind < MEMORY_ERROR_KINDS; kind++)
    store<u64>(record + ERRORS_OFFSET + (kind as usize) * 8, nk_mem_errors(kind));
  fillZones(record, room);
  interruptsRestore(flags);
  return zoneCount();
}

function fillHeap(all: MemoryStatistics): void {
  all.heapPages = heapPageCount() as u64;
  all.heapFree = heapFreeCount() as u64;
  all.heapLargest = heapLargestFree() as u64;
}

function fillZones(record: usize, room: u64): void {
  let at = record + ZONES_OFFSET;
  for (let i: u32 = 0; i < zoneCount(); i++) {
    if (((at - record + ZONE_STATISTICS_SIZE) as u64) > room) return;
    const zone = zoneAt(i);
    const to = changetype<ZoneStatistics>(at);
    to.node = zone.node;
    to.kind = zone.kind;
    to.total = zone.total;
    to.free = zone.free;
    to.frames = zone.fullFrames;
    to.gibs = zone.fullChunks;
    to.scattered = zone.free - zone.fullFrames * PAGES_PER_FRAME;
    at += ZONE_STATISTICS_SIZE;
  }
}
