import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { GUEST_RAM_MIB, type Emulator, type RunFiles } from './emulator.js';
import type { Command } from './measured-process.js';

const MAIN = 'dist/bundle/s7x.js';

/** This emulator, as its users start it. */
export function system7x(rootDir: string): Emulator {
  return {
    name: 's7x',
    version: `Node ${process.versions.node}`,
    prepare: ({ folder, image, serial }) =>
      runCommand(rootDir, folder, [
        ...[image, '-m', `${GUEST_RAM_MIB}M`, '--cpu', 'unit', '--serial', `file:${serial}`],
      ]),
  };
}

/** `s7x run` with the given arguments and its files in `folder`. */
export function runCommand(rootDir: string, folder: string, args: readonly string[]): Command {
  return {
    program: process.execPath,
    args: [join(rootDir, MAIN), 'run', ...args, '-o', join(folder, 'run'), '--quiet'],
  };
}

/** Instructions that the run in this folder has retired, from its record. */
export function retiredInstructions({ folder }: RunFiles): number {
  const record = JSON.parse(readFileSync(join(folder, 'run/run.json'), 'utf8')) as {
    stats: { instructions: number };
  };
  return record.stats.instructions;
}
