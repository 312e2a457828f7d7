/** Where the memory maps of the command line come from: the default `pc`, the zoo, a file, standard input. */

import { ConfigurationError, HostError, refusingAt } from '../base/errors.js';
import { formatSize } from '../base/size.js';
import { disorderedMap } from '../memory/disordered-map.js';
import type { LineProblem } from '../memory/dmesg-format.js';
import { applyMapChanges, parseMapChange, type MapChange } from '../memory/linux-memmap-format.js';
import { parseMapText } from '../memory/map-text.js';
import type { MemoryMap } from '../memory/memory-map.js';
import { nodeRanges } from '../memory/numa.js';
import { pcMap } from '../memory/pc-map.js';
import { zooMap } from '../memory/zoo.js';
import { readHostFile, readStandardInputToEnd, reasonOf } from './host-file.js';
import type { RunOptions } from './run-options.js';

/** The memory map that the options name. @throws as loadMemoryMap does */
export function memoryOf(
  options: RunOptions,
  input: MapInput = hostMapInput,
): ReturnType<typeof loadMemoryMap> {
  return loadMemoryMap(options.memoryMapSpec, {
    ramBytes: options.ramBytes,
    additions: options.memoryMapAdditions,
    disorder: options.memoryMapDisorder,
    numaNodeBytes: options.numaNodeBytes,
    input,
  });
}

const ZOO_PREFIX = 'zoo:';
/** Characters of a log line that a message quotes. */
const QUOTED_CHARACTERS_MAX = 100;

/** How map texts are read; tests give their own. Both throw HostError when they cannot. */
export interface MapInput {
  readFile(path: string): string;
  readStandardInput(): string;
}

export interface MemoryMapRequest {
  /** RAM of the map `pc`; other maps say themselves where RAM is. */
  readonly ramBytes: bigint;
  /** `--memmap-add`, in order. */
  readonly additions: readonly string[];
  /** `--memmap-chaos`: the seed, or null. */
  readonly disorder: bigint | null;
  /** `--numa`: bytes of each node; empty leaves the map's own nodes. */
  readonly numaNodeBytes?: readonly bigint[];
  readonly input: MapInput;
}

export interface LoadedMemoryMap {
  readonly map: MemoryMap;
  /** RAM of `pc` that no 52-bit address reaches. */
  readonly leftOutBytes: bigint;
  /** Lines of a log that belong to the map and could not be used, one sentence each. */
  readonly problems: readonly string[];
  /** What else a user should know, one sentence each. */
  readonly notes: readonly string[];
}

/**
 * Loads what `--memmap` names: `pc`, `zoo:NAME`, `-`, or a path.
 * @throws ConfigurationError for a bad map or name, HostError for an unreadable file.
 */
export function loadMemoryMap(spec: string, request: MemoryMapRequest): LoadedMemoryMap {
  const loaded = loadUnchanged(spec, request);
  const changed = applyMapChanges(loaded.map, request.additions.map(parseAddition));
  const map = request.disorder === null ? changed : disorderedMap(changed, request.disorder);
  const sizes = request.numaNodeBytes ?? [];
  if (sizes.length === 0) return { ...loaded, map };
  const nodes =
    spec === 'pc' ? nodeRanges(loaded.map, request.ramBytes, sizes) : nodeRanges(map, null, sizes);
  return { ...loaded, map: { ...map, nodes } };
}

/** What a user should know who gives `--ram` with a map that says itself where RAM is. */
export function ramIsForPc(ramText: string, spec: string): string {
  return `--ram ${ramText} is for the map pc only; ${spec} says itself where RAM is`;
}

function parseAddition(text: string): MapChange {
  return refusingAt('--memmap-add', () => parseMapChange(text));
}

function loadUnchanged(
  spec: string,
  { ramBytes, numaNodeBytes, input }: MemoryMapRequest,
): LoadedMemoryMap {
  if (spec === '') {
    throw new ConfigurationError(`no memory map is named: write pc, zoo:NAME, - or a path`);
  }
  const nothing = { leftOutBytes: 0n, problems: [], notes: [] };
  if (spec === 'pc') {
    const option = numaNodeBytes === undefined || numaNodeBytes.length === 0 ? '--ram' : '--numa';
    const { map, leftOutBytes } = refusingAt(option, () => pcMap(ramBytes));
    const notes =
      leftOutBytes === 0n
        ? []
        : [`${formatSize(leftOutBytes)} of RAM lie above 2^52, where no address reaches them`];
    return { map, leftOutBytes, problems: [], notes };
  }
  if (spec.startsWith(ZOO_PREFIX)) {
    return { ...nothing, map: zooMap(spec.slice(ZOO_PREFIX.length)) };
  }
  const isStandardInput = spec === '-';
  const source = isStandardInput ? 'standard input' : spec;
  const text = isStandardInput ? input.readStandardInput() : input.readFile(spec);
  const { map, problems, notes } = parseMapText(text, source);
  return { map, leftOutBytes: 0n, problems: problems.map((p) => sentence(source, p)), notes };
}

function sentence(source: string, { lineNumber, text, reason }: LineProblem): string {
  const printable = text.replace(/[^\P{Cc}\t]/gu, '?').trim();
  const quoted =
    printable.length > QUOTED_CHARACTERS_MAX
      ? `${printable.slice(0, QUOTED_CHARACTERS_MAX)}…`
      : printable;
  return `${source}, line ${lineNumber} is not used: ${reason}: ${quoted}`;
}

/** The host's files and standard input. */
export const hostMapInput: MapInput = {
  readFile(path) {
    try {
      return decodeText(readHostFile(path));
    } catch (error) {
      throw new HostError(`cannot read the memory map ${path}: ${reasonOf(error)}`);
    }
  },
  readStandardInput() {
    return decodeText(readStandardInputToEnd());
  },
};

/** UTF-8, or what `>` of a Windows shell writes: UTF-16 with a byte order mark. */
function decodeText(bytes: Buffer): string {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return bytes.toString('utf16le');
  return bytes.toString('utf8');
}
