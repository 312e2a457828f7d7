/**
 * Linux's `memmap=` kernel parameter, and the command line's own `size@address:type`.
 *
 *     memmap=nn@ss      usable               memmap=nn#ss    ACPI data
 *     memmap=nn$ss      reserved             memmap=nn!ss    persistent (type 12)
 *     memmap=nn%ss+t    e820 type t          memmap=exactmap forget the firmware's map
 *
 * Numbers are read as Linux reads them: bytes, 0x for hexadecimal, K M G T P E for powers of 1024. `\$` is `$`, as
 * GRUB and shells want it. Source: Linux, Documentation/admin-guide/kernel-parameters, "memmap".
 */

import { ConfigurationError } from '../base/errors.js';
import { parseSize } from '../base/size.js';
import { parseTypeName } from './entry-type.js';
import {
  ADDRESS_SPACE_BYTES,
  E820_ACPI_RECLAIMABLE,
  E820_PRAM,
  E820_RESERVED,
  E820_USABLE,
  isEnabled,
  mapEntry,
  type MemoryMap,
  type MemoryMapEntry,
} from './memory-map.js';

const TYPE_OF_SIGN: Readonly<Record<string, number>> = {
  '@': E820_USABLE,
  $: E820_RESERVED,
  '#': E820_ACPI_RECLAIMABLE,
  '!': E820_PRAM,
};

const UNITS = 'kmgtpe';
const GRAMMAR = 'write nn@ss (usable), nn$ss (reserved), nn#ss (ACPI), nn!ss (pmem) or nn%ss+type';

/** One change to a map: an entry to append, or a hole to cut. */
export type MapChange =
  | { readonly kind: 'entry'; readonly entry: MemoryMapEntry }
  | { readonly kind: 'hole'; readonly base: bigint; readonly length: bigint };

/**
 * Reads a kernel command line, or a part of it: every `memmap=` in it is an entry, other words are passed over.
 * @throws ConfigurationError naming the word, or when there is no `memmap=` at all.
 */
export function parseLinuxMemmap(text: string, source: string): MemoryMap {
  const values = [...text.matchAll(/(?:^|[\s"'])memmap=([^\s"']*)/g)].map(
    ([, value = '']) => value,
  );
  if (values.length === 0) throw new ConfigurationError(`${source} has no memmap= in it`);
  const entries = values
    .flatMap((value) => value.split(','))
    .filter((value) => value !== 'exactmap')
    .map((value) => parseLinuxRegion(value, `${source}: memmap=${value}`));
  return { name: source, entries };
}

/** One region, `nn@ss`. `where` begins the error sentence. */
function parseLinuxRegion(text: string, where: string): MemoryMapEntry {
  const match = /^([^@$#!%]+)([@$#!%])(.*)$/.exec(text.replace(/\\+(?=\$)/g, ''));
  if (match === null) throw new ConfigurationError(`${where} is no memory region; ${GRAMMAR}`);
  const [, size = '', sign = '', rest = ''] = match;
  const length = parseLinuxNumber(size, where);
  const type = TYPE_OF_SIGN[sign];
  if (type !== undefined) return mapEntry(parseLinuxNumber(rest, where), length, type);
  const [, base, number] = /^([^+-]+)\+([^+-]+)$/.exec(rest) ?? [];
  if (base === undefined || number === undefined) {
    throw new ConfigurationError(`${where} converts between types, which is not read; ${GRAMMAR}`);
  }
  return mapEntry(parseLinuxNumber(base, where), length, parseTypeName(number, where));
}

/** Linux's memparse(). An octal number (a leading 0) is refused: nobody means it. */
function parseLinuxNumber(text: string, where: string): bigint {
  const match = /^(0x[0-9a-f]+|0|[1-9]\d*)([kmgtpe]?)$/i.exec(text);
  if (match === null) {
    throw new ConfigurationError(
      `${where} has '${text}' where a number such as 64K or 0x9f000 goes`,
    );
  }
  const [, digits = '', unit = ''] = match;
  const power = unit === '' ? 0 : UNITS.indexOf(unit.toLowerCase()) + 1;
  const value = BigInt(digits) << BigInt(10 * power);
  if (value >= ADDRESS_SPACE_BYTES) {
    throw new ConfigurationError(`${where} has '${text}', which exceeds 64 bits`);
  }
  return value;
}

/**
 * Reads one `--memmap-add`: `64K@0x9f000:reserved` with our sizes and type words (`hole` cuts), or any spelling of
 * Linux, with or without `memmap=`.
 * @throws ConfigurationError naming the text.
 */
export function parseMapChange(text: string): MapChange {
  const where = `'${text}'`;
  const ours = /^(?!memmap=)([^@]*)@([^:]*):(.+)$/.exec(text);
  if (ours === null) {
    return { kind: 'entry', entry: parseLinuxRegion(text.replace(/^memmap=/, ''), where) };
  }
  const [, size = '', address = '', type = ''] = ours;
  const length = parseSize(size);
  if (length >= ADDRESS_SPACE_BYTES) throw new ConfigurationError(`${where} exceeds 64 bits`);
  const base = parseLinuxNumber(address, where);
  if (type === 'hole') return { kind: 'hole', base, length };
  return { kind: 'entry', entry: mapEntry(base, length, parseTypeName(type, where)) };
}

/** Applies changes in order: entries are appended (a kernel lets the least usable win), holes cut what is there. */
export function applyMapChanges(map: MemoryMap, changes: readonly MapChange[]): MemoryMap {
  let entries: readonly MemoryMapEntry[] = map.entries;
  for (const change of changes) {
    entries =
      change.kind === 'entry'
        ? [...entries, change.entry]
        : entries.flatMap((entry) => withoutRange(entry, change.base, change.base + change.length));
  }
  return { ...map, entries };
}

/** What is left of an entry outside `holeStart` to `holeEnd` (exclusive): none, one or two entries. */
function withoutRange(entry: MemoryMapEntry, holeStart: bigint, holeEnd: bigint): MemoryMapEntry[] {
  const end = entry.base + entry.length;
  if (holeStart >= end || holeEnd <= entry.base) return [entry];
  const parts: MemoryMapEntry[] = [];
  if (entry.base < holeStart) parts.push({ ...entry, length: holeStart - entry.base });
  if (holeEnd < end) parts.push({ ...entry, base: holeEnd, length: end - holeEnd });
  return parts;
}

/** A kernel command line that gives Linux this map, and what that line cannot say. */
export interface LinuxMemmap {
  /** Ends in a newline. */
  readonly text: string;
  /** Entries that firmware marks as not there, counted from 0: Linux has no word for them. */
  readonly leftOut: readonly number[];
}

/** Writes `memmap=exactmap memmap=…`. Not escaped: GRUB wants `\$` for `$`. */
export function formatLinuxMemmap(map: MemoryMap): LinuxMemmap {
  const leftOut = [...map.entries.keys()].filter((index) => {
    const entry = map.entries[index];
    return entry !== undefined && !isEnabled(entry);
  });
  const words = map.entries.filter(isEnabled).map(({ base, length, type }) => {
    const sign = Object.keys(TYPE_OF_SIGN).find((key) => TYPE_OF_SIGN[key] === type);
    const [size, address] = [`0x${length.toString(16)}`, `0x${base.toString(16)}`];
    return `memmap=${size}${sign ?? '%'}${address}${sign === undefined ? `+${type}` : ''}`;
  });
  return { text: `${['memmap=exactmap', ...words].join(' ')}\n`, leftOut };
}
