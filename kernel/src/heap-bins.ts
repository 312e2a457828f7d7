import {
  BODY,
  lengthOf,
  LONG_PAGES,
  setTag,
  tagLongFree,
  tagOf,
  tagShortFree,
  tagShortUsed,
} from './page-tags';

/**
 * Links of the kernel heap's pages, and the lists of its free blocks.
 *
 * The heap's memory is described out of band: a tag of one byte (page-tags.ts) and a link of eight bytes for each of its
 * data pages, in arrays at the heap's start. Links leave out the first and the last line of each page of memory, as tags do. The link of a free block's first page has the neighbours in its list; that of
 * a slab's page the slab. Other links say nothing. What a free asks is in the tags; links are read only where a block leaves
 * its list, and all links that one needs are then read at once.
 *
 * Free blocks hang in doubly linked lists by length: one list for each length up to 63 pages, then 32 lists for each
 * doubling, and two levels of bit masks that tell which lists are not empty.
 * Source of the two levels: Masmano et al., "TLSF: a New Dynamic Memory Allocator for Real-Time Systems", 2004.
 */
@unmanaged
export class PageLink {
  /** List neighbours of a free block: places of their links, or NO_PAGE. Of a used one in the debug build, `next` is its red zone's bytes. */
  next: u32;
  /** Says nothing in the first block of a list. */
  previous: u32;
}

const LINK_BYTES: usize = 8;
const LINE: usize = 64;
/**
 * A page of memory has places for 512 links. Those of its first and of its last line stay empty, as other lines there do for tags;
 * the second line's first is place 0.
 */
const PLACES_LOG: u32 = 9;
const EMPTY_LOG: u32 = 4;
const PLACES_MASK: u32 = 511;
const LINKS_PER_PAGE: u32 = 496;
/**
 * 2^35 / 31, rounded up: 496 links are 31 times 16. It is 30/31 too large, so that x · it / 2^35 is floor(x / 31) as long as 30 · x < 2^35;
 * x is a sixteenth of a page number, below 2^28.
 */
const THIRTY_FIRST: usize = 1_108_378_658;
const THIRTY_FIRST_LOG: usize = 35;
/** No page, and no place. */
export const NO_PAGE: u32 = u32.MAX_VALUE;

const LISTS_PER_CLASS: u32 = 32;
/** The lists below have a length each, which is their number; their masks are one word. */
export const EXACT_LISTS: u32 = LONG_PAGES;
/** The classes of longer ones. */
const LONG_CLASSES: u32 = ~3;
const CLASSES: u32 = 28; // lengths up to 2^32 - 1
/** How many blocks of its own list a request looks at before it turns to longer ones. */
const SEARCH_DEPTH: u32 = 8;

const heads: usize = memory.data(3584, 64); // u32 places, CLASSES × LISTS_PER_CLASS
const listMasks: usize = memory.data(112, 8); // u32 for each class: its lists that are not empty
let classMask: u32 = 0; // classes that have a list that is not empty

let links: usize = 0; // place 0

/** Starts with no blocks; the links are at `start`. */
export function binsInit(start: usize): void {
  links = start + LINE;
  classMask = 0;
  memory.fill(listMasks, 0, (CLASSES as usize) * 4);
  memory.fill(heads, 0xff, ((CLASSES * LISTS_PER_CLASS) as usize) * 4);
}

/** Bytes for the links of page numbers below `count`. */
export function linksLength(count: usize): usize {
  return LINE + placeOf(count) * LINK_BYTES;
}

/** The place of the link of `page`. @inline */
function placeOf(page: usize): usize {
  return page + ((((page >> EMPTY_LOG) * THIRTY_FIRST) >> THIRTY_FIRST_LOG) << EMPTY_LOG);
}

/** The page whose link is at `place`. @inline */
function pageAt(place: u32): u32 {
  return place - ((place >> PLACES_LOG) << EMPTY_LOG);
}

/** @inline */
function linkAt(place: u32): PageLink {
  return changetype<PageLink>(links + (place as usize) * LINK_BYTES);
}

/** @inline */
export function linkOf(page: u32): PageLink {
  return linkAt(placeOf(page as usize) as u32);
}

