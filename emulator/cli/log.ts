/**
 * The emulator's own words: pino events on standard error and in `log.ndjson`. Every line carries the guest's cycle
 * and time, none carries the host's, so that two runs write the same bytes.
 */
import { pino, type DestinationStream, type Logger } from 'pino';
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
  const least = LEVEL_NUMBERS[options.level];
  const destination: DestinationStream = {
    write(line: string): void {
      if (options.file !== null) {
        for (const byte of Buffer.from(line)) options.file.byte(byte, 0);
      }
      const level = Number(/"level":(\d+)/.exec(line)?.[1] ?? 30);
      if (level < least) return;
      options.stderr.write(pretty ? prettyLine(line) : line);
    },
  };
  return pino(
    {
      level: 'trace',
      base: null,
      timestamp: () => {
        const { cycle, ns } = options.now();
        return `,"cycle":"${cycle}","ns":"${ns}"`;
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
  'msg',
  'report',
  'status',
]);

function prettyLine(line: string): string {
  const event = JSON.parse(line) as Record<string, unknown>;
  const level = Number(event['level']);
  const prefix = level >= 50 ? 's7x: error: ' : level >= 40 ? 's7x: warning: ' : 's7x: ';
  const fields = Object.entries(event).filter(([name]) => !HIDDEN_FIELDS.has(name));
  const values =
    event['status'] === true ? [] : fields.map(([name, value]) => `${name}=${String(value)}`);
  const when = event['status'] === true ? '' : ` (cycle ${String(event['cycle'])})`;
  const report = Array.isArray(event['report'])
    ? event['report'].map((row) => `  ${String(row)}\n`)
    : [];
  const tail = values.length === 0 ? '' : `: ${values.join(' ')}`;
  return `${prefix}${String(event['msg'])}${tail}${when}\n${report.join('')}`;
}
