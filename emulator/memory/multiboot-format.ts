/**
 * The memory map that a multiboot loader hands over, `mmap_addr` of the boot information: entry after entry,
 *
 *     0  u32 size of what follows, 20     4  u64 base     12  u64 length     20  u32 type
 *
 * Source: Multiboot Specification 0.6.96, 3.3 "Boot information format".
 */
import { isEnabled, type MemoryMap } from './memory-map.js';

const ENTRY_BYTES = 24;
const SIZE = 0;
const BASE = 4;
const LENGTH = 12;
const TYPE = 20;

/** In the firmware's order. A disabled entry is left out: there is no place for its attributes. */
export function multibootMap(map: MemoryMap): Uint8Array {
  const entries = map.entries.filter(isEnabled);
  const bytes = new Uint8Array(entries.length * ENTRY_BYTES);
  const view = new DataView(bytes.buffer);
  entries.forEach(({ base, length, type }, index) => {
    const at = index * ENTRY_BYTES;
    view.setUint32(at + SIZE, ENTRY_BYTES - BASE, true);
    view.setBigUint64(at + BASE, base, true);
    view.setBigUint64(at + LENGTH, length, true);
    view.setUint32(at + TYPE, type, true);
  });
  return bytes;
}

/** As hexadecimal digits, an entry a line, which `xxd -r -p` turns into the bytes; entries that are left out by their numbers. */
export function formatMultiboot(map: MemoryMap): { text: string; leftOut: readonly number[] } {
  const bytes = multibootMap(map);
  const lines: string[] = [];
  for (let at = 0; at < bytes.length; at += ENTRY_BYTES) {
    const row = [...bytes.subarray(at, at + ENTRY_BYTES)];
    lines.push(`${row.map((byte) => byte.toString(16).padStart(2, '0')).join(' ')}\n`);
  }
  const leftOut = map.entries.flatMap((entry, index) => (isEnabled(entry) ? [] : [index]));
  return { text: lines.join(''), leftOut };
}
