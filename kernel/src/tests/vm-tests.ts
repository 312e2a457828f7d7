import { mappingsStart, windowSize } from '../address-space';
import { Access, faultOf, NO_FAULT, probeInit } from '../fault-probe';
import { AreaOwner, areaPlace, Guard, vm_alloc, vm_free } from '../guarded-memory';
import { MemoryError } from '../memory-errors';
import { rangeAt } from '../memory-map';
import { GIB, isPageAligned, MIB, PAGE_SIZE } from '../page';
import { pmm_alloc_page, pmm_free_page, pmm_free_pages } from '../page-frames';
import { pmm_alloc_pages, pmm_free_pages_run } from '../page-pieces';
import { CR4_SMAP, CR4_SMEP, hasExecuteDisable, hasGigabytePages, physicalEnd } from '../processor';
import { ramRangeCount, ramRanges } from '../ram';
import {
  MapFlag,
  Protection,
  QUERY_MAPPED,
  QUERY_SIZE_SHIFT,
  Refusal,
  vm_map,
  vm_protect,
  vm_query,
  vm_unmap,
} from '../virtual-memory';
import { vm_physical } from '../window';
import { x86 } from '../x86';
import { check, hasFreeFrames, newErrors, skip } from './suite';

/** Page tables, protection, guard pages. Each test leaves all tables and frames as it found them. */

const R: u32 = Protection.Read;
const RW: u32 = Protection.Read | Protection.Write;
const RX: u32 = Protection.Read | Protection.Execute;
const SIZE_MASK: u64 = 3;

/** Error code of a page fault. [SDM-3A "Page-Fault Exceptions"] */
const PF_P: u64 = 1;
const PF_WR: u64 = 2;
const PF_ID: u64 = 16;
const INT3: u8 = 0xcc;

/** Where tests map: a gigabyte border. */
function base(): usize {
  return mappingsStart() as usize;
}

/** 0, 1, 2 for a page of 4 KiB, 2 MiB, 1 GiB. */
function sizeAt(va: usize): u64 {
  return (vm_query(va) >> QUERY_SIZE_SHIFT) & SIZE_MASK;
}

function isMappedTo(va: usize, pa: u64, prot: u32): bool {
  const rights = hasExecuteDisable ? prot : prot | Protection.Execute;
  return (vm_query(va) & ~(SIZE_MASK << QUERY_SIZE_SHIFT)) == (pa | QUERY_MAPPED | (rights as u64));
}

/** The largest page that fits; all tables are gone afterwards. */
export function vmSizes(): void {
  const before = pmm_free_pages();
  const large: u64 = hasGigabytePages ? 2 : 1;
  check(vm_map(base(), GIB as u64, 1, R, 0) == 0, 'a page');
  check(sizeAt(base()) == 0 && isMappedTo(base(), GIB as u64, R), 'is one of 4 KiB');
  check(vm_unmap(base(), 1) == 0 && vm_query(base()) == 0, 'and is gone again');
  check(vm_map(base(), GIB as u64, 512, RW, 0) == 0, '2 MiB');
  check(sizeAt(base() + MIB) == 1, 'are one page');
  check(isMappedTo(base() + MIB, (GIB + MIB) as u64, RW), 'with its inside at the right place');
  check(vm_unmap(base(), 512) == 0, 'unmapped');
  check(vm_map(base() + PAGE_SIZE, GIB as u64, 512, RW, 0) == 0, '2 MiB, not aligned');
  check(sizeAt(base() + MIB) == 0, 'are pages of 4 KiB');
  check(vm_unmap(base() + PAGE_SIZE, 512) == 0, 'unmapped');
  check(vm_map(base(), GIB as u64, 262_144, RW, 0) == 0, '1 GiB');
  check(sizeAt(base() + GIB - 1) == large, 'is as few pages as the processor allows');
  check(vm_unmap(base(), 262_144) == 0, 'unmapped');
  check(pmm_free_pages() == before, 'no table is left');
}

