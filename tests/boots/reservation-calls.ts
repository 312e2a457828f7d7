/**
 * The boot allocator's calls on a parked kernel, for tests. Reservations are made at 1 TiB (BASE), where its machine has none of its own.
 */
import { parseSize } from '../../emulator/base/size.js';
import { pcMap } from '../../emulator/memory/pc-map.js';
import { ParkedKernel } from './parked-kernel.js';

export const PAGE = 4096n;
export const MIB = 1n << 20n;
export const GIB = 1n << 30n;
export const BASE = 1n << 40n;
export const NO_LIMIT = 1n << 52n;
/** kernel/src/reservations.ts, Owner: two whose pieces a parked kernel has none of. */
export const Owner = { modules: 3n, runs: 7n } as const;
export const RESERVATIONS_MAX = 256;

export type Span = readonly [from: bigint, to: bigint];

export const kernel = new ParkedKernel(pcMap(parseSize('64M')).map);
export const scratch = kernel.call('pmm_alloc_pages', 4n, 0n, 0n, 0n, -1n);

/** Reserves BASE + [from, to). @returns whether there was room in the table */
export const reserve = (from: bigint, to: bigint, owner: bigint = Owner.runs): boolean =>
  kernel.call32('reserve', BASE + from, BASE + to, owner) !== 0;

/** The reservations from BASE on, relative to it. */
export function reserved(): Span[] {
  const spans: Span[] = [];
  for (let index = 0n; index < BigInt(kernel.call32('reservationCount')); index++) {
    const at = kernel.call('reservationAt', index);
    const [start, end] = [kernel.read64(at), kernel.read64(at + 8n)];
    if (start >= BASE) spans.push([start - BASE, end - BASE]);
  }
  return spans;
}

/** Allocates `size` bytes below BASE + `limit` of usable ranges at BASE; the place relative to BASE, null for none. */
export function allocate(
  usable: readonly Span[],
  size: bigint,
  limit = NO_LIMIT - BASE,
): bigint | null {
  usable.forEach(([from, to], index) => {
    kernel.write64(scratch + BigInt(index) * 16n, BASE + from);
    kernel.write64(scratch + BigInt(index) * 16n + 8n, BASE + to);
  });
  const count = BigInt(usable.length);
  const place = kernel.call('bootAllocate', scratch, count, size, BASE + limit, Owner.runs);
  return place === 0n ? null : place - BASE;
}

export function forgetReservations(): void {
  kernel.call('unreserve', Owner.runs);
  kernel.call('unreserve', Owner.modules);
}