/** Of a page of a slab: the address of the slab. @inline */
export function slabOf(page: usize): usize {
  return load<usize>(links + placeOf(page) * LINK_BYTES);
}

export function setSlabOf(page: usize, slab: usize): void {
  store<usize>(links + placeOf(page) * LINK_BYTES, slab);
}

/** Number of the list for blocks of `length` pages. */
export function listOf(length: u32): u32 {
  if (length < EXACT_LISTS) return length;
  const log = 31 - (clz(length) as u32);
  return (log - 4) * LISTS_PER_CLASS + ((length >> (log - 5)) & (LISTS_PER_CLASS - 1));
}

/** The first block of `list`, or NO_PAGE. In this and the two below: 0, which is no block's number, when a line that stays empty is named. */
export function firstOf(list: u32): u32 {
  return pageOrNone(headOf(list));
}

/** The block behind the free block at `page` in its list, or NO_PAGE. */
export function nextOf(page: u32): u32 {
  return pageOrNone(linkOf(page).next);
}

/** The block before it, which says nothing of the first. */
export function previousOf(page: u32): u32 {
  return pageOrNone(linkOf(page).previous);
}

function pageOrNone(place: u32): u32 {
  if (place == NO_PAGE) return NO_PAGE;
  return (place & PLACES_MASK) < LINKS_PER_PAGE ? pageAt(place) : 0;
}

/** The place of the first block of `list`. */
function headOf(list: u32): u32 {
  return load<u32>(heads + (list as usize) * 4);
}

export function listCount(): u32 {
  return CLASSES * LISTS_PER_CLASS;
}

function setHead(list: u32, place: u32): void {
  store<u32>(heads + (list as usize) * 4, place);
}

function maskAddress(list: u32): usize {
  return listMasks + ((list >> 5) as usize) * 4;
}

/** `list`, which was empty, has a block now. */
function markList(list: u32): void {
  const mask = maskAddress(list);
  store<u32>(mask, load<u32>(mask) | ((1 as u32) << (list & 31)));
  classMask |= (1 as u32) << (list >> 5);
}

/** `list` is empty now. */
function unmarkList(list: u32): void {
  const mask = maskAddress(list);
  const lists = load<u32>(mask) & ~((1 as u32) << (list & 31));
  store<u32>(mask, lists);
  if (lists == 0) classMask &= ~((1 as u32) << (list >> 5));
}

/** Whether the masks say that `list` holds a block. */
export function listMarked(list: u32): bool {
  const inClass = (load<u32>(listMasks + ((list >> 5) as usize) * 4) >> (list & 31)) & 1;
  return inClass != 0 && ((classMask >> (list >> 5)) & 1) != 0;
}

/** Whether masks and heads agree that none of the 32 lists from `list`, the first of its class, has a block. */
export function isClassEmpty(list: u32): bool {
  if (load<u32>(maskAddress(list)) != 0 || ((classMask >> (list >> 5)) & 1) != 0) return false;
  const first = heads + (list as usize) * 4;
  for (let offset: usize = 0; offset < (LISTS_PER_CLASS as usize) * 4; offset += 16) {
    if ((load<u64>(first + offset) & load<u64>(first + offset, 8)) != u64.MAX_VALUE) return false;
  }
  return true;
}

/** Makes `length` pages from `page` on a free block and lists it. */
export function insertFree(page: u32, length: u32): void {
  if (length < EXACT_LISTS) return insertShort(page, length);
  tagLongFree(page, length);
  listFree(page, listOf(length));
}

/** Puts the free block at `page` first in its list. @inline */
function listFree(page: u32, list: u32): void {
  const head = headOf(list);
  const place = placeOf(page as usize) as u32;
  linkAt(place).next = head;
  setHead(list, place);
  if (head != NO_PAGE) linkAt(head).previous = place;
  else markList(list);
}

