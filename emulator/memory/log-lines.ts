/**
 * The lines of a log as they reach us: through pagers, mail clients, journals and copy-and-paste.
 * What is undone here: quoted-printable (`=C2=A0`, `us=` / `able`), no-break spaces, terminal colours, `<br>`.
 * Prefixes (quotation marks, time stamps, host names) stay: a reader looks for its words anywhere in the line.
 */

const ESCAPE = String.fromCharCode(0x1b);
/** What `dmesg --color` puts around words. */
const COLOURS = new RegExp(`${ESCAPE}\\[[0-9;]*m`, 'g');

export interface LogLine {
  /** Counted from 1, in the text as given; the first of a line that quoted-printable had broken. */
  readonly number: number;
  readonly text: string;
}

/** Splits a text into cleaned lines; `isRelevant` says which lines are worth joining with their continuation. */
export function logLines(text: string, isRelevant: (line: string) => boolean): LogLine[] {
  const raw = text.replace(/^\uFEFF/, '').split(/\r\n|\n|\r/);
  const lines: LogLine[] = [];
  for (let index = 0; index < raw.length; index++) {
    const number = index + 1;
    let joined = raw[index] ?? '';
    while (joined.endsWith('=') && isRelevant(joined) && index + 1 < raw.length) {
      index++;
      joined = joined.slice(0, -1) + (raw[index] ?? '');
    }
    lines.push({ number, text: isRelevant(joined) ? clean(joined) : joined });
  }
  return lines;
}

function clean(line: string): string {
  return line
    .replace(COLOURS, '')
    .replace(/=C2=A0/gi, ' ')
    .replace(/=([2-7][0-9A-F])/g, (_, code: string) => String.fromCharCode(parseInt(code, 16)))
    .replace(/\u00A0/g, ' ')
    .replace(/<br\s*\/?>\s*$/i, '')
    .trimEnd();
}

/** A line without the quotation marks of mail, for a continuation that a mail client wrapped. */
export function withoutQuotation(line: string): string {
  return line.replace(/^[\s>|]+/, '').trimEnd();
}
