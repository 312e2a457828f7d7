/**
 * Whole runs on this emulator and on QEMU's translator: the bundled kernel's test suite between the first and the last byte that it
 * sends on COM1, and what a short program costs from start to end.
 *
 * CPU time at a byte's arrival is that of all threads that live then (proc(5), schedstat), so start-up is a row of its own.
 */
import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Emulator } from './emulator.js';
import { runGuest, type Place } from './guest-run.js';
import type { Command } from './measured-process.js';
import { median } from './statistics.js';
import { runCommand } from './system7x.js';
import { CHECK_ITERATIONS, WORKLOADS } from './workloads.js';

export interface WholeRunRow {
  readonly title: string;
  /** Seconds of CPU time, by the emulator's name, one entry a round. */
  readonly seconds: ReadonlyMap<string, readonly number[]>;
}

const KERNEL = 'dist/kernel/kernel.elf';
const KERNEL_RAM = '64M';
/** What the kernel says at its end when its tests have passed. */
const PASSED = 'Errors: none';
const SHORT_WORKLOADS = ['sieve', 'call', 'chase'];
const ROWS = {
  start: 'the kernel: from the start to its first byte',
  tests: 'the kernel and its tests: first to last byte',
  short: 'a short program, three times its work: from start to end',
} as const;

/** Measures `rounds` times, the emulators in turn. */
export async function measureWholeRuns(
  place: Place,
  emulators: readonly Emulator[],
  rounds: number,
  progress: (text: string) => void,
): Promise<readonly WholeRunRow[]> {
  const rows = Object.values(ROWS).map((title) => ({
    title,
    seconds: new Map(emulators.map(({ name }) => [name, [] as number[]])),
  }));
  const note = (title: string, name: string, seconds: number): void => {
    rows
      .find((row) => row.title === title)
      ?.seconds.get(name)
      ?.push(seconds);
  };
  for (let round = 1; round <= rounds; round++) {
    for (const emulator of emulators) {
      const { name } = emulator;
      progress(`round ${round} of ${rounds}: whole runs on ${name}`);
      const { first, last } = await kernelSeconds(kernelCommand(place, name));
      note(ROWS.start, name, first);
      note(ROWS.tests, name, last - first);
      note(ROWS.short, name, median(shortSeconds(place, emulator)));
    }
  }
  return rows;
}

function shortSeconds(place: Place, emulator: Emulator): number[] {
  return WORKLOADS.filter(({ name }) => SHORT_WORKLOADS.includes(name)).map(
    (workload) => runGuest(place, emulator, workload, CHECK_ITERATIONS).cpuSeconds,
  );
}

function kernelCommand(place: Place, emulator: string): Command {
  const kernel = join(place.rootDir, KERNEL);
  if (emulator === 's7x') {
    const args = [kernel, '-m', KERNEL_RAM, '--cpu', 'unit'];
    const command = runCommand(place.rootDir, place.folder, args);
    return { ...command, args: command.args.filter((word) => word !== '--quiet') };
  }
  return {
    program: 'qemu-system-x86_64',
    args: [
      ...['-accel', 'tcg', '-cpu', 'max', '-m', KERNEL_RAM, '-kernel', kernel],
      ...['-nodefaults', '-display', 'none', '-no-reboot', '-serial', 'stdio'],
      ...['-device', 'isa-debug-exit,iobase=0xf4,iosize=4'],
    ],
  };
}

/** CPU seconds that the process has used at the first and at the last byte on its standard output. Throws when the tests have not passed. */
async function kernelSeconds(command: Command): Promise<{ first: number; last: number }> {
  const child = spawn(command.program, command.args, { stdio: ['ignore', 'pipe', 'ignore'] });
  let first: number | null = null;
  let last = 0;
  let output = '';
  child.stdout.on('data', (bytes: Buffer) => {
    output += bytes.toString('latin1');
    last = secondsUsed(child.pid ?? 0) ?? last;
    first ??= last;
  });
  await new Promise((resolve, reject) => {
    child.on('close', resolve);
    child.on('error', reject);
  });
  if (first === null || !output.includes(PASSED))
    throw new Error(`${command.program}: the kernel's tests did not pass:\n${output.slice(-500)}`);
  return { first, last };
}

/** CPU time of the living threads of a process; null when it has ended. */
function secondsUsed(pid: number): number | null {
  try {
    const tasks = `/proc/${pid}/task`;
    const times = readdirSync(tasks).map((thread) =>
      Number(readFileSync(join(tasks, thread, 'schedstat'), 'utf8').split(' ')[0]),
    );
    return times.reduce((sum, nanoseconds) => sum + nanoseconds, 0) / 1e9;
  } catch {
    return null;
  }
}
