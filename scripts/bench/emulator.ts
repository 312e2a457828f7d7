import { execFileSync } from 'node:child_process';
import type { Command } from './measured-process.js';

/** RAM of every guest machine: compiled loops lie behind 256 MiB. */
export const GUEST_RAM_MIB = 512;

/** Files of one run, in a folder of its own. */
export interface RunFiles {
  readonly folder: string;
  /** The boot sector. */
  readonly image: string;
  /** What the guest sends on COM1 goes here. */
  readonly serial: string;
}

/** An emulator that boots a boot sector and ends when the guest says so. */
export interface Emulator {
  readonly name: string;
  readonly version: string;
  /** Writes what the emulator needs beside the image into the folder, and says how to start it. */
  prepare(files: RunFiles): Command;
}

/** An emulator that is not there, and why. */
export interface AbsentEmulator {
  readonly name: string;
  readonly absent: string;
}

/** First line of the output that `pattern` matches (its first group), or null when the program cannot be run. */
export function versionOf(
  program: string,
  args: readonly string[],
  pattern: RegExp,
): string | null {
  try {
    const output = execFileSync(program, args, {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    return pattern.exec(output)?.[1] ?? 'version unknown';
  } catch {
    return null;
  }
}
