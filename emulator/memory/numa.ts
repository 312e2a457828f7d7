/**
 * Nodes of non-uniform memory: which RAM belongs to which node. A map of the zoo may say so itself; `--numa` cuts the
 * RAM of any map into nodes, from the lowest address up.
 */
import { ConfigurationError } from '../base/errors.js';
import { formatSize } from '../base/size.js';
import { E820_USABLE, type MemoryMap, type NodeRange } from './memory-map.js';
import { usablePages } from './usable-oracle.js';

const PAGE_BYTES = 4096n;
interface Piece {
  readonly base: bigint;
  readonly length: bigint;
}

/**
 * The ranges of nodes of `sizes` bytes, which share the RAM of `map` in order of address.
 * @param ramBytes what `-m` says of the map `pc`, or null where the map says itself where RAM is.
 * @throws ConfigurationError when the sizes are not whole pages, or their sum is not the RAM
 */
export function nodeRanges(
  map: MemoryMap,
  ramBytes: bigint | null,
  sizes: readonly bigint[],
): NodeRange[] {
  const pieces = ramBytes === null ? usablePieces(map) : modulePieces(map, ramBytes);
  const present = pieces.reduce((sum, { length }) => sum + length, 0n);
  checkSizes(map, sizes, present);
  const ranges: NodeRange[] = [];
  let node = 0;
  let left = sizes[0] ?? 0n;
  for (const piece of pieces) {
    let { base, length } = piece;
    while (length > 0n) {
      const taken = length < left ? length : left;
      ranges.push({ node, base, length: taken });
      base += taken;
      length -= taken;
      left -= taken;
      if (left > 0n) continue;
      node += 1;
      left = sizes[node] ?? 0n;
      if (node === sizes.length) return ranges;
    }
  }
  return ranges;
}

function checkSizes(map: MemoryMap, sizes: readonly bigint[], present: bigint): void {
  for (const size of sizes) {
    if (size === 0n || size % PAGE_BYTES !== 0n) {
      throw new ConfigurationError(
        `--numa: a node of ${size} bytes is not one or more whole pages of 4096`,
      );
    }
  }
  const sum = sizes.reduce((total, size) => total + size, 0n);
  if (sum === present) return;
  throw new ConfigurationError(
    `--numa: the nodes have ${formatSize(sum)} (${sum} bytes) together, but the map ${map.name} has ` +
      `${formatSize(present)} (${present} bytes) of RAM`,
  );
}

/** Runs of usable pages, as an operating system will find them. */
function usablePieces(map: MemoryMap): Piece[] {
  return usablePages(map).ranges.map(({ first, last }) => ({
    base: first * PAGE_BYTES,
    length: (last - first + 1n) * PAGE_BYTES,
  }));
}

/** RAM of a `pc` as its memory modules hold it: what the first megabyte hides is part of the amount. */
function modulePieces(map: MemoryMap, ramBytes: bigint): Piece[] {
  const usable = map.entries.filter(({ type, base }) => type === E820_USABLE && base >= 1n << 20n);
  const [low, high] = [usable.find(({ base }) => base < 1n << 32n), usable.at(-1)];
  const lowEnd = low === undefined ? ramBytes : low.base + low.length;
  const pieces = [{ base: 0n, length: lowEnd }];
  if (high !== undefined && high.base >= 1n << 32n) {
    pieces.push({ base: high.base, length: high.length });
  }
  return pieces;
}