/** Parts of large pages change; what is whole again becomes one page again. */
export function vmSplitMerge(): void {
  const before = pmm_free_pages();
  const middle = base() + 3 * MIB;
  check(vm_map(base(), GIB as u64, 1024, RW, 0) == 0, '4 MiB');
  const tables = before - pmm_free_pages();
  check(vm_protect(middle, 1, R) == 0 && sizeAt(middle) == 0, 'one page gets other rights');
  check(before - pmm_free_pages() == tables + 1, 'that takes one table');
  check(isMappedTo(middle, (GIB + 3 * MIB) as u64, R), 'the page is where it was');
  check(isMappedTo(middle + PAGE_SIZE, (GIB + 3 * MIB + PAGE_SIZE) as u64, RW), 'so is the next');
  check(sizeAt(base()) == 1, 'the large page before it is whole');
  check(vm_protect(middle, 1, RW) == 0 && sizeAt(middle) == 1, 'rights as before: one page again');
  check(before - pmm_free_pages() == tables, 'the table is free again');
  check(vm_unmap(middle, 1) == 0 && vm_query(middle) == 0, 'a hole');
  check(vm_unmap(base(), 1024) == (Refusal.NotMapped as u32), 'over a hole: refused');
  check(isMappedTo(base(), GIB as u64, RW), 'and nothing is unmapped');
  check(vm_map(middle, (GIB + 3 * MIB) as u64, 1, RW, 0) == 0, 'the hole is filled');
  check(sizeAt(middle) == 1, 'one page again');
  check(vm_unmap(base(), 1024) == 0 && pmm_free_pages() == before, 'no table is left');
}

/** What cannot be is refused, with the reason, and changes nothing. */
export function vmRefusals(): void {
  const va = base();
  const before = pmm_free_pages();
  refused(vm_map(va + 1, 0, 1, R, 0), Refusal.Misaligned, 'an address inside a page');
  refused(vm_map(va, 1, 1, R, 0), Refusal.Misaligned, 'a physical address inside a page');
  refused(vm_map(va, 0, 0, R, 0), Refusal.BadRange, 'no pages');
  refused(vm_map(va, 0, u64.MAX_VALUE, R, 0), Refusal.BadRange, '2^64 - 1 pages');
  refused(vm_map(0, 0, 1, R, 0), Refusal.BadRange, 'the null page');
  refused(vm_map((1 as usize) << 57, 0, 1, R, 0), Refusal.BadRange, 'an address not canonical');
  refused(vm_map(vm_physical(MIB as u64), 0, 1, R, 0), Refusal.BadRange, 'the window');
  refused(vm_map(va, physicalEnd, 1, R, 0), Refusal.NotPhysical, 'beyond MAXPHYADDR');
  const last = physicalEnd - (PAGE_SIZE as u64);
  refused(vm_map(va, last, 2, R, 0), Refusal.NotPhysical, 'half beyond MAXPHYADDR');
  refused(vm_map(va, 0, 1, RW | RX, 0), Refusal.WritableAndExecutable, 'W and X');
  refused(vm_map(va, 0, 1, Protection.Write, 0), Refusal.BadRights, 'not readable');
  refused(vm_map(va, 0, 1, R | 16, 0), Refusal.BadRights, 'unknown rights');
  refused(vm_map(va, 0, 1, R, 8), Refusal.BadRights, 'unknown flags');
  refused(vm_unmap(va, 1), Refusal.NotMapped, 'nothing to unmap');
  refused(vm_protect(va, 1, R), Refusal.NotMapped, 'nothing to protect');
  check(vm_map(va, last, 1, RX, 0) == 0, 'the last page of physical memory');
  refused(vm_protect(va, 1, RW | RX), Refusal.WritableAndExecutable, 'W beside X');
  refused(vm_map(va - PAGE_SIZE, 0, 2, R, 0), Refusal.BadRange, 'half below the range');
  refused(vm_map(va, 0, 2, R, 0), Refusal.AlreadyMapped, 'a page that is mapped');
  check(vm_query(va + PAGE_SIZE) == 0 && isMappedTo(va, last, RX), 'nothing has changed');
  check(vm_unmap(va, 1) == 0 && pmm_free_pages() == before, 'no table is left');
  check(newErrors(MemoryError.BadMapping) == 16, 'each is counted');
  check(newErrors(MemoryError.Misaligned) == 2, 'each by its kind');
}

function refused(result: u32, reason: Refusal, what: string): void {
  check(result == (reason as u32), what);
}

