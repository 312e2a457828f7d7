import { AREAS_END, AREAS_START, mappingsStart, rangeLiesIn } from './address-space';
import { MemoryError, refuse } from './memory-errors';
import { isPageAligned, PAGE_SHIFT } from './page';
import { framesActive } from './page-frames';
import { mapRange, Obstacle, protectRange, RIGHTS, unmapRange } from './page-map';
import {
  ENTRY_ADDRESS,
  ENTRY_CACHE_DISABLE,
  ENTRY_EXECUTE_DISABLE,
  ENTRY_GLOBAL,
  ENTRY_PRESENT,
  ENTRY_USER,
  ENTRY_WRITABLE,
  ENTRY_WRITE_THROUGH,
  entryOf,
  isLeaf,
  rootShift,
  rootTable,
  SHIFT_PD,
  SHIFT_PT,
} from './page-table';
import { hasExecuteDisable, interruptsOff, interruptsRestore, physicalEnd } from './processor';
import { emptyRecent, fillRecent, recentEntry, recentIsFull } from './recent-table';
import { x86 } from './x86';

/**
 * The interface to the page tables: mappings of any physical pages at addresses that the caller chooses, in
 * [mappingsStart, 0xfffff00000000000) of address-space.ts. vm_protect and vm_query also reach the areas of vm_alloc.
 *
 * Each call is made whole or not at all: what is refused has changed nothing. A mapping owns no frames.
 */
export enum Protection {
  Read = 1,
  Write = 2,
  Execute = 4,
  /** Ring 3 may do it; ring 0 then neither executes it (SMEP) nor, with RFLAGS.AC = 0, touches it (SMAP). */
  User = 8,
}

export enum MapFlag {
  /** The translation survives a write to CR3. */
  Global = 1,
  Uncached = 2,
  WriteThrough = 4,
}

/** What vm_map, vm_unmap and vm_protect return. */
export enum Refusal {
  Done,
  /** Before pmm_init. */
  Uninitialised,
  /** An address is not the start of a page. */
  Misaligned,
  /** No pages, not canonical, or not inside the addresses that these calls manage. */
  BadRange,
  /** Beyond MAXPHYADDR. */
  NotPhysical,
  /** Unknown bits, or without Protection.Read, which x86 cannot express. */
  BadRights,
  /** W^X: nothing that can be written can be executed. */
  WritableAndExecutable,
  /** A page of the range is mapped already. */
  AlreadyMapped,
  /** A page of the range is not mapped. */
  NotMapped,
  /** No frame left for a page table. */
  OutOfMemory,
}

/** What vm_query returns is an address with these in its low bits; they do not overlap Protection (3:0). */
export const QUERY_SIZE_SHIFT: u64 = 4; // bits 5:4: 0 4 KiB, 1 2 MiB, 2 1 GiB
export const QUERY_MAPPED: u64 = 1 << 6;
const QUERY_FLAGS_SHIFT: u64 = 7; // bits 9:7: MapFlag

const RIGHTS_KNOWN: u32 = 15;
const FLAGS_KNOWN: u32 = 7;
const PAGE_OFFSET: u64 = 4095;

/**
 * Maps the `n` pages from `va` on, none of which is mapped, to those from physical address `pa` on, in the largest
 * pages that fit. `prot` is a sum of Protection, `flags` of MapFlag. Returns 0, or why not (Refusal).
 */
export function vm_map(va: usize, pa: u64, n: u64, prot: u32, flags: u32): u32 {
  const interrupts = interruptsOff();
  // One page in the table that was used last: its addresses are what vm_map manages, only the rest is to be looked at.
  const entry = recentEntry(va as u64);
  if (entry == 0 || n != 1 || flags > FLAGS_KNOWN)
    return mapWithCare(va, pa, n, prot, flags, interrupts);
  if ((((va as u64) | pa) & PAGE_OFFSET) != 0 || pa >= physicalEnd)
    return mapWithCare(va, pa, n, prot, flags, interrupts);
  const rights = rightsOf(prot);
  if (rights == 0) return mapWithCare(va, pa, n, prot, flags, interrupts);
  if (!fillRecent(entry, pa | rights | bitsOfFlags(flags)))
    return mapWithCare(va, pa, n, prot, flags, interrupts);
  interruptsRestore(interrupts);
  return Refusal.Done;
}

