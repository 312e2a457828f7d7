import {
  blockAt,
  freeInZone,
  HEADER,
  isFree,
  RELOCATABLE,
  rover,
  sizeOf,
  zoneLimit,
  zoneStart,
} from './zone-blocks';

/**
 * The invariants of a Macintosh zone, for tests: 0, or the number of the first that does not hold.
 *
 *     1   blocks tile the zone, and are whole multiples of 16 bytes
 *     2   the master pointer of every relocatable block leads to its contents
 *     3   free blocks together are as long as the zone says
 *     4   the rover is a block
 */
export function zoneCheck(): i32 {
  let free: usize = 0;
  let isRoverBlock = rover == zoneLimit;
  for (let at = zoneStart; at != zoneLimit; at += sizeOf(at)) {
    const size = sizeOf(at);
    if (size < HEADER || (size & 15) != 0 || at + size > zoneLimit) return 1;
    const header = blockAt(at);
    if (isFree(at)) free += size;
    else if (
      header.kind == RELOCATABLE &&
      load<usize>(zoneStart + header.relativeHandle) != at + HEADER
    )
      return 2;
    if (at == rover) isRoverBlock = true;
  }
  if (free != freeInZone) return 3;
  return isRoverBlock ? 0 : 4;
}
