import { PAGE_SHIFT } from '../../page';
import { callBegin, callEnd } from '../../processor';
import { managedOpen, spanPages } from '../managed-memory';
import { bitmap, countGiven, countTaken, openPieces, placeBitmap } from './bitmap';

/**
 * Page twin: a bitmap scanned by words of 64 bits from where the last allocation ended.
 * Source of the technique: Knuth, "The Art of Computer Programming" vol. 1, 2.5, next fit, over a bitmap with TZCNT.
 *
 *     words   1…1 │ 1…1 │ 11…0…1 │ 0…0 │ …
 *                          ▲ next
 */
export { metadataBytes, scratchReturn, scratchTake } from '../managed-memory';
export { takePages } from './one-by-one';
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

/** The word in which the next search starts. */
let next: u64 = 0;
let words: u64 = 0;

export function openPages(): void {
  managedOpen();
  words = spanPages >> 6;
  placeBitmap(words << 3);
  memory.fill(bitmap, 0xff, (words << 3) as usize);
  openPieces();
  next = 0;
}

export function allocPage(): usize {
  callBegin();
  const page = take();
  callEnd();
  return page;
}

function take(): usize {
  let index = next;
  for (let left = words; left != 0; left--) {
    const word = bitmap + ((index << 3) as usize);
    const open = ~load<u64>(word);
    if (open != 0) {
      store<u64>(word, ~(open & (open - 1)));
      countTaken();
      next = index;
      return (((index << 6) + ctz(open)) << PAGE_SHIFT) as usize;
    }
    index += 1;
    if (index == words) index = 0;
  }
  return 0;
}

export function freePage(address: usize): void {
  callBegin();
  const page = (address as u64) >> PAGE_SHIFT;
  if (page < spanPages) {
    const word = bitmap + (((page >> 6) << 3) as usize);
    const bit = (1 as u64) << (page & 63);
    const used = load<u64>(word);
    if ((used & bit) != 0) {
      store<u64>(word, used & ~bit);
      countGiven();
    }
  }
  callEnd();
}
