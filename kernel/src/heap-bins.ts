/**
 * Page descriptors of the kernel heap, and the lists of its free blocks.
 *
 * The heap's memory is described out of band: 16 bytes for each of its data pages, in an array at the heap's start.
 * A *block* is a run of pages; the descriptor of its first page says what it is:
 *
 *     pages         │ 0      1      2 │ 3      4      5      6 │ 7 │
 *                   └──── used, 3 ────┴──────── free, 4 ───────┴ used, 1
 *     descriptors    USED 3  BODY BODY  FREE 4  BODY BODY TAIL 4  USED 1
 *
 * The tail of a free block carries the length again (a boundary tag), so that the block behind it finds its start in
 * one step. BODY pages say nothing: no pointer into the middle of a block is ever taken for a block.
 *
 * Free blocks hang in doubly linked lists by length: one list for each length up to 63 pages, then 32 lists for each
 * doubling, and two levels of bit masks that tell which lists are not empty.
 * Source of the two levels: Masmano et al., "TLSF: a New Dynamic Memory Allocator for Real-Time Systems", 2004.
 */
@unmanaged
export class PageDescriptor {
  /** Pages of the block, on its first page, and on the last page of a free block. */
  length: u32;
  state: u32;
  /** List neighbours of a free block: page numbers or NO_PAGE. Of a used one in the debug build, `next` is its red zone's bytes. */
  next: u32;
  /** Says nothing in the first block of a list. */
  previous: u32;
}

export const DESCRIPTOR_SHIFT: usize = 4;
export const DESCRIPTOR_SIZE: usize = 16;
export const NO_PAGE: u32 = u32.MAX_VALUE;

/** What lies at an end of a free block is odd. */
export const BODY: u32 = 0;
export const FREE: u32 = 1;
export const USED: u32 = 2;
export const TAIL: u32 = 3;
/** Any page of a slab; the slab's address is where `next` and `previous` are. */
export const SLAB: u32 = 4;
const SLAB_ADDRESS: usize = 8;
/** The debug build: a block that was freed and is in quarantine. */
export const QUARANTINED: u32 = 6;

const LISTS_PER_CLASS: u32 = 32;
/** The lists below have a length each, which is their number; their masks are one word. */
export const EXACT_LISTS: u32 = 64;
const CLASSES: u32 = 28; // lengths up to 2^32 - 1
/** How many blocks of its own list a request looks at before it turns to longer ones. */
const SEARCH_DEPTH: u32 = 8;

const heads: usize = memory.data(3584, 8); // u32 page numbers, CLASSES × LISTS_PER_CLASS
const listMasks: usize = memory.data(112, 8); // u32 for each class: its lists that are not empty
let classMask: u32 = 0; // classes that have a list that is not empty

let descriptors: usize = 0;

/** Starts with no blocks, over zeroed descriptors at `table`. */
export function binsInit(table: usize): void {
  descriptors = table;
  classMask = 0;
  memory.fill(listMasks, 0, (CLASSES as usize) * 4);
  memory.fill(heads, 0xff, ((CLASSES * LISTS_PER_CLASS) as usize) * 4);
}

export function descriptorOf(page: u32): PageDescriptor {
  return changetype<PageDescriptor>(descriptors + (page as usize) * DESCRIPTOR_SIZE);
}

/** The descriptor that lies `offset` bytes behind the first one. @inline */
export function descriptorBehind(offset: usize): PageDescriptor {
  return changetype<PageDescriptor>(descriptors + offset);
}

/** Whether the page is the first or the last of a free block. @inline */
export function isFreeEnd(descriptor: PageDescriptor): bool {
  return (descriptor.state & 1) != 0;
}

/** Of a page of a slab: the address of the slab. @inline */
export function slabOf(descriptor: PageDescriptor): usize {
  return load<usize>(changetype<usize>(descriptor), SLAB_ADDRESS);
}

export function setSlabOf(descriptor: PageDescriptor, slab: usize): void {
  store<usize>(changetype<usize>(descriptor), slab, SLAB_ADDRESS);
}

/** Number of the list for blocks of `length` pages. */
export function listOf(length: u32): u32 {
  if (length < EXACT_LISTS) return length;
  const log = 31 - (clz(length) as u32);
  return (log - 4) * LISTS_PER_CLASS + ((length >> (log - 5)) & (LISTS_PER_CLASS - 1));
}

export function listHead(list: u32): u32 {
  return load<u32>(heads + (list as usize) * 4);
}

export function listCount(): u32 {
  return CLASSES * LISTS_PER_CLASS;
}

function setHead(list: u32, page: u32): void {
  store<u32>(heads + (list as usize) * 4, page);
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

/** Makes `length` pages from `page` on a free block and lists it. */
export function insertFree(page: u32, length: u32): void {
  const list = listOf(length);
  const head = listHead(list);
  const tail = descriptorOf(page + length - 1);
  tail.length = length;
  tail.state = TAIL;
  const descriptor = descriptorOf(page); // the tail, too, of a single page
  descriptor.length = length;
  descriptor.state = FREE;
  descriptor.next = head;
  setHead(list, page);
  if (head != NO_PAGE) descriptorOf(head).previous = page;
  else markList(list);
}

/** Takes the free block at `page` out of its list; all its pages become BODY. Returns its length. */
export function removeFree(page: u32): u32 {
  const descriptor = descriptorOf(page);
  const length = descriptor.length;
  const next = descriptor.next;
  const list = listOf(length);
  descriptorOf(page + length - 1).state = BODY;
  descriptor.state = BODY;
  if (listHead(list) == page) {
    setHead(list, next);
    if (next == NO_PAGE) unmarkList(list);
    return length;
  }
  const previous = descriptor.previous;
  descriptorOf(previous).next = next;
  if (next != NO_PAGE) descriptorOf(next).previous = previous;
  return length;
}

/** Makes the block of `length` pages at `page`, whose ends say that it is free, a used one. */
export function markUsed(page: u32, length: u32): void {
  descriptorOf(page + length - 1).state = BODY;
  const descriptor = descriptorOf(page);
  descriptor.length = length;
  descriptor.state = USED;
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
  const page = listHead(list);
  const next = descriptorOf(page).next;
  setHead(list, next);
  if (next == NO_PAGE) unmarkList(list);
  if (rest != 0) insertFree(page + length, rest);
  markUsed(page, length);
  return page;
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
  let page = listHead(list);
  while (page != NO_PAGE && depth != 0) {
    const descriptor = descriptorOf(page);
    if (descriptor.length >= length) return page;
    page = descriptor.next;
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
  return listHead(index * LISTS_PER_CLASS + ctz(lists));
}
