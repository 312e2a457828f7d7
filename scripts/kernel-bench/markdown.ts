/** Tables in Markdown. */

/** A table whose columns but the first are aligned right; cells are padded, so that the source can be read, too. */
export function markdownTable(
  header: readonly string[],
  rows: readonly (readonly string[])[],
): string {
  const widths = header.map((title, column) =>
    Math.max(3, title.length, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  const line = (cells: readonly string[]): string =>
    `| ${widths.map((width, column) => pad(cells[column] ?? '', width, column)).join(' | ')} |`;
  const rule = `|${widths.map((width, column) => (column === 0 ? '-'.repeat(width + 2) : `${'-'.repeat(width + 1)}:`)).join('|')}|`;
  return [line(header), rule, ...rows.map(line)].join('\n');
}

function pad(cell: string, width: number, column: number): string {
  return column === 0 ? cell.padEnd(width) : cell.padStart(width);
}

/** A number in at most three digits and a letter: 57, 1.2 k, 350 k, 4.5 M; tenths below ten. NaN is a dash. */
export function short(value: number): string {
  if (Number.isNaN(value)) return '–';
  if (value < 10) return value.toFixed(1).replace(/\.0$/, '');
  if (value < 10_000) return Math.round(value).toString();
  for (const [unit, letter] of [
    [1e3, 'k'],
    [1e6, 'M'],
    [1e9, 'G'],
  ] as const) {
    if (value >= unit * 1000 && letter !== 'G') continue;
    const scaled = value / unit;
    return `${scaled < 10 ? scaled.toFixed(1) : Math.round(scaled)} ${letter}`;
  }
  return String(value);
}

/** Bytes in the largest binary unit: 36 KiB, 1.4 MiB. */
export function bytes(value: number): string {
  let scaled = value;
  for (const unit of ['B', 'KiB', 'MiB', 'GiB']) {
    if (scaled < 1024) return `${scaled < 10 ? +scaled.toFixed(1) : Math.round(scaled)} ${unit}`;
    scaled /= 1024;
  }
  return `${scaled < 10 ? +scaled.toFixed(1) : Math.round(scaled)} TiB`;
}
