import { PAGE_SIZE, pageRoundUp } from './page';
import {
  ENTRY_EXECUTE_DISABLE,
  ENTRY_PAGE_SIZE,
  ENTRY_PRESENT,
  ENTRY_WRITABLE,
  entryOf,
  flushTranslations,
  rootShift,
  rootTable,
  SHIFT_PD,
  SHIFT_PDPT,
  SHIFT_PT,
  TABLE_ENTRIES,
  targetOf,
} from './page-table';
import { hasExecuteDisable } from './processor';
import { x86 } from './x86';

/**
 * The first 2 MiB, page by page, so that mistakes fault instead of spreading:
 *
 *     0          not mapped: a null pointer
 *     0x1000     read, write
 *     0x100000   code: read, execute         ─┐
 *                constants: read              ├─ the kernel image
 *                data: read, write            │
 *                stack guard: not mapped      │   the lowest page of the stack
 *                stack: read, write          ─┘
 *                read, write
 *
 * The boot stub maps 0–4 GiB readable, writable and executable. Afterwards code is the only memory that can be
 * executed, and none that can be executed can be written. The processor honours write protection in ring 0 because
 * the boot stub sets CR0.WP. [SDM-3A "Access Rights"]
 */
const SPLIT_END: usize = 2 << 20;
const pageTable: usize = memory.data(4096, 4096);
const pageDirectory: usize = memory.data(4096, 4096);
/** The boot stub's gigabytes. */
const BOOT_GIGABYTES: usize = 4;

/** Takes effect at once. An image that ends beyond 2 MiB stays as the boot stub mapped it. */
export function protectImage(): void {
  if (x86.kernelEnd() > SPLIT_END) return;
  const gigabytes = directoryPointers();
  for (let i: usize = 1; i < BOOT_GIGABYTES; i++) forbidExecution(gigabytes + i * 8);

  fillPageTable();
  const directory = directoryOfFirstGigabyte(gigabytes);
  store<u64>(directory, (pageTable as u64) | ENTRY_WRITABLE | ENTRY_PRESENT);
  store<u64>(gigabytes, (directory as u64) | ENTRY_WRITABLE | ENTRY_PRESENT);
  for (let i: usize = 1; i < TABLE_ENTRIES; i++) forbidExecution(directory + i * 8);
  flushTranslations();
}

/** Whether `address` is in the page below the stack, which is not mapped. */
export function isStackGuard(address: usize): bool {
  const guard = stackGuard();
  return address >= guard && address < guard + PAGE_SIZE;
}

function stackGuard(): usize {
  return pageRoundUp(x86.stackBottom());
}

/** The table whose entries map a gigabyte each and whose first four the boot stub filled. */
function directoryPointers(): usize {
  let table = rootTable();
  for (let level = rootShift(); level > SHIFT_PDPT; level -= 9)
    table = targetOf(entryOf(table, 0, level));
  return table;
}

/** Execute-disable for everything under one entry: in itself if it maps a page, else in the directory it leads to. */
function forbidExecution(entry: usize): void {
  if (!hasExecuteDisable) return;
  if ((load<u64>(entry) & ENTRY_PAGE_SIZE) != 0) {
    store<u64>(entry, load<u64>(entry) | ENTRY_EXECUTE_DISABLE);
    return;
  }
  const directory = targetOf(entry);
  for (let i: usize = 0; i < TABLE_ENTRIES; i++) {
    store<u64>(directory + i * 8, load<u64>(directory + i * 8) | ENTRY_EXECUTE_DISABLE);
  }
}

/** The directory of 2 MiB pages for the first gigabyte: the boot stub's, or, where that has one large page, ours. */
function directoryOfFirstGigabyte(entry: usize): usize {
  const large = load<u64>(entry);
  if ((large & ENTRY_PAGE_SIZE) == 0) return targetOf(entry);
  for (let i: usize = 0; i < TABLE_ENTRIES; i++) {
    store<u64>(pageDirectory + i * 8, large + ((i as u64) << SHIFT_PD));
  }
  return pageDirectory;
}

function fillPageTable(): void {
  for (let page: usize = 0; page < SPLIT_END; page += PAGE_SIZE) {
    const isMapped = page != 0 && page != stackGuard();
    store<u64>(entryOf(pageTable, page, SHIFT_PT), isMapped ? (page as u64) | rightsOf(page) : 0);
  }
}

/** Whether [start, end) holds a byte of the image: such memory needs rights page by page. */
export function imageTouches(start: u64, end: u64): bool {
  return start < (x86.kernelEnd() as u64) && end > (x86.kernelStart() as u64);
}

/** What the kernel may do with a page of RAM. Sections of the image begin on page borders. */
export function rightsOf(page: usize): u64 {
  const noExecute = hasExecuteDisable ? ENTRY_EXECUTE_DISABLE : 0;
  if (page >= x86.kernelStart() && page < x86.textEnd()) return ENTRY_PRESENT;
  if (page >= x86.kernelStart() && page < x86.rodataEnd()) return ENTRY_PRESENT | noExecute;
  return ENTRY_PRESENT | ENTRY_WRITABLE | noExecute;
}
