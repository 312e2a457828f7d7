import { PAGE_SHIFT } from '../../page';
import { callBegin, callEnd } from '../../processor';
import {
  managedOpen,
  managedPages,
  pieceCount,
  pieceEnd,
  pieceFirst,
  placeMetadata,
  spanPages,
} from '../managed-memory';
import { giveBackRanges, occupyFromTop } from '../occupied-ranges';
import {
  CHILD_ORDER,
  CHILD_PAGES,
  lowerAllFree,
  lowerBytes,
  lowerGet,
  lowerOpen,
  lowerPut,
  lowerSet,
  NO_PAGE,
} from './llfree-lower';

/**
 * Page twin: LLFree's two levels, for one processor and without atomic operations.
 * Source of the technique: Wrenger, Rommel, Halbuer, Dietrich, Lohmann, "LLFree: Scalable and Optionally-Persistent Page-
 * Frame Allocation", USENIX ATC 2023. The processor *reserves* a tree of 32 children (64 MiB), allocates from it alone, and
 * holds its counter itself; the next tree is one nearby that is partly used. Who frees four times in a row into another
 * tree reserves that one.
 *
 *     trees      16384 │ 0, reserved │ 201 │ …        u32 each
 *     here       the reserved tree, its free pages, where the last page was
 *     children   llfree-lower.ts
 */
export { metadataBytes, scratchReturn, scratchTake } from '../managed-memory';
export { takePages } from './one-by-one';

const TREE_CHILDREN: u64 = 32;
const TREE_PAGES: u64 = TREE_CHILDREN * CHILD_PAGES;
const TREE_SHIFT: u64 = 14;
/** A tree with fewer free pages is not worth reserving while there are others. */
const NEARLY_USED: u64 = TREE_PAGES / 16;
const VICINITY: u64 = 32;
const FREES_IN_A_ROW: u32 = 4;
const NO_TREE: u64 = u64.MAX_VALUE;

let trees: usize = 0;
let treeCount: u64 = 0;
let ownTree: u64 = NO_TREE;
let ownFree: u64 = 0;
let lastPage: u64 = 0;
let lastFreedTree: u64 = NO_TREE;
let freesInARow: u32 = 0;

function treeAt(tree: u64): usize {
  return trees + ((tree << 2) as usize);
}

function freeOf(tree: u64): u64 {
  return load<u32>(treeAt(tree)) as u64;
}

function setFreeOf(tree: u64, pages: u64): void {
  store<u32>(treeAt(tree), pages as u32);
}

export function openPages(): void {
  managedOpen();
  treeCount = (spanPages + TREE_PAGES - 1) >> TREE_SHIFT;
  const bytes = lowerBytes(treeCount << TREE_SHIFT);
  const place = placeMetadata(bytes + (treeCount << 2));
  if (place == 0) unreachable();
  lowerOpen(place, treeCount << TREE_SHIFT);
  trees = place + (bytes as usize);
  memory.fill(trees, 0, (treeCount << 2) as usize);
  ownTree = NO_TREE;
  ownFree = 0;
  lastFreedTree = NO_TREE;
  freesInARow = 0;
  for (let i: u32 = 0; i < pieceCount(); i++) {
    giveRange(pieceFirst(i), pieceEnd(i) - pieceFirst(i));
  }
}

export function totalPages(): u64 {
  return managedPages;
}

export function freePages(): u64 {
  let free = ownFree;
  for (let tree: u64 = 0; tree < treeCount; tree++) free += freeOf(tree);
  return free;
}

function take(order: u64): u64 {
  const size = (1 as u64) << order;
  if (ownFree >= size) {
    const page = takeOwn(order);
    if (page != NO_PAGE) return page;
  }
  return takeElsewhere(order);
}

function takeOwn(order: u64): u64 {
  const page = lowerGet(ownTree * TREE_CHILDREN, TREE_CHILDREN, lastPage, order);
  if (page == NO_PAGE) return NO_PAGE;
  ownFree -= (1 as u64) << order;
  lastPage = page;
  return page;
}

