/**
 * Page walks: 32-bit, PAE, 4-level and 5-level paging.
 * Source: SDM Vol. 3A, "Paging": table formats, "Reserved bits", "Access Rights", "Accessed and Dirty Flags".
 *
 *   32-bit (10+10+12, 4 MiB)   PAE (2+9+9+12, 2 MiB)   4-level (9+9+9+9+12, 2 MiB, 1 GiB)   5-level (9 more)
 *
 * The accessed flags are set once the whole walk has succeeded and the access is permitted; a walk that faults leaves
 * the tables as they are. Level numbers: 5 = PML5E, 4 = PML4E, 3 = PDPTE, 2 = PDE, 1 = PTE.
 */
import { CR3, MAXPHYADDR, PDPTE_REGISTERS, RFLAGS_REST } from '../../isa/state-layout';
import {
  CR0_WP,
  CR4_LA57,
  CR4_PAE,
  CR4_PGE,
  CR4_PSE,
  CR4_SMAP,
  CR4_SMEP,
  EFER_LMA,
  EFER_NXE,
  RFLAGS_AC,
  cr0,
  cr4,
  efer,
} from './control-bits';
import { FEATURE_PAGE1GB, FEATURE_PSE36, offers } from './cpuid';
import { faulted, raisePageFault } from './exceptions';
import { readPhysicalWord, writePhysicalWord } from './physical-access';

export const PTE_P: u64 = 1 << 0;
const PTE_RW: u64 = 1 << 1;
const PTE_US: u64 = 1 << 2;
const PTE_A: u64 = 1 << 5;
const PTE_D: u64 = 1 << 6;
export const PTE_PS: u64 = 1 << 7;
const PTE_G: u64 = 1 << 8;
const PTE_XD: u64 = 1 << 63;

/** What an access is: bits of the #PF error code, and the internal ones above. */
export const ACCESS_READ: u32 = 0;
export const ACCESS_WRITE: u32 = 1 << 1;
export const ACCESS_USER: u32 = 1 << 2;
export const ACCESS_FETCH: u32 = 1 << 4;
/** An implicit supervisor access (descriptor tables, TSS): SMAP applies whatever AC says. */
export const ACCESS_IMPLICIT: u32 = 1 << 8;

const ERROR_P: u32 = 1 << 0;
const ERROR_RSVD: u32 = 1 << 3;

export enum Verdict {
  Mapped = 0,
  NotPresent = 1,
  /** A reserved bit is set in a present entry. */
  Reserved = 2,
}

/** The entries of the last walk, {u64 physical address, u64 value} each, from the top level down; scratch. */
const RECORD_BYTES: u32 = 16;
export const walkRecords: usize = memory.data(5 * 16, 8);
export let walkCount: u32 = 0;
export let walkTopLevel: u32 = 0;
let entryBytes: u32 = 8;

/** Result: physical address of the 4 KiB page, size of the page that maps it, rights. */
export let walkPage: u64 = 0;
export let walkShift: u32 = 12;
export let walkUser: bool = false;
let walkWritable: bool = false;
export let walkNoExecute: bool = false;
export let walkGlobal: bool = false;
export let walkDirty: bool = false;

/** Width of a physical address in bits.
 * @inline */
export function physicalBits(): u32 {
  const bits = load<u32>(MAXPHYADDR);
  return bits == 0 ? 52 : bits;
}

/** Bits `low` to `high` of a word, as a mask.
 * @inline */
function bitRange(high: u32, low: u32): u64 {
  return high < low ? 0 : (((<u64>1) << (high - low + 1)) - 1) << low;
}

/** Bits that must be 0 in every 8-byte entry which is present.
 * @inline */
function reservedEverywhere(long: bool): u64 {
  return bitRange(long ? 51 : 62, physicalBits()) | (efer(EFER_NXE) ? 0 : PTE_XD);
}

/** Bits that must be 0 besides in an entry of `level` whose bit 7 is set: it maps a large page, or must not be set. */
function reservedWithPageSize(level: u32): u64 {
  if (level == 1) return 0; // that bit is PAT
  if (level == 2) return bitRange(20, 13);
  return level == 3 && offers(FEATURE_PAGE1GB) ? bitRange(29, 13) : PTE_PS;
}

/** @inline */
function recordEntry(address: u64, entry: u64): void {
  const at = walkRecords + walkCount * RECORD_BYTES;
  store<u64>(at, address);
  store<u64>(at, entry, 8);
  walkCount++;
}

/** Walks levels `top` to 1 of 8-byte entries from the table at `table` on. */
function walkWide(linear: u64, top: u32, start: u64, long: bool): Verdict {
  const addressBits = bitRange(physicalBits() - 1, 12);
  const reserved = reservedEverywhere(long);
  let table = start;
  entryBytes = 8;
  walkTopLevel = top;
  walkUser = true;
  walkWritable = true;
  walkNoExecute = false;
  let level = top;
  while (true) {
    const shift = 3 + level * 9;
    const address = table + (((linear >> shift) & 511) << 3);
    const entry = readPhysicalWord(address, 8);
    recordEntry(address, entry);
    if ((entry & PTE_P) == 0) return Verdict.NotPresent;
    if ((entry & reserved) != 0) return Verdict.Reserved;
    if ((entry & PTE_PS) != 0 && (entry & reservedWithPageSize(level)) != 0)
      return Verdict.Reserved;
    if ((entry & PTE_RW) == 0) walkWritable = false;
    if ((entry & PTE_US) == 0) walkUser = false;
    if ((entry & PTE_XD) != 0) walkNoExecute = true;
    table = entry & addressBits;
    if (level == 1 || (level <= 3 && (entry & PTE_PS) != 0)) {
      const offset = ((<u64>1) << shift) - 1;
      finishWalk(entry, (table & ~offset) | (linear & offset), shift);
      return Verdict.Mapped;
    }
    level--;
  }
}

