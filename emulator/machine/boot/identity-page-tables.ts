/**
 * Page tables that map the first 4 GiB to themselves, in pages of 2 MiB: for an entry in 64-bit mode.
 * Source: SDM Vol. 3A, "4-Level Paging", table "Format of a Page-Directory Entry that Maps a 2-MByte Page".
 */
import { Structure } from './structure.js';

const PAGE_BYTES = 4096;
const ENTRY_BYTES = 8;
const PRESENT_WRITABLE = 3n;
const PAGE_SIZE = 1n << 7n;
const LARGE_PAGE_BYTES = 1n << 21n;
const DIRECTORIES = 4;

/** PML4, page-directory-pointer table and four page directories, to be put at `address`. */
export function identityPageTables(address: number): Uint8Array {
  const tables = new Structure((2 + DIRECTORIES) * PAGE_BYTES);
  const table = (number: number): bigint =>
    BigInt(address + number * PAGE_BYTES) | PRESENT_WRITABLE;
  tables.u64(0, table(1));
  for (let directory = 0; directory < DIRECTORIES; directory++) {
    tables.u64(PAGE_BYTES + directory * ENTRY_BYTES, table(2 + directory));
  }
  const pages = (DIRECTORIES * PAGE_BYTES) / ENTRY_BYTES;
  for (let page = 0; page < pages; page++) {
    const entry = (BigInt(page) * LARGE_PAGE_BYTES) | PAGE_SIZE | PRESENT_WRITABLE;
    tables.u64(2 * PAGE_BYTES + page * ENTRY_BYTES, entry);
  }
  return tables.bytes;
}
