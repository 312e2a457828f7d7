/** A memory map as a C array, for tests of other people's kernels. */

import { typeLabel } from './entry-type.js';
import type { MemoryMap } from './memory-map.js';

/** Writes a translation unit that includes nothing but stdint.h; ends in a newline. */
export function formatCArray(map: MemoryMap): string {
  const rows = map.entries.map(
    ({ base, length, type, attributes }) =>
      `  { ${hex64(base)}, ${hex64(length)}, ${type}u, ${attributes}u }, /* ${typeLabel(type)} */`,
  );
  return [
    `/* ${map.name.replace(/[^\x20-\x7e]/g, '?').replaceAll('*/', '* /')}: ${map.entries.length} entries, in the firmware's order */`,
    '#include <stdint.h>',
    '',
    'struct e820_entry { uint64_t base, length; uint32_t type, attributes; };',
    '',
    `enum { memory_map_entries = ${map.entries.length} };`,
    '',
    // An array without elements is not C.
    `static const struct e820_entry memory_map[${Math.max(1, map.entries.length)}] = {`,
    ...(rows.length === 0 ? ['  { 0, 0, 0, 0 },'] : rows),
    '};',
    '',
  ].join('\n');
}

function hex64(value: bigint): string {
  return `0x${value.toString(16).padStart(16, '0')}ull`;
}