function walk32(linear: u64): Verdict {
  entryBytes = 4;
  walkTopLevel = 2;
  walkNoExecute = false;
  const directoryAddress = (load<u64>(CR3) & 0xfffff000) + ((linear >> 22) << 2);
  const directory = readPhysicalWord(directoryAddress, 4);
  recordEntry(directoryAddress, directory);
  if ((directory & PTE_P) == 0) return Verdict.NotPresent;
  if ((directory & PTE_PS) != 0 && cr4(CR4_PSE)) {
    const width = offers(FEATURE_PSE36) ? min(physicalBits(), 40) : 32;
    if ((directory & bitRange(21, width - 19)) != 0) return Verdict.Reserved;
    walkWritable = (directory & PTE_RW) != 0;
    walkUser = (directory & PTE_US) != 0;
    finishWalk(
      directory,
      (directory & 0xffc00000) | ((directory & bitRange(20, 13)) << 19) | (linear & 0x3fffff),
      22,
    );
    return Verdict.Mapped;
  }
  const tableAddress = (directory & 0xfffff000) + (((linear >> 12) & 1023) << 2);
  const entry = readPhysicalWord(tableAddress, 4);
  recordEntry(tableAddress, entry);
  if ((entry & PTE_P) == 0) return Verdict.NotPresent;
  walkWritable = (directory & entry & PTE_RW) != 0;
  walkUser = (directory & entry & PTE_US) != 0;
  finishWalk(entry, entry & 0xfffff000, 12);
  return Verdict.Mapped;
}

function finishWalk(leaf: u64, physical: u64, shift: u32): void {
  walkPage = physical & ~0xfff;
  walkShift = shift;
  walkGlobal = (leaf & PTE_G) != 0 && cr4(CR4_PGE);
  walkDirty = (leaf & PTE_D) != 0;
}

/** Looks `linear` up in the tables that CR3 names, without side effects. Paging is on. */
export function walkTables(linear: u64): Verdict {
  walkCount = 0;
  if (efer(EFER_LMA)) {
    return walkWide(
      linear,
      cr4(CR4_LA57) ? 5 : 4,
      load<u64>(CR3) & bitRange(physicalBits() - 1, 12),
      true,
    );
  }
  if (!cr4(CR4_PAE)) return walk32(linear);
  const directoryPointer = load<u64>(PDPTE_REGISTERS + ((<u32>(linear >> 30)) & 3) * 8);
  if ((directoryPointer & PTE_P) == 0) return Verdict.NotPresent;
  return walkWide(linear, 2, directoryPointer & bitRange(physicalBits() - 1, 12), false);
}

/** Whether the mapping found permits `access`. SDM Vol. 3A, "Determination of Access Rights". */
export function accessPermitted(access: u32): bool {
  if ((access & ACCESS_USER) != 0) {
    if (!walkUser) return false;
    if ((access & ACCESS_FETCH) != 0) return !walkNoExecute;
    return (access & ACCESS_WRITE) == 0 || walkWritable;
  }
  if ((access & ACCESS_FETCH) != 0) return !walkNoExecute && !(walkUser && cr4(CR4_SMEP));
  if (
    walkUser &&
    cr4(CR4_SMAP) &&
    ((access & ACCESS_IMPLICIT) != 0 || (load<u32>(RFLAGS_REST) & (<u32>RFLAGS_AC)) == 0)
  )
    return false;
  return (access & ACCESS_WRITE) == 0 || walkWritable || !cr0(CR0_WP);
}

/** Sets the accessed flag of every entry used, and the dirty flag of the last one when the access is a store. */
function markUsed(write: bool): void {
  for (let index: u32 = 0; index < walkCount; index++) {
    const at = walkRecords + index * RECORD_BYTES;
    const entry = load<u64>(at, 8);
    const marked = entry | PTE_A | (write && index == walkCount - 1 ? PTE_D : 0);
    if (marked != entry) writePhysicalWord(load<u64>(at), marked, entryBytes);
  }
  if (write) walkDirty = true;
}

/** Translates `linear` for `access`, sets A and D flags; false with #PF raised (or the resident limit). */
export function pageWalk(linear: u64, access: u32): bool {
  const verdict = walkTables(linear);
  if (verdict == Verdict.Mapped && accessPermitted(access)) {
    markUsed((access & ACCESS_WRITE) != 0);
    return !faulted();
  }
  let errorCode = access & (ACCESS_WRITE | ACCESS_USER);
  if ((access & ACCESS_FETCH) != 0 && (cr4(CR4_SMEP) || (efer(EFER_NXE) && cr4(CR4_PAE))))
    errorCode |= ACCESS_FETCH;
  if (verdict != Verdict.NotPresent) errorCode |= ERROR_P;
  if (verdict == Verdict.Reserved) errorCode |= ERROR_RSVD;
  raisePageFault(linear, errorCode);
  return false;
}
