/**
 * A kernel from tutorials on a disk image: keyboard, disk and timer by interrupts, as data sheets have them and as QEMU's machine
 * `pc` answers the same image.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { emptyFolder, s7x } from '../cli/s7x.js';
import { flatImage } from '../guests/guest.js';
import { hasQemu, qemuDisk, withQemu } from '../qemu/qemu.js';

const EXIT_16 = 33; // 2 * 16 + 1

/** [PS/2 Hardware Interface] and [ATA-6]: what each of them answers. */
const EXPECTED = `ticks
8042 55 00 25
keyboard ff fa aa
keyboard f2 fa ab 83
keyboard ed fa
keyboard 07 fa
keyboard f0 fa
keyboard 02 fa
keyboard f3 fa
keyboard 20 fa
keyboard ee ee
keyboard f5 fa
keyboard f4 fa
keyboard f6 fa
translated fa ab 41
identify
00000040
00000200
000007e0
00007400
000007e0
read
00000058
30303030
00000058
31313131
write
00000050
00000050
read, 48-bit
00000058
30303030
00000058
FIRST_WORD
00000058
32323232
read multiple
00000058
FIRST_WORD
32323232
33333333
long mode
`;

const hex = (value: number): string => value.toString(16).padStart(8, '0');

async function ours(image: Uint8Array): Promise<{ serial: string; status: number | null }> {
  const folder = emptyFolder();
  const path = join(folder, 'hobby.img');
  writeFileSync(path, image);
  const words = ['run', 'hobby.img', '--cpu', 'unit', '--timeout', '10s'];
  const { stdout, status } = await s7x(words, { folder });
  expect(Buffer.compare(readFileSync(path), image)).toBe(0); // what it writes, it writes to a copy
  return { serial: stdout, status };
}

it('finds keyboard, disk and timer, and reaches 64-bit mode', async () => {
  const image = flatImage('hobby-disk');
  const [first = 0] = new Uint32Array(image.slice(0, 4).buffer);
  const serial = EXPECTED.replaceAll('FIRST_WORD', hex(first));
  expect(await ours(image)).toEqual({ serial, status: EXIT_16 });
});

describe.skipIf(!hasQemu)(withQemu('on QEMU with SeaBIOS'), () => {
  it('finds the same', async () => {
    const image = flatImage('hobby-disk');
    expect(await qemuDisk(image)).toEqual(await ours(image));
  });
});
