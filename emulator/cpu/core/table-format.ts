/**
 * Page tables as the mode of paging reads them, without regard to rights and reserved bits: which tables there are, and which
 * a directory's entries name (timed core only). Source: SDM Vol. 3A, "Paging".
 */
import { CR3, PDPTE_REGISTERS } from '../../isa/state-layout';
import { CR0_PG, CR4_LA57, CR4_PAE, CR4_PSE, EFER_LMA, cr0, cr4, efer } from './control-bits';
import { PTE_P, PTE_PS } from './page-walk';

const WIDE_ADDRESS: u64 = 0x000f_ffff_ffff_f000;
const NARROW_ADDRESS: u64 = 0xffff_f000;
/** No table. */
export const NOWHERE: u64 = ~0;

/** How tables are read, as of the last setFormat; 0: paging is off, and there are none. */
export let format: u32 = 0;
const FORMAT_PAGING: u32 = 1;
const FORMAT_LONG: u32 = 2;
const FORMAT_LA57: u32 = 4;
const FORMAT_PAE: u32 = 8;
const FORMAT_PSE: u32 = 16;

export function presentFormat(): u32 {
  if (!cr0(CR0_PG)) return 0;
  if (efer(EFER_LMA)) return FORMAT_PAGING | FORMAT_LONG | (cr4(CR4_LA57) ? FORMAT_LA57 : 0);
  if (cr4(CR4_PAE)) return FORMAT_PAGING | FORMAT_PAE;
  return FORMAT_PAGING | (cr4(CR4_PSE) ? FORMAT_PSE : 0);
}

export function setFormat(now: u32): void {
  format = now;
}

/** Entries are of four bytes.
 * @inline */
export function isNarrow(): bool {
  return (format & (FORMAT_LONG | FORMAT_PAE)) == 0;
}

/** Walks begin with one of so many tables. */
export function rootCount(): u32 {
  return (format & FORMAT_PAE) != 0 ? 4 : 1;
}

/** The level of these tables. */
export function rootLevel(): u32 {
  if ((format & FORMAT_LONG) == 0) return 2;
  return (format & FORMAT_LA57) != 0 ? 5 : 4;
}

/** Physical address of one of them, or NOWHERE. */
export function rootTable(index: u32): u64 {
  if ((format & FORMAT_PAE) != 0) return tableNamed(load<u64>(PDPTE_REGISTERS + (index << 3)), 3);
  return load<u64>(CR3) & (isNarrow() ? NARROW_ADDRESS : WIDE_ADDRESS);
}

/** Physical address of the table that an entry of a directory of `level` names, or NOWHERE: it is not present, or maps a page.
 * @inline */
export function tableNamed(entry: u64, level: u32): u64 {
  return (entry & PTE_P) == 0 ? NOWHERE : tableOfPresent(entry, level);
}

function tableOfPresent(entry: u64, level: u32): u64 {
  const narrow = isNarrow();
  const large = narrow ? (format & FORMAT_PSE) != 0 : level <= 3;
  if (large && (entry & PTE_PS) != 0) return NOWHERE;
  return entry & (narrow ? NARROW_ADDRESS : WIDE_ADDRESS);
}
