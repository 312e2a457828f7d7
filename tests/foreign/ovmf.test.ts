/** Debian's OVMF, EDK II's UEFI firmware: its shell on COM1, the memory that it found, and the way out. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { emptyFolder, s7x } from '../cli/s7x.js';
import { installed } from '../../scripts/guests/packages.js';
import { withPackage } from './packages.js';

const rom = installed('/usr/share/ovmf/OVMF.fd');
const ESCAPE = '\x1b';

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
});