/** Takes the free block of `length` pages at `page` out of its list; all its pages are inside a block then. */
export function removeFree(page: u32, length: u32): void {
  const place = placeOf(page as usize) as u32;
  const next = linkAt(place).next;
  const previous = linkAt(place).previous;
  const list = listOf(length);
  setTag(page, BODY);
  setTag(page + length - 1, BODY);
  if (headOf(list) == place) return setFirst(list, next);
  linkAt(previous).next = next;
  if (next != NO_PAGE) linkAt(next).previous = previous;
}

/**
 * The block whose link is at `place` is the first of `list` now; NO_PAGE: there is none. Its note of the one before says nothing: it is written
 * lest the next call that takes from the list wait for its cache line.
 * @inline */
function setFirst(list: u32, place: u32): void {
  setHead(list, place);
  if (place == NO_PAGE) unmarkList(list);
  else linkAt(place).previous = NO_PAGE;
}

/**
 * A used block of `length` pages (fewer than 64), cut from a free block of as many, or of the least number above, below 64;
 * NO_PAGE when there is none. The free block's length is its list's number: all that is read of it is its neighbour.
 */
export function takeShort(length: u32): u32 {
  const lists = load<u64>(listMasks) >> (length as u64);
  if (lists == 0) return NO_PAGE;
  const rest = ctz(lists) as u32;
  const list = length + rest;
  const place = headOf(list);
  const page = pageAt(place);
  setFirst(list, linkAt(place).next);
  if (rest != 0) insertShort(page + length, rest);
  tagShortUsed(page, length);
  return page;
}

/**
 * A used block of `length` pages (fewer than 64), cut from a free block of 64 or more, of the shortest list that has one; NO_PAGE when
 * there is none. The block's link is read before its tags, whose cache line may be far away, too.
 */
export function takeFromLong(length: u32): u32 {
  const classes = classMask & LONG_CLASSES;
  if (classes == 0) return NO_PAGE;
  const index = ctz(classes);
  const list = index * LISTS_PER_CLASS + ctz(load<u32>(listMasks + (index as usize) * 4));
  const place = headOf(list);
  const page = pageAt(place);
  setFirst(list, linkAt(place).next);
  const available = lengthOf(page, tagOf(page));
  insertFree(page + length, available - length);
  tagShortUsed(page, length);
  return page;
}

/** insertFree of fewer than 64 pages. @inline */
function insertShort(page: u32, length: u32): void {
  tagShortFree(page, length);
  listFree(page, length);
}

/** The last list that is not empty: the longest free block is in it. NO_PAGE when all are empty. */
export function lastList(): u32 {
  if (classMask == 0) return NO_PAGE;
  const index = 31 - (clz(classMask) as u32);
  return index * LISTS_PER_CLASS + 31 - (clz(load<u32>(listMasks + (index as usize) * 4)) as u32);
}

/** A free block of `length` pages or more, or NO_PAGE when there is none at all. */
export function findFree(length: u32): u32 {
  const list = listOf(length);
  const near = searchList(list, length, SEARCH_DEPTH);
  if (near != NO_PAGE) return near;
  const longer = headBehind(list);
  if (longer != NO_PAGE) return longer;
  return searchList(list, length, u32.MAX_VALUE);
}

/** The first block of `list` that is long enough, among its first `depth`. */
function searchList(list: u32, length: u32, depth: u32): u32 {
  let place = headOf(list);
  while (place != NO_PAGE && depth != 0) {
    const page = pageAt(place);
    if (lengthOf(page, tagOf(page)) >= length) return page;
    place = linkAt(place).next;
    depth -= 1;
  }
  return NO_PAGE;
}

/** The first block of the first list behind `list` that is not empty: every block there is longer. */
function headBehind(list: u32): u32 {
  let index = list >> 5;
  const within = list & 31;
  let lists: u32 =
    within == 31
      ? 0
      : load<u32>(listMasks + (index as usize) * 4) & (u32.MAX_VALUE << (within + 1));
  if (lists == 0) {
    const classes = classMask & (u32.MAX_VALUE << (index + 1)); // index is 27 at most
    if (classes == 0) return NO_PAGE;
    index = ctz(classes);
    lists = load<u32>(listMasks + (index as usize) * 4);
  }
  return pageAt(headOf(index * LISTS_PER_CLASS + ctz(lists)));
}
