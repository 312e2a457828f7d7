/** Where a run's output goes: the ports' bytes, a recording of COM1, the debug port, events. */
import { join } from 'node:path';
import type { Logger } from 'pino';
import { CastFile } from './cast.js';
import type { GuestErrors } from './guest-errors.js';
import type { RipFilter } from './log-filter.js';
import type { RunOutput } from './repeated-output.js';
import type { RunOptions } from './run-options.js';
import type { SerialConnection } from './serial-connection.js';
import { fileSink, serialSink, type ByteSink, type TimestampKind } from './serial-output.js';
import { standardOutput } from './standard-output.js';
import type { TraceRecording } from './trace-recording.js';

/** Of the command line. */
interface SinkArguments {
  readonly serial: readonly string[];
  readonly json: boolean;
  readonly cast: string | undefined;
  readonly 'serial-log': string | undefined;
}

export interface RunSinks {
  /** By port, COM1 first. */
  readonly serial: readonly ByteSink[];
  /** serial.log, and the file of --serial-log: the raw bytes of COM1. */
  readonly raw: readonly ByteSink[];
  readonly debugcon: ByteSink;
  readonly cast: CastFile | null;
}

/** @throws HostError, ConfigurationError */
export function openSinks(
  args: SinkArguments,
  options: RunOptions,
  folder: string,
  timestamps: TimestampKind | null,
  connections: readonly (SerialConnection | null)[],
): RunSinks {
  const given = args.serial.length === 0 ? [args.json ? 'null' : 'stdio'] : args.serial;
  const write = (bytes: Uint8Array): void => {
    standardOutput.write(bytes);
  };
  return {
    serial: given.map((spec, port) => {
      const shown = args.json && spec === 'stdio' ? 'null' : spec;
      return connections[port]?.sink ?? serialSink(shown, write, timestamps, options.coreHz);
    }),
    raw: [join(folder, 'serial.log'), args['serial-log']].flatMap((path) =>
      path === undefined ? [] : [fileSink(path)],
    ),
    debugcon: fileSink(join(folder, 'debugcon.log')),
    cast: args.cast === undefined ? null : new CastFile(args.cast, options.coreHz),
  };
}

/** What the run gives to them, and to the log. `debugPort` gets the last line of port 0xE9; events are logged where `isLogged` has their RIP and `guestErrors` lets them. */
export function runOutput(
  sinks: RunSinks,
  log: Logger,
  debugPort: { lastLine: string },
  tracing: TraceRecording | null,
  isLogged: RipFilter,
  guestErrors: GuestErrors,
): RunOutput {
  let debugLine = '';
  /** A line of the log stands behind what the guest had shown before, where both go to one terminal or file. */
  const flushShown = (): void => {
    for (const sink of sinks.serial) sink.flush();
  };
  return {
    serial: (port, byte, cycle) => {
      sinks.serial[port]?.byte(byte, cycle);
      if (port !== 0) return;
      for (const sink of sinks.raw) sink.byte(byte, cycle);
      sinks.cast?.recording.byte(byte, cycle);
      tracing?.serial(byte, cycle);
    },
    matched: (pattern, cycle) => sinks.cast?.recording.marker(pattern, cycle),
    debug: (byte, cycle) => {
      sinks.debugcon.byte(byte, cycle);
      if (byte !== 0x0a) {
        debugLine += String.fromCharCode(byte);
        return;
      }
      debugLine = debugLine.replace(/\r$/, '');
      flushShown();
      log.debug({ component: 'debugcon' }, debugLine);
      debugPort.lastLine = debugLine;
      debugLine = '';
    },
    event: (event) => {
      const { category, message, rip, symbol, values } = event;
      if (!isLogged(rip) || !guestErrors.isLogged(event)) return;
      const where = { rip: `0x${rip.toString(16)}`, ...(symbol === null ? {} : { symbol }) };
      flushShown();
      log.warn({ component: category, ...values, ...where }, message);
    },
    flush: () => {
      for (const sink of [...sinks.raw, ...sinks.serial]) sink.flush();
    },
  };
}
