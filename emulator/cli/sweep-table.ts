/** A sweep as a table that people read, and as CSV. */
import { csvDocument } from './csv.js';
import { sortedRows, sweepColumns, WHOLE_VIEW, type SweepView } from './sweep-columns.js';
import { keyColumns, recordColumns, sweepSummary, type SweepResult } from './sweep-result.js';

/** Columns by themselves: before the recorded values, and behind them. */
const TABLE_COLUMNS = {
  figures: ['result', 'time', 'cycles', 'instructions', 'resident'],
  last: ['note'],
};
const CSV_COLUMNS = {
  figures: ['result', 'code', 'ns', 'cycles', 'instructions', 'resident_bytes'],
  last: ['hash', 'note'],
};

/** The columns of a view, or those that a table or CSV has by itself; and the rows in the view's order. */
function viewed(sweep: SweepResult, view: SweepView, { figures, last }: typeof TABLE_COLUMNS) {
  const [keys, recorded] = [keyColumns(sweep), recordColumns(sweep)];
  const known = sweepColumns(keys, recorded);
  const names = view.columns ?? [...keys, ...figures, ...recorded, ...last];
  const columns = names.flatMap((name) => known.get(name) ?? []);
  return { columns, rows: sortedRows(sweep.rows, view, known) };
}

/** Lines of the table that people read. */
export function sweepTable(sweep: SweepResult, view: SweepView = WHOLE_VIEW): string[] {
  const { columns, rows } = viewed(sweep, view, TABLE_COLUMNS);
  const cells = rows.map((row, place) => {
    const isSame = row.note !== '' && row.note === rows[place - 1]?.note;
    return columns.map(({ name, text }) => (name === 'note' && isSame ? 'same' : text(row)));
  });
  const all = [columns.map(({ name }) => name), ...cells];
  const widths = all[0]?.map((_, column) =>
    Math.max(...all.map((row) => (row[column] ?? '').length)),
  );
  const lines = all.map((row) =>
    ` ${row.map((cell, column) => cell.padEnd(widths?.[column] ?? 0)).join('  ')}`.trimEnd(),
  );
  return [...lines, ...sweepSummary(sweep).map((line) => ` ${line}`)];
}

/** CSV with a header line; figures are plain numbers. [RFC 4180] */
export function sweepCsv(sweep: SweepResult, view: SweepView = WHOLE_VIEW): string {
  const { columns, rows } = viewed(sweep, view, CSV_COLUMNS);
  // `time` and `ns` are the same plain number.
  const heads = columns.map(({ csvName }) => csvName);
  const shown = columns.filter(({ csvName }, place) => heads.indexOf(csvName) === place);
  const header = shown.map(({ csvName }) => csvName);
  const lines = rows.map((row) => shown.map(({ csv }) => csv(row)));
  return csvDocument([header, ...lines]);
}
