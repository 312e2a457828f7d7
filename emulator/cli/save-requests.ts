/** `--save-at MOMENT[=FILE]`: snapshots on the way of a run. */
import { join } from 'node:path';
import { ConfigurationError, HostError } from '../base/errors.js';
import { restoreMachine, saveMachine } from '../machine/machine-snapshot.js';
import type { DebuggedRun } from './gdb/reversal.js';
import { parseMoment, type Moment } from './moment.js';
import { writeBytes } from './output-folder.js';
import { splitSave } from './path-words.js';
import type { RunRecord } from './run-record.js';
import { snapshotFile, type Snapshot } from './snapshot-file.js';

export interface SaveRequest {
  readonly moment: Moment;
  readonly path: string;
}

/** A file is what stands behind the last `=` and ends in .snap; else it is one in `folder`, named after the moment. @throws ConfigurationError */
export function parseSaveRequests(
  words: readonly string[],
  expects: number,
  folder: string,
): SaveRequest[] {
  const requests = words.map((word) => {
    const named = splitSave(word);
    const text = named?.before.slice(0, -1) ?? word;
    if (named === null) refuseOtherNames(word);
    const moment = parseMoment(text, '--save-at', expects);
    if (moment.kind === 'end') {
      throw new ConfigurationError(`--save-at ${word}: nothing goes on from the end of a run`);
    }
    const name = text.replace(/[^\w.#-]+/g, '-');
    return { moment, path: named?.path ?? join(folder, `${name}.snap`) };
  });
  const paths = requests.map(({ path }) => path);
  const twice = paths.find((path, index) => paths.indexOf(path) < index);
  if (twice === undefined) return requests;
  throw new ConfigurationError(
    `--save-at: two snapshots would be ${twice}; write MOMENT=FILE.snap`,
  );
}

/** @throws ConfigurationError for a file that is not named as snapshots are: read as a part of the moment, it would be a puzzle */
function refuseOtherNames(word: string): void {
  const [, text = '', file = ''] = /^(.*)=([^=]*)$/s.exec(word) ?? [];
  if (!/^(sym:.*|0x[0-9a-f]+(#\d+)?|[\d.]+[a-z]+|expect:\d+)$/i.test(text)) return;
  const name = file === '' ? 'FILE' : file;
  throw new ConfigurationError(
    `--save-at ${word}: a snapshot's name ends in .snap; write ${text}=${name}.snap`,
  );
}

/** Puts a machine that is made of the same files and options, and its loop, where the snapshot was taken. @throws HostError */
export function goOnFrom({ path, contents, memory, disk }: Snapshot, run: DebuggedRun): void {
  try {
    restoreMachine(run.machine, { state: contents.machine, memory, disk });
    run.loop.restore(contents.loop);
  } catch (error) {
    // Whoever has made a hash for other contents has made a state that no machine has.
    const why = error instanceof Error ? error.message : String(error);
    throw new HostError(`${path}: this snapshot is not as s7x writes it (${why})`);
  }
}

/** Writes a snapshot of a run that is between two instructions. @throws HostError */
export function saveSnapshot(
  { machine, loop }: DebuggedRun,
  { moment, path }: SaveRequest,
  record: { readonly build: string } & Pick<RunRecord, 'image' | 'config'>,
): void {
  const { state, ...bytes } = saveMachine(machine);
  const taken = {
    moment: moment.text,
    cycles: machine.nowCycles,
    instructions: machine.processor.retired,
  };
  const contents = { ...record, taken, machine: state, loop: loop.snapshot() };
  writeBytes(path, snapshotFile(contents, bytes));
}
