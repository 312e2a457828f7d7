/** Debian's U-Boot for QEMU's PC as the firmware: its shell, and what it makes of the ROM that it came in. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { emptyFolder, s7x } from '../cli/s7x.js';
import { installed } from '../../scripts/guests/packages.js';
import { withPackage } from './packages.js';

const rom = installed('/usr/lib/u-boot/qemu-x86/u-boot.rom');

describe.skipIf(rom === null)(withPackage('U-Boot', rom, 'u-boot-qemu'), () => {
  it('stops its autoboot for a key, and sums up the ROM that it came in', async () => {
    const folder = emptyFolder();
    const bytes = readFileSync(rom ?? '');
    const base = (0x1_0000_0000 - bytes.byteLength).toString(16);
    // The first keys stop the autoboot, and what is in the FIFO when U-Boot empties it is lost.
    const keys = `${'\n'.repeat(40)}crc32 ${base} ${bytes.byteLength.toString(16)}\n`;
    writeFileSync(join(folder, 'keys'), keys);
    const sum = crc32(bytes).toString(16).padStart(8, '0');
    const { status, stderr } = await s7x(
      [
        ...['run', '--firmware', rom ?? '', '-m', '128M', '--cpu', 'unit', '--uart', 'instant'],
        ...['--input', 'keys', '--timeout', '60s', '--expect', 'DRAM:  128 MiB'],
        ...['--expect', `crc32 for ${base} ... ffffffff ==> ${sum}`],
      ],
      { folder },
    );
    expect(status, stderr).toBe(0);
  });
});
