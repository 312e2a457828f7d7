/** Debian's OVMF, EDK II's UEFI firmware: its shell on COM1, the memory that it found, and the way out. */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { emptyFolder, s7x } from '../cli/s7x.js';
import { installed } from '../../scripts/guests/packages.js';
import { withPackage } from './packages.js';

const rom = installed('/usr/share/ovmf/OVMF.fd');
const grub = installed('/usr/lib/grub/x86_64-efi/moddep.lst');
const mtools = installed('/usr/bin/mformat');
const ESCAPE = '\x1b';

/** A FAT file system whose EFI/BOOT/BOOTX64.EFI is a GRUB that says where it is and switches off by ACPI. */
function efiDisk(folder: string): void {
  const execute = (program: string, ...words: string[]): Buffer =>
    execFileSync(program, words, { cwd: folder });
  const commands = ['serial --unit=0 --speed=115200', 'terminal_output serial'];
  commands.push('echo GRUB by UEFI', 'halt');
  writeFileSync(join(folder, 'early.cfg'), `${commands.join('\n')}\n`);
  execute(
    'grub-mkimage',
    ...['-O', 'x86_64-efi', '-p', '/', '-c', 'early.cfg', '-o', 'bootx64.efi'],
    ...['serial', 'terminal', 'echo', 'halt'],
  );
  writeFileSync(join(folder, 'disk.img'), new Uint8Array(64 << 20));
  execute('mformat', '-i', 'disk.img', '-F', '::');
  execute('mmd', '-i', 'disk.img', '::/EFI', '::/EFI/BOOT');
  execute('mcopy', '-i', 'disk.img', 'bootx64.efi', '::/EFI/BOOT/BOOTX64.EFI');
}

describe.skipIf(rom === null)(withPackage('OVMF', rom, 'ovmf'), () => {
  it.each([
    // RAM less 640 KiB to 1 MiB and what is handed to nobody
    ['256M', '255 MB'],
    ['5G', '5,119 MB'],
  ])('with %s reaches its shell, counts memory, and switches off', async (ram, total) => {
    const folder = emptyFolder();
    // Escape leaves out its script; what it has not yet asked for is lost.
    writeFileSync(join(folder, 'keys'), `${ESCAPE}memmap\rreset -s\r`);
    const { stdout, status, stderr } = await s7x(
      [
        ...['run', '--firmware', rom ?? '', '-m', ram, '--cpu', 'unit', '--uart', 'instant'],
        ...['--input', 'keys', '--timeout', '60s', '--expect', 'UEFI Interactive Shell'],
        ...['--expect', `/Total Memory: +${total}/`, '--keep-going'],
      ],
      { folder, hostMsMax: 300_000 },
    );
    expect(status, stderr.slice(0, 2000)).toBe(0);
    expect(stdout).toContain('EDK II');
  });

  it.skipIf(grub === null || mtools === null)(
    'boots GRUB from the FAT file system on its disk, and GRUB switches off by its FADT',
    async () => {
      const folder = emptyFolder();
      efiDisk(folder);
      const { stdout, status, stderr } = await s7x(
        [
          ...['run', '--firmware', rom ?? '', '--disk', 'disk.img', '-m', '256M'],
          ...['--cpu', 'unit', '--uart', 'instant', '--timeout', '30s'],
        ],
        { folder, hostMsMax: 300_000 },
      );
      expect(stdout, stderr.slice(0, 2000)).toContain('GRUB by UEFI');
      expect(stdout).not.toContain('shutdown failed');
      expect(status).toBe(0);
    },
  );
});
