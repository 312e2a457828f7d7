import { newLine, print, printSize, printUnsigned } from './console';
import { HAND_IN } from './hand';
import { CACHE_COUNT, cacheAt, magazineCount, shapeOf } from './object-cache';
import { PAGE_SIZE } from './page';

/** The slab line of mem_print_stats; none while no cache has a slab. */
export function printSlabRow(): void {
  let caches: u64 = 0;
  let slabs: u64 = 0;
  let pages: u64 = 0;
  let idle: u64 = 0;
  for (let index: u32 = 0; index < CACHE_COUNT; index++) {
    const cache = cacheAt(index);
    if (cache.open == 0 || cache.slabCount == 0) continue;
    caches += 1;
    slabs += cache.slabCount;
    pages += (cache.slabCount as u64) * (shapeOf(cache).pages as u64);
    idle += (magazineCount(cache) as u64) + (cache.hand == HAND_IN ? 1 : 0);
  }
  if (slabs == 0) return;
  print('[nk_mem]   Slabs: ');
  printUnsigned(slabs);
  print(' (');
  printSize(pages * PAGE_SIZE);
  print(') of ');
  printUnsigned(caches);
  print(' caches, objects at hand ');
  printUnsigned(idle);
  newLine();
}
