import { PAGE_SIZE } from './page';
import { pmm_alloc_page, pmm_free_page, pmm_free_pages } from './page-frames';
import { callsInsideBegin, callsInsideEnd } from './processor';
import { forgetTable } from './recent-table';
import { x86 } from './x86';
import { flushAllTranslations } from './page-table';

/**
 * The frames that page tables are made of, and the translations that a change makes stale.
 *
 * A change of the page tables must not fail half-way. So it counts first what it will need, lays in all of that as a
 * *stock*, and then draws on the stock only. When the stock cannot be filled it goes back, and nothing has happened.
 *
 *     stock → │ next ──→ │ next ──→ │ 0 │        frames, chained by their first words
 */
let stock: usize = 0;
/** Tables below the root that are linked into the page tables of vm_map and vm_alloc. */
export let tableCount: u64 = 0;

/** Pages that are invalidated one by one in one change; beyond that everything is forgotten at once. */
const SINGLE_INVALIDATIONS_MAX: u32 = 32;
let invalidations: u32 = 0;
let forgetAll: bool = false;

/** Lays in `count` frames. Returns false, and gives all of them back, when there are not so many. */
export function stockFill(count: u64): bool {
  if (count > pmm_free_pages()) return false;
  callsInsideBegin();
  let missing = count;
  for (; missing != 0; missing--) {
    const frame = pmm_alloc_page();
    if (frame == 0) break;
    store<usize>(frame, stock);
    stock = frame;
  }
  if (missing != 0) while (stock != 0) pmm_free_page(stockTake());
  callsInsideEnd();
  return missing == 0;
}

/** Frees a page in the middle of a call. */
export function frameReturn(frame: usize): void {
  callsInsideBegin();
  pmm_free_page(frame);
  callsInsideEnd();
}

/** A frame of the stock, with old contents. The change has counted right: there is one. */
export function stockTake(): usize {
  const frame = stock;
  assert(frame != 0, 'a change of the page tables takes more frames than it counted');
  stock = load<usize>(frame);
  store<usize>(frame, 0);
  return frame;
}

/** An empty table, of the stock. */
export function tableTake(): usize {
  const table = stockTake();
  memory.fill(table, 0, PAGE_SIZE);
  tableCount += 1;
  return table;
}

/**
 * Frees a table that no entry leads to any more. INVLPG of any address makes the processor forget the entries that
 * lead to tables, all of them. [SDM-3A "Operations that Invalidate TLBs and Paging-Structure Caches"]
 */
export function tableRetire(table: usize, address: u64): void {
  forgetTable();
  x86.invlpg(address as usize);
  tableCount -= 1;
  frameReturn(table);
}

export function invalidationsBegin(): void {
  invalidations = 0;
  forgetAll = false;
}

/** The page at `address` was present and is another one now, or has other rights. */
export function invalidate(address: u64): void {
  invalidations += 1;
  if (invalidations > SINGLE_INVALIDATIONS_MAX) forgetAll = true;
  else x86.invlpg(address as usize);
}

/** A page has become larger: INVLPG reaches only one of the smaller translations that may be cached. */
export function invalidateAll(): void {
  forgetAll = true;
}

export function invalidationsEnd(): void {
  if (forgetAll) flushAllTranslations();
}
