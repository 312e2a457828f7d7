import { PAGE_SHIFT } from '../../page';
import { callBegin, callEnd } from '../../processor';
import { managedOpen, spanPages } from '../managed-memory';
import { bitmap, countGiven, countTaken, openPieces, placeBitmap } from './bitmap';

/**
 * Page twin: a scan of single bits from the first, as in the original System 7X nanokernel.
 * Source of the technique: nk_memory of System 7X (first-fit bitmap, one bit a page, 1 = used), read for its method.
 *
 *     bitmap   11111101 11111111 01111111 …     every allocation starts at bit 0
 */
export { metadataBytes, scratchReturn, scratchTake } from '../managed-memory';
export {
  allocFrame,
  allocRun,
  freeFrame,
  freePages,
  freeRun,
  occupy,
  totalPages,
  vacate,
} from './bitmap';

/** The byte loop is the original's. */
export function openPages(): void {
  managedOpen();
  const bytes = (spanPages + 7) >> 3;
  placeBitmap(bytes);
  for (let i: u64 = 0; i < bytes; i++) store<u8>(bitmap + (i as usize), 0xff);
  openPieces();
}

export function allocPage(): usize {
  callBegin();
  const page = takeFrom(0);
  callEnd();
  return (page << PAGE_SHIFT) as usize;
}

/** The first free page at or above `from`, which is used then; 0 when there is none. */
function takeFrom(from: u64): u64 {
  for (let page = from; page < spanPages; page++) {
    const byte = bitmap + ((page >> 3) as usize);
    const bit = 1 << ((page & 7) as u32);
    if (((load<u8>(byte) as u32) & bit) == 0) {
      store<u8>(byte, ((load<u8>(byte) as u32) | bit) as u8);
      countTaken();
      return page;
    }
  }
  return 0;
}

export function freePage(address: usize): void {
  callBegin();
  const page = (address as u64) >> PAGE_SHIFT;
  if (page < spanPages) {
    const byte = bitmap + ((page >> 3) as usize);
    const bit = 1 << ((page & 7) as u32);
    if (((load<u8>(byte) as u32) & bit) != 0) {
      store<u8>(byte, ((load<u8>(byte) as u32) & ~bit) as u8);
      countGiven();
    }
  }
  callEnd();
}

/** As so many calls of allocPage: nothing is freed meanwhile, so that each may start where the last one ended. */
export function takePages(table: usize, count: u64): u64 {
  let page: u64 = 0;
  for (let i: u64 = 0; i < count; i++) {
    page = takeFrom(page);
    if (page == 0) return i;
    store<u64>(table + ((i << 3) as usize), page << PAGE_SHIFT);
  }
  return count;
}
