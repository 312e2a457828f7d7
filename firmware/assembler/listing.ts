import type { PlacedStatement, Program } from './assemble.js';

const BYTES_PER_LINE = 8;
/** Longer lines of data are cut in the listing, which says so. */
const BYTES_SHOWN_MAX = 64;
const BYTES_COLUMNS = BYTES_PER_LINE * 2;

/**
 * A text listing: for each source line its number, address, bytes and text, under a heading for each file,
 * then the symbols in the order of their values.
 */
export function formatListing(program: Program): string {
  const lines: string[] = [];
  let file = '';
  for (const placed of program.lines) {
    if (placed.statement.position.file !== file) {
      file = placed.statement.position.file;
      lines.push('', `; ${file}`);
    }
    lines.push(...formatStatement(placed));
  }
  lines.push('', '; symbols');
  const symbols = [...program.symbols].sort(([, a], [, b]) => (a < b ? -1 : a > b ? 1 : 0));
  for (const [name, value] of symbols) {
    lines.push(`${BigInt.asUintN(64, value).toString(16).toUpperCase().padStart(8, '0')}  ${name}`);
  }
  return `${lines.slice(1).join('\n')}\n`;
}

function formatStatement({ statement, address, bytes }: PlacedStatement): string[] {
  const number = String(statement.position.line).padStart(5);
  const shown = bytes.subarray(0, BYTES_SHOWN_MAX);
  const rows: string[] = [];
  for (let at = 0; at === 0 || at < shown.length; at += BYTES_PER_LINE) {
    const row = hex(shown.subarray(at, at + BYTES_PER_LINE)).padEnd(BYTES_COLUMNS);
    const where =
      bytes.length === 0 && statement.label === null ? ' '.repeat(8) : formatAddress(address + at);
    const text =
      at === 0 ? `${number}  ${where}  ${row}  ${statement.text}` : `       ${where}  ${row}`;
    rows.push(text.trimEnd());
  }
  if (bytes.length > shown.length) {
    rows.push(
      `       ${formatAddress(address + shown.length)}  … ${bytes.length - shown.length} bytes more`,
    );
  }
  return rows;
}

function formatAddress(address: number): string {
  return address.toString(16).toUpperCase().padStart(8, '0');
}

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).toUpperCase().padStart(2, '0')).join('');
}
