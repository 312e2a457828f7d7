import { CR4_PGE, hasFiveLevels } from './processor';
import { x86 } from './x86';

/**
 * Page-table entries and the way down to them.
 *
 *      linear address (5 levels; with 4, bits 56:48 are not translated)
 *       56      48 47      39 38      30 29      21 20      12 11         0
 *      ┌──────────┬──────────┬──────────┬──────────┬──────────┬────────────┐
 *      │   PML5   │   PML4   │   PDPT   │    PD    │    PT    │   offset   │
 *      └──────────┴──────────┴──────────┴──────────┴──────────┴────────────┘
 *       256 TiB    512 GiB     1 GiB      2 MiB      4 KiB       one entry maps
 *
 * Source: SDM Vol. 3A "Paging", "4-Level Paging and 5-Level Paging".
 */
export const ENTRY_PRESENT: u64 = 1 << 0;
export const ENTRY_WRITABLE: u64 = 1 << 1;
export const ENTRY_USER: u64 = 1 << 2;
export const ENTRY_WRITE_THROUGH: u64 = 1 << 3;
export const ENTRY_CACHE_DISABLE: u64 = 1 << 4;
export const ENTRY_ACCESSED: u64 = 1 << 5;
export const ENTRY_DIRTY: u64 = 1 << 6;
export const ENTRY_PAGE_SIZE: u64 = 1 << 7;
export const ENTRY_GLOBAL: u64 = 1 << 8;
export const ENTRY_EXECUTE_DISABLE: u64 = (1 as u64) << 63;
export const ENTRY_ADDRESS: u64 = 0x000f_ffff_ffff_f000;
export const TABLE_ENTRIES: usize = 512;

export const SHIFT_PML5: u64 = 48;
export const SHIFT_PML4: u64 = 39;
export const SHIFT_PDPT: u64 = 30;
export const SHIFT_PD: u64 = 21;
export const SHIFT_PT: u64 = 12;

let root: usize = 0;

/** The table that CR3 points to: always the same, asked once, as reading CR3 lets the processor run dry. */
export function rootTable(): usize {
  if (root == 0) root = (x86.readCr3() & ENTRY_ADDRESS) as usize;
  return root;
}

/** log2 of the bytes that one entry of the root table maps. */
export function rootShift(): u64 {
  return hasFiveLevels ? SHIFT_PML5 : SHIFT_PML4;
}

/** Address of the entry for `address` in `table`, whose entries map 2^shift bytes each. */
export function entryOf(table: usize, address: usize, shift: u64): usize {
  const index = ((address as u64) >> shift) & ((TABLE_ENTRIES as u64) - 1);
  return table + (index as usize) * 8;
}

/** The table or page that the entry at `entry` points to. */
export function targetOf(entry: usize): usize {
  return (load<u64>(entry) & ENTRY_ADDRESS) as usize;
}

/** Whether an entry whose page would have 2^shift bytes maps that page, and leads to no table. */
export function isLeaf(value: u64, shift: u64): bool {
  return (value & ENTRY_PRESENT) != 0 && (shift == SHIFT_PT || (value & ENTRY_PAGE_SIZE) != 0);
}

/** Forgets all cached translations but those of global pages. [SDM-3A "Invalidation of TLBs and Paging-Structure Caches"] */
export function flushTranslations(): void {
  x86.writeCr3(x86.readCr3());
}

/** Forgets all cached translations: clearing CR4.PGE drops those of global pages, too. [ibid.] */
export function flushAllTranslations(): void {
  const cr4 = x86.readCr4();
  if ((cr4 & CR4_PGE) == 0) return flushTranslations();
  x86.writeCr4(cr4 & ~CR4_PGE);
  x86.writeCr4(cr4);
}
