/** Options of `run` and `replay` for what is shown and kept, which decide nothing of the run; and what they mean. */
import type { InferredOptionTypes } from 'yargs';
import { ConfigurationError } from '../base/errors.js';
import { GDB_PLACE_DEFAULT, parseGdbPlace, type GdbPlace } from './gdb/place.js';
import { LOG_LEVELS, type LogLevel } from './log.js';

export const OUTPUT_OPTIONS = {
  serial: {
    type: 'string',
    array: true,
    requiresArg: true,
    default: [] as string[],
    describe:
      'COM1 (then COM2 …): stdio, null, file:PATH, unix:PATH, tcp:[HOST:]PORT, exec:COMMAND  [stdio]',
  },
  timestamps: {
    type: 'string',
    describe: 'prefix displayed lines with guest time: cycles, time, delta',
  },
  cast: {
    type: 'string',
    requiresArg: true,
    describe: 'record what COM1 shows in FILE, for terminals to play (asciicast v2, guest time)',
  },
  out: {
    type: 'string',
    alias: 'o',
    requiresArg: true,
    default: '.s7x/last',
    describe: 'folder for run.json, serial.log, log.ndjson',
  },
  json: {
    type: 'boolean',
    default: false,
    describe: 'print run.json on stdout; serial then only in the folder',
  },
  'serial-log': {
    type: 'string',
    requiresArg: true,
    describe: 'write the bytes of COM1 to FILE, too, as they come',
  },
  'log-file': {
    type: 'string',
    alias: 'D',
    requiresArg: true,
    describe: "write the emulator's lines to FILE instead of stderr",
  },
  filter: {
    type: 'string',
    array: true,
    requiresArg: true,
    default: [] as string[],
    describe: 'log only what -d finds while RIP is in ADDRESS..ADDRESS; repeatable',
  },
  'log-format': {
    choices: ['auto', 'pretty', 'json'] as const,
    default: 'auto' as const,
    describe: 'lines on stderr: text, NDJSON, or by whether it is a terminal',
  },
  'log-level': { choices: LOG_LEVELS, describe: 'least level on stderr  [info]' },
  color: {
    type: 'boolean',
    describe: 'colours on stderr, --no-color for none  [on a terminal, without NO_COLOR]',
  },
  'wall-time': {
    type: 'boolean',
    default: false,
    describe: "lines of the log have the host's time, too: two runs then write different bytes",
  },
  verbose: { type: 'count', alias: 'v', describe: 'debug messages; twice: trace' },
  quiet: { type: 'boolean', alias: 'q', default: false, describe: 'only errors on stderr' },
  profile: {
    type: 'boolean',
    default: false,
    describe: 'write profile.json and profile.folded: cycles by calling context',
  },
  atlas: {
    type: 'boolean',
    default: false,
    describe: 'write pages.json: who used each page of memory first (s7x report --memory)',
  },
  coverage: {
    type: 'boolean',
    default: false,
    describe: 'write coverage.json: code that was executed (s7x report --lcov)',
  },
  trace: {
    type: 'string',
    array: true,
    requiresArg: true,
    default: [] as string[],
    describe: 'write trace.json: call,irq,exc,io with their times (s7x report --chrome)',
  },
  'trace-from': {
    type: 'string',
    requiresArg: true,
    describe: 'a moment at which --trace begins  [power-on]',
  },
  'trace-to': {
    type: 'string',
    requiresArg: true,
    describe: 'a moment at which --trace ends  [the end]',
  },
  check: {
    type: 'string',
    array: true,
    requiresArg: true,
    default: [] as string[],
    describe:
      'look at accesses to memory: uninit,reserved,wx,stack,tlb; status 4 with what is found',
  },
  gdb: {
    type: 'string',
    requiresArg: true,
    describe: 'listen for GDB at HOST:PORT, :PORT, PORT or unix:PATH',
  },
  s: { type: 'boolean', default: false, describe: `--gdb ${GDB_PLACE_DEFAULT}` },
  pause: {
    type: 'boolean',
    alias: 'S',
    default: false,
    describe: 'stand still before the first instruction until GDB has the machine go on',
  },
} as const;

export type OutputArguments = InferredOptionTypes<typeof OUTPUT_OPTIONS>;

/** COM1 to COM4. */
const SERIAL_PORTS = 4;

/** @throws ConfigurationError */
export function checkSerialPorts(serial: readonly string[]): void {
  if (serial.length <= SERIAL_PORTS) return;
  throw new ConfigurationError(
    `--serial is given ${serial.length} times; there are ${SERIAL_PORTS} ports`,
  );
}

/** Where GDB connects, or null. @throws ConfigurationError */
export function gdbPlace({ gdb, s, pause }: OutputArguments): GdbPlace | null {
  if (s && gdb !== undefined) {
    throw new ConfigurationError(
      `-s is --gdb ${GDB_PLACE_DEFAULT}: it cannot go with --gdb ${gdb}`,
    );
  }
  if (gdb !== undefined || s) return parseGdbPlace(gdb ?? GDB_PLACE_DEFAULT);
  if (pause) throw new ConfigurationError('-S (--pause) waits for GDB: it needs -s or --gdb');
  return null;
}

/** Least level of lines that are shown. */
export function logLevel(args: OutputArguments): LogLevel {
  if (args.quiet) return 'error';
  if (args['log-level'] !== undefined) return args['log-level'];
  const verbose = args.verbose ?? 0;
  return verbose >= 2 ? 'trace' : verbose === 1 ? 'debug' : 'info';
}
