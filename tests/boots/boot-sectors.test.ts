/**
 * Boot sectors as people write them: more sectors by INT 13h, text by INT 10h, keys by INT 16h. Expectations: SeaBIOS and its
 * video BIOS on QEMU, with the same image; IBM PC AT Technical Reference, "Keyboard", for scan codes.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { assemble } from '../../firmware/assembler/assemble.js';
import { diskGeometry } from '../../emulator/machine/boot/disk.js';
import { emptyFolder, projectRoot, s7x } from '../cli/s7x.js';
import { TestMachine } from '../guests/test-machine.js';
import { hasQemu, qemuDisk, withQemu } from '../qemu/qemu.js';

const DISKETTE_BYTES = 1440 * 1024;
const EXIT_16 = 33; // 2 * 16 + 1

const image = (name: string): Uint8Array =>
  assemble(`tests/guests/${name}.asm`, (path) => readFileSync(join(projectRoot, path), 'utf8'))
    .bytes;

function padded(bytes: Uint8Array, sizeBytes: number): Uint8Array {
  const file = new Uint8Array(sizeBytes);
  file.set(bytes);
  return file;
}

function serialOf(bytes: Uint8Array): string {
  const guest = new TestMachine(bytes);
  const end = guest.run();
  expect([end.kind, end.value]).toEqual(['debug-exit', 16]);
  return guest.serial;
}

describe.skipIf(!hasQemu)(withQemu('as on QEMU with SeaBIOS'), () => {
  it.each([
    ['a fixed disk', false],
    ['a diskette', true],
  ])('INT 13h of %s answers the same', async (_title, isDiskette) => {
    const bytes = isDiskette ? padded(image('disk'), DISKETTE_BYTES) : image('disk');
    const qemu = await qemuDisk(bytes, isDiskette);
    expect(qemu.status).toBe(EXIT_16);
    // QEMU's disks have whole cylinders, two at least: AH=15h counts their sectors. AH=41h gives SeaBIOS's extensions, which
    // are more than ours, and DH is theirs to change.
    const common = (serial: string): string =>
      serial
        .replace(/^(0300 \w+ \w+) \w+/m, '$1 sectors')
        .replace(/^(3000 aa55) \w+ \w+/m, '$1 extensions');
    expect(common(serialOf(bytes))).toBe(common(qemu.serial));
    expect(qemu.serial.match(/^(3333|4444) /gm)).toHaveLength(isDiskette ? 2 : 3);
  });

  it('INT 10h leaves the same screen, cell for cell', async () => {
    const screen = (serial: string): string => serial.slice(serial.indexOf('#') + 1);
    const qemu = await qemuDisk(image('video'));
    expect(qemu.status).toBe(EXIT_16);
    expect(screen(qemu.serial)).toHaveLength(4000);
    expect(screen(serialOf(image('video')))).toBe(screen(qemu.serial));
  });
});

/** INT 15h AH=87h: this sector to 2 MiB + 3 and back to 8000h; leaves with 16 where it came back, with AH where it failed. */
const MOVES_BLOCKS = assemble(
  'moves.asm',
  () => `org 0x7C00
    xor ax, ax
    mov ds, ax
    mov es, ax
    mov ss, ax
    mov sp, 0x7C00
    mov si, there
    call move
    mov si, back
    call move
    mov si, 0x7C00
    mov di, 0x8000
    mov cx, 32                  ; the services write into the tables
    repe cmpsw
    mov al, 1
    jne leave
    mov al, 16
  leave:
    out 0xF4, al
  move:
    mov cx, 256
    mov ah, 0x87
    int 0x15
    jc failed
    or ah, ah
    jnz failed
    ret
  failed:
    mov al, ah
    out 0xF4, al
  there: dq 0, 0, 0x000093007C00FFFF, 0x000093200003FFFF, 0, 0
  back:  dq 0, 0, 0x000093200003FFFF, 0x000093008000FFFF, 0, 0
    times 510-($-$$) db 0
    dw 0xAA55`,
).bytes;

it('INT 15h AH=87h moves blocks beyond 1 MiB', () => {
  expect(serialOf(MOVES_BLOCKS)).toBe('');
});

it.skipIf(!hasQemu)(withQemu('so it does with SeaBIOS'), async () => {
  expect((await qemuDisk(MOVES_BLOCKS)).status).toBe(EXIT_16);
});

it('text comes out and keys go in at COM1, and the screen is in a file', async () => {
  const folder = emptyFolder();
  writeFileSync(join(folder, 'keys.img'), image('keys'));
  writeFileSync(join(folder, 'keys'), 'aZ1 \x7f\n');
  const words = ['run', 'keys.img', '--cpu', 'unit', '--input', 'keys', '--expect-exit', '16'];
  const { status, stdout, stderr } = await s7x(words, { folder });
  expect(stdout).toBe('Name? 1e61 2c5a 0231 3920 0e08 1c0d ');
  expect(status).toBe(0);
  expect(readFileSync(join(folder, '.s7x/last/screen.txt'), 'utf8')).toBe(`${stdout.trimEnd()}\n`);
  expect(stderr).toContain('last line on the screen (.s7x/last/screen.txt): Name? 1e61');
});

