/**
 * The emulator's own words: pino events on standard error and in `log.ndjson`. Every line carries the guest's cycle
 * and time, none carries the host's unless somebody asks for it, so that two runs write the same bytes.
 */
import { pino, type DestinationStream, type Logger } from 'pino';
import { coloured, wantsColour } from './log-colour.js';
import { printable, printableLine } from './printable.js';
import type { ByteSink } from './serial-output.js';

export type LogFormat = 'auto' | 'pretty' | 'json';
export const LOG_LEVELS = ['error', 'warn', 'info', 'debug', 'trace'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

export interface LogOptions {
  readonly format: LogFormat;
  /** Least level on standard error. */
  readonly level: LogLevel;
  /** Receives every line, whatever the level; null for none. */
  readonly file: ByteSink | null;
  readonly stderr: { readonly isTTY?: boolean; write(text: string): unknown };
  /** The guest's present time. */
  readonly now: () => { readonly cycle: number; readonly ns: number };
  /** `--color`, `--no-color`; undefined: as the terminal and the environment say. */
  readonly color?: boolean | undefined;
  /** `--wall-time`: the host's time, as ISO 8601 has it. */
  readonly wallTime?: (() => string) | null;
}

const LEVEL_NUMBERS: Readonly<Record<LogLevel, number>> = {
  error: 50,
  warn: 40,
  info: 30,
  debug: 20,
  trace: 10,
};

/** A logger whose lines go to standard error (as text on a terminal, else as NDJSON) and to the file. */
export function createLog(options: LogOptions): Logger {
  const pretty =
    options.format === 'pretty' || (options.format === 'auto' && options.stderr.isTTY === true);
  const hasColour =
    pretty && wantsColour(options.color, options.stderr.isTTY === true, process.env);
  const paint = hasColour ? coloured : (line: string): string => line;
  const least = LEVEL_NUMBERS[options.level];
  const destination: DestinationStream = {
    write(line: string): void {
      if (options.file !== null) {
        for (const byte of Buffer.from(line)) options.file.byte(byte, 0);
      }
      const level = Number(/"level":(\d+)/.exec(line)?.[1] ?? 30);
      if (level < least) return;
      options.stderr.write(pretty ? paint(prettyLine(line)) : printable(line));
    },
  };
  return pino(
    {
      level: 'trace',
      base: null,
      timestamp: () => {
        const { cycle, ns } = options.now();
        const wall = options.wallTime?.() ?? null;
        return `,"cycle":"${cycle}","ns":"${ns}"${wall === null ? '' : `,"wall":"${wall}"`}`;
      },
    },
    destination,
  );
}

/** Fields that a human line does not repeat. */
const HIDDEN_FIELDS: ReadonlySet<string> = new Set([
  'level',
  'cycle',
  'ns',
  'wall',
  'msg',
  'report',
  'status',
]);

function prettyLine(line: string): string {
  const event = JSON.parse(line) as Record<string, unknown>;
  const level = Number(event['level']);
  const wall = /T(\d\d:\d\d:\d\d\.\d+)Z$/.exec(String(event['wall']))?.[1];
  const kind = level >= 50 ? 'error: ' : level >= 40 ? 'warning: ' : '';
  const prefix = `s7x: ${wall === undefined ? '' : `[${wall}] `}${kind}`;
  const fields = Object.entries(event).filter(([name]) => !HIDDEN_FIELDS.has(name));
  const values =
    event['status'] === true
      ? []
      : fields.map(([name, value]) => `${name}=${printableLine(String(value))}`);
  const when = event['status'] === true ? '' : ` (cycle ${String(event['cycle'])})`;
  const report = Array.isArray(event['report'])
    ? event['report'].map((row) => `  ${printableLine(String(row))}\n`)
    : [];
  const tail = values.length === 0 ? '' : `: ${values.join(' ')}`;
  return `${prefix}${printableLine(String(event['msg']))}${tail}${when}\n${report.join('')}`;
}
