/**
 * Memory maps as JSON:
 *
 *     { "name": "box", "entries": [{ "base": "0x100000", "size": "0x7f00000", "type": "usable" }] }
 *
 * `length` is read as `size` is, `type` is a word or a number, `attributes` are the ACPI 3.0 extended attributes.
 * `"nodes": [{ "node": 0, "base": "0x0", "size": "0x80000000" }]` beside the entries says which RAM is whose.
 * Addresses are strings with 0x, because a JSON number beyond 2^53 arrives rounded. Ends are never given.
 * Other keys (a machine, a label, a source) are allowed and not read, but one that is nearly a key of these is a mistake.
 */

import { ConfigurationError, refusingAt } from '../base/errors.js';
import { parseSize } from '../base/size.js';
import { didYouMean } from './nearest-name.js';
import { parseTypeName, typeName } from './entry-type.js';
import {
  E820_ATTRIBUTE_ENABLED,
  type MemoryMap,
  type MemoryMapEntry,
  NODES_MAX,
  type NodeRange,
} from './memory-map.js';

const ADDRESS_MAX = (1n << 64n) - 1n;
const UINT32_MAX = 0xffff_ffff;

/** The keys that are read, of the document, of an entry, of a range of a node. */
const MAP_KEYS = ['name', 'entries', 'nodes'];
const ENTRY_KEYS = ['base', 'size', 'length', 'type', 'attributes'];
const NODE_KEYS = ['node', 'base', 'size', 'length'];
/** Words of their own, however near. */
const REMARKS = ['note', 'notes'];

type JsonRecord = Readonly<Record<string, unknown>>;

/**
 * Reads a map, or a bare array of entries.
 * @param source names the text in errors, and the map when it has no `name`.
 * @throws ConfigurationError naming the source, the entry (counted from 0) and the value.
 */
export function parseJsonMap(text: string, source: string): MemoryMap {
  const document = parseDocument(text, source);
  if (isRecord(document)) refuseMisspelt(document, MAP_KEYS, source);
  const list = Array.isArray(document) ? (document as unknown[]) : entriesOf(document, source);
  const name = isRecord(document) ? document['name'] : undefined;
  const nodes = isRecord(document) ? document['nodes'] : undefined;
  return {
    name: typeof name === 'string' && name !== '' ? name : source,
    entries: list.map((entry, index) => parseEntry(entry, `${source}: entry ${index}`)),
    ...(nodes === undefined ? {} : { nodes: parseNodes(nodes, source) }),
  };
}

function parseNodes(value: unknown, source: string): NodeRange[] {
  if (!Array.isArray(value)) {
    throw new ConfigurationError(`${source} is no memory map: "nodes" is not a list`);
  }
  return value.map((range: unknown, index) => {
    const where = `${source}: range ${index} of the nodes`;
    if (!isRecord(range)) throw new ConfigurationError(`${where} is not an object`);
    refuseMisspelt(range, NODE_KEYS, where);
    const node = range['node'];
    if (typeof node !== 'number' || !Number.isInteger(node) || node < 0 || node >= NODES_MAX) {
      throw new ConfigurationError(
        `${where} has the "node" ${JSON.stringify(node)}, which is none of 0 to ${NODES_MAX - 1}`,
      );
    }
    const base = parseAddress(range['base'], 'base', where);
    return { node, base, length: parseLength(range, where) };
  });
}

function parseDocument(text: string, source: string): unknown {
  try {
    return JSON.parse(text.replace(/^\uFEFF/, '')) as unknown;
  } catch (error) {
    const reason = error instanceof Error ? error.message.replace(/\s+/g, ' ') : String(error);
    throw new ConfigurationError(`${source} is not JSON: ${reason}`);
  }
}

function entriesOf(document: unknown, source: string): unknown[] {
  if (!isRecord(document)) {
    throw new ConfigurationError(`${source} is no memory map: expected { "entries": [ … ] }`);
  }
  const entries = document['entries'];
  if (!Array.isArray(entries)) {
    throw new ConfigurationError(`${source} is no memory map: "entries" is not a list`);
  }
  return entries as unknown[];
}

function parseEntry(value: unknown, where: string): MemoryMapEntry {
  if (!isRecord(value)) throw new ConfigurationError(`${where} is not an object`);
  refuseMisspelt(value, ENTRY_KEYS, where);
  if ('end' in value && !('size' in value) && !('length' in value)) {
    throw new ConfigurationError(`${where} has "end", but a range is given by "base" and "size"`);
  }
  return {
    base: parseAddress(value['base'], 'base', where),
    length: parseLength(value, where),
    type: parseType(value['type'], where),
    attributes: parseAttributes(value['attributes'], where),
  };
}

