import { kfree, kmalloc, krealloc } from '../kmalloc';
import { heapFreeCount, heapHolds, heapLargestFree, heapPageCount } from '../kernel-heap';
import { isPageAligned, PAGE_SIZE } from '../page';
import { pmm_free_pages } from '../page-frames';
import { nk_mem_check } from '../memory-check';
import { fillPattern, holdsPattern, holdsMoved, random, seedRandom } from './patterns';
import { check, skip } from './suite';

/** The kernel heap: what kmalloc, kfree and krealloc do for those who use them as they should. */

const SLOTS: u64 = 64;
const addresses: usize = memory.data(512, 8);
const sizes: usize = memory.data(512, 8);

function addressIn(slot: u64): usize {
  return load<usize>(addresses + ((slot as usize) << 3));
}

function sizeIn(slot: u64): usize {
  return load<usize>(sizes + ((slot as usize) << 3));
}

function setSlot(slot: u64, address: usize, size: usize): void {
  store<usize>(addresses + ((slot as usize) << 3), address);
  store<usize>(sizes + ((slot as usize) << 3), size);
}

export function kheapBasic(): void {
  const small = kmalloc(64);
  const medium = kmalloc(1024);
  const pages = kmalloc(8192);
  check(small != 0 && medium != 0 && pages != 0, 'blocks of 64, 1024 and 8192 bytes');
  check(small != medium && medium != pages && small != pages, 'three different ones');
  store<u64>(small, 0xaa);
  store<u64>(medium + 1016, 0xbb);
  fillPattern(pages, 8192, 1);
  check(load<u64>(small) == 0xaa && load<u64>(medium + 1016) == 0xbb, 'they keep what is written');
  check(holdsPattern(pages, 8192, 1), 'the large one too');
  kfree(small);
  kfree(medium);
  kfree(pages);
  kfree(0);
  check(kmalloc(0) == 0, 'no bytes, no block');
}

export function kheapRealloc(): void {
  const block = krealloc(0, 3000);
  check(block != 0, 'krealloc(0, n) allocates');
  fillPattern(block, 3000, 2);
  const same = krealloc(block, 4096);
  check(same == block, 'up to the end of its page it stays');
  const grown = krealloc(same, 20_000);
  check(grown != 0 && holdsMoved(grown, 3000, 2, block), 'grown, it has its contents');
  const shrunk = krealloc(grown, 100);
  check(shrunk == grown, 'shrinking stays in place');
  check(holdsMoved(shrunk, 100, 2, block), 'shrunk, it has its contents');
  check(krealloc(shrunk, 0) == 0, 'krealloc(p, 0) frees');
}

/** 1000 random operations with a fixed seed; every block keeps its own pattern until it is freed. */
export function kheapStress(): void {
  seedRandom(0x7357);
  memory.fill(addresses, 0, (SLOTS as usize) * 8);
  for (let step = 0; step < 1000; step++) {
    const slot = random(SLOTS);
    if (!stressStep(slot, step as u64)) return;
    if (step % 250 == 0) check(nk_mem_check(0) == 0, 'all invariants on the way');
  }
  for (let slot: u64 = 0; slot < SLOTS; slot++) {
    check(verifySlot(slot), 'every block is whole at the end');
    kfree(addressIn(slot));
  }
}

function stressStep(slot: u64, step: u64): bool {
  const address = addressIn(slot);
  const size = ((random(step % 16 == 0 ? 40_000 : 3000) + 1) as usize) * 8;
  if (!check(verifySlot(slot), 'every block is whole')) return false;
  if (address == 0) {
    const made = kmalloc(size);
    if (made != 0) adopt(slot, made, size);
    return true;
  }
  if (step % 4 == 0) {
    const moved = krealloc(address, size);
    if (moved == 0) return true; // no room: the block stays
    const kept = min(size, sizeIn(slot));
    if (!check(holdsMoved(moved, kept, slot, address), 'krealloc keeps the contents')) return false;
    adopt(slot, moved, size);
    return true;
  }
  kfree(address);
  setSlot(slot, 0, 0);
  return true;
}

function adopt(slot: u64, address: usize, size: usize): void {
  fillPattern(address, size, slot);
  setSlot(slot, address, size);
}

