import {
  GUEST_RAM_MIB,
  versionOf,
  type AbsentEmulator,
  type Emulator,
  type RunFiles,
} from './emulator.js';
import type { Command } from './measured-process.js';

const PROGRAM = 'qemu-system-x86_64';

/** QEMU's translator (TCG), never the host's own processor. */
export function findQemu(): Emulator | AbsentEmulator {
  const name = 'QEMU TCG';
  const version = versionOf(PROGRAM, ['--version'], /version (\S+)/);
  if (version === null) return { name, absent: `${PROGRAM} is not installed` };
  return { name, version, prepare: command };
}

function command({ image, serial }: RunFiles): Command {
  return {
    program: PROGRAM,
    args: [
      ...['-accel', 'tcg', '-cpu', 'max', '-m', `${GUEST_RAM_MIB}M`],
      ...['-nodefaults', '-display', 'none', '-no-reboot'],
      ...['-drive', `file=${image},format=raw`, '-serial', `file:${serial}`],
      ...['-device', 'isa-debug-exit,iobase=0xf4,iosize=4'],
    ],
  };
}
