/**
 * Disk images as people make them with Debian's tools: GRUB's rescue image (a hybrid of CD-ROM and disk) and SYSLINUX on a FAT
 * partition. Their loaders read the image by INT 13h and start the guests of tests/guests.
 */
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { installed } from '../../scripts/guests/packages.js';
import { emptyFolder, s7x } from '../cli/s7x.js';
import { flatImage } from '../guests/guest.js';
import { withPackage } from './packages.js';

const grub = installed('/usr/lib/grub/i386-pc/boot_hybrid.img');
const rescue = grub === null ? null : installed('/usr/bin/xorriso');
const SYSLINUX_MODULES = '/usr/lib/syslinux/modules/bios';
const SYSLINUX_MBR = '/usr/lib/syslinux/mbr/mbr.bin';
const syslinux =
  installed('/usr/bin/syslinux') && installed(SYSLINUX_MBR) && installed('/usr/bin/mcopy');

const run = (folder: string, image: string) =>
  s7x(['run', image, '-m', '64M', '--cpu', 'unit', '--timeout', '20s'], { folder });

describe.skipIf(rescue === null)(withPackage('GRUB', rescue, 'grub-pc-bin, xorriso'), () => {
  it.each([
    ['multiboot', '2badb002'],
    ['multiboot2', '36d76289'],
  ])('boots its rescue image and starts a %s image', async (protocol, magic) => {
    const folder = emptyFolder();
    mkdirSync(join(folder, 'files/boot/grub'), { recursive: true });
    writeFileSync(join(folder, 'files/boot/kernel'), flatImage(protocol));
    const lines = ['serial --unit=0 --speed=115200', 'terminal_output serial', 'set timeout=0'];
    lines.push(`menuentry kernel { ${protocol} /boot/kernel one two }`);
    writeFileSync(join(folder, 'files/boot/grub/grub.cfg'), `${lines.join('\n')}\n`);
    const words = ['-d', '/usr/lib/grub/i386-pc', '-o', 'rescue.iso', 'files'];
    execFileSync('grub-mkrescue', words, { cwd: folder, stdio: 'ignore' });
    const { stdout, status } = await run(folder, 'rescue.iso');
    expect(stdout).toContain(`${magic}\n`);
    expect(status).toBe(0);
  });
});

/** One FAT16 partition from 1 MiB on, whose boot sector is SYSLINUX's. */
function syslinuxDisk(folder: string, kernel: Uint8Array, configuration: string): void {
  const disk = Buffer.alloc(32 << 20);
  readFileSync(SYSLINUX_MBR).copy(disk, 0, 0, 440);
  const heads = 16;
  const trackSectors = 63;
  const first = 2048;
  const sectors = (disk.byteLength >> 9) - first;
  disk.set([0x80, 0, 1, 1, 0x06, heads - 1, trackSectors, 60], 446);
  disk.writeUInt32LE(first, 446 + 8);
  disk.writeUInt32LE(sectors, 446 + 12);
  disk.writeUInt16LE(0xaa55, 510);
  writeFileSync(join(folder, 'disk.img'), disk);
  writeFileSync(join(folder, 'kernel'), kernel);
  writeFileSync(join(folder, 'syslinux.cfg'), configuration);
  for (const name of ['mboot.c32', 'libcom32.c32']) {
    cpSync(join(SYSLINUX_MODULES, name), join(folder, name));
  }
  const partition = ['-i', 'disk.img@@1M'];
  const geometry = [
    '-h',
    `${heads}`,
    '-s',
    `${trackSectors}`,
    '-T',
    `${sectors}`,
    '-H',
    `${first}`,
  ];
  execFileSync('mformat', [...partition, ...geometry, '::'], { cwd: folder });
  const files = ['kernel', 'syslinux.cfg', 'mboot.c32', 'libcom32.c32'];
  execFileSync('mcopy', [...partition, ...files, '::'], { cwd: folder });
  const place = ['--install', '--offset', `${first * 512}`, 'disk.img'];
  execFileSync('syslinux', place, { cwd: folder });
}

describe.skipIf(syslinux === null)(
  withPackage('SYSLINUX', syslinux, 'syslinux, syslinux-common, mtools'),
  () => {
    it('boots from a FAT partition and starts a multiboot image by mboot.c32', async () => {
      const folder = emptyFolder();
      const lines = ['DEFAULT kernel', 'PROMPT 0', 'LABEL kernel', ' KERNEL mboot.c32'];
      lines.push(' APPEND kernel one two');
      syslinuxDisk(folder, flatImage('multiboot'), `${lines.join('\n')}\n`);
      const { stdout, status } = await run(folder, 'disk.img');
      expect(stdout).toContain('Loading kernel... ok');
      expect(stdout).toContain('2badb002\n');
      expect(stdout).toContain('kernel one two\n');
      expect(status).toBe(0);
    });
  },
);
