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
const BIOS = '/usr/share/bochs/BIOS-bochs-latest';
/** Debian's bochsbios has a link to the first, which leads nowhere where SeaBIOS is installed in the place of vgabios. */
const VIDEO_BIOSES = ['/usr/share/vgabios/vgabios.bin', '/usr/share/seabios/vgabios-stdvga.bin'];
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
  if (!existsSync(BIOS)) return { name: NAME, absent: `its BIOS ${BIOS} is not installed` };
  const videoBios = VIDEO_BIOSES.find((path) => existsSync(path));
  if (videoBios === undefined) {
    return { name: NAME, absent: `no VGA BIOS is installed: ${VIDEO_BIOSES.join(' or ')}` };
  }
  return { name: NAME, version, prepare: (files) => command(files, options, videoBios) };
}

function command(
  { folder, image, serial }: RunFiles,
  options: BochsOptions,
  videoBios: string,
): Command {
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
      `romimage: file=${BIOS}`,
      `vgaromimage: file=${videoBios}`,
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