/** What is left out has a default, so a key that was meant to be one of `keys` would change the map without a word. */
function refuseMisspelt(record: JsonRecord, keys: readonly string[], where: string): void {
  for (const key of Object.keys(record)) {
    const meant = [...keys, ...REMARKS].includes(key) ? '' : didYouMean(key, keys);
    if (meant !== '') throw new ConfigurationError(`${where} has the unknown key "${key}"${meant}`);
  }
}

function parseLength(entry: JsonRecord, where: string): bigint {
  if ('size' in entry && 'length' in entry) {
    throw new ConfigurationError(`${where} has both "size" and "length"`);
  }
  const key = 'length' in entry ? 'length' : 'size';
  const value = entry[key];
  const isWrittenSize = typeof value === 'string' && /^\d[\d.]*\s*[a-z]+$/i.test(value);
  if (!isWrittenSize || /^0x/i.test(value)) return parseAddress(value, key, where);
  return inSixtyFourBits(parseWrittenSize(value, key, where), value, key, where);
}

/** `64K`, `1.5G`: parseSize's sentence, with the place before it. `5E` and `10B` may be hexadecimal. */
function parseWrittenSize(value: string, key: string, where: string): bigint {
  if (/^[0-9a-f]+$/i.test(value)) {
    throw new ConfigurationError(withoutPrefix(value, key, where));
  }
  return refusingAt(where, () => parseSize(value));
}

/** A 64-bit number: a string with 0x, or a JSON number that is exact. */
function parseAddress(value: unknown, key: string, where: string): bigint {
  if (value === undefined) throw new ConfigurationError(`${where} has no "${key}"`);
  if (typeof value === 'string') {
    if (/^0x[0-9a-f]+$/i.test(value)) {
      return inSixtyFourBits(BigInt(value), value, key, where);
    }
    if (/^[0-9a-f]+$/i.test(value)) {
      throw new ConfigurationError(withoutPrefix(value, key, where));
    }
  }
  if (typeof value === 'number' && value > Number.MAX_SAFE_INTEGER) {
    throw new ConfigurationError(
      `${where} has the "${key}" ${value}, which JSON numbers cannot hold exactly; ` +
        `write it as a string with 0x`,
    );
  }
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 0) {
    throw new ConfigurationError(
      `${where} has the "${key}" ${JSON.stringify(value)}, which is no address; write "0x…"`,
    );
  }
  return BigInt(value);
}

function withoutPrefix(value: string, key: string, where: string): string {
  return `${where} has the "${key}" "${value}", which may be hexadecimal or decimal; write "0x${value}" or a JSON number`;
}

function inSixtyFourBits(number: bigint, value: string, key: string, where: string): bigint {
  if (number > ADDRESS_MAX) {
    throw new ConfigurationError(`${where} has the "${key}" "${value}", which exceeds 64 bits`);
  }
  return number;
}

function parseType(value: unknown, where: string): number {
  if (typeof value === 'string') return parseTypeName(value, where);
  if (value === undefined) throw new ConfigurationError(`${where} has no "type"`);
  return parseUint32(value, 'type', where);
}

function parseAttributes(value: unknown, where: string): number {
  return value === undefined ? E820_ATTRIBUTE_ENABLED : parseUint32(value, 'attributes', where);
}

function parseUint32(value: unknown, key: string, where: string): number {
  if (!Number.isInteger(value) || Number(value) < 0 || Number(value) > UINT32_MAX) {
    throw new ConfigurationError(
      `${where} has the "${key}" ${JSON.stringify(value)}, which is no number of 32 bits`,
    );
  }
  return Number(value);
}

function isRecord(value: unknown): value is JsonRecord {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Writes a map as JSON, one line an entry, ending in a newline. parseJsonMap reads it back exactly. */
export function formatJsonMap(map: MemoryMap): string {
  const lines = map.entries.map((entry) => `    ${JSON.stringify(jsonEntry(entry))}`);
  const entries = lines.length === 0 ? '[]' : `[\n${lines.join(',\n')}\n  ]`;
  const nodes = map.nodes === undefined ? '' : `,\n  "nodes": [\n${nodeLines(map.nodes)}\n  ]`;
  return `{\n  "name": ${JSON.stringify(map.name)},\n  "entries": ${entries}${nodes}\n}\n`;
}

function nodeLines(nodes: readonly NodeRange[]): string {
  return nodes
    .map(({ node, base, length }) => {
      const range = { node, base: `0x${base.toString(16)}`, size: `0x${length.toString(16)}` };
      return `    ${JSON.stringify(range)}`;
    })
    .join(',\n');
}

function jsonEntry({ base, length, type, attributes }: MemoryMapEntry): JsonRecord {
  return {
    base: `0x${base.toString(16)}`,
    size: `0x${length.toString(16)}`,
    type: typeName(type) ?? type,
    ...(attributes === E820_ATTRIBUTE_ENABLED ? {} : { attributes }),
  };
}
