/**
 * Lists of blocks to be measured: CSV whose header names the columns; `hex` (the code) must be there, `name`, `setup` (registers
 * and memory before the block, as `rax=1 memory=0`) and `text` may be. Without a header the first column is hex.
 */
import { readFileSync } from 'node:fs';
import { ConfigurationError, HostError } from '../../emulator/base/errors.js';
import { parseSetup, type Setup } from '../accuracy/state-before.js';

export interface ListedBlock {
  readonly name: string;
  readonly hex: string;
  readonly setup: Setup;
  /** As the list has it. */
  readonly setupText: string;
  readonly text: string;
}

const HEX = /^([0-9a-f]{2})+$/i;

/** @throws HostError when the file cannot be read, ConfigurationError when it says something else than blocks */
export function readBlockList(path: string): ListedBlock[] {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw new HostError(`${path}: no blocks there (${(error as Error).message})`);
  }
  return parseBlockList(path, text);
}

export function parseBlockList(path: string, text: string): ListedBlock[] {
  const lines = text
    .split('\n')
    .map((line, index) => ({ number: index + 1, fields: line.trim().split(',') }))
    .filter(({ fields }) => fields[0] !== '' && !(fields[0] ?? '').startsWith('#'));
  const first = lines[0]?.fields ?? [];
  const bare = HEX.test(first[0] ?? '');
  const header = bare ? ['hex'] : first;
  if (!header.includes('hex')) {
    throw new ConfigurationError(`${path}: neither blocks in hexadecimal nor a header with 'hex'`);
  }
  const rows = bare ? lines : lines.slice(1);
  if (rows.length === 0) throw new ConfigurationError(`${path}: the file has no blocks`);
  return rows.map(({ number, fields }) => {
    const field = (name: string): string => fields[header.indexOf(name)]?.trim() ?? '';
    const hex = field('hex');
    if (!HEX.test(hex)) {
      throw new ConfigurationError(
        `${path}:${number}: a block must be bytes in hexadecimal digits, not '${hex}'`,
      );
    }
    const setup = parseSetup(field('setup'));
    if ('refused' in setup) {
      throw new ConfigurationError(
        `${path}:${number}: a setup is register=value, not '${setup.refused}'`,
      );
    }
    const setupText = field('setup');
    return { name: field('name'), hex: hex.toLowerCase(), setup, setupText, text: field('text') };
  });
}
