import { newLine, print, printSize, printUnsigned } from './console';
import { HAND_IN } from './hand';
import { CACHE_COUNT, cacheAt, magazineCount, shapeOf } from './object-cache';
import { PAGE_SIZE } from './page';

// Of all caches, as sumSlabs found them last.
export let slabCaches: u64 = 0;
export let slabs: u64 = 0;
export let slabPages: u64 = 0;
/** Objects in magazines and hands. */
export let idleObjects: u64 = 0;

/** Adds up the caches that have a slab. */
export function sumSlabs(): void {
  slabCaches = 0;
  slabs = 0;
  slabPages = 0;
  idleObjects = 0;
  for (let index: u32 = 0; index < CACHE_COUNT; index++) {
    const cache = cacheAt(index);
    if (cache.open == 0 || cache.slabCount == 0) continue;
    slabCaches += 1;
    slabs += cache.slabCount as u64;
    slabPages += (cache.slabCount as u64) * (shapeOf(cache).pages as u64);
    idleObjects += (magazineCount(cache) as u64) + (cache.hand == HAND_IN ? 1 : 0);
  }
}

/** The slab line of mem_print_stats; none while no cache has a slab. */
export function printSlabRow(): void {
  sumSlabs();
  if (slabs == 0) return;
  print('[nk_mem]   Slabs: ');
  printUnsigned(slabs);
  print(' (');
  printSize(slabPages * PAGE_SIZE);
  print(') of ');
  printUnsigned(slabCaches);
  print(' caches, objects at hand ');
  printUnsigned(idleObjects);
  newLine();
}
