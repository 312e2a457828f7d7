/** Where modules and initial RAM disks go: as high as usable memory below a limit allows, on whole pages. */
import { ConfigurationError } from '../../base/errors.js';
import { formatSize } from '../../base/size.js';
import type { MemoryMap } from '../../memory/memory-map.js';
import { usablePages, type UsablePages } from '../../memory/usable-oracle.js';
import type { PlacedBytes } from '../placed-bytes.js';

/** A file that a kernel gets besides its own. */
export interface BootModule {
  /** Names it in errors. */
  readonly path: string;
  readonly bytes: Uint8Array;
  readonly commandLine: string;
}

export interface PlacedModule extends BootModule {
  readonly address: bigint;
}

const PAGE_BYTES = 4096n;
/** Conventional memory is the firmware's and the hand-over's. */
const LOWEST = 1n << 20n;

/**
 * Places the modules one below the other.
 * @param limit first address that no module may reach
 * @param otherwise the same for those that have no room below `limit`
 * @throws ConfigurationError when there is no room
 */
export function placeModules(
  modules: readonly BootModule[],
  map: MemoryMap,
  image: readonly PlacedBytes[],
  limit: bigint,
  otherwise = limit,
): PlacedModule[] {
  const { ranges } = usablePages(map);
  const taken: Span[] = image.map(({ address, memoryBytes }) => ({
    base: address,
    end: address + memoryBytes,
  }));
  return modules.map((module) => {
    const size = roundUp(BigInt(module.bytes.byteLength));
    const base =
      highestRoom(ranges, taken, limit, size) ?? highestRoom(ranges, taken, otherwise, size);
    if (base === null) {
      throw new ConfigurationError(
        `${module.path}: no room for its ${formatSize(size)} in usable memory below 0x${otherwise.toString(16)}`,
      );
    }
    take(taken, base, base + size);
    return { ...module, address: base };
  });
}

interface Span {
  base: bigint;
  end: bigint;
}

/** Modules grow downwards: one span for all of them keeps the search short, thousands of modules being possible. */
function take(taken: Span[], base: bigint, end: bigint): void {
  const above = taken.find((span) => span.base === end);
  if (above === undefined) taken.push({ base, end });
  else above.base = base;
}

function roundUp(bytes: bigint): bigint {
  return ((bytes + PAGE_BYTES - 1n) / PAGE_BYTES) * PAGE_BYTES;
}

function highestRoom(
  ranges: UsablePages['ranges'],
  taken: readonly Readonly<Span>[],
  limit: bigint,
  size: bigint,
): bigint | null {
  let best: bigint | null = null;
  for (const { first, last } of ranges) {
    const base = first * PAGE_BYTES < LOWEST ? LOWEST : first * PAGE_BYTES;
    const end = (last + 1n) * PAGE_BYTES;
    let top = end < limit ? end : limit;
    // Down from the top, below whatever is in the way.
    for (;;) {
      if (top < base + size) break;
      const start = (top - size) & ~(PAGE_BYTES - 1n);
      if (start < base) break;
      const obstacle = taken.find((other) => other.base < start + size && other.end > start);
      if (obstacle === undefined) {
        if (best === null || start > best) best = start;
        break;
      }
      top = obstacle.base;
    }
  }
  return best;
}
