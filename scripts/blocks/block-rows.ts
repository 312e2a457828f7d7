/** What files of blocks have in common, measured or to be measured: CSV, comments, code in hexadecimal digits, a setup. */
import { readFileSync } from 'node:fs';
import { ConfigurationError, HostError } from '../../emulator/base/errors.js';
import { parseSetup, type Setup } from '../accuracy/state-before.js';

/** As in record-blocks.c. */
const BLOCK_BYTES_MAX = 1024;
/** Of one block in a loop. */
export const COPIES_MAX = 1000;
const HEX = /^([0-9a-f]{2})+$/i;

export interface BlockRow {
  /** Of the line in the file. */
  readonly number: number;
  readonly fields: readonly string[];
}

/** @throws HostError when the file cannot be read; it then has not `what`, as the sentence says */
export function readText(path: string, what: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new HostError(`${path}: no ${what} there (${(error as Error).message})`);
  }
}

/** The lines but the empty ones and the comments. */
export function rowsOf(text: string): BlockRow[] {
  return text
    .split('\n')
    .map((line, index) => ({ number: index + 1, fields: line.trim().split(',') }))
    .filter(({ fields }) => fields[0] !== '' && !(fields[0] ?? '').startsWith('#'));
}

export function isHex(text: string): boolean {
  return HEX.test(text);
}

/** One row's code and setup. @throws ConfigurationError with file and line */
export function codeAndSetup(
  where: string,
  hex: string,
  setupText: string,
): { readonly hex: string; readonly setup: Setup } {
  if (!isHex(hex)) {
    throw new ConfigurationError(
      `${where}: a block must be bytes in hexadecimal digits, not '${hex}'`,
    );
  }
  if (hex.length > 2 * BLOCK_BYTES_MAX) {
    throw new ConfigurationError(
      `${where}: a block has at most ${BLOCK_BYTES_MAX} bytes, not ${hex.length / 2}`,
    );
  }
  const setup = parseSetup(setupText);
  if ('refused' in setup) {
    throw new ConfigurationError(`${where}: ${setup.refused}`);
  }
  return { hex: hex.toLowerCase(), setup };
}
