import { print, printAddress, printLine } from './console';
import { BOOT_MAPPED_END, PAGE_SIZE } from './page';

/**
 * ACPI tables: how to find one by its signature.
 * Source: ACPI Specification 6.5, "Root System Description Pointer", "System Description Table Header".
 *
 *     RSDP    0 "RSD PTR "   8 checksum of 20 bytes   15 revision   16 RSDT (u32)   20 length   24 XSDT (u64)   32 checksum
 *     table   0 signature    4 length (u32)    8 revision   9 checksum   …   36 contents
 *
 * Nothing here is believed before it is checked: every table lies wholly above page 0 and below 4 GiB, which the boot
 * stub maps, is no longer than 1 MiB, and its bytes add up to 0. A table that fails is as good as absent.
 * Tables above 4 GiB are not reached.
 */
const RSDP_SIGNATURE: u64 = 0x2052_5450_2044_5352; // "RSD PTR "
const RSDP_1_0_SIZE: usize = 20;
const RSDP_SIZE: usize = 36;
const SIGNATURE_RSDT: u32 = 0x5444_5352;
const SIGNATURE_XSDT: u32 = 0x5444_5358;

export const TABLE_HEADER_SIZE: usize = 36;
const TABLE_SIZE_MAX: usize = 1 << 20;
/** Tables of a root table that are looked at. */
const ROOT_ENTRIES_MAX: usize = 256;

/** BIOS data area: segment of the extended BIOS data area. */
const EBDA_SEGMENT_WORD: usize = 0x40e;
const EBDA_SEARCHED: usize = 1024;
const ROM_START: usize = 0xe_0000;
const ROM_END: usize = 0x10_0000;

/** A table's length in its header; 36 at least for every table that acpiTable gives. */
export function tableSize(table: usize): usize {
  return load<u32>(table + 4) as usize;
}

export function tableRevision(table: usize): u8 {
  return load<u8>(table + 8);
}

/**
 * The RSDP at `given` if there is a good one, else where a PC's firmware puts it; 0 for none. Reads page 0, so it
 * comes before that is unmapped.
 */
export function findRsdp(given: u64): u64 {
  if (isRsdp(given)) return given;
  const extended = (load<u16>(EBDA_SEGMENT_WORD) as usize) << 4;
  const found = extended == 0 ? 0 : searchRsdp(extended, extended + EBDA_SEARCHED);
  return found != 0 ? found : searchRsdp(ROM_START, ROM_END);
}

function searchRsdp(start: usize, end: usize): u64 {
  for (let at = start; at < end; at += 16) {
    if (isRsdp(at as u64)) return at as u64;
  }
  return 0;
}

function isRsdp(address: u64): bool {
  if (!isReachable(address, RSDP_1_0_SIZE)) return false;
  const rsdp = address as usize;
  return load<u64>(rsdp) == RSDP_SIGNATURE && addsUpToZero(rsdp, RSDP_1_0_SIZE);
}

/** The first table with this signature that the RSDP at `address` leads to, or 0 when there is none or it is bad. */
export function acpiTable(address: u64, signature: u32): usize {
  if (!isRsdp(address)) return 0;
  const rsdp = address as usize;
  if (
    load<u8>(rsdp + 15) >= 2 &&
    isReachable(address, RSDP_SIZE) &&
    addsUpToZero(rsdp, RSDP_SIZE)
  ) {
    const root = checkedTable(load<u64>(rsdp + 24), SIGNATURE_XSDT);
    if (root != 0) return tableOfRoot(root, 8, signature);
  }
  const root = checkedTable(load<u32>(rsdp + 16) as u64, SIGNATURE_RSDT);
  return root == 0 ? 0 : tableOfRoot(root, 4, signature);
}

function tableOfRoot(root: usize, entrySize: usize, signature: u32): usize {
  const entries = min((tableSize(root) - TABLE_HEADER_SIZE) / entrySize, ROOT_ENTRIES_MAX);
  for (let i: usize = 0; i < entries; i++) {
    const entry = root + TABLE_HEADER_SIZE + i * entrySize;
    const address = entrySize == 8 ? load<u64>(entry) : (load<u32>(entry) as u64);
    if (!isReachable(address, TABLE_HEADER_SIZE)) continue;
    if (load<u32>(address as usize) == signature) return checkedTable(address, signature);
  }
  return 0;
}

/** The table at `address`, or 0, with a line that says so, when it is not a good one of this kind. */
function checkedTable(address: u64, signature: u32): usize {
  const table = address as usize;
  if (
    isReachable(address, TABLE_HEADER_SIZE) &&
    load<u32>(table) == signature &&
    tableSize(table) >= TABLE_HEADER_SIZE &&
    tableSize(table) <= TABLE_SIZE_MAX &&
    isReachable(address, tableSize(table)) &&
    addsUpToZero(table, tableSize(table))
  ) {
    return table;
  }
  print('[nk_boot] ACPI: the table at ');
  printAddress(address);
  printLine(' is damaged and not used');
  return 0;
}

function isReachable(address: u64, size: usize): bool {
  return address >= (PAGE_SIZE as u64) && address <= (BOOT_MAPPED_END as u64) - (size as u64);
}

function addsUpToZero(start: usize, size: usize): bool {
  let sum: u32 = 0;
  for (let i: usize = 0; i < size; i++) sum += load<u8>(start + i);
  return (sum & 0xff) == 0;
}
