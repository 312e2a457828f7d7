/**
 * `--disk`: the fixed disk of a kernel or a ROM. Expectations: ATA-6, "READ SECTOR(S)", "IDENTIFY DEVICE" (words 60 and 61: sectors);
 * [82371SB], "IDE Controller" (its place and class in PCI configuration space); ATA-6, "Electrical characteristics", pull-down on DD7: BSY of an empty channel is 0.
 */
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { emptyFolder, runRecord, s7x } from '../cli/s7x.js';
import { guestOf } from '../guests/guest.js';

const folder = emptyFolder();
const file = (name: string, bytes: Uint8Array | string): string => {
  const path = join(folder, name);
  writeFileSync(path, bytes);
  return path;
};
const DISK = new Uint8Array(3 * 512 + 100);
DISK.set(Buffer.from('third sector\0'), 2 * 512);
const disk = file('disk.img', DISK);
const run = (...words: string[]) =>
  s7x(['run', ...words, '-m', '16M', '--cpu', 'unit', '--uart', 'instant']);

/** Class and revision of PCI 00:01.1. */
const SAYS_CLASS = `
  mov eax, 0x80000908
  mov dx, 0xCF8
  out dx, eax
  mov dx, 0xCFC
  in eax, dx
  call put_hex
  jmp power_off`;

/** Sectors by IDENTIFY DEVICE; the text in sector 2; status of the empty channel; class of PCI 00:01.1. */
const READS_DISK = `
  call com1_init
  mov al, 0xEC
  call command
  mov eax, [buffer + 120]
  call put_hex
  mov dx, 0x1F2
  mov al, 1
  out dx, al
  inc dx
  mov al, 2
  out dx, al
  inc dx
  mov al, 0
  out dx, al
  inc dx
  out dx, al
  mov al, 0x20
  call command
  mov esi, buffer
  call puts
  mov al, 10
  call put
  mov dx, 0x177
  in al, dx
  and eax, 0x80
  call put_hex
  ${SAYS_CLASS}
; AL to device 0 in LBA mode; its 512 bytes into the buffer
command:
  push eax
  mov dx, 0x1F6
  mov al, 0xE0
  out dx, al
  inc dx
  pop eax
  out dx, al
.wait:
  in al, dx
  and al, 0x88
  cmp al, 0x08
  jne .wait
  mov edi, buffer
  mov ecx, 256
  mov dx, 0x1F0
  rep insw
  ret
buffer equ 0x200000`;

describe('--disk', () => {
  it('gives a kernel the primary master, and its controller a place on PCI', async () => {
    const finished = await run(guestOf(READS_DISK), '--disk', disk);
    expect(finished.stdout).toBe('00000004\nthird sector\n00000000\n01010000\n');
    expect(finished.status).toBe(0);
    const sha256 = createHash('sha256').update(DISK).digest('hex');
    expect(runRecord(finished).config).toMatchObject({ disk, diskSha256: sha256 });
    expect(Buffer.compare(readFileSync(disk), DISK)).toBe(0);
  });

  it('without it there is neither', async () => {
    const reads = `
      call com1_init
      mov dx, 0x1F7
      in al, dx
      movzx eax, al
      call put_hex
      ${SAYS_CLASS}`;
    expect((await run(guestOf(reads))).stdout).toBe('000000ff\nffffffff\n');
  });

  it('is there in each row of a sweep', async () => {
    const { stdout, status } = await s7x([
      ...['sweep', guestOf(READS_DISK), '--ram', '16M,32M', '--disk', disk],
      ...['--cpu', 'unit', '--expect', 'third sector'],
    ]);
    expect(stdout).toMatch(/2 pass/);
    expect(status).toBe(0);
  });

  const sector = new Uint8Array(512);
  sector.set([0x55, 0xaa], 510);
  it.each<[string, () => string[], number, RegExp]>([
    [
      'a boot sector beside it',
      () => [file('boot.img', sector), '--disk', disk],
      2,
      /--disk .*disk\.img: .*boot\.img is a boot sector, and with what follows it the disk itself/,
    ],
    [
      'an empty file',
      () => [guestOf('hlt'), '--disk', file('empty', '')],
      2,
      /empty: the file is empty/,
    ],
    [
      'a file that is not there',
      () => [guestOf('hlt'), '--disk', '/nowhere'],
      10,
      /disk \/nowhere cannot be read/,
    ],
  ])('refuses %s', async (_, words, status, sentence) => {
    const finished = await run(...words());
    expect(finished.stderr).toMatch(sentence);
    expect(finished.status).toBe(status);
  });
});
