import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { assemble } from '../../firmware/assembler/assemble.js';
import { copiesSource } from './single-instructions.js';
import type { Workload } from './workloads.js';

const GUESTS_DIR = 'scripts/bench/guests';
/** Every guest includes this file, which exists only here: it sets how often the guest repeats its work. */
const ITERATIONS_FILE = 'iterations.asm';
/** The guest of a single instruction includes its copies. */
const COPIES_FILE = 'copies.asm';
const SINGLE_INSTRUCTION = 'instruction';
const BOOT_SECTOR_BYTES = 512;
/** Iterations are counted in a 32-bit register. */
export const ITERATIONS_MAX = 0xffff_ffff;

/** A workload as a boot sector. */
export interface Guest {
  readonly image: Uint8Array;
  /** Work of one iteration, counted from its source: instructions, or the bytes that string instructions write. */
  readonly unitsPerIteration: number;
  /** Instructions of one iteration; a repeated string instruction counts once. */
  readonly instructionsPerIteration: number;
}

/** Assembles a workload of the project at `rootDir`. Throws an AssemblyError when its source has a mistake. */
export function assembleGuest(rootDir: string, workload: Workload, iterations: number): Guest {
  const { copies } = workload;
  const path = `${GUESTS_DIR}/${copies === undefined ? workload.name : SINGLE_INSTRUCTION}.asm`;
  const { bytes, symbols } = assemble(path, (file) => {
    if (basename(file) === ITERATIONS_FILE) return `ITERATIONS equ ${iterations}\n`;
    if (basename(file) === COPIES_FILE && copies !== undefined) return copiesSource(copies);
    return readFileSync(join(rootDir, file), 'utf8');
  });
  if (bytes.length !== BOOT_SECTOR_BYTES) {
    throw new Error(`${path} is ${bytes.length} bytes and must be ${BOOT_SECTOR_BYTES}.`);
  }
  const constant = (name: string): number => {
    const value = symbols.get(name);
    if (value === undefined) throw new Error(`${path} does not define ${name}.`);
    return Number(value);
  };
  const instructionsPerIteration = constant('INSTRUCTIONS_PER_ITERATION');
  return {
    image: bytes,
    instructionsPerIteration,
    unitsPerIteration:
      workload.kind === 'string' ? constant('BYTES_PER_ITERATION') : instructionsPerIteration,
  };
}
