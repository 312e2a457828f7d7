/** `--load` and `--entry`: bytes that are put into memory besides an image, or instead of one, and another place to begin. */
import { ConfigurationError } from '../../base/errors.js';
import type { BootImage } from '../image.js';
import type { PlacedBytes } from '../placed-bytes.js';

export interface PlacedFile {
  /** Names it in errors. */
  readonly path: string;
  readonly bytes: Uint8Array;
  readonly address: bigint;
}

const FOUR_GIB = 1n << 32n;
/** Images that nobody can enter elsewhere. */
const FIXED_ENTRIES: Partial<Record<BootImage['kind'], string>> = {
  'boot-sector': 'a boot sector is entered in real mode at 0x7c00',
  linux16: 'real-mode code of a Linux image is entered at 0x10200',
  firmware: 'a firmware ROM is entered at the reset vector',
};

/** An image that consists of files at addresses: entered in flat 32-bit protected mode, with nothing handed over. */
export function flatImage(files: readonly PlacedFile[], entry: bigint | null): BootImage {
  const [first] = files;
  if (first === undefined || entry === null) {
    throw new ConfigurationError(
      `--load ${first?.path ?? ''}: without an image, --entry ADDRESS must say where to begin`,
    );
  }
  const nothing = { placements: [], symbols: [], file: new Uint8Array(0) };
  return withFiles({ ...nothing, path: first.path, kind: 'flat', entry }, files, entry);
}

/**
 * The image with files beside it, entered elsewhere where `entry` says so.
 * @throws ConfigurationError when the entry lies in nothing that is loaded, or the image cannot be entered elsewhere
 */
export function withFiles(
  image: BootImage,
  files: readonly PlacedFile[],
  entry: bigint | null,
): BootImage {
  const placements: PlacedBytes[] = [
    ...image.placements,
    ...files.map(({ path, bytes, address }) => ({
      address,
      bytes,
      memoryBytes: BigInt(bytes.byteLength),
      name: `--load ${path}`,
    })),
  ];
  if (entry === null) return { ...image, placements };
  const where = `--entry 0x${entry.toString(16)}`;
  const fixed = FIXED_ENTRIES[image.kind];
  if (fixed !== undefined) throw new ConfigurationError(`${where}: ${fixed}`);
  if (entry >= FOUR_GIB) {
    throw new ConfigurationError(`${where}: beyond what 32-bit code can reach`);
  }
  const inside = placements.some(
    ({ address, memoryBytes }) => entry >= address && entry < address + memoryBytes,
  );
  if (!inside) {
    throw new ConfigurationError(`${where}: nothing that is loaded lies there`);
  }
  return { ...image, placements, entry, entryGiven: true };
}
