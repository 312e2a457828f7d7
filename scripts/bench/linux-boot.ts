/** Debian's Linux kernel with busybox in an initial RAM disk: CPU time from the start of the emulator until it has switched off. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { LAST_SUM, linuxRamDisk } from '../guests/linux-ram-disk.js';
import { installed, linuxImage } from '../guests/packages.js';
import type { Emulator } from './emulator.js';
import type { Place } from './guest-run.js';
import { measure, type Command } from './measured-process.js';
import { runCommand } from './system7x.js';
import type { WholeRunRow } from './whole-runs.js';

const RAM = '256M';
const COMMAND_LINE = 'console=ttyS0 panic=-1';
const BUSYBOX = '/bin/busybox';

interface LinuxFiles {
  readonly kernel: string;
  readonly initialRamDisk: string;
}

/** What is not there of what the boot needs; null when all is. */
export function missingForLinux(): string | null {
  if (linuxImage() === null) return 'linux-image-amd64 is not installed (or GUEST_LINUX not set)';
  return installed(BUSYBOX) === null ? 'busybox-static is not installed' : null;
}

/** Measures `rounds` times, the emulators in turn. */
export function measureLinux(
  place: Place,
  emulators: readonly Emulator[],
  rounds: number,
  progress: (text: string) => void,
): WholeRunRow {
  const initialRamDisk = join(place.folder, 'initrd.cpio');
  writeFileSync(initialRamDisk, linuxRamDisk(BUSYBOX));
  const files = { kernel: linuxImage() ?? '', initialRamDisk };
  const seconds = new Map(emulators.map(({ name }) => [name, [] as number[]]));
  for (let round = 1; round <= rounds; round++) {
    for (const { name } of emulators) {
      progress(`round ${round} of ${rounds}: Linux on ${name}`);
      seconds.get(name)?.push(linuxSeconds(place, commandOf(place, name, files)));
    }
  }
  return { title: 'Linux: from the start to power-off', seconds };
}

function commandOf(place: Place, emulator: string, files: LinuxFiles): Command {
  const { kernel, initialRamDisk } = files;
  if (emulator === 's7x') {
    return runCommand(place.rootDir, place.folder, [
      ...[kernel, '--initrd', initialRamDisk, '-m', RAM, '--cpu', 'unit', '--uart', 'instant'],
      ...['--timeout', '60s', '--append', COMMAND_LINE],
    ]);
  }
  return {
    program: 'qemu-system-x86_64',
    args: [
      ...['-accel', 'tcg', '-cpu', 'max', '-m', RAM, '-kernel', kernel, '-initrd', initialRamDisk],
      ...['-nodefaults', '-display', 'none', '-no-reboot', '-serial', 'stdio'],
      ...['-append', COMMAND_LINE],
    ],
  };
}

/** @throws Error when the guest's programs have not come to their end */
function linuxSeconds(place: Place, command: Command): number {
  const { cpuSeconds, output } = measure(command, join(place.folder, 'linux.log'));
  if (!output.includes(LAST_SUM)) {
    throw new Error(`${command.program}: Linux did not come to its end:\n${output.slice(-500)}`);
  }
  return cpuSeconds;
}