it('a screen on which nothing stands makes no file, whatever memory held', async () => {
  const { folder } = await s7x(['run', '-m', '8M', '--cpu', 'unit', '--fill', 'junk:1']);
  expect(existsSync(join(folder, '.s7x/last/run.json'))).toBe(true);
  expect(existsSync(join(folder, '.s7x/last/screen.txt'))).toBe(false);
});

it.each<[string, number, ReturnType<typeof diskGeometry>]>([
  // Cylinders × heads × sectors of a track: ECMA-100 (1.44 MB is its 1.0 MB with 18 sectors), and 10 bits for cylinders.
  ['1.44 MB', DISKETTE_BYTES, geometry(0, 4, 80, 2, 18, 2880)],
  ['1.2 MB', 1200 * 1024, geometry(0, 2, 80, 2, 15, 2400)],
  ['360 KB', 360 * 1024, geometry(0, 1, 40, 2, 9, 720)],
  ['one byte more than a diskette', DISKETTE_BYTES + 1, geometry(0x80, 0, 3, 16, 63, 2881)],
  ['one sector', 512, geometry(0x80, 0, 1, 16, 63, 1)],
  ['504 MiB', 504 << 20, geometry(0x80, 0, 1024, 16, 63, 1_032_192)],
  ['505 MiB', 505 << 20, geometry(0x80, 0, 514, 32, 63, 1_034_240)],
])('a file of %s', (_title, sizeBytes, expected) => {
  expect(diskGeometry(sizeBytes)).toEqual(expected);
});

function geometry(
  drive: number,
  disketteType: number,
  cylinders: number,
  heads: number,
  trackSectors: number,
  sectors: number,
): ReturnType<typeof diskGeometry> {
  return { drive, disketteType, cylinders, heads, trackSectors, sectors };
}

/** Writes a sector by `write`, reads it back by AH=02h and checks it; leaves with 16, or with AH where one of them fails. */
const writingSector = (write: string): Uint8Array =>
  assemble(
    'writes.asm',
    () => `org 0x7C00
    xor ax, ax
    mov ds, ax
    mov es, ax
    mov [drive], dl
    mov bx, 0x7C00
    ${write}
    jc failed
    mov ax, 0x0201
    mov cx, 3
    mov dh, 0
    mov dl, [drive]
    mov bx, 0x8000
    int 0x13
    jc failed
    mov si, 0x7C00
    mov di, 0x8000
    mov cx, 256
    repe cmpsw
    mov al, 16
    je leave
    mov al, 1
  leave:
    out 0xF4, al
  failed:
    mov al, ah
    out 0xF4, al
  packet: dw 16, 1, 0x7C00, 0
    dd 2, 0
  drive: db 0
    times 510-($-$$) db 0
    dw 0xAA55
    times 512 * 8 - ($ - $$) db 0`,
  ).bytes;

/** Counts its starts in its second sector, with memory as it was before, and resets itself up to the fourth. */
const countingStarts = (): Uint8Array =>
  assemble(
    'starts.asm',
    () => `org 0x7C00
    xor ax, ax
    mov ds, ax
    mov es, ax
    mov [drive], dl
    mov ax, 0x0201
    mov cx, 2
    mov dh, 0
    mov bx, 0x8000
    int 0x13
    inc byte [0x8000]
    mov ax, 0x0301
    mov cx, 2
    mov dh, 0
    mov dl, [drive]
    mov bx, 0x8000
    int 0x13
    cmp byte [0x8000], 4
    mov byte [0x8000], 0
    mov al, 16
    je leave
    mov al, 0xFE
    out 0x64, al
    jmp $
  leave:
    out 0xF4, al
    jmp $
  drive: db 0
    times 510-($-$$) db 0
    dw 0xAA55
    times 512 * 2 - ($ - $$) db 0`,
  ).bytes;

it('a guest that counts its starts on the disk does not reset itself for ever', () => {
  expect(serialOf(countingStarts())).toBe('');
});

describe.each([
  ['AH=03h, a fixed disk', 'mov ax, 0x0301\nmov cx, 3\nmov dh, 0\nint 0x13', false],
  ['AH=03h, a diskette', 'mov ax, 0x0301\nmov cx, 3\nmov dh, 0\nint 0x13', true],
  ['AH=43h', 'mov ax, 0x4300\nmov si, packet\nint 0x13', false],
])('INT 13h writes by %s', (_title, write, isDiskette) => {
  const bytes = isDiskette ? padded(writingSector(write), DISKETTE_BYTES) : writingSector(write);

  it('what is read afterwards, and leaves the file', () => {
    const before = Uint8Array.from(bytes);
    expect(serialOf(bytes)).toBe('');
    expect(Buffer.compare(bytes, before)).toBe(0);
  });

  it.skipIf(!hasQemu)(withQemu('the same on QEMU'), async () => {
    expect((await qemuDisk(bytes, isDiskette)).status).toBe(EXIT_16);
  });
});
