import { PAGE_SHIFT } from './page';

/**
 * Pages of slabs that a free finds without a look at the heap: for each its number, the handle of its cache, and where its states
 * are (statesOf in slab.ts).
 *
 *     page number ── low 11 bits ──▸ │ number │ handle │ states │      another number: the way by the heap's tags and links
 *
 * A page has one place, which the page that came last has. The heap of a boot, at most 6 MiB, has no two pages with one place.
 */
export const SLAB_PAGE_PLACES: usize = 2048;
/** No page: of places that were left. Those that nobody ever had are 0, and so is page 0, which is no slab's: slabPagesInit. */
export const NO_PAGE_NUMBER: usize = usize.MAX_VALUE;

const numbers: usize = memory.data(16384, 64);
const handles: usize = memory.data(16384, 64);
const states: usize = memory.data(16384, 64);

/** Before the first slab: page 0 is in no place. */
export function slabPagesInit(): void {
  if (load<usize>(numbers) == 0) store<usize>(numbers, NO_PAGE_NUMBER);
}

/** Where in each of the tables page `page` would be, in bytes. @inline */
export function slabPagePlace(page: usize): usize {
  return (page & (SLAB_PAGE_PLACES - 1)) << 3;
}

/** The number of the page that is in a place. @inline */
export function slabPageNumber(place: usize): usize {
  return load<usize>(numbers + place);
}

/** Whether nobody ever had any of the eight places from `place` on. */
export function slabPagesUnknown(place: usize): bool {
  const at = numbers + place;
  const first = load<usize>(at) | load<usize>(at, 8) | load<usize>(at, 16) | load<usize>(at, 24);
  const last =
    load<usize>(at, 32) | load<usize>(at, 40) | load<usize>(at, 48) | load<usize>(at, 56);
  return (first | last) == 0;
}

/** Of the page that is in a place: the handle of its cache. @inline */
export function slabPageCache(place: usize): usize {
  return load<usize>(handles + place);
}

/** Of the page that is in a place: statesOf of its slab. @inline */
export function slabPageStates(place: usize): usize {
  return load<usize>(states + place);
}

/** The `pages` pages from `start` on, a slab of `cache`, come into their places. */
export function slabPagesKnow(start: usize, pages: u32, cache: usize, statesBase: usize): void {
  for (let i: usize = 0; i < (pages as usize); i++) {
    const page = (start >> PAGE_SHIFT) + i;
    const place = slabPagePlace(page);
    store<usize>(numbers + place, page);
    store<usize>(handles + place, cache);
    store<usize>(states + place, statesBase);
  }
}

/** They are a slab's no more. */
export function slabPagesForget(start: usize, pages: u32): void {
  for (let i: usize = 0; i < (pages as usize); i++) {
    const page = (start >> PAGE_SHIFT) + i;
    const place = numbers + slabPagePlace(page);
    if (load<usize>(place) == page) store<usize>(place, NO_PAGE_NUMBER);
  }
}
