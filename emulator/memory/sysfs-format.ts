/**
 * Memory maps as `grep -r . /sys/firmware/memmap` prints them: three lines an entry, in any order, the end inclusive:
 *
 *     /sys/firmware/memmap/2/start:0x100000
 *     /sys/firmware/memmap/2/end:0xbfffffff
 *     /sys/firmware/memmap/2/type:System RAM
 *
 * It is the firmware's map (`BIOS-e820` in the log), readable without the log. The words of the types are the kernel's.
 * Source: Linux, Documentation/ABI/testing/sysfs-firmware-memmap; what Linux 2.6 to 6 print for each e820 type.
 */

import { ConfigurationError } from '../base/errors.js';
import {
  E820_ACPI_NVS,
  E820_ACPI_RECLAIMABLE,
  E820_ATTRIBUTE_ENABLED,
  E820_PERSISTENT,
  E820_PRAM,
  E820_RESERVED,
  E820_SOFT_RESERVED,
  E820_UNUSABLE,
  E820_USABLE,
  type MemoryMap,
  type MemoryMapEntry,
} from './memory-map.js';

const LINE = /(?:^|\/)(\d+)\/(start|end|type):(.*)$/;
/** With the folder, or as grep names files from inside of it: `./2/start:`, `2/start:`. */
const IS_SYSFS = /^(?:\S*memmap\/|\.\/)?\d+\/(?:start|end|type):/m;
const ADDRESS_MAX = (1n << 64n) - 1n;

const TYPES: ReadonlyMap<string, number> = new Map([
  ['System RAM', E820_USABLE],
  ['Reserved', E820_RESERVED],
  ['reserved', E820_RESERVED], // of older kernels, and of the ABI's list
  ['ACPI Tables', E820_ACPI_RECLAIMABLE],
  ['ACPI Non-volatile Storage', E820_ACPI_NVS],
  ['Unusable memory', E820_UNUSABLE],
  ['Persistent Memory', E820_PERSISTENT],
  ['Persistent Memory (legacy)', E820_PRAM],
  ['Soft Reserved', E820_SOFT_RESERVED],
]);
/** Of every other number, which the file does not tell. Older kernels called them reserved, too. */
const UNKNOWN_TYPE = 'Unknown E820 type';

export interface SysfsMap {
  readonly map: MemoryMap;
  /** What a reader should know about how it was read, one sentence each. */
  readonly notes: readonly string[];
}

export function looksLikeSysfs(text: string): boolean {
  return IS_SYSFS.test(text);
}

/**
 * Reads all entries, in the order of their numbers, which is the firmware's.
 * @param source names the text in errors, and the map.
 * @throws ConfigurationError naming the source, the entry and the value.
 */
export function parseSysfs(text: string, source: string): SysfsMap {
  const files = new Map<number, Map<string, string>>();
  for (const line of text.split(/\r\n|\n|\r/)) {
    const match = LINE.exec(line);
    if (match === null) continue;
    const [, number = '', name = '', value = ''] = match;
    const entry = files.get(Number(number)) ?? new Map<string, string>();
    if (entry.has(name)) {
      throw new ConfigurationError(`${source}: entry ${number} has "${name}" twice`);
    }
    files.set(Number(number), entry.set(name, value.trim()));
  }
  const numbers = [...files.keys()].sort((a, b) => a - b);
  const entries = numbers.map((number) =>
    parseEntry(files.get(number) ?? new Map(), `${source}: entry ${number}`),
  );
  const notes = numbers
    .filter((number) => files.get(number)?.get('type') === UNKNOWN_TYPE)
    .map(
      (number) =>
        `${source}: entry ${number} is of a type that Linux does not name; read as reserved`,
    );
  return { map: { name: source, entries }, notes };
}

function parseEntry(files: ReadonlyMap<string, string>, where: string): MemoryMapEntry {
  const base = parseAddress(files, 'start', where);
  const end = parseAddress(files, 'end', where);
  if (end < base) throw new ConfigurationError(`${where} ends before it starts`);
  if (end - base === ADDRESS_MAX) {
    throw new ConfigurationError(`${where} has 2^64 bytes, more than a length of 64 bits says`);
  }
  const word = valueOf(files, 'type', where);
  const type = word === UNKNOWN_TYPE ? E820_RESERVED : TYPES.get(word);
  if (type === undefined) {
    const known = [...TYPES.keys()].join(', ');
    throw new ConfigurationError(`${where} has the unknown type '${word}' (known: ${known})`);
  }
  return { base, length: end - base + 1n, type, attributes: E820_ATTRIBUTE_ENABLED };
}

function parseAddress(files: ReadonlyMap<string, string>, name: string, where: string): bigint {
  const value = valueOf(files, name, where);
  const address = /^0x[0-9a-f]+$/i.test(value) ? BigInt(value) : -1n;
  if (address < 0n || address > ADDRESS_MAX) {
    throw new ConfigurationError(`${where} has the "${name}" '${value}', which is no address`);
  }
  return address;
}

function valueOf(files: ReadonlyMap<string, string>, name: string, where: string): string {
  const value = files.get(name);
  if (value === undefined) throw new ConfigurationError(`${where} has no "${name}"`);
  return value;
}
