/** Where an image goes that may lie elsewhere than it is linked. Source: Multiboot2 Specification 2.0, "Relocatable header tag". */
import { ConfigurationError } from '../../base/errors.js';
import { formatSize } from '../../base/size.js';
import type { MemoryMap } from '../../memory/memory-map.js';
import { usablePages } from '../../memory/usable-oracle.js';
import type { BootImage } from '../image.js';
import type { Relocation } from './multiboot2-header.js';

const PAGE_BYTES = 4096n;
/** Below, everything is the firmware's and the hand-over's. */
const LOWEST = 1n << 20n;

/** The image where its header wants it in this memory; without such a wish as it is. @throws ConfigurationError when there is no room */
export function relocated(image: BootImage, map: MemoryMap): BootImage {
  const relocation = image.multiboot2?.relocation ?? null;
  if (relocation === null || image.placements.length === 0) return image;
  const own = image.placements.filter(({ name }) => name === undefined);
  const linked = own.reduce(
    (least, { address }) => (address < least ? address : least),
    own[0]?.address ?? 0n,
  );
  const end = own.reduce((most, { address, memoryBytes }) => {
    const behind = address + memoryBytes;
    return behind > most ? behind : most;
  }, 0n);
  const loadBase = chooseBase(relocation, map, linked, end - linked);
  if (loadBase === null) {
    const { lowest, highest } = relocation;
    throw new ConfigurationError(
      `${image.path}: no room for its ${formatSize(end - linked)} in usable memory at 0x${lowest.toString(16)}–0x${highest.toString(16)}, where its header lets it go`,
    );
  }
  const distance = loadBase - linked;
  return {
    ...image,
    placements: image.placements.map((placement) =>
      placement.name === undefined
        ? { ...placement, address: placement.address + distance }
        : placement,
    ),
    entry: image.entryGiven === true ? image.entry : image.entry + distance,
    symbols: image.symbols.map((symbol) => ({ ...symbol, address: symbol.address + distance })),
    loadBase,
  };
}

function chooseBase(
  { lowest, highest, alignBytes, preference }: Relocation,
  map: MemoryMap,
  linked: bigint,
  sizeBytes: bigint,
): bigint | null {
  const bases = usablePages(map).ranges.flatMap(({ first, last }) => {
    const low = greater(greater(first * PAGE_BYTES, lowest), LOWEST);
    const end = (last + 1n) * PAGE_BYTES;
    const top = (end < highest + 1n ? end : highest + 1n) - sizeBytes;
    const bottom = ((low + alignBytes - 1n) / alignBytes) * alignBytes;
    const uppermost = (top / alignBytes) * alignBytes;
    return top >= 0n && bottom <= uppermost ? [{ bottom, uppermost }] : [];
  });
  const fits = bases.some(({ bottom, uppermost }) => linked >= bottom && linked <= uppermost);
  if (preference === 'none' && fits && linked % alignBytes === 0n) return linked;
  if (preference === 'highest') {
    return bases.reduce<bigint | null>(
      (most, { uppermost }) => greater(uppermost, most ?? 0n),
      null,
    );
  }
  return bases.reduce<bigint | null>(
    (least, { bottom }) => (least === null || bottom < least ? bottom : least),
    null,
  );
}

function greater(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}