function mapWithCare(va: usize, pa: u64, n: u64, prot: u32, flags: u32, interrupts: u64): u32 {
  let refusal = rangeRefusal(va, n, AREAS_START);
  if (refusal == Refusal.Done && !isPageAligned(pa as usize)) refusal = Refusal.Misaligned;
  if (refusal == Refusal.Done) {
    if (load<u64>(rightsTable + 8) == 0) rightsTableInit();
    if (rightsOf(prot) == 0) refusal = rightsRefusal(prot);
  }
  if (refusal == Refusal.Done && (flags & ~FLAGS_KNOWN) != 0) refusal = Refusal.BadRights;
  if (refusal == Refusal.Done && (pa >= physicalEnd || n > (physicalEnd - pa) >> PAGE_SHIFT))
    refusal = Refusal.NotPhysical;
  if (refusal == Refusal.Done) {
    const bits = rightsOf(prot) | bitsOfFlags(flags);
    refusal = fromObstacle(mapRange(va as u64, lastByte(va, n), pa, bits));
  }
  report(refusal, 'vm_map', va);
  interruptsRestore(interrupts);
  return refusal;
}

/** Unmaps `n` pages, all of which vm_map has mapped. Returns 0, or why not (Refusal). */
export function vm_unmap(va: usize, n: u64): u32 {
  const interrupts = interruptsOff();
  const entry = recentEntry(va as u64);
  if (entry == 0 || n != 1 || !isPageAligned(va)) return unmapWithCare(va, n, interrupts);
  if (!emptyRecent(entry)) return unmapWithCare(va, n, interrupts);
  x86.invlpg(va);
  interruptsRestore(interrupts);
  return Refusal.Done;
}

function unmapWithCare(va: usize, n: u64, interrupts: u64): u32 {
  let refusal = rangeRefusal(va, n, AREAS_START);
  if (refusal == Refusal.Done) refusal = fromObstacle(unmapRange(va as u64, lastByte(va, n)));
  report(refusal, 'vm_unmap', va);
  interruptsRestore(interrupts);
  return refusal;
}

/** Gives `n` pages, all of which are mapped, other rights; their flags stay. Returns 0, or why not (Refusal). */
export function vm_protect(va: usize, n: u64, prot: u32): u32 {
  const interrupts = interruptsOff();
  const entry = recentEntry(va as u64);
  if (entry == 0 || n != 1 || !isPageAligned(va)) return protectWithCare(va, n, prot, interrupts);
  const rights = rightsOf(prot);
  const old = load<u64>(entry);
  if (rights == 0 || (old & ENTRY_PRESENT) == 0 || recentIsFull())
    return protectWithCare(va, n, prot, interrupts);
  store<u64>(entry, (old & ~RIGHTS) | rights);
  x86.invlpg(va);
  interruptsRestore(interrupts);
  return Refusal.Done;
}

function protectWithCare(va: usize, n: u64, prot: u32, interrupts: u64): u32 {
  let refusal = rangeRefusal(va, n, AREAS_END);
  if (refusal == Refusal.Done) refusal = rightsRefusal(prot);
  if (refusal == Refusal.Done) {
    const rights = rightBits(prot);
    refusal = fromObstacle(protectRange(va as u64, lastByte(va, n), rights));
  }
  report(refusal, 'vm_protect', va);
  interruptsRestore(interrupts);
  return refusal;
}

/**
 * What the page tables say of the page at `va`, in whichever range: the physical address of these 4 KiB, plus
 * QUERY_MAPPED, Protection, MapFlag and the size of the page that they are part of; 0 when nothing is mapped.
 */
export function vm_query(va: usize): u64 {
  let table = rootTable();
  let rights = ENTRY_WRITABLE | ENTRY_USER;
  let executable = true;
  for (let shift = rootShift(); shift >= SHIFT_PT; shift -= 9) {
    const value = load<u64>(entryOf(table, va, shift));
    if ((value & ENTRY_PRESENT) == 0) break;
    rights &= value;
    if ((value & ENTRY_EXECUTE_DISABLE) != 0) executable = false;
    if (isLeaf(value, shift)) return answer(value, shift, va as u64, rights, executable);
    table = (value & ENTRY_ADDRESS) as usize;
  }
  return 0;
}

