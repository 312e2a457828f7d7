/**
 * What firmware leaves behind for images that use the machine as they find it: the x87 as FNINIT leaves it [SDM-1, "Initializing
 * the x87 FPU"], COM1 ready for characters. Neither is promised by a boot protocol; QEMU's machine is found so.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { assemble } from '../../firmware/assembler/assemble.js';
import { projectRoot, s7x } from '../cli/s7x.js';
import { imageFile } from '../guests/guest.js';
import { hasQemu, qemuDisk, qemuKernel, withQemu } from '../qemu/qemu.js';

/** FNSTENV, and its first three words as they are; then the end, with 16. */
const saysX87 = (fnstenv: string, wordStep: number, putRoutine: string): string => `
    ${fnstenv}
    ${[0, 1, wordStep, wordStep + 1, 2 * wordStep, 2 * wordStep + 1]
      .map((offset) => `mov al, [environment + ${offset}]\ncall ${putRoutine}`)
      .join('\n')}
    mov al, 16
    out 0xF4, al`;

/** Control, status and tag word, little endian. */
const AS_FNINIT = '\x7f\x03\x00\x00\xff\xff';
const EXIT_16 = 33; // 2 * 16 + 1

const MULTIBOOT = `bits 32
  org 0x100000
  header:
    dd 0x1BADB002, 0x10000, -(0x1BADB002 + 0x10000)
    dd header, header, image_end, image_end, entry
  entry:
    mov esp, 0x180000
    ${saysX87('db 0xD9, 0x35\ndd environment', 4, 'put')}
  environment: times 28 db 0
  %include "serial.asm"
  image_end:`;

const BOOT_SECTOR = `bits 16
  org 0x7C00
    xor ax, ax
    mov ds, ax
    mov ss, ax
    mov sp, 0x7C00
    ${saysX87('db 0xD9, 0x36\ndw environment', 2, 'byte_out')}
  %include "com1-16.asm"
  environment: times 14 db 0
    times 510-($-$$) db 0
    dw 0xAA55`;

function assembled(source: string): Uint8Array {
  const path = 'tests/guests/inline.asm';
  const read = (file: string): string =>
    file === path ? source : readFileSync(join(projectRoot, file), 'utf8');
  return assemble(path, read).bytes;
}

const images: readonly (readonly [string, string])[] = [
  ['a multiboot kernel', MULTIBOOT],
  ['a boot sector', BOOT_SECTOR],
];

it.each(images)('%s finds the x87 initialised, and COM1 ready', async (_title, source) => {
  const { stdout, status } = await s7x(['run', imageFile(assembled(source)), '--cpu', 'unit']);
  expect([stdout, status]).toEqual([AS_FNINIT, EXIT_16]);
});

describe.skipIf(!hasQemu)(withQemu('on QEMU'), () => {
  it.each(images)('%s finds the same', async (_title, source) => {
    const bytes = assembled(source);
    const run = source === MULTIBOOT ? qemuKernel(imageFile(bytes), '64M') : qemuDisk(bytes);
    expect(await run).toEqual({ serial: AS_FNINIT, status: EXIT_16 });
  });
});
