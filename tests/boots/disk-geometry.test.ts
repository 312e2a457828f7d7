/**
 * Partition tables and the 64 KiB of a diskette's DMA. Expectations: QEMU 7.2 with SeaBIOS on the same image; Ralf Brown's
 * Interrupt List, "INT 13", status 09h.
 */
import { describe, expect, it } from 'vitest';
import { assemble } from '../../firmware/assembler/assemble.js';
import { diskGeometry } from '../../emulator/machine/boot/disk.js';
import { TestMachine } from '../guests/test-machine.js';
import { hasQemu, qemuDisk, withQemu } from '../qemu/qemu.js';

const DISKETTE_BYTES = 2880 * 512;
const HARD_DISK_BYTES = 20_480 * 512;

type PartitionEnd = readonly [head: number, sector: number];

/** A disk whose boot sector ends the run with what `code` leaves in AL. */
function disk(code: string, sizeBytes: number, end: PartitionEnd | null = null): Uint8Array {
  const source = `bits 16\norg 0x7C00\n${code}\nout 0xF4, al\nhlt\n`;
  const bytes = new Uint8Array(sizeBytes);
  bytes.set(assemble('sector.asm', () => source).bytes);
  bytes.set([0x55, 0xaa], 510);
  if (end !== null) {
    bytes.set([0x80, 0, 1, 0, 0x83, ...end, 0], 446);
    new DataView(bytes.buffer).setUint32(446 + 12, sizeBytes / 512, true);
  }
  return bytes;
}

const LAST_HEAD = 'mov ah, 8\nint 0x13\nmov al, dh';
const LAST_SECTOR = 'mov ah, 8\nint 0x13\nmov al, cl\nand al, 0x3F';
/** Two sectors at 20000H and more; AL = status. */
const read = (offset: number): string =>
  `mov bx, 0x2000\nmov es, bx\nmov bx, ${offset}\nmov ax, 0x0202\nmov cx, 1\nmov dh, 0\nint 0x13\nmov al, ah`;

const CASES: readonly (readonly [string, Uint8Array, number])[] = [
  ['heads without a partition', disk(LAST_HEAD, HARD_DISK_BYTES), 15],
  ['heads of a partition', disk(LAST_HEAD, HARD_DISK_BYTES, [3, 32]), 3],
  ['sectors of a partition', disk(LAST_SECTOR, HARD_DISK_BYTES, [3, 32]), 32],
  ['a diskette, up to the end of 64 KiB', disk(read(0xfc00), DISKETTE_BYTES), 0],
  ['a diskette, over the end of 64 KiB', disk(read(0xfc10), DISKETTE_BYTES), 9],
  ['a hard disk, over the end of 64 KiB', disk(read(0xfc10), HARD_DISK_BYTES), 0],
];

it.each(CASES)('%s', (_, image, expected) => {
  const end = new TestMachine(image).run();
  expect([end.kind, end.value]).toEqual(['debug-exit', expected]);
});

describe.skipIf(!hasQemu)(withQemu('on QEMU'), () => {
  it.each(CASES)('%s', async (_, image, expected) => {
    const { status } = await qemuDisk(image, image.byteLength === DISKETTE_BYTES);
    expect(status).toBe(2 * expected + 1);
  });
});

it('code in the place of the table is not taken for one', () => {
  const image = disk('', HARD_DISK_BYTES, [3, 32]);
  image[446 + 16] = 0xeb;
  const { heads, trackSectors } = diskGeometry(image.byteLength, image);
  expect([heads, trackSectors]).toEqual([16, 63]);
});
