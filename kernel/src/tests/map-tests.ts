import { MEMORY_MAP_ENTRY_SIZE, MemoryMapEntry } from '../boot-info';
import {
  rangeAt,
  sanitiseBegin,
  sanitiseEntries,
  sanitiseFinish,
  sanitisedRanges,
} from '../memory-map';
import { PHYSICAL_ADDRESS_END } from '../page';
import { check } from './suite';

/** The rules of memory-map.ts, one small map each. */

const ENTRIES_MAX: u32 = 320;
const entries: usize = memory.data(7680, 8);
let count: u32 = 0;
let found: u32 = 0;

function add(base: u64, length: u64, type: u32): void {
  const entry = changetype<MemoryMapEntry>(entries + (count as usize) * MEMORY_MAP_ENTRY_SIZE);
  entry.base = base;
  entry.length = length;
  entry.type = type;
  count += 1;
}

function sanitise(): void {
  sanitiseBegin();
  sanitiseEntries(entries, count, PHYSICAL_ADDRESS_END);
  found = sanitiseFinish();
  count = 0;
}

function isRange(index: u32, start: u64, end: u64): bool {
  const range = rangeAt(sanitisedRanges(), index);
  return range.start == start && range.end == end;
}

export function mapRules(): void {
  count = 0;
  sanitise();
  check(found == 0, 'an empty map has no RAM');

  add(0x50_0000, 0x10_0000, 1);
  add(0x10_0000, 0x10_0000, 1);
  sanitise();
  check(
    found == 2 && isRange(0, 0x10_0000, 0x20_0000) && isRange(1, 0x50_0000, 0x60_0000),
    'unsorted: sorted',
  );

  add(0x10_0000, 0x20_0000, 1);
  add(0x18_0000, 0x8_0000, 2);
  sanitise();
  check(
    found == 2 && isRange(0, 0x10_0000, 0x18_0000) && isRange(1, 0x20_0000, 0x30_0000),
    'a reserved hole',
  );

  add(0x20_0000, 0x1000, 2);
  add(0x20_0000, 0x1000, 1);
  add(0x30_0000, 0, 1);
  add(0x40_0000, 0x1000, 77);
  sanitise();
  check(found == 0, 'reserved wins, length 0 says nothing, unknown types are not RAM');

  add(0x20_0000, 0x800, 1);
  add(0x20_0800, 0x800, 1);
  add(0x30_0001, 0x2fff, 1);
  sanitise();
  check(found == 2 && isRange(0, 0x20_0000, 0x20_1000), 'two halves of a page are a page');
  check(isRange(1, 0x30_1000, 0x30_3000), 'ends are trimmed inward');

  add(0, 0x20_0000, 1);
  sanitise();
  check(
    found == 2 && isRange(0, 0x1000, 0xa_0000) && isRange(1, 0x10_0000, 0x20_0000),
    'page 0 and the ROM window',
  );
}

export function mapLimits(): void {
  add(0xffff_ffff_ffff_0000, 0x2_0000, 1);
  add(0x10_0000, 0x10_0000, 1);
  sanitise();
  check(
    found == 1 && isRange(0, 0x10_0000, 0x20_0000),
    'an entry that starts beyond the limit is dropped alone',
  );

  add(PHYSICAL_ADDRESS_END - 0x10_0000, u64.MAX_VALUE, 1);
  sanitise();
  check(
    found == 1 && isRange(0, PHYSICAL_ADDRESS_END - 0x10_0000, PHYSICAL_ADDRESS_END),
    'one that wraps is cut',
  );

  for (let i: u32 = 0; i < ENTRIES_MAX; i++) add(0x1000_0000 - (i as u64) * 0x2000, 0x1000, 1);
  sanitise();
  check(found == ENTRIES_MAX, 'many pieces, none lost');
  let sorted = true;
  for (let i: u32 = 1; i < found; i++) {
    if (rangeAt(sanitisedRanges(), i).start <= rangeAt(sanitisedRanges(), i - 1).end)
      sorted = false;
  }
  check(sorted, 'sorted and apart');
}