/** The processor sees each change at once: no stale translation, of a global page neither. */
export function vmRemap(): void {
  if (!hasFreeFrames(16)) return;
  const one = pmm_alloc_page();
  const two = pmm_alloc_page();
  check(vm_map(base() + PAGE_SIZE, 0, 1, R, 0) == 0, 'a neighbour, so that the table stays');
  store<u64>(one, 1);
  store<u64>(two, 2);
  for (let flags: u32 = 0; flags <= (MapFlag.Global as u32); flags++) {
    check(vm_map(base(), one as u64, 1, RW, flags) == 0, 'a frame');
    check(load<u64>(base()) == 1, 'is read there');
    check(vm_unmap(base(), 1) == 0 && vm_map(base(), two as u64, 1, RW, flags) == 0, 'another');
    check(load<u64>(base()) == 2, 'is read there now');
    store<u64>(base(), 3);
    check(load<u64>(two) == 3 && load<u64>(one) == 1, 'and written');
    store<u64>(two, 2);
    vm_unmap(base(), 1);
  }
  check(vm_unmap(base() + PAGE_SIZE, 1) == 0, 'the neighbour goes');
  pmm_free_page(two);
  pmm_free_page(one);
}

/** Runs `body` with a frame full of INT3, and with another one mapped for the instructions that try it. */
function withProbe(body: (page: usize) => void): void {
  if (!hasFreeFrames(16)) return;
  if (!hasExecuteDisable) return skip('the processor lacks NX');
  const page = pmm_alloc_page();
  const code = pmm_alloc_page();
  memory.fill(page, INT3, PAGE_SIZE);
  check(vm_map(base(), code as u64, 1, RX, 0) == 0, 'a page for instructions');
  probeInit(code, base());
  body(page);
  vm_unmap(base(), 1);
  pmm_free_page(code);
  pmm_free_page(page);
}

/** Every right of a mapping is the processor's law, in ring 0, too. */
export function vmProtection(): void {
  withProbe((page: usize) => {
    const va = base() + MIB;
    expectFaults(va, 0, PF_WR, PF_ID, 'not mapped');
    check(vm_map(va, page as u64, 1, R, 0) == 0, 'a page');
    expectFaults(va, NO_FAULT, PF_P | PF_WR, PF_P | PF_ID, 'R');
    expectRights(va, RX, NO_FAULT, PF_P | PF_WR, NO_FAULT, 'RX');
    const touch = (x86.readCr4() & CR4_SMAP) != 0 ? PF_P : NO_FAULT;
    const write = (x86.readCr4() & CR4_SMAP) != 0 ? PF_P | PF_WR : NO_FAULT;
    const run = (x86.readCr4() & CR4_SMEP) != 0 ? PF_P | PF_ID : NO_FAULT;
    expectRights(va, R | Protection.User, touch, PF_P | PF_WR, PF_P | PF_ID, "ring 3's R");
    expectRights(va, RX | Protection.User, touch, PF_P | PF_WR, run, "ring 3's RX");
    expectRights(va, RW | Protection.User, touch, write, PF_P | PF_ID, "ring 3's RW");
    memory.fill(page, INT3, PAGE_SIZE); // what was written is not executed next
    expectRights(va, RW, NO_FAULT, NO_FAULT, PF_P | PF_ID, 'RW');
    check(vm_unmap(va, 1) == 0, 'unmapped');
    expectFaults(va, 0, PF_WR, PF_ID, 'not mapped any more');
  });
}

function expectRights(va: usize, prot: u32, r: u64, w: u64, x: u64, what: string): void {
  check(vm_protect(va, 1, prot) == 0, what);
  expectFaults(va, r, w, x, what);
}

function expectFaults(va: usize, r: u64, w: u64, x: u64, what: string): void {
  check(faultOf(Access.Read, va) == r, what);
  check(faultOf(Access.Execute, va) == x, what);
  check(faultOf(Access.Write, va) == w, what);
}

/** Code, constants, data, null: the kernel's own pages. */
export function vmImage(): void {
  withProbe((page: usize) => {
    expectFaults(0, 0, PF_WR, PF_ID, 'the null page');
    check(faultOf(Access.Write, x86.kernelStart()) == (PF_P | PF_WR), 'code is not written');
    const constants = x86.rodataEnd() - 8;
    check(faultOf(Access.Read, constants) == NO_FAULT, 'constants are read');
    check(faultOf(Access.Write, constants) == (PF_P | PF_WR), 'constants are not written');
    check(faultOf(Access.Execute, constants) == (PF_P | PF_ID), 'constants are not executed');
    check(faultOf(Access.Execute, x86.rodataEnd()) == (PF_P | PF_ID), 'data are not executed');
    check(faultOf(Access.Execute, page) == (PF_P | PF_ID), 'no other RAM is executed');
  });
}

