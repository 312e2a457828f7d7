/** What commands write: a folder, text files in it, and the removal of what an earlier command left. */
import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { ConfigurationError, HostError } from '../base/errors.js';
import { readHostFile, reasonOf } from './host-file.js';

/** Makes the folder with all above it; returns its path. @throws HostError, ConfigurationError for no name at all */
export function openFolder(path: string): string {
  if (path === '') throw new ConfigurationError('output folder: none is named');
  try {
    makeFolder(path);
  } catch (error) {
    throw new HostError(`output folder ${path} cannot be made: ${reasonOf(error)}`);
  }
  return path;
}

/** One folder at a time: Node 20's `recursive` tries for ever where none can be made, as in /proc. */
export function makeFolder(path: string): void {
  const above = dirname(path);
  if (above !== path && !existsSync(above)) makeFolder(above);
  // What is there already is looked at once, and somebody else may make it at the same time.
  if (!existsSync(path)) {
    try {
      mkdirSync(path);
      return;
    } catch (error) {
      if (!existsSync(path)) throw error;
    }
  }
  if (!statSync(path).isDirectory()) throw new Error('file already exists');
}

/**
 * What is written at the end can be, as far as that is to be seen: said before an hour's work, not behind it. No path, and that of standard
 * output, are none.
 * @throws HostError
 */
export function requireWritable(paths: readonly (string | undefined)[]): void {
  for (const path of paths) {
    if (path === undefined || path === '') continue;
    try {
      accessSync(existsSync(path) ? path : dirname(path), constants.W_OK);
    } catch (error) {
      throw new HostError(`${path} cannot be written: ${reasonOf(error)}`);
    }
  }
}

/** @throws HostError */
export function writeText(path: string, text: string): void {
  writeBytes(path, text);
}

/** @throws HostError */
export function writeBytes(path: string, contents: string | Uint8Array): void {
  try {
    writeFileSync(path, contents);
  } catch (error) {
    throw new HostError(`${path} cannot be written: ${reasonOf(error)}`);
  }
}

/** @throws HostError */
export function writeJson(path: string, document: object, indent = 2): void {
  writeText(path, `${JSON.stringify(document, null, indent)}\n`);
}

/** Removes a file, if there is one. @throws HostError */
export function removeFile(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch (error) {
    throw new HostError(`${path} cannot be removed: ${reasonOf(error)}`);
  }
}

/**
 * `--json kernel.elf` without a file in mind would write over the kernel.
 * @throws ConfigurationError when there is a file that no text is
 */
export function requireNoImage(option: string, path: string | undefined): void {
  if (path === undefined || path === '' || !existsSync(path) || !statSync(path).isFile()) return;
  if (!readHostFile(path).includes(0)) return;
  throw new ConfigurationError(
    `${option} ${path}: this file is there and is no text; an image is named before the options`,
  );
}
