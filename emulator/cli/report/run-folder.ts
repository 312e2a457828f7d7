/** What a run has left in its folder, read back. */
import { existsSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { ConfigurationError, HostError } from '../../base/errors.js';
import { PROFILE_SCHEMA, type Profile } from '../../machine/profile.js';
import { misshapenPart, type Shape } from '../document-shape.js';
import { RUN_RECORD_SCHEMA, RUN_RECORD_SHAPE, type RunRecord } from '../run-record.js';
import { reasonOf } from '../host-file.js';

export interface RunFolder {
  readonly path: string;
  readonly record: RunRecord;
  /** Null when the run was not profiled. */
  readonly profile: Profile | null;
}

const RECORD_FILE = 'run.json';

/**
 * Reads the folder of a run, which its run.json names, too.
 * @throws HostError when it cannot be read, ConfigurationError when it does not hold what a run leaves
 */
export function readRunFolder(word: string): RunFolder {
  if (!existsSync(word)) {
    throw new HostError(`${word}: no such folder; s7x run leaves its results in .s7x/last`);
  }
  const isFolder = statSync(word).isDirectory();
  if (!isFolder && basename(word) !== RECORD_FILE) {
    throw new ConfigurationError(`${word}: not the folder of a run, nor its ${RECORD_FILE}`);
  }
  const path = isFolder ? word : dirname(word);
  const record = readJson(join(path, RECORD_FILE), RUN_RECORD_SCHEMA, RUN_RECORD_SHAPE);
  if (record === null) throw new HostError(`${path}: there is no run.json, so no run ended here`);
  return {
    path,
    record: record as RunRecord,
    profile: readProfile(join(path, 'profile.json')),
  };
}

const PROFILE_SHAPE = {
  frames: [''],
  nodes: [[0, 0, 0, 0, 0]],
  nodesLacking: 0,
  framesLacking: 0,
  returnsUnmatched: 0,
};

function readProfile(path: string): Profile | null {
  const profile = readJson(path, PROFILE_SCHEMA, PROFILE_SHAPE) as Profile | null;
  const strayed = profile?.nodes.findIndex(
    ([parent, frame], number) =>
      (number === 0 ? parent !== 0 : !(parent >= 0 && parent < number)) ||
      profile.frames[frame] === undefined,
  );
  if (strayed !== undefined && strayed >= 0) {
    throw new ConfigurationError(`${path}: nodes[${strayed}] names a caller or frame out of order`);
  }
  return profile;
}

/** A JSON document of that schema and shape; null when there is no such file. */
export function readJson(path: string, schema: string, shape: Shape): object | null {
  if (!existsSync(path)) return null;
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw new HostError(`${path} cannot be read: ${reasonOf(error)}`);
  }
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch (error) {
    throw new ConfigurationError(`${path} is not JSON: ${reasonOf(error)}`);
  }
  if (typeof document !== 'object' || document === null || !('schema' in document)) {
    throw new ConfigurationError(`${path} has no schema; s7x run writes ${schema}`);
  }
  if (document.schema !== schema) {
    throw new ConfigurationError(`${path} has schema ${String(document.schema)}, not ${schema}`);
  }
  const wrong = misshapenPart(document, shape);
  if (wrong !== null) {
    throw new ConfigurationError(`${path}: ${wrong} is missing or not what s7x run writes`);
  }
  return document;
}
