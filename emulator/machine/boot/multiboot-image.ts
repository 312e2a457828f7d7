/** What both versions of the Multiboot protocol have in common: how an image is read, and what is said about memory. */
import { ConfigurationError } from '../../base/errors.js';
import type { MemoryMap } from '../../memory/memory-map.js';
import type { Elf } from '../elf.js';
import type { PlacedBytes } from '../placed-bytes.js';
import { placed } from './structure.js';

export interface MultibootImage {
  readonly placements: readonly PlacedBytes[];
  readonly entry: number;
  readonly symbols: Elf['symbols'];
}

/** Where a header says that the image goes. */
export interface AddressFields {
  readonly headerAddress: number;
  readonly loadAddress: number;
  /** 0: to the end of the file. */
  readonly loadEnd: number;
  /** 0: there is no BSS. */
  readonly bssEnd: number;
}

export const LOADER_NAME = 's7x';
const FOUR_GIB = 1n << 32n;
const KIB = 1024n;

/** How the header of a version is found: its magic number, and words behind it that add up to 0 with it. */
export interface HeaderSearch {
  readonly magic: number;
  /** All words of the sum. */
  readonly words: number;
  readonly alignBytes: number;
  /** It lies in the file's first bytes, as a whole. */
  readonly searchBytes: number;
}

/** Offset of the header in the file, or null where there is none. */
export function findHeader(bytes: Uint8Array, search: HeaderSearch): number | null {
  return candidates(bytes, search).find(({ sum }) => sum === 0)?.at ?? null;
}

/** A sentence on a header that is one but for its checksum, or null. */
export function damagedHeader(
  bytes: Uint8Array,
  search: HeaderSearch,
  protocol: string,
): string | null {
  const [first] = candidates(bytes, search);
  if (first === undefined || first.sum === 0) return null;
  return (
    `the ${protocol} header at byte ${first.at} has a wrong checksum: ` +
    `its first ${search.words} words add up to 0x${first.sum.toString(16)}, not 0`
  );
}

function candidates(
  bytes: Uint8Array,
  { magic, words, alignBytes, searchBytes }: HeaderSearch,
): { at: number; sum: number }[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const found: { at: number; sum: number }[] = [];
  const last = Math.min(searchBytes, bytes.byteLength) - 4 * words;
  for (let at = 0; at <= last; at += alignBytes) {
    if (view.getUint32(at, true) !== magic) continue;
    let sum = 0;
    for (let word = 0; word < words; word++) sum += view.getUint32(at + 4 * word, true);
    found.push({ at, sum: sum % 2 ** 32 });
  }
  return found;
}

/**
 * An image whose header says where it goes.
 * @param header offset of the header in the file
 * @param protocol names the header in errors
 */
export function addressedPlacement(
  bytes: Uint8Array,
  header: number,
  fields: AddressFields,
  path: string,
  protocol: string,
): PlacedBytes {
  const { headerAddress, loadAddress, loadEnd, bssEnd } = fields;
  // All ones: the file from its beginning on [Multiboot2 Specification 2.0, "The address tag of Multiboot2 header"].
  const whole = loadAddress === 0xffff_ffff;
  const start = whole ? 0 : header - (headerAddress - loadAddress);
  const load = whole ? headerAddress - header : loadAddress;
  const loaded = loadEnd === 0 ? bytes.byteLength - start : loadEnd - load;
  if (start < 0) {
    throw new ConfigurationError(
      `${path}: the ${protocol} header, at byte ${header} of the file, says that ` +
        `0x${(headerAddress - loadAddress).toString(16)} bytes lie before it`,
    );
  }
  if (loaded < 0) {
    throw new ConfigurationError(
      `${path}: the ${protocol} header ends the data at 0x${loadEnd.toString(16)}, before its beginning at 0x${load.toString(16)}`,
    );
  }
  if (load < 0 || start + loaded > bytes.byteLength) {
    throw new ConfigurationError(
      `${path}: the ${protocol} header loads ${loaded} bytes from byte ${start} on, the file has ${bytes.byteLength}`,
    );
  }
  const memory = bssEnd === 0 ? loaded : bssEnd - load;
  if (memory < loaded) {
    throw new ConfigurationError(`${path}: the ${protocol} header ends the BSS before the data`);
  }
  return {
    ...placed(load, bytes.subarray(start, start + loaded)),
    memoryBytes: BigInt(memory),
  };
}

/** Entry points are virtual where a segment holds them so, as in GRUB. */
export function elfEntry(elf: Elf, path: string): number {
  if (elf.segments.length === 0) {
    throw new ConfigurationError(`${path}: an ELF file without loadable segments`);
  }
  const holder = elf.segments.find(
    ({ virtualAddress, memoryBytes }) =>
      elf.entry >= virtualAddress && elf.entry < virtualAddress + memoryBytes,
  );
  const entry =
    holder === undefined ? elf.entry : elf.entry - holder.virtualAddress + holder.physicalAddress;
  if (entry >= FOUR_GIB) {
    throw new ConfigurationError(
      `${path}: the entry point 0x${entry.toString(16)} cannot be reached by 32-bit code`,
    );
  }
  return Number(entry);
}

/** KiB below 640 KiB, and from 1 MiB up to the first hole. */
export function memorySizes(map: MemoryMap): { lower: number; upper: number } {
  const size = (base: bigint): bigint =>
    map.entries.find((entry) => entry.base === base && entry.type === 1)?.length ?? 0n;
  const most = (value: bigint, limit: bigint): number => Number(value < limit ? value : limit);
  return { lower: most(size(0n) / KIB, 640n), upper: most(size(1n << 20n) / KIB, 0xffff_ffffn) };
}
