/** One row of a sweep, in a worker thread: the same run as `s7x run`, with its bytes kept in a folder. */
import { join } from 'node:path';
import { parentPort, workerData } from 'node:worker_threads';
import { ConfigurationError, HostError } from '../base/errors.js';
import type { Profile } from '../machine/profile.js';
import type { MemoryMap } from '../memory/memory-map.js';
import { loadArtefacts } from './artefacts.js';
import { EXIT_HOST, EXIT_INTERNAL, EXIT_USAGE } from './exit-status.js';
import { MachineRun } from './run-machine.js';
import { openProfiler, writeProfile } from './run-profile.js';
import { loadImage } from './boot-files.js';
import { functionRows } from './report/call-profile.js';
import type { RunOptions } from './run-options.js';
import type { RunRecord } from './run-record.js';
import { fileSink } from './serial-output.js';
import { openFolder, writeJson } from './output-folder.js';
import { RECORD_FILE, SERIAL_FILE } from './sweep-folder.js';

export interface RowRequest {
  readonly options: RunOptions;
  readonly map: MemoryMap;
  /** Folder for serial.log and run.json, or null to keep nothing. */
  readonly folder: string | null;
  /** Functions whose cycles are wanted, or all that have run: the run then has a profile. */
  readonly functions: readonly string[] | 'all';
}

/** What a profile says of the functions that were asked for. */
export interface FunctionCycles {
  /** With all that they called; null of one that has not run. */
  readonly cycles: Readonly<Record<string, number | null>>;
  /** Calls that the profile had no room for, and charged to a caller. */
  readonly lacking: number;
}

export type RowReply =
  | {
      readonly record: RunRecord;
      readonly functions: FunctionCycles | null;
      readonly error: null;
    }
  | { readonly record: null; readonly error: { readonly message: string; readonly code: number } };

/** `StopFlag.shared` of the pool. */
const stop = workerData as Int32Array;

async function runRow(request: RowRequest): Promise<RowReply> {
  const { options, map, folder, functions } = request;
  const { imagePath, kind } = options;
  const path = kind === 'flat' ? undefined : imagePath;
  const loaded = loadImage({ path, kind }, options.modules, options, options);
  if (folder !== null) openFolder(folder);
  const profiling = functions.length === 0 ? null : openProfiler(loaded);
  const artefacts = loadArtefacts();
  const serial = folder === null ? null : fileSink(join(folder, SERIAL_FILE));
  const run = new MachineRun(options, loaded, map, {
    input: null,
    artefacts: profiling === null ? artefacts : { ...artefacts, core: profiling.core },
    ...(profiling === null ? {} : { profiler: profiling.profiler }),
    output: {
      serial: (port, byte, cycle) => {
        if (port === 0) serial?.byte(byte, cycle);
      },
      debug: () => undefined,
      event: () => undefined,
      matched: () => undefined,
      flush: () => undefined,
    },
    interrupted: () => (Atomics.load(stop, 0) === 1 ? 'the end of the sweep' : null),
    nowMs: () => performance.now(),
  });
  const record = await run.run();
  serial?.close();
  // Again: another sweep that begins in this folder takes empty ones away.
  if (folder !== null) writeJson(join(openFolder(folder), RECORD_FILE), record);
  if (profiling === null) return { record, functions: null, error: null };
  const { profiler } = profiling;
  const { processor, symbols } = run.machine;
  const profile =
    folder === null
      ? profiler.profile(processor.memory, symbols)
      : writeProfile(folder, run.machine, profiler);
  return { record, functions: cyclesOf(functions, profile), error: null };
}

function cyclesOf(functions: readonly string[] | 'all', profile: Profile): FunctionCycles {
  const rows = functionRows(profile);
  const names = functions === 'all' ? rows.map(({ name }) => name) : functions;
  const cycles = names.map((name): [string, number | null] => [
    name,
    rows.find((row) => row.name === name)?.totalCycles ?? null,
  ]);
  const lacking = profile.nodesLacking + profile.framesLacking;
  return { cycles: Object.fromEntries(cycles), lacking };
}

function replyOf(error: unknown): RowReply {
  const message = error instanceof Error ? error.message : String(error);
  const code =
    error instanceof ConfigurationError
      ? EXIT_USAGE
      : error instanceof HostError
        ? EXIT_HOST
        : EXIT_INTERNAL;
  return { record: null, error: { message, code } };
}

parentPort?.on('message', (request: RowRequest) => {
  void runRow(request)
    .catch(replyOf)
    .then((reply) => parentPort?.postMessage(reply));
});
