/**
 * Files of measured blocks: CSV whose header names the columns. `hex` (the block's code) and one column with `cycles` in
 * its name must be there. `loop_reg` and `copies_per_loop` say that the cycles are those of a loop of copies; without them
 * the block was measured in a straight line of copies. `pages…`: pages of data that it touched. `name`, `setup` (registers
 * and memory before the block, as `rax=1 memory=0`) are for blocks of one's own making. Two columns without a header are
 * hex and cycles. Lines that begin with # are comments.
 */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { ConfigurationError } from '../../emulator/base/errors.js';
import {
  codeAndSetup,
  COPIES_MAX,
  isHex,
  readText,
  rowsOf,
  type BlockRow,
} from '../blocks/block-rows.js';
import type { Setup } from './state-before.js';

export interface LoopShape {
  /** Number of the register that counts the iterations; the block does not use it. */
  readonly register: number;
  readonly copies: number;
}

export interface MeasuredBlock {
  readonly hex: string;
  readonly cycles: number;
  readonly name: string;
  readonly pages: number;
  readonly loop: LoopShape | null;
  readonly setup: Setup;
}

export interface MeasuredFile {
  readonly path: string;
  readonly mode: 'unrolled' | 'loop';
  readonly blocks: readonly MeasuredBlock[];
}

/** r15: no instruction uses it implicitly. */
const LOOP_REGISTER_DEFAULT = 15;
/** So many digits that it is a finite number. */
const NUMBER = /^\d{1,15}(\.\d+)?$/;

/** The blocks measured on a Zen 1 lie beside the project and are no part of it: their files, or none. */
export function defaultBlockFiles(rootDir: string): string[] {
  const folder = join(rootDir, '../shared/zen1');
  if (!existsSync(folder)) return [];
  const names = readdirSync(folder).filter((name) => /^blocks-.*\.csv$/.test(name));
  return names.sort().map((name) => join(folder, name));
}

/**
 * @param loopCopies where the file does not say: null for a straight line, else copies in a loop
 * @throws HostError when the file cannot be read, ConfigurationError when it says something else than measured blocks
 */
export function readMeasuredBlocks(path: string, loopCopies: number | null): MeasuredFile {
  return parseMeasuredBlocks(path, readText(path, 'measured blocks'), loopCopies);
}

export function parseMeasuredBlocks(
  path: string,
  text: string,
  loopCopies: number | null,
): MeasuredFile {
  const lines = rowsOf(text);
  const [first] = lines;
  if (first === undefined) throw new ConfigurationError(`${path}: the file has no blocks`);
  const bare = isHex(first.fields[0] ?? '') && NUMBER.test(first.fields[1] ?? '');
  const columns = columnsOf(path, bare ? ['hex', 'cycles'] : first.fields, first.number);
  const rows = bare ? lines : lines.slice(1);
  if (rows.length === 0) throw new ConfigurationError(`${path}: the file has no blocks`);
  const blocks = rows.map((row) => parseRow(path, columns, row, loopCopies));
  const mode = blocks[0]?.loop === null ? 'unrolled' : 'loop';
  return { path, mode, blocks };
}

interface Columns {
  readonly hex: number;
  readonly cycles: number;
  readonly name: number;
  readonly pages: number;
  readonly register: number;
  readonly copies: number;
  readonly setup: number;
}

function columnsOf(path: string, header: readonly string[], line: number): Columns {
  const at = (matches: (name: string) => boolean): number => header.findIndex(matches);
  const columns = {
    hex: at((name) => name === 'hex'),
    cycles: at((name) => name.includes('cycles')),
    name: at((name) => name === 'name'),
    pages: at((name) => name.startsWith('pages')),
    register: at((name) => name === 'loop_reg'),
    copies: at((name) => name === 'copies_per_loop'),
    setup: at((name) => name === 'setup'),
  };
  if (columns.hex < 0 || columns.cycles < 0) {
    throw new ConfigurationError(
      `${path}:${line}: the header '${header.join(',')}' names no columns hex and cycles`,
    );
  }
  return columns;
}

function parseRow(
  path: string,
  columns: Columns,
  { number: line, fields }: BlockRow,
  loopCopies: number | null,
): MeasuredBlock {
  const refuse = (what: string, value: string): never => {
    throw new ConfigurationError(`${path}:${line}: ${what}, not '${value}'`);
  };
  const field = (column: number): string => fields[column]?.trim() ?? '';
  const numeric = (column: number, what: string): number => {
    const value = field(column);
    return NUMBER.test(value) ? Number(value) : refuse(`${what} must be a number`, value);
  };
  const code = codeAndSetup(`${path}:${line}`, field(columns.hex), field(columns.setup));
  const cycles = numeric(columns.cycles, 'the cycles');
  if (cycles === 0) refuse('the cycles must be more than 0', field(columns.cycles));
  let loop: LoopShape | null = null;
  if (columns.register >= 0 && columns.copies >= 0) {
    const register = numeric(columns.register, 'loop_reg');
    const copies = numeric(columns.copies, 'copies_per_loop');
    if (register > 15 || !Number.isInteger(register))
      refuse('loop_reg must be a register, 0 to 15', field(columns.register));
    if (copies < 1 || copies > COPIES_MAX || !Number.isInteger(copies))
      refuse(`copies_per_loop must be 1 to ${COPIES_MAX}`, field(columns.copies));
    loop = { register, copies };
  } else if (loopCopies !== null) {
    loop = { register: LOOP_REGISTER_DEFAULT, copies: loopCopies };
  }
  const pages = columns.pages >= 0 ? numeric(columns.pages, 'pages') : 1;
  return { ...code, cycles, name: field(columns.name), pages, loop };
}
