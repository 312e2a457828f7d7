import { allocPage } from '../../bench/page-subject';

/** Pages into the table at `table`, one call each, as frame-scores.ts and page-bench.ts want them; returns how many. */
export function takePages(table: usize, count: u64): u64 {
  for (let i: u64 = 0; i < count; i++) {
    const page = allocPage();
    if (page == 0) return i;
    store<u64>(table + ((i << 3) as usize), page as u64);
  }
  return count;
}
