import { describe, expect, it } from 'vitest';
import type { Elf, ElfSegment } from '../elf.js';
import { elfPlacements } from './elf-placements.js';

/**
 * What ld 2.40 makes of `-Ttext 0x100000`, with and without `-z noseparate-code`. QEMU and GRUB boot both, although the first
 * page lies in ROM.
 */
const HEADER_BYTES = 52 + 3 * 32;
const CODE = 0x90;

function segment(address: bigint, sizeBytes: number, fileHeaderBytes = 0): ElfSegment {
  const bytes = new Uint8Array(sizeBytes).fill(0x11, 0, fileHeaderBytes);
  bytes.fill(CODE, fileHeaderBytes === 0 ? 0 : 0x1000);
  const memoryBytes = BigInt(sizeBytes);
  return {
    virtualAddress: address,
    physicalAddress: address,
    bytes,
    memoryBytes,
    fileHeaderBytes,
  };
}

const placementsOf = (...segments: ElfSegment[]): [bigint, bigint, number | undefined][] => {
  const elf: Elf = { bits: 32, segments, entry: 0x100000n, pvhEntry: null, symbols: [] };
  return elfPlacements(elf).map(({ address, memoryBytes, bytes }) => [
    address,
    memoryBytes,
    bytes[0],
  ]);
};

describe('file headers that a linker puts below 1 MiB', () => {
  it('are left out, as a segment of their own and before the code', () => {
    expect(
      placementsOf(segment(0xff000n, HEADER_BYTES, HEADER_BYTES), segment(0x100000n, 8)),
    ).toEqual([[0x100000n, 8n, CODE]]);
    expect(placementsOf(segment(0xff000n, 0x1008, HEADER_BYTES))).toEqual([[0x100000n, 8n, CODE]]);
  });

  it.each([
    ['code before 1 MiB', segment(0xff000n, 8)],
    ['code behind the headers, before 1 MiB', segment(0xfe000n, 0x2008, HEADER_BYTES)],
    ['headers elsewhere', segment(0x200000n, 0x1008, HEADER_BYTES)],
    ['headers in conventional memory', segment(0x8000n, HEADER_BYTES, HEADER_BYTES)],
  ])('%s stays', (_title, whole) => {
    expect(placementsOf(whole)).toEqual([
      [whole.physicalAddress, whole.memoryBytes, whole.bytes[0]],
    ]);
  });
});