function answer(value: u64, shift: u64, va: u64, rights: u64, executable: bool): u64 {
  const inside = ((1 as u64) << shift) - 1;
  const page = (value & ENTRY_ADDRESS & ~inside) | (va & inside & ENTRY_ADDRESS);
  let prot: u32 = Protection.Read;
  if ((rights & ENTRY_WRITABLE) != 0) prot |= Protection.Write;
  if ((rights & ENTRY_USER) != 0) prot |= Protection.User;
  if (executable) prot |= Protection.Execute;
  let flags: u32 = 0;
  if ((value & ENTRY_GLOBAL) != 0) flags |= MapFlag.Global;
  if ((value & ENTRY_CACHE_DISABLE) != 0) flags |= MapFlag.Uncached;
  else if ((value & ENTRY_WRITE_THROUGH) != 0) flags |= MapFlag.WriteThrough;
  const size: u64 = shift == SHIFT_PT ? 0 : shift == SHIFT_PD ? 1 : 2;
  return (
    page |
    QUERY_MAPPED |
    (prot as u64) |
    (size << QUERY_SIZE_SHIFT) |
    ((flags as u64) << QUERY_FLAGS_SHIFT)
  );
}

/** The bits of an entry that maps a page, beside its address. */
export function leafBits(prot: u32, flags: u32): u64 {
  return ENTRY_PRESENT | rightBits(prot) | bitsOfFlags(flags);
}

function bitsOfFlags(flags: u32): u64 {
  if (flags == 0) return 0;
  let bits: u64 = 0;
  if ((flags & MapFlag.Global) != 0) bits |= ENTRY_GLOBAL;
  if ((flags & MapFlag.Uncached) != 0) bits |= ENTRY_CACHE_DISABLE | ENTRY_WRITE_THROUGH;
  if ((flags & MapFlag.WriteThrough) != 0) bits |= ENTRY_WRITE_THROUGH;
  return bits;
}

/** ENTRY_PRESENT and the rights of each sum of Protection that is allowed; 0 for those that are not. */
const rightsTable: usize = memory.data(128, 8);

/** Fills the table, once the processor's features are known: with the first page that is mapped. */
function rightsTableInit(): void {
  for (let prot: u32 = 0; prot <= RIGHTS_KNOWN; prot++) {
    const bits = rightsRefusal(prot) == Refusal.Done ? ENTRY_PRESENT | rightBits(prot) : 0;
    store<u64>(rightsTable + ((prot as usize) << 3), bits);
  }
}

/** The bits for these rights, 0 for rights that are none. */
function rightsOf(prot: u32): u64 {
  return prot > RIGHTS_KNOWN ? 0 : load<u64>(rightsTable + ((prot as usize) << 3));
}

function rightBits(prot: u32): u64 {
  let bits: u64 = 0;
  if ((prot & Protection.Write) != 0) bits |= ENTRY_WRITABLE;
  if ((prot & Protection.User) != 0) bits |= ENTRY_USER;
  if ((prot & Protection.Execute) == 0 && hasExecuteDisable) bits |= ENTRY_EXECUTE_DISABLE;
  return bits;
}

function rangeRefusal(va: usize, n: u64, end: u64): Refusal {
  if (!framesActive()) return Refusal.Uninitialised;
  if (!isPageAligned(va)) return Refusal.Misaligned;
  if (n == 0 || !rangeLiesIn(va as u64, n, mappingsStart(), end)) return Refusal.BadRange;
  return Refusal.Done;
}

function rightsRefusal(prot: u32): Refusal {
  if ((prot & ~RIGHTS_KNOWN) != 0 || (prot & Protection.Read) == 0) return Refusal.BadRights;
  const both: u32 = Protection.Write | Protection.Execute;
  return (prot & both) == both ? Refusal.WritableAndExecutable : Refusal.Done;
}

function lastByte(va: usize, n: u64): u64 {
  return (va as u64) + ((n << PAGE_SHIFT) - 1);
}

function fromObstacle(obstacle: Obstacle): Refusal {
  switch (obstacle) {
    case Obstacle.Nothing:
      return Refusal.Done;
    case Obstacle.AlreadyMapped:
      return Refusal.AlreadyMapped;
    case Obstacle.NotMapped:
      return Refusal.NotMapped;
    default:
      return Refusal.OutOfMemory;
  }
}

function report(refusal: Refusal, call: string, va: usize): void {
  switch (refusal) {
    case Refusal.Done:
      return;
    case Refusal.Uninitialised:
      return refuse(MemoryError.Uninitialised, call, va);
    case Refusal.Misaligned:
      return refuse(MemoryError.Misaligned, call, va);
    case Refusal.OutOfMemory:
      return refuse(MemoryError.OutOfMemory, call, va);
    default:
      return refuse(MemoryError.BadMapping, call, va);
  }
}
