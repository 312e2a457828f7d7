/**
 * Memory of an instruction vector: where code and data lie on the recording machine and on ours.
 * scripts/record-vectors.c has the same numbers.
 */

/** Two executable pages, full of INT3 but for the instruction. */
export const CODE_BASE = 0x2000_0000;
export const CODE_BYTES = 0x2000;
/** Where an instruction starts that has no reason to start elsewhere. */
export const CODE_OFFSET = 0x800;

/** Two writable pages; the pages before and behind are not present. */
export const DATA_BASE = 0x1000_0000;
export const DATA_BYTES = 0x2000;

/** One page without write access; byte i is (7 i + 3) mod 256. */
export const READ_ONLY_BASE = 0x1001_0000;
export const READ_ONLY_BYTES = 0x1000;

/** IA32_GS_BASE; FS is not used. */
export const GS_BASE = 0x0800_0000;

/**
 * The parts of the data pages that are random before the instruction and compared after it. Everything else there is
 * zero and stays zero. Together they are the memory image.
 *
 *   10000000  low edge    64 bytes   behind a page that is not present
 *   10000F80  middle     256 bytes   across the boundary of the two pages
 *   10001FC0  high edge   64 bytes   before a page that is not present
 */
export const IMAGE_PARTS = [
  { address: DATA_BASE, imageOffset: 0, sizeBytes: 64 },
  { address: DATA_BASE + 0xf80, imageOffset: 64, sizeBytes: 256 },
  { address: DATA_BASE + 0x1fc0, imageOffset: 320, sizeBytes: 64 },
] as const;
export const IMAGE_BYTES = 384;

export const MIDDLE = DATA_BASE + 0xf80;
export const MIDDLE_BYTES = 256;
export const HIGH_EDGE = DATA_BASE + 0x1fc0;
/** First address behind the data pages. */
export const DATA_END = DATA_BASE + DATA_BYTES;

/** Offset in the memory image of an address in the middle part. */
export function middleImageOffset(address: number): number {
  return address - MIDDLE + 64;
}
