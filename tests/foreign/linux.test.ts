/** Debian's own Linux kernel, as it is packaged, with busybox in an initial RAM disk: to user space and to power-off. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { emptyFolder, s7x } from '../cli/s7x.js';
import { archive, DIRECTORY, LINK, PROGRAM } from './initial-ram-disk.js';
import { installed, linuxImage, withPackage } from './packages.js';

const kernel = linuxImage();
const busybox = installed('/bin/busybox');
const missing = kernel === null ? 'linux-image-amd64' : 'busybox-static';

const HOST_MS_MAX = 1_800_000;
const INIT = `#!/bin/sh
mount -t proc proc /proc
mount -t devtmpfs dev /dev
echo "init is process $$"
uname -s -m
grep -c processor /proc/cpuinfo
seq 1 1000 | sha256sum
dd if=/dev/zero bs=64k count=16 2>/dev/null | md5sum
poweroff -f
`;
const text = (value: string): Uint8Array => Buffer.from(value);
const directory = (path: string) => ({ path, mode: DIRECTORY, bytes: text('') });
const COMMANDS = ['sh', 'mount', 'uname', 'grep', 'seq', 'sha256sum', 'dd', 'md5sum', 'poweroff'];

function initialRamDisk(path: string): string {
  const disk = archive([
    ...['bin', 'dev', 'proc'].map(directory),
    { path: 'bin/busybox', mode: PROGRAM, bytes: readFileSync(path) },
    ...COMMANDS.map((name) => ({ path: `bin/${name}`, mode: LINK, bytes: text('busybox') })),
    { path: 'init', mode: PROGRAM, bytes: text(INIT) },
  ]);
  const file = join(emptyFolder(), 'initrd.cpio');
  writeFileSync(file, disk);
  return file;
}

const both = kernel !== null && busybox !== null;
describe.skipIf(!both)(withPackage('Linux', both ? kernel : null, missing), () => {
  it('boots, runs programs and switches the machine off', async () => {
    const { stdout, status, stderr } = await s7x(
      [
        ...['run', kernel ?? '', '--initrd', initialRamDisk(busybox ?? ''), '-m', '256M'],
        ...['--cpu', 'unit', '--uart', 'instant', '--timeout', '60s', '--fail', '@linux'],
        ...['--append', 'console=ttyS0 panic=-1'],
      ],
      { hostMsMax: HOST_MS_MAX },
    );
    expect(stdout, stderr).toContain('init is process 1');
    expect(stdout).toContain('Linux x86_64');
    // seq 1 1000 | sha256sum, and md5sum of a mebibyte of zeros, as any machine prints them
    expect(stdout).toContain('67d4ff71d43921d5739f387da09746f405e425b07d727e4c69d029461d1f051f');
    expect(stdout).toContain('b6d81b360a5672d80c27430f39153e2c');
    expect(stdout).toContain('Power down');
    expect({ status, stderr: status === 0 ? '' : stderr }).toEqual({ status: 0, stderr: '' });
  });
});
