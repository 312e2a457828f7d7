/**
 * Which pages hold the page tables that CR3 leads to, read without side effects.
 * Source: SDM Vol. 3A, "Paging": 4-level, 5-level, PAE and 32-bit table formats.
 */
import type { Processor } from '../cpu/processor.js';

export interface TablePage {
  /** Physical page number. */
  readonly page: number;
  /** 5 PML5, 4 PML4, 3 PDPT, 2 PD, 1 PT. */
  readonly level: number;
  /** Entries that are present. */
  readonly present: number;
}

const CR0_PG = 1n << 31n;
const CR4_PAE = 1n << 5n;
const CR4_LA57 = 1n << 12n;
const EFER_LMA = 1n << 10n;
const ENTRY_PRESENT = 1n;
const ENTRY_PAGE_SIZE = 1n << 7n;
const ADDRESS_MASK = 0x000f_ffff_ffff_f000n;
const ADDRESS_MASK_32 = 0xffff_f000n;
const PAGE_BYTES = 4096;
/** Tables after which the walk stops: a hierarchy that leads in circles. */
const TABLES_MAX = 1_000_000;

/** The tables in force, the top one first, each once; none without paging. */
export function pageTables(processor: Processor): TablePage[] {
  if ((processor.controlRegister('cr0') & CR0_PG) === 0n) return [];
  const cr4 = processor.controlRegister('cr4');
  const isLong = (processor.controlRegister('efer') & EFER_LMA) !== 0n;
  const isWide = isLong || (cr4 & CR4_PAE) !== 0n;
  const top = isLong ? ((cr4 & CR4_LA57) !== 0n ? 5 : 4) : isWide ? 3 : 2;
  // PAE's PDPT maps no pages itself.
  const sizeLevelMax = isLong ? 3 : 2;
  const mask = isWide ? ADDRESS_MASK : ADDRESS_MASK_32;
  const found = new Map<bigint, TablePage>();
  let tables = [processor.controlRegister('cr3') & mask];
  for (let level = top; level >= 1 && tables.length > 0; level--) {
    const below: bigint[] = [];
    for (const table of tables) {
      if (found.has(table) || found.size >= TABLES_MAX) continue;
      const entries = presentEntries(processor.read(table, PAGE_BYTES), isWide);
      found.set(table, { page: Number(table >> 12n), level, present: entries.length });
      if (level === 1) continue;
      for (const entry of entries) {
        if (level > sizeLevelMax || (entry & ENTRY_PAGE_SIZE) === 0n) below.push(entry & mask);
      }
    }
    tables = below;
  }
  return [...found.values()];
}

function presentEntries(bytes: Uint8Array, isWide: boolean): bigint[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const entryBytes = isWide ? 8 : 4;
  const entries: bigint[] = [];
  for (let at = 0; at < bytes.byteLength; at += entryBytes) {
    const entry = isWide ? view.getBigUint64(at, true) : BigInt(view.getUint32(at, true));
    if ((entry & ENTRY_PRESENT) !== 0n) entries.push(entry);
  }
  return entries;
}
