/** Debian's own Linux kernel, as it is packaged, with busybox in an initial RAM disk: to user space and to power-off. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { emptyFolder, s7x, type Finished } from '../cli/s7x.js';
import { LAST_SUM, linuxRamDisk } from '../../scripts/guests/linux-ram-disk.js';
import { busyboxProgram, linuxImage } from '../../scripts/guests/packages.js';
import { withPackage } from './packages.js';

const kernel = linuxImage();
const busybox = busyboxProgram();
const missing = kernel === null ? 'linux-image-amd64' : 'busybox-static';

const HOST_MS_MAX = 1_800_000;

function initialRamDisk(path: string): string {
  const file = join(emptyFolder(), 'initrd.cpio');
  writeFileSync(file, linuxRamDisk(path));
  return file;
}

function boot(...options: string[]): Promise<Finished> {
  return s7x(
    [
      ...['run', kernel ?? '', '--initrd', initialRamDisk(busybox ?? ''), '-m', '256M'],
      ...['--cpu', 'unit', '--uart', 'instant', '--timeout', '60s', '--fail', '@linux'],
      ...['--append', 'console=ttyS0 panic=-1', ...options],
    ],
    { hostMsMax: HOST_MS_MAX },
  );
}

const both = kernel !== null && busybox !== null;
describe.skipIf(!both)(withPackage('Linux', both ? kernel : null, missing), () => {
  it('boots, runs programs and switches the machine off', async () => {
    const { stdout, status, stderr } = await boot();
    expect(stdout, stderr).toContain('init is process 1');
    expect(stdout).toMatch(/Linux (x86_64|i686)/);
    // seq 1 1000 | sha256sum, and md5sum of a mebibyte of zeros, as any machine prints them
    expect(stdout).toContain('67d4ff71d43921d5739f387da09746f405e425b07d727e4c69d029461d1f051f');
    expect(stdout).toContain(LAST_SUM);
    expect(stdout).toContain('Power down');
    expect({ status, stderr: status === 0 ? '' : stderr }).toEqual({ status: 0, stderr: '' });
  });

  it('invalidates each translation that it has used and taken away: --check tlb finds nothing', async () => {
    const { stdout, status, stderr } = await boot('--check', 'tlb');
    expect(stdout, stderr).toContain('Power down');
    expect({ status, stderr: status === 0 ? '' : stderr }).toEqual({ status: 0, stderr: '' });
  });
});
