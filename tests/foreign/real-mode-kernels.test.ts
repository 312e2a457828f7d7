/** Programs in the format of a Linux kernel whose only entry is in real mode: Debian's memdisk and iPXE; and Linux by that entry. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { assemble } from '../../firmware/assembler/assemble.js';
import { emptyFolder, s7x } from '../cli/s7x.js';
import { LAST_SUM, linuxRamDisk } from '../../scripts/guests/linux-ram-disk.js';
import { busyboxProgram, installed, linuxImage } from '../../scripts/guests/packages.js';
import { withPackage } from './packages.js';

const memdisk = installed('/usr/lib/syslinux/memdisk');
const ipxe = installed('/boot/ipxe.lkrn');
const linux = linuxImage();
const busybox = busyboxProgram();
const HOST_MS_MAX = 1_800_000;

/** A boot sector that shows the text in the sector behind it. */
const SECTORS = assemble(
  'diskette.asm',
  () => `org 0x7C00
    xor ax, ax
    mov ds, ax
    mov es, ax
    mov ss, ax
    mov sp, 0x7C00
    mov bx, 0x7E00
    mov ax, 0x0201
    mov cx, 2
    mov dh, 0
    int 0x13
    mov si, 0x7E00
  next:
    lodsb
    test al, al
    jz end
    mov ah, 0x0E
    mov bx, 7
    int 0x10
    jmp next
  end:
    mov al, 16
    out 0xF4, al
    times 510-($-$$) db 0
    dw 0xAA55
    db "from sector two", 0`,
).bytes;
const DISKETTE_BYTES = 1440 * 1024;

describe.skipIf(memdisk === null)(withPackage('memdisk', memdisk, 'syslinux-common'), () => {
  it('starts the diskette that it gets as initial RAM disk', async () => {
    const folder = emptyFolder();
    const diskette = new Uint8Array(DISKETTE_BYTES);
    diskette.set(SECTORS);
    writeFileSync(join(folder, 'diskette.img'), diskette);
    const { stdout, status } = await s7x(
      [
        ...['run', memdisk ?? '', '--initrd', 'diskette.img', '-m', '64M', '--cpu', 'unit'],
        ...['--uart', 'instant', '--timeout', '20s', '--expect-exit', '16'],
      ],
      { folder },
    );
    expect(stdout).toContain('e820: 0000000000100000 0000000003f00000 1');
    expect(stdout).toContain('Disk is fd0, 1440 K, C/H/S = 80/2/18');
    expect(stdout.trimEnd()).toMatch(/booting\.\.\.\s+from sector two$/);
    expect(status).toBe(0);
  });
});

describe.skipIf(ipxe === null)(withPackage('iPXE', ipxe, 'ipxe'), () => {
  it('knows the machine, and its command line answers', async () => {
    const folder = emptyFolder();
    writeFileSync(join(folder, 'keys'), `\x02${'\n'.repeat(3)}cpuid --ext 29 && echo long mode\n`);
    // Each character comes twice: iPXE writes it to COM1, and by INT 10h, whose console COM1 is.
    const { stdout, status, stderr } = await s7x(
      [
        ...['run', ipxe ?? '', '-m', '64M', '--cpu', 'unit', '--uart', 'instant'],
        ...[
          '--input',
          'keys',
          '--timeout',
          '30s',
          '--expect',
          'iPXE> ',
          '--expect',
          '/\\nl+o+n+g+ +m+o+d+e+/',
        ],
      ],
      { folder },
    );
    expect(status, stderr + stdout).toBe(0); // CPUID leaf 80000001h, EDX bit 29
  });
});

const both = linux !== null && busybox !== null;
describe.skipIf(!both)(withPackage('Linux', both ? linux : null, 'linux-image-amd64'), () => {
  it('boots by its real-mode code, too', async () => {
    const disk = join(emptyFolder(), 'initrd.cpio');
    writeFileSync(disk, linuxRamDisk(busybox ?? ''));
    const { stdout, status, stderr } = await s7x(
      [
        ...['run', linux ?? '', '--boot', 'linux16', '--initrd', disk, '-m', '256M'],
        ...['--cpu', 'unit', '--uart', 'instant', '--timeout', '60s', '--fail', '@linux'],
        ...['--append', 'console=ttyS0 panic=-1'],
      ],
      { hostMsMax: HOST_MS_MAX },
    );
    expect(stdout, stderr).toContain(LAST_SUM);
    expect({ status, stderr: status === 0 ? '' : stderr }).toEqual({ status: 0, stderr: '' });
  });
});
