import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Emulator, RunFiles } from './emulator.js';
import { assembleGuest, type Guest } from './guest.js';
import { measure } from './measured-process.js';
import type { Workload } from './workloads.js';

/** Where the project is, and a folder for the files of the runs. */
export interface Place {
  readonly rootDir: string;
  readonly folder: string;
}

export interface GuestRun {
  readonly guest: Guest;
  readonly files: RunFiles;
  readonly cpuSeconds: number;
  /** What the guest printed, without its new line. */
  readonly checksum: string;
}

/** Of an emulator's output, when its guest has printed nothing: Bochs says more behind its reason. */
const LAST_LINES = 12;

/** Boots a workload on an emulator and waits for its end. Throws when the guest printed nothing. */
export function runGuest(
  place: Place,
  emulator: Emulator,
  workload: Workload,
  iterations: number,
): GuestRun {
  const folder = join(place.folder, emulator.name.replaceAll(' ', '-'));
  mkdirSync(folder, { recursive: true });
  const files = { folder, image: join(folder, 'guest.bin'), serial: join(folder, 'serial.txt') };
  const guest = assembleGuest(place.rootDir, workload, iterations);
  writeFileSync(files.image, guest.image);
  rmSync(files.serial, { force: true });
  const { cpuSeconds, output, status } = measure(
    emulator.prepare(files),
    join(folder, 'output.txt'),
  );
  const checksum = existsSync(files.serial) ? readFileSync(files.serial, 'latin1').trim() : '';
  if (checksum === '') {
    const last = output.trim().split('\n').slice(-LAST_LINES).join('\n');
    throw new Error(
      `${workload.name} on ${emulator.name} printed nothing (status ${status}):\n${last}`,
    );
  }
  return { guest, files, cpuSeconds, checksum };
}
