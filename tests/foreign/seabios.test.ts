/** Debian's SeaBIOS as the machine's ROM: its log on the debug port, and its e820 table. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { assemble } from '../../firmware/assembler/assemble.js';
import { emptyFolder, projectRoot, s7x } from '../cli/s7x.js';
import { qemuDisk } from '../qemu/qemu.js';
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

  it('boots from the disk, and answers INT 13h as on QEMU', async () => {
    const folder = emptyFolder();
    const read = (path: string): string => readFileSync(join(projectRoot, path), 'utf8');
    const { bytes } = assemble('tests/guests/disk.asm', read);
    // Two whole cylinders, as QEMU's smallest disk has.
    const image = new Uint8Array(2 * 16 * 63 * 512);
    image.set(bytes);
    writeFileSync(join(folder, 'disk.img'), image);
    const { stdout, status } = await s7x(
      [
        ...['run', '--firmware', ROMS[1] ?? '', '--disk', 'disk.img', '-m', '128M'],
        ...['--cpu', 'unit', '--uart', 'instant', '--timeout', '20s', '--expect-exit', '16'],
      ],
      { folder, hostMsMax: HOST_MS_MAX },
    );
    expect(stdout).toBe((await qemuDisk(image)).serial);
    expect(status).toBe(0);
  });
});