/** The upper window shows the same memory; code is read-only there as well, nothing is executed. */
export function vmWindow(): void {
  withProbe(() => {
    // The highest RAM, which is handed out first, may lie beyond the window.
    const page = pmm_alloc_pages(1, 0, 0, windowSize(), -1);
    const far = vm_physical(page as u64);
    store<u64>(page, 0x1234);
    check(load<u64>(far) == 0x1234, 'a frame is seen');
    store<u64>(far, 0x5678);
    check(load<u64>(page) == 0x5678, 'and written');
    check(faultOf(Access.Execute, far) == (PF_P | PF_ID), 'and not executed');
    const code = vm_physical(x86.kernelStart() as u64);
    check(load<u64>(code) == load<u64>(x86.kernelStart()), 'code is seen');
    check(faultOf(Access.Write, code) == (PF_P | PF_WR), 'and not written');
    check(faultOf(Access.Execute, code) == (PF_P | PF_ID), 'and not executed');
    check(vm_physical(0) == 0 && vm_physical(0xa_0000) == 0, 'no RAM, no address');
    const end = rangeAt(ramRanges(), ramRangeCount() - 1).end;
    const last = vm_physical(end - 1);
    check(last == 0 || faultOf(Access.Read, last & ~7) == NO_FAULT, 'the last byte of RAM is seen');
    check(vm_physical(end) == 0, 'nothing behind it');
    pmm_free_pages_run(page, 1);
  });
}

/** Areas of vm_alloc: memory, and nothing beside it. */
export function vmGuards(): void {
  withProbe(() => {
    const before = pmm_free_pages();
    const area = vm_alloc(3, Guard.Low | Guard.High, AreaOwner.SelfTest);
    const end = area + 3 * PAGE_SIZE;
    check(area != 0 && isPageAligned(area), 'an area of three pages');
    memory.fill(area, 0x5a, 3 * PAGE_SIZE);
    check(faultOf(Access.Write, area - 8) == PF_WR, 'a word before it');
    check(faultOf(Access.Write, end) == PF_WR, 'a word behind it');
    check(faultOf(Access.Read, end + PAGE_SIZE - 8) == 0, 'the end of the page behind it');
    check(vm_protect(area + PAGE_SIZE, 1, R) == 0, 'the middle becomes read-only');
    check(faultOf(Access.Write, area + PAGE_SIZE) == (PF_P | PF_WR), 'and is');
    check(vm_protect(area - PAGE_SIZE, 1, RW) == (Refusal.NotMapped as u32), 'the guard stays');
    vm_free(area + PAGE_SIZE);
    vm_free(end + PAGE_SIZE);
    vm_free(0);
    check(newErrors(MemoryError.Foreign) == 2, 'only the start of an area can be freed');
    vm_free(area);
    vm_free(area);
    check(newErrors(MemoryError.Foreign) == 3, 'and only once');
    check(faultOf(Access.Read, area) == 0, 'what is freed is not mapped');
    check(pmm_free_pages() == before, 'all frames are back');
    check(vm_alloc(0, 0, 0) == 0 && vm_alloc(u64.MAX_VALUE, 3, 0) == 0, 'no pages, and too many');
    areasInTurn();
  });
}

/** Addresses go round: a place that is used is passed over, and after the last comes the first. */
function areasInTurn(): void {
  const one = vm_alloc(1, Guard.High, AreaOwner.SelfTest);
  const two = vm_alloc(1, Guard.Low, AreaOwner.SelfTest);
  check(two == one + 3 * PAGE_SIZE, 'one area behind the other');
  const size = (4 * PAGE_SIZE) as u64;
  check(areaPlace((one - PAGE_SIZE) as u64, size) == ((two + PAGE_SIZE) as u64), 'behind both');
  check(areaPlace(u64.MAX_VALUE << 12, size) != 0, 'from the end back to the start');
  vm_free(one);
  vm_free(two);
}
