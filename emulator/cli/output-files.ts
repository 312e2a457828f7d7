/** The files that a run writes at the user's word: each is one of its own, and none that the run reads. */
import { existsSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { ConfigurationError } from '../base/errors.js';
import type { RunOptions } from './run-options.js';

interface OutputFiles {
  readonly out: string;
  readonly serial: readonly string[];
  readonly 'serial-log': string | undefined;
  readonly 'log-file': string | undefined;
  readonly cast: string | undefined;
}

/** What a run writes in its folder while it goes on. */
const FOLDER_FILES = ['serial.log', 'debugcon.log', 'log.ndjson', 'run.json'];

/** @throws ConfigurationError naming the option */
export function requireOwnFiles(args: OutputFiles, options: RunOptions): void {
  const { imagePath, modules, loads, diskPath, symbolsPath, memoryMapSpec } = options;
  const named = [imagePath, diskPath ?? '', symbolsPath ?? '', memoryMapSpec];
  const read = [...named, ...[...modules, ...loads].map(pathOf)];
  const others = new Map(read.filter((path) => path !== '').map((path) => [resolve(path), path]));
  for (const name of FOLDER_FILES) {
    const path = resolve(args.out, name);
    others.set(path, `${name} of the folder ${args.out}`);
  }
  for (const option of ['serial-log', 'log-file', 'cast'] as const) {
    take(others, `--${option}`, args[option]);
  }
  for (const word of args.serial) {
    if (word.startsWith('file:')) take(others, '--serial', word.slice('file:'.length), word);
  }
}

/** One more file that is written. */
function take(
  others: Map<string, string>,
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
  const whole = resolve(path);
  const other = others.get(whole);
  if (other !== undefined) refuse(`this file is needed already (${other})`);
  others.set(whole, `${option} ${word}`);
}

function pathOf({ path }: { readonly path: string }): string {
  return path;
}
