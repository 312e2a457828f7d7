/** Debian's SeaBIOS as the machine's ROM: its log on the debug port, and its e820 table. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { s7x } from '../cli/s7x.js';
import { installed } from '../../scripts/guests/packages.js';
import { withPackage } from './packages.js';

const HOST_MS_MAX = 300_000;
/** The builds of 128 KiB and of 256 KiB. */
const ROMS = ['bios.bin', 'bios-256k.bin'].map((name) => `/usr/share/seabios/${name}`);
const present = installed(ROMS[0] ?? '');

describe.skipIf(present === null)(withPackage('SeaBIOS', present, 'seabios'), () => {
  it.each(ROMS)('%s runs until it finds no disk, and tells where RAM is', async (rom) => {
    const { folder, stderr } = await s7x(
      ['run', '--firmware', rom, '-m', '64M', '--cpu', 'unit', '--timeout', '4s'],
      { hostMsMax: HOST_MS_MAX },
    );
    const log = readFileSync(join(folder, '.s7x/last/debugcon.log'), 'latin1');
    expect(log, stderr).toMatch(/^SeaBIOS \(version /);
    expect(log).toContain('QEMU fw_cfg DMA interface supported');
    expect(log).toContain('Found 4 serial ports');
    // RAM of the map `pc` with 64 MiB; what SeaBIOS keeps at its top may differ by version.
    const table = log.slice(log.search(/e820 map has \d+ items/));
    expect(table).toMatch(/^e820 map has \d+ items:\n +0: 0{16} - 000000000009fc00 = 1 RAM\n/);
    expect(table).toMatch(/: 0000000000100000 - 0000000003f[0-9a-f]{5} = 1 RAM\n/);
    expect(table).toMatch(/: [0-9a-f]{16} - 0000000004000000 = 2 RESERVED\n/);
    expect(log).toContain('No bootable device.');
  });
});
