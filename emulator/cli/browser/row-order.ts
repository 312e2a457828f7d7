/** The order of a table's rows by one column (emulator/cli/report/sweep-page.ts). */

/** What a cell is sorted by: a number where it has one, and its text. */
export interface SortCell {
  readonly order: number | null;
  readonly text: string;
}

/** Numbers first, then texts, in which digits count as numbers; empty cells last, whatever the direction. */
export function compareCells(a: SortCell, b: SortCell, descending: boolean): number {
  const [aEmpty, bEmpty] = [isEmpty(a), isEmpty(b)];
  if (aEmpty || bEmpty) return Number(aEmpty) - Number(bEmpty);
  const ascending =
    a.order !== null && b.order !== null
      ? a.order - b.order
      : Number(a.order === null) - Number(b.order === null) ||
        a.text.localeCompare(b.text, 'en', { numeric: true });
  return descending ? -ascending : ascending;
}

function isEmpty({ order, text }: SortCell): boolean {
  return order === null && text === '';
}