function verifySlot(slot: u64): bool {
  return addressIn(slot) == 0 || holdsPattern(addressIn(slot), sizeIn(slot), slot);
}

/** Every size gives a page-aligned block, inside the heap or RAM (H15). */
export function kheapAlignment(): void {
  for (let size: usize = 1; size < 20_000; size = size * 3 + 1) {
    const block = kmalloc(size);
    check(block != 0 && isPageAligned(block), 'a page-aligned block');
    kfree(block);
  }
}

/** A hole of exactly the size asked for is used whole, and the block behind it survives (H1). */
export function kheapExactFit(): void {
  const first = kmalloc(PAGE_SIZE);
  const second = kmalloc(PAGE_SIZE);
  const third = kmalloc(PAGE_SIZE);
  fillPattern(first, PAGE_SIZE, 1);
  fillPattern(third, PAGE_SIZE, 3);
  kfree(second);
  const again = kmalloc(PAGE_SIZE);
  check(again == second, 'the hole is used again');
  fillPattern(again, PAGE_SIZE, 2);
  const fourth = kmalloc(PAGE_SIZE);
  check(fourth != first && fourth != again && fourth != third, 'the next block is another one');
  check(
    holdsPattern(first, PAGE_SIZE, 1) && holdsPattern(third, PAGE_SIZE, 3),
    'the neighbours are whole',
  );
  check(nk_mem_check(0) == 0, 'all invariants');
  kfree(first);
  kfree(again);
  kfree(third);
  kfree(fourth);
}

/** Five blocks freed in each of the 120 orders leave one free block (H17, H18). */
export function kheapCoalescing(): void {
  if (heapPageCount() < 16) return skip('a small heap');
  const largest = heapLargestFree();
  for (let order: u64 = 0; order < 120; order++) {
    for (let slot: u64 = 0; slot < 5; slot++)
      setSlot(slot, kmalloc(((slot as usize) + 1) * 1000), 0);
    let rest = order;
    for (let left: u64 = 5; left != 0; left--) {
      freeNth(rest % left);
      rest /= left;
    }
    if (!check(heapLargestFree() == largest, 'the free block is as long as before')) return;
  }
}

/** Frees the block number `n` of those that setSlot still knows among the first five. */
function freeNth(n: u64): void {
  for (let slot: u64 = 0; slot < 5; slot++) {
    if (addressIn(slot) == 0) continue;
    if (n == 0) {
      kfree(addressIn(slot));
      setSlot(slot, 0, 0);
      return;
    }
    n -= 1;
  }
}

/** krealloc grows into a free neighbour and gives its tail pages back (H20). */
export function kheapInPlace(): void {
  if (heapFreeCount() != heapPageCount() || heapPageCount() < 8) return skip('the heap is in use');
  const block = kmalloc(PAGE_SIZE);
  const free = heapFreeCount();
  check(krealloc(block, 4 * PAGE_SIZE) == block, 'it grows into the free pages behind it');
  check(heapFreeCount() == free - 3, 'by three pages');
  check(krealloc(block, 2 * PAGE_SIZE) == block, 'it shrinks where it is');
  check(heapFreeCount() == free - 1, 'and gives two pages back');
  const wall = kmalloc(PAGE_SIZE);
  check(wall == block + 2 * PAGE_SIZE, 'which the next block gets');
  const moved = krealloc(block, 3 * PAGE_SIZE);
  check(moved != 0 && moved != block, 'with a wall behind it, it moves');
  kfree(moved);
  kfree(wall);
}

/** Full to the last page, the heap falls back on frames; emptied, it is one block again (H8, H19). */
export function kheapExhaustion(): void {
  let chain: usize = 0;
  let outside: usize = 0;
  for (let i: u32 = 0; i <= heapPageCount(); i++) {
    const block = kmalloc(PAGE_SIZE);
    if (block == 0) break;
    if (!heapHolds(block)) {
      outside = block;
      break;
    }
    store<usize>(block, chain);
    chain = block;
  }
  check(heapFreeCount() == 0, 'every page of the heap was handed out');
  check(outside != 0 || pmm_free_pages() == 0, 'what comes then is a run of frames');
  kfree(outside);
  while (chain != 0) {
    const next = load<usize>(chain);
    kfree(chain);
    chain = next;
  }
  check(heapLargestFree() == heapPageCount(), 'emptied, the heap is one block');
}
