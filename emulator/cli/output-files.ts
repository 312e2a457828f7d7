/** The files that a run writes at the user's word: each is one of its own, and none that the run reads. */
import { existsSync, realpathSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { ConfigurationError } from '../base/errors.js';
import { requireWritable } from './output-folder.js';
import { COVERAGE_FILE } from './report/coverage-file.js';
import { PROFILE_FILES } from './run-profile.js';
import { TRACE_FILE } from './trace-recording.js';
import type { RunOptions } from './run-options.js';

interface OutputFiles {
  readonly out: string;
  readonly serial: readonly string[];
  readonly 'serial-log': string | undefined;
  readonly 'log-file': string | undefined;
  readonly cast: string | undefined;
  readonly junit?: string | undefined;
  readonly tap?: string | undefined;
}

/** What a run leaves in its folder where it is asked for, or something is there to tell. */
export const FOLDER_RESULTS = [
  'run.json',
  ...PROFILE_FILES,
  'pages.json',
  COVERAGE_FILE,
  TRACE_FILE,
  'screen.txt',
];
const FOLDER_FILES = ['serial.log', 'debugcon.log', 'log.ndjson', ...FOLDER_RESULTS];

/** `others`: what is read besides the files that the options name, and written without a check of its own. @throws ConfigurationError naming the option, HostError */
export function requireOwnFiles(
  args: OutputFiles,
  options: RunOptions,
  others: readonly string[],
): void {
  const { imagePath, modules, loads, diskPath, symbolsPath, memoryMapSpec } = options;
  const named = [imagePath, diskPath ?? '', symbolsPath ?? '', memoryMapSpec];
  const read = [...named, ...others, ...[...modules, ...loads].map(pathOf)];
  const taken = new Map(read.filter((path) => path !== '').map((path) => [placeOf(path), path]));
  for (const name of FOLDER_FILES) {
    const path = placeOf(join(args.out, name));
    taken.set(path, `${name} of the folder ${args.out}`);
  }
  for (const option of ['serial-log', 'log-file', 'cast', 'junit', 'tap'] as const) {
    take(taken, `--${option}`, args[option]);
  }
  for (const word of args.serial) {
    if (word.startsWith('file:')) take(taken, '--serial', word.slice('file:'.length), word);
  }
  // The run's own folder may have to be made.
  const isElsewhere = (path = ''): boolean => dirname(resolve(path)) !== resolve(args.out);
  requireWritable([args.junit, args.tap].filter(isElsewhere));
}

/** One more file that is written. */
function take(
  taken: Map<string, string>,
  option: string,
  path: string | undefined,
  word = path,
): void {
  if (path === undefined) return;
  const refuse = (why: string): never => {
    throw new ConfigurationError(`${option} ${word}: ${why}`);
  };
  if (path === '') refuse('no file is named');
  if (path === '-') refuse('name a file; standard output has the bytes of COM1');
  // Terminals, pipes and /dev/null are everybody's.
  if (existsSync(path) && !statSync(path).isFile()) return;
  const whole = placeOf(path);
  const other = taken.get(whole);
  if (other !== undefined) refuse(`this file is needed already (${other})`);
  taken.set(whole, `${option} ${word}`);
}

/** One for all names of a file. */
function placeOf(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return resolve(path); // it is not there yet
  }
}

function pathOf({ path }: { readonly path: string }): string {
  return path;
}
