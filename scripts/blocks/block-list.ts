/**
 * Lists of blocks to be measured: CSV whose header names the columns; `hex` (the code) must be there, `name`, `setup` (registers
 * and memory before the block, as `rax=1 memory=0`) and `text` may be. Without a header the first column is hex.
 */
import { ConfigurationError } from '../../emulator/base/errors.js';
import type { Setup } from '../accuracy/state-before.js';
import { codeAndSetup, isHex, readText, rowsOf } from './block-rows.js';

export interface ListedBlock {
  readonly name: string;
  readonly hex: string;
  readonly setup: Setup;
  /** As the list has it. */
  readonly setupText: string;
  readonly text: string;
}

/** @throws HostError when the file cannot be read, ConfigurationError when it says something else than blocks */
export function readBlockList(path: string): ListedBlock[] {
  return parseBlockList(path, readText(path, 'blocks'));
}

export function parseBlockList(path: string, text: string): ListedBlock[] {
  const lines = rowsOf(text);
  const first = lines[0]?.fields ?? [];
  const bare = isHex(first[0] ?? '');
  const header = bare ? ['hex'] : first;
  if (!header.includes('hex')) {
    throw new ConfigurationError(`${path}: neither blocks in hexadecimal nor a header with 'hex'`);
  }
  const rows = bare ? lines : lines.slice(1);
  if (rows.length === 0) throw new ConfigurationError(`${path}: the file has no blocks`);
  return rows.map(({ number, fields }) => {
    const field = (name: string): string => fields[header.indexOf(name)]?.trim() ?? '';
    const setupText = field('setup');
    const { hex, setup } = codeAndSetup(`${path}:${number}`, field('hex'), setupText);
    return { name: field('name'), hex, setup, setupText, text: field('text') };
  });
}
