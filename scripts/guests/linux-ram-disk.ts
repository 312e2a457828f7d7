/** An initial RAM disk for Linux: busybox, and an init that prints what can be compared and switches the machine off. */
import { readFileSync } from 'node:fs';
import { archive, DIRECTORY, LINK, PROGRAM } from './cpio-archive.js';

/** The last line that its init prints: a mebibyte of zeros as md5sum shows it. */
export const LAST_SUM = 'b6d81b360a5672d80c27430f39153e2c';

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
const COMMANDS = ['sh', 'mount', 'uname', 'grep', 'seq', 'sha256sum', 'dd', 'md5sum', 'poweroff'];

/** The archive, with the statically linked busybox at `busyboxPath`. */
export function linuxRamDisk(busyboxPath: string): Uint8Array {
  return archive([
    ...['bin', 'dev', 'proc'].map(directory),
    { path: 'bin/busybox', mode: PROGRAM, bytes: readFileSync(busyboxPath) },
    ...COMMANDS.map((name) => ({ path: `bin/${name}`, mode: LINK, bytes: text('busybox') })),
    { path: 'init', mode: PROGRAM, bytes: text(INIT) },
  ]);
}

function directory(path: string): { path: string; mode: number; bytes: Uint8Array } {
  return { path, mode: DIRECTORY, bytes: text('') };
}

function text(value: string): Uint8Array {
  return Buffer.from(value);
}
