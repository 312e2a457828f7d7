/**
 * Defects of page tables, none of which System 7X had, as it had none: what is easily forgotten when a translation
 * changes. See heap-defects.ts. The checks are those of tests/boots/table-checks.ts.
 */
import { one, type Defect } from './defect.js';

const UNMAP = '109 after vm_unmap no page is read as it was, one page or a hundred, global or not';
const PROTECT =
  '109 after vm_protect a page that could be written cannot be, the first of many or the last';
const REMAP =
  '109, 111 a page of 2 MiB, cut and whole again, is unmapped as a whole: no 4 KiB of it is read as before';
const GIGABYTE =
  '111 a page of 1 GiB, cut to 2 MiB and 4 KiB, translates each page as before; protected back it is one page again';

const SCATTERED =
  '111 a table of 512 pages that do not lie in a row stays a table: each page is read where it lies';
const EMPTY = '109 tables that have become empty are free again, page by page or all at once';

const PAGE_MAP = 'page-map.ts';

export const TABLE_DEFECTS: readonly Defect[] = [
  one(
    'pages that become one large page stay in the TLB',
    REMAP,
    PAGE_MAP,
    '  store<u64>(entry, page);\n  invalidateAll();\n',
    '  store<u64>(entry, page);\n',
  ),
  one(
    'a flush of everything leaves global pages',
    UNMAP,
    'page-table.ts',
    'if ((cr4 & CR4_PGE) == 0) return flushTranslations();',
    'if ((cr4 & CR4_PGE) != 0) return flushTranslations();',
  ),
  one(
    'beyond 32 pages nothing is forgotten',
    UNMAP,
    'table-frames.ts',
    'if (forgetAll) flushAllTranslations();',
    'if (forgetAll && invalidations == 0) flushAllTranslations();',
  ),
  one(
    'a page that is unmapped stays in the TLB',
    UNMAP,
    PAGE_MAP,
    '      setEntry(entry, parent, 0);\n      return invalidate(address);',
    '      setEntry(entry, parent, 0);\n      return;',
  ),
  one(
    'a page that gets other rights stays in the TLB',
    PROTECT,
    PAGE_MAP,
    '      store<u64>(entry, (old & ~RIGHTS) | bits);\n      return invalidate(address);',
    '      store<u64>(entry, (old & ~RIGHTS) | bits);\n      return;',
  ),
  one(
    'a page of 1 GiB is cut into pages of 2 MiB that are 4 KiB apart',
    GIGABYTE,
    PAGE_MAP,
    'store<u64>(table + i * 8, first + ((i as u64) << small));',
    'store<u64>(table + i * 8, first + ((i as u64) << SHIFT_PT));',
  ),
  one(
    'a page of 2 MiB keeps the bit of its size in its 4 KiB',
    GIGABYTE,
    PAGE_MAP,
    'const first = small == SHIFT_PT ? page & ~ENTRY_PAGE_SIZE : page;',
    'const first = page;',
  ),
  one(
    'pages of 2 MiB are never one page of 1 GiB again',
    GIGABYTE,
    PAGE_MAP,
    'if (usedEntries(value) != (TABLE_ENTRIES as u64) || !isPageShift(shift)) return false;',
    'if (usedEntries(value) != (TABLE_ENTRIES as u64) || shift != SHIFT_PD) return false;',
  ),
  one(
    'one page in the recent table that is unmapped stays in the TLB',
    UNMAP,
    'virtual-memory.ts',
    '  if (!emptyRecent(entry)) return unmapWithCare(va, n, interrupts);\n  x86.invlpg(va);\n',
    '  if (!emptyRecent(entry)) return unmapWithCare(va, n, interrupts);\n',
  ),
  one(
    'one page in the recent table that gets other rights stays in the TLB',
    PROTECT,
    'virtual-memory.ts',
    '  store<u64>(entry, (old & ~RIGHTS) | rights);\n  x86.invlpg(va);\n',
    '  store<u64>(entry, (old & ~RIGHTS) | rights);\n',
  ),
  one(
    'the recent table is remembered when it is freed',
    UNMAP,
    'table-frames.ts',
    '  forgetTable();\n',
    '',
  ),
  one(
    'pages in no order become one page',
    SCATTERED,
    PAGE_MAP,
    'if ((other & ~used) != first + ((i as u64) << small)) return 0;',
    'if ((other & ~used & ~ENTRY_ADDRESS) != (first & ~ENTRY_ADDRESS)) return 0;',
  ),
  one(
    'an empty table is not freed',
    EMPTY,
    PAGE_MAP,
    'if (usedEntries(value) == 0) {',
    'if (usedEntries(value) == u64.MAX_VALUE) {',
  ),
  one(
    'the recent table is not freed with its last page',
    EMPTY,
    'recent-table.ts',
    '  if ((counted & COUNT_MASK) == COUNT_ONE) return false; // an empty table is freed\n',
    '',
  ),
];
