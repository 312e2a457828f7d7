/** One row of a sweep, in a worker thread: the same run as `s7x run`, with its bytes kept in a folder. */
import { join } from 'node:path';
import { parentPort, workerData } from 'node:worker_threads';
import { ConfigurationError, HostError } from '../base/errors.js';
import type { MemoryMap } from '../memory/memory-map.js';
import { loadArtefacts } from './artefacts.js';
import { EXIT_HOST, EXIT_INTERNAL, EXIT_USAGE } from './exit-status.js';
import { MachineRun } from './run-machine.js';
import { loadImage } from './boot-files.js';
import type { RunOptions } from './run-options.js';
import type { RunRecord } from './run-record.js';
import { fileSink } from './serial-output.js';
import { openFolder, writeText } from './output-folder.js';
import { RECORD_FILE, SERIAL_FILE } from './sweep-folder.js';

export interface RowRequest {
  readonly options: RunOptions;
  readonly map: MemoryMap;
  /** Folder for serial.log and run.json, or null to keep nothing. */
  readonly folder: string | null;
}

export type RowReply =
  | { readonly record: RunRecord; readonly error: null }
  | { readonly record: null; readonly error: { readonly message: string; readonly code: number } };

/** `StopFlag.shared` of the pool. */
const stop = workerData as Int32Array;

async function runRow({ options, map, folder }: RowRequest): Promise<RunRecord> {
  const { imagePath, kind } = options;
  const path = kind === 'flat' ? undefined : imagePath;
  const loaded = loadImage({ path, kind }, options.modules, options, options.diskPath);
  if (folder !== null) openFolder(folder);
  const serial = folder === null ? null : fileSink(join(folder, SERIAL_FILE));
  const run = new MachineRun(options, loaded, map, {
    input: null,
    artefacts: loadArtefacts(),
    output: {
      serial: (port, byte, cycle) => {
        if (port === 0) serial?.byte(byte, cycle);
      },
      debug: () => undefined,
      event: () => undefined,
      flush: () => undefined,
    },
    interrupted: () => (Atomics.load(stop, 0) === 1 ? 'the end of the sweep' : null),
    nowMs: () => performance.now(),
  });
  const record = await run.run();
  serial?.close();
  if (folder !== null) {
    // Again: another sweep that begins in this folder takes empty ones away.
    writeText(join(openFolder(folder), RECORD_FILE), `${JSON.stringify(record, null, 2)}\n`);
  }
  return record;
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
    .then((record): RowReply => ({ record, error: null }))
    .catch(replyOf)
    .then((reply) => parentPort?.postMessage(reply));
});
