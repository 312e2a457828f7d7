/** Debian's Xen, compressed as it is packaged, by multiboot 2: alone, and with Debian's Linux as its first domain, to power-off. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { emptyFolder, s7x } from '../cli/s7x.js';
import { LAST_SUM, linuxRamDisk } from '../../scripts/guests/linux-ram-disk.js';
import { installed, linuxImage, newestInBoot } from '../../scripts/guests/packages.js';
import { withPackage } from './packages.js';

const xen = newestInBoot(/^xen-.*-amd64\.gz$/);
const linux = linuxImage();
const busybox = installed('/bin/busybox');

const HOST_MS_MAX = 1_800_000;
/** Xen leaves out the first word of its line and of Linux’, unless the loader is GRUB. */
const LINE = 'xen console=com1 com1=115200,8n1 dom0_mem=512M';
const run = (...words: string[]) =>
  s7x(['run', xen ?? '', '-m', '1G', '--cpu', 'unit', '--uart', 'instant', ...words], {
    hostMsMax: HOST_MS_MAX,
  });

describe.skipIf(xen === null)(withPackage('Xen', xen, 'xen-hypervisor-4.17-amd64'), () => {
  it('says that it has no domain to start', async () => {
    const { stdout, status } = await run('--append', LINE, '--expect', 'Reboot in five seconds');
    expect(stdout).toMatch(/Bootloader: s7x/);
    expect(stdout).toContain('dom0 kernel not specified');
    expect(status).toBe(0);
  });

  const both = linux !== null && busybox !== null;
  it.skipIf(!both)('starts Linux, whose programs run, and switches off with it', async () => {
    const disk = join(emptyFolder(), 'initrd.cpio');
    writeFileSync(disk, linuxRamDisk(busybox ?? ''));
    const { stdout, status, stderr } = await run(
      ...['--append', LINE, '--timeout', '120s', '--fail', '@linux'],
      ...['--module', `${linux ?? ''}=linux console=hvc0 panic=-1`, '--module', disk],
    );
    // Whole pages of the map's 639 KiB, and 1 GiB less 1 MiB
    expect(stdout, stderr).toContain(`System RAM: 1023MB (${636 + (1 << 20) - 1024}kB)`);
    expect(stdout).toContain('Linux x86_64');
    expect(stdout).toContain(LAST_SUM);
    expect(stdout).toContain('Entering ACPI S5 state');
    expect({ status, stderr: status === 0 ? '' : stderr }).toEqual({ status: 0, stderr: '' });
  });
});
