import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  GUEST_RAM_MIB,
  versionOf,
  type AbsentEmulator,
  type Emulator,
  type RunFiles,
} from './emulator.js';
import type { Command } from './measured-process.js';

const NAME = 'Bochs';
const BIOS_DIR = '/usr/share/bochs';
const FLOPPY_BYTES = 1440 * 1024;
/** Guest instructions per second of guest time. Few, so that the BIOS waits short for its keyboard and disks. */
const INSTRUCTIONS_PER_SECOND = 4_000_000;

export interface BochsOptions {
  readonly program: string;
  /** Name of its display library: `term` works without a terminal; `nogui` where Bochs is built with it. */
  readonly display: string;
}

/** Bochs without window and without questions. */
export function findBochs(options: BochsOptions): Emulator | AbsentEmulator {
  const version = versionOf(options.program, ['--help'], /Bochs x86 Emulator (\S+)/);
  if (version === null) return { name: NAME, absent: `${options.program} is not installed` };
  const bios = join(BIOS_DIR, 'BIOS-bochs-latest');
  if (!existsSync(bios)) return { name: NAME, absent: `its BIOS ${bios} is not installed` };
  return { name: NAME, version, prepare: (files) => command(files, options) };
}

function command({ folder, image, serial }: RunFiles, options: BochsOptions): Command {
  const floppy = new Uint8Array(FLOPPY_BYTES);
  floppy.set(readFileSync(image));
  writeFileSync(join(folder, 'floppy.img'), floppy);
  const configuration = join(folder, 'bochsrc');
  writeFileSync(
    configuration,
    [
      'config_interface: textconfig',
      `display_library: ${options.display}`,
      `megs: ${GUEST_RAM_MIB}`,
      `romimage: file=${BIOS_DIR}/BIOS-bochs-latest`,
      `vgaromimage: file=${BIOS_DIR}/VGABIOS-lgpl-latest`,
      'boot: floppy',
      `floppya: 1_44=${join(folder, 'floppy.img')}, status=inserted`,
      `com1: enabled=1, mode=file, dev=${serial}`,
      `log: ${join(folder, 'bochs.log')}`,
      'panic: action=fatal',
      'error: action=ignore',
      'info: action=ignore',
      'debug: action=ignore',
      `cpu: count=1, ips=${INSTRUCTIONS_PER_SECOND}`,
      'clock: sync=none',
      '',
    ].join('\n'),
  );
  return {
    program: options.program,
    args: ['-q', '-f', configuration],
    input: 'c\nq\n', // a build with the debugger waits at its prompt, before the first instruction and at the end
    environment: { TERM: 'xterm' },
  };
}
