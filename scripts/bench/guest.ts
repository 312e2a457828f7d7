import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { assemble } from '../../firmware/assembler/assemble.js';
import { loopSource } from './compiled-loop.js';
import { copiesSource } from './single-instructions.js';
import type { Workload } from './workloads.js';

const GUESTS_DIR = 'scripts/bench/guests';
/** Every guest includes this file, which exists only here: it sets how often the guest repeats its work. */
const ITERATIONS_FILE = 'iterations.asm';
/** The guest of a single instruction includes its copies. */
const COPIES_FILE = 'copies.asm';
const SINGLE_INSTRUCTION = 'instruction';
/** That of a compiled loop includes what there is to say of the loop. */
const LOOP_FILE = 'loop.asm';
const COMPILED_LOOP = 'compiled-loop';
/** Guests in 64-bit mode include this file, which reads the sectors behind the boot sector: others have none. */
const SECTORS_FILE = 'sectors.asm';
const BOOT_SECTOR_BYTES = 512;
/** Iterations are counted in a 32-bit register. */
export const ITERATIONS_MAX = 0xffff_ffff;

/** A workload as a boot sector, and the sectors behind it. */
export interface Guest {
  readonly image: Uint8Array;
  /** Work of one iteration, counted from its source: instructions, or the bytes that string instructions write. */
  readonly unitsPerIteration: number;
  /** Instructions of one iteration; a repeated string instruction counts once. */
  readonly instructionsPerIteration: number;
}

/** Assembles a workload of the project at `rootDir`. Throws an AssemblyError when its source has a mistake. */
export function assembleGuest(rootDir: string, workload: Workload, iterations: number): Guest {
  const { copies, loop } = workload;
  const path = `${GUESTS_DIR}/${sourceOf(workload)}.asm`;
  const { bytes, symbols } = assemble(path, (file) => {
    if (basename(file) === ITERATIONS_FILE) return `ITERATIONS equ ${iterations}\n`;
    if (basename(file) === COPIES_FILE && copies !== undefined) return copiesSource(copies);
    if (basename(file) === LOOP_FILE && loop !== undefined) return loopSource(loop);
    if (basename(file) === SECTORS_FILE && loop === undefined) return '';
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
    image: loop === undefined ? bytes : Buffer.concat([bytes, loop.sectors]),
    instructionsPerIteration,
    unitsPerIteration:
      workload.kind === 'string' ? constant('BYTES_PER_ITERATION') : instructionsPerIteration,
  };
}

function sourceOf({ name, copies, loop }: Workload): string {
  if (loop !== undefined) return COMPILED_LOOP;
  return copies === undefined ? name : SINGLE_INSTRUCTION;
}
