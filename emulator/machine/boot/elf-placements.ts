/**
 * Where the segments of an ELF file go.
 *
 * Linkers put the file's own headers into memory, in the page before the first section: with `ld -Ttext 0x100000` at FF000h, where a
 * PC has ROM. There they are lost, on QEMU as well, and nobody misses them. So here: what a segment has below 1 MiB is left out
 * where it is nothing but these headers and the zeros behind them.
 */
import type { Elf, ElfSegment } from '../elf.js';
import type { PlacedBytes } from '../placed-bytes.js';
import { ROM_SHADOW_BASE } from '../ram-layout.js';

const ROM_END = 0x100000n;

export function elfPlacements(elf: Elf): PlacedBytes[] {
  return elf.segments.flatMap((segment) => {
    const lostBytes = headersInRom(segment);
    if (lostBytes === segment.memoryBytes) return [];
    return {
      address: segment.physicalAddress + lostBytes,
      bytes: segment.bytes.subarray(Number(lostBytes)),
      memoryBytes: segment.memoryBytes - lostBytes,
    };
  });
}

/** How many bytes at the beginning of a segment are headers that would lie in ROM. */
function headersInRom({
  physicalAddress,
  bytes,
  memoryBytes,
  fileHeaderBytes,
}: ElfSegment): bigint {
  if (fileHeaderBytes === 0 || physicalAddress < ROM_SHADOW_BASE || physicalAddress >= ROM_END)
    return 0n;
  const below = ROM_END - physicalAddress;
  const lostBytes = memoryBytes < below ? memoryBytes : below;
  const padding = bytes.subarray(fileHeaderBytes, Number(lostBytes));
  return padding.every((byte) => byte === 0) ? lostBytes : 0n;
}
