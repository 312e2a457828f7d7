/**
 * Debian's GRUB for the BIOS on a disk image, made by its own grub-mkimage: it reads itself by INT 13h, and starts the multiboot 2
 * guest that its memory disk holds. A second loader of the same image: what both hand over has to be equal.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { emptyFolder, s7x } from '../cli/s7x.js';
import { flatImage } from '../guests/guest.js';
import { installed } from '../../scripts/guests/packages.js';
import { withPackage } from './packages.js';

const MODULES = '/usr/lib/grub/i386-pc';
const bootImage = installed(join(MODULES, 'boot.img'));

/** boot.img, and from sector 1 on core.img with a memory disk, which is where boot.img looks for it. */
function grubDisk(folder: string, commands: readonly string[]): Uint8Array {
  writeFileSync(join(folder, 'early.cfg'), `${commands.join('\n')}\n`);
  execFileSync('tar', ['cf', 'memory-disk.tar', 'kernel'], { cwd: folder });
  execFileSync(
    'grub-mkimage',
    [
      ...['-d', MODULES, '-O', 'i386-pc', '-o', 'core.img', '-p', '(memdisk)/'],
      ...['-m', 'memory-disk.tar', '-c', 'early.cfg'],
      ...['biosdisk', 'memdisk', 'tar', 'multiboot2', 'serial', 'terminal', 'echo', 'boot'],
    ],
    { cwd: folder },
  );
  const core = readFileSync(join(folder, 'core.img'));
  return Buffer.concat([readFileSync(join(MODULES, 'boot.img')), core]);
}

/** What the guest says of each tag, by its type. */
function tagsOf(stdout: string): Map<string, string> {
  const [, ...tags] = stdout.split(/^tag /m);
  return new Map(tags.map((text) => [text.slice(0, 8), text.slice(9)]));
}

describe.skipIf(bootImage === null)(withPackage('GRUB', bootImage, 'grub-pc-bin'), () => {
  it('starts a multiboot 2 image, which finds what it finds without GRUB', async () => {
    const folder = emptyFolder();
    const kernel = join(folder, 'kernel');
    writeFileSync(kernel, flatImage('multiboot2'));
    execFileSync('grub-file', ['--is-x86-multiboot2', kernel]);
    const commands = ['serial --unit=0 --speed=115200', 'terminal_output serial'];
    commands.push('echo GRUB', 'multiboot2 (memdisk)/kernel one two', 'boot');
    writeFileSync(join(folder, 'grub.img'), grubDisk(folder, commands));
    const run = (image: string, ...more: string[]) =>
      s7x(['run', image, '-m', '64M', '--cpu', 'unit', '--timeout', '20s', ...more], { folder });
    const grub = await run('grub.img');
    expect(grub.status).toBe(0);
    expect(grub.stdout).toMatch(/GRUB\s+36d76289\n/);
    const direct = tagsOf((await run('kernel', '--append', 'one two')).stdout);
    const loaded = tagsOf(grub.stdout);
    // Command line, memory sizes, memory map, ACPI 2.0: equal. The loader's name is its own.
    for (const type of ['00000001', '00000004', '00000006', '0000000f']) {
      expect([type, direct.get(type)]).toEqual([type, loaded.get(type)]);
    }
    expect(loaded.get('00000002')).toMatch(/^GRUB 2\./);
  });
});