/** Reserves one tree after another, the promising ones first, until one has such a group. */
function takeElsewhere(order: u64): u64 {
  const size = (1 as u64) << order;
  const start = ownTree == NO_TREE ? 0 : ownTree;
  for (let i: u64 = 1; i <= VICINITY && i < treeCount; i++) {
    const tree = (start + i) % treeCount;
    const free = freeOf(tree);
    if (free < max(size, NEARLY_USED) || free == TREE_PAGES) continue;
    const page = takeFrom(tree, order);
    if (page != NO_PAGE) return page;
  }
  for (let least = max(size, NEARLY_USED); least != 0; least = least > size ? size : 0) {
    for (let i: u64 = 0; i < treeCount; i++) {
      const tree = start + i < treeCount ? start + i : start + i - treeCount;
      if (freeOf(tree) < least) continue;
      const page = takeFrom(tree, order);
      if (page != NO_PAGE) return page;
    }
  }
  return NO_PAGE;
}

function takeFrom(tree: u64, order: u64): u64 {
  reserveTree(tree);
  return takeOwn(order);
}

function reserveTree(tree: u64): void {
  if (ownTree != NO_TREE) setFreeOf(ownTree, freeOf(ownTree) + ownFree);
  ownTree = tree;
  ownFree = freeOf(tree);
  setFreeOf(tree, 0);
  lastPage = tree << TREE_SHIFT;
}

function give(page: u64, order: u64): void {
  if (page >= spanPages || !lowerPut(page, order)) return;
  const tree = page >> TREE_SHIFT;
  if (tree == ownTree) {
    ownFree += (1 as u64) << order;
    return;
  }
  setFreeOf(tree, freeOf(tree) + ((1 as u64) << order));
  if (tree != lastFreedTree) {
    lastFreedTree = tree;
    freesInARow = 0;
    return;
  }
  freesInARow += 1;
  if (freesInARow == FREES_IN_A_ROW && freeOf(tree) >= NEARLY_USED) reserveTree(tree);
}

export function allocPage(): usize {
  callBegin();
  const page = take(0);
  callEnd();
  return page == NO_PAGE ? 0 : ((page << PAGE_SHIFT) as usize);
}

export function freePage(address: usize): void {
  callBegin();
  give((address as u64) >> PAGE_SHIFT, 0);
  callEnd();
}

/** The power of two that holds the run; none of more than 512 pages. */
function orderFor(pages: u64): u64 {
  return pages <= 1 ? 0 : 64 - clz(pages - 1);
}

export function allocRun(pages: usize): usize {
  const order = orderFor(pages as u64);
  if (order > CHILD_ORDER) return 0;
  callBegin();
  const page = take(order);
  callEnd();
  return page == NO_PAGE ? 0 : ((page << PAGE_SHIFT) as usize);
}

export function freeRun(address: usize, pages: usize): void {
  callBegin();
  give((address as u64) >> PAGE_SHIFT, orderFor(pages as u64));
  callEnd();
}

export function allocFrame(): usize {
  return allocRun(CHILD_PAGES as usize);
}

export function freeFrame(address: usize): void {
  freeRun(address, CHILD_PAGES as usize);
}

/** Whole trees by their counters, the rest page by page. */
function takeRange(first: u64, pages: u64): bool {
  const end = first + pages;
  for (let page = first; page < end;) {
    const tree = page >> TREE_SHIFT;
    const behind = min(end, (tree + 1) << TREE_SHIFT);
    const free = tree == ownTree ? ownFree : freeOf(tree);
    if (free != TREE_PAGES && (free < behind - page || !lowerAllFree(page, behind))) return false;
    page = behind;
  }
  lowerSet(first, end, true);
  for (let page = first; page < end;) {
    const tree = page >> TREE_SHIFT;
    const behind = min(end, (tree + 1) << TREE_SHIFT);
    if (tree == ownTree) ownFree -= behind - page;
    else setFreeOf(tree, freeOf(tree) - (behind - page));
    page = behind;
  }
  return true;
}

function giveRange(first: u64, pages: u64): void {
  const end = first + pages;
  lowerSet(first, end, false);
  for (let page = first; page < end;) {
    const tree = page >> TREE_SHIFT;
    const behind = min(end, (tree + 1) << TREE_SHIFT);
    if (tree == ownTree) ownFree += behind - page;
    else setFreeOf(tree, freeOf(tree) + (behind - page));
    page = behind;
  }
}

export function occupy(pages: u64): u64 {
  return occupyFromTop(pages, takeRange);
}

export function vacate(): void {
  giveBackRanges(giveRange);
}
