/**
 * The zoo: memory maps that the firmware of real machines reported, as their kernels logged them.
 * The maps in zoo/ are generated (scripts/import-zoo.ts); one text line an entry, `base length type`.
 */

import { assert } from '../base/assert.js';
import { ConfigurationError } from '../base/errors.js';
import { mapEntry, type MemoryMap, type MemoryMapEntry, type NodeRange } from './memory-map.js';
import { didYouMean } from './nearest-name.js';
import type { ZooRecord } from './zoo-record.js';
import { ZOO_RECORDS } from './zoo/records.js';

export type ZooSource = Pick<ZooRecord, 'machine' | 'source' | 'kernel'>;

/** All names, sorted. */
export function zooNames(): string[] {
  return ZOO_RECORDS.map(({ name }) => name).sort();
}

/**
 * @returns the map, named `zoo:NAME`.
 * @throws ConfigurationError with suggestions when there is no such name.
 */
export function zooMap(name: string): MemoryMap {
  const { entries, nodes } = zooRecord(name);
  const map = { name: `zoo:${name}`, entries: entries.trim().split('\n').map(parseLine) };
  return nodes === undefined ? map : { ...map, nodes: nodes.trim().split('\n').map(parseNode) };
}

/** @throws ConfigurationError with suggestions when there is no such name. */
export function zooSource(name: string): ZooSource {
  const { machine, source, kernel } = zooRecord(name);
  return { machine, source, kernel };
}

function zooRecord(name: string): ZooRecord {
  const record = ZOO_RECORDS.find((candidate) => candidate.name === name);
  if (record === undefined) {
    throw new ConfigurationError(`the zoo has no map '${name}'${didYouMean(name, zooNames())}`);
  }
  return record;
}

function parseLine(line: string): MemoryMapEntry {
  const [base, length, type, ...rest] = line.split(' ');
  assert(
    base !== undefined && length !== undefined && type !== undefined && rest.length === 0,
    `zoo entry '${line}'`,
  );
  return mapEntry(BigInt(base), BigInt(length), Number(type));
}

function parseNode(line: string): NodeRange {
  const [node, base, length, ...rest] = line.split(' ');
  assert(
    node !== undefined && base !== undefined && length !== undefined && rest.length === 0,
    `zoo node '${line}'`,
  );
  return { node: Number(node), base: BigInt(base), length: BigInt(length) };
}
