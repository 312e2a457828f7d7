/**
 * Snapshot files (`*.snap`): the magic number, version u32, length of the header u32, SHA-256 of all that follows; the header (JSON, deflated);
 * then the pages of memory that are not zero and the blocks that were written to the disk, in the order of the header's lists, cut into pieces
 * that are deflated one by one.
 * Numbers are little-endian. A reader takes no size on trust.
 */
import { createHash } from 'node:crypto';
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { HostError } from '../base/errors.js';
import { closeSync, openSync, readSync } from 'node:fs';
import {
  isSavedRun,
  isWrittenBlock,
  type MachineState,
  type RunLoopState,
  type SavedMachine,
} from '../machine/machine-snapshot.js';
import { misshapenPart, orNull } from './document-shape.js';
import { readHostFile, reasonOf } from './host-file.js';
import { REPLAYED_CONFIG_SHAPE } from './recorded-run.js';
import type { RunRecord } from './run-record.js';
import { sha256 } from './sha256.js';

const MAGIC = Buffer.from('s7x snap', 'latin1');
const VERSION = 2;
const HASH_BYTES = 32;
const HASH_AT = MAGIC.length + 8;
const HEADER_AT = HASH_AT + HASH_BYTES;
const HEADER_BYTES_MAX = 256 << 20;
const PIECE_BYTES = 8 << 20;
const MEMORY_BYTES_MAX = 2 ** 32;
/** Fast: a snapshot is taken while somebody waits. */
const DEFLATE_LEVEL = 1;

export interface SnapshotContents {
  /** What the cores and the ROM were: a state means something to the build that it was saved by. */
  readonly build: string;
  /** When it was taken: the moment as it was given, and figures. */
  readonly taken: {
    readonly moment: string;
    readonly cycles: number;
    readonly instructions: number;
  };
  readonly image: RunRecord['image'];
  readonly config: RunRecord['config'];
  readonly machine: MachineState;
  readonly loop: RunLoopState;
}

export interface Snapshot {
  readonly path: string;
  readonly sha256: string;
  readonly contents: SnapshotContents;
  readonly memory: SavedMachine['memory'];
  readonly disk: SavedMachine['disk'];
}

const CONTENTS_SHAPE = {
  build: /^[0-9a-f]{64}$/,
  taken: { moment: '', cycles: 0, instructions: 0 },
  image: orNull({ path: '', sha256: '', kind: '' }),
  ...REPLAYED_CONFIG_SHAPE,
  machine: {
    clock: { nowCycles: 0, nextSequence: 0 },
    board: {},
    time: { waitedCycles: 0, engine: orNull({ globals: {}, waiting: orNull([0]) }) },
    requests: { powerOff: true, reset: orNull(''), exit: orNull(0) },
    processor: { memoryBytes: 0, globals: {} },
  },
  loop: {
    waitsIn: orNull(''),
    betweenCheckpoints: true,
    resets: 0,
    hashAtReset: orNull(''),
    lastDisturbedSlot: 0,
  },
  runs: [[0, 0]],
  blocks: [[0, 0]],
  pieces: [0],
};

/** The file of a snapshot. */
export function snapshotFile(
  contents: SnapshotContents,
  { memory, disk }: Pick<SavedMachine, 'memory' | 'disk'>,
): Buffer {
  const pieces: Buffer[] = [];
  for (const piece of cut([...memory, ...disk]))
    pieces.push(deflateRawSync(piece, { level: DEFLATE_LEVEL }));
  const header = deflateRawSync(
    JSON.stringify({
      ...contents,
      runs: memory.map(({ address, bytes }) => [address, bytes.length]),
      blocks: disk.map(({ block, bytes }) => [block, bytes.length]),
      pieces: pieces.map(({ length }) => length),
    }),
    { level: DEFLATE_LEVEL },
  );
  const numbers = Buffer.alloc(8);
  numbers.writeUInt32LE(VERSION, 0);
  numbers.writeUInt32LE(header.length, 4);
  const hash = createHash('sha256').update(header);
  for (const piece of pieces) hash.update(piece);
  return Buffer.concat([MAGIC, numbers, hash.digest(), header, ...pieces]);
}

/** All bytes of all parts, in pieces of PIECE_BYTES but for the last. */
function* cut(parts: readonly { readonly bytes: Uint8Array }[]): Generator<Uint8Array> {
  let piece = new Uint8Array(PIECE_BYTES);
  let filled = 0;
  for (const { bytes } of parts) {
    for (let done = 0; done < bytes.length;) {
      const count = Math.min(PIECE_BYTES - filled, bytes.length - done);
      piece.set(bytes.subarray(done, done + count), filled);
      filled += count;
      done += count;
      if (filled < PIECE_BYTES) continue;
      yield piece;
      piece = new Uint8Array(PIECE_BYTES);
      filled = 0;
    }
  }
  if (filled > 0) yield piece.subarray(0, filled);
}

/** Whether the file begins as a snapshot does. */
export function isSnapshot(path: string): boolean {
  try {
    const descriptor = openSync(path, 'r');
    try {
      const start = Buffer.alloc(MAGIC.length);
      return (
        readSync(descriptor, start, 0, start.length, 0) === start.length && start.equals(MAGIC)
      );
    } finally {
      closeSync(descriptor);
    }
  } catch {
    return false; // whoever reads it says why
  }
}

/** @throws HostError where it is damaged, or of another version or build */
export function readSnapshot(path: string, buildOf: (cpu: string) => string): Snapshot {
  const file = readWhole(path);
  const refuse = (why: string): never => {
    throw new HostError(`${path}: this snapshot ${why}`);
  };
  if (file.length < HEADER_AT || !file.subarray(0, MAGIC.length).equals(MAGIC)) {
    refuse('is none, or is cut');
  }
  const version = file.readUInt32LE(MAGIC.length);
  if (version !== VERSION) refuse(`has version ${version}; this s7x reads version ${VERSION}`);
  const rest = file.subarray(HEADER_AT);
  const hash = createHash('sha256').update(rest).digest();
  if (!hash.equals(file.subarray(HASH_AT, HEADER_AT))) refuse('is damaged or cut');
  const headerBytes = file.readUInt32LE(MAGIC.length + 4);
  const header = headerOf(rest.subarray(0, headerBytes));
  const wrong = header === null ? 'its header' : misshapenPart(header, CONTENTS_SHAPE);
  if (header === null || wrong !== null) {
    return refuse(`is not as s7x writes it (${wrong ?? ''})`);
  }
  if (header.build !== buildOf(String(header.config['cpu'])))
    refuse('was taken by another build of s7x, and can go on in that only');
  const { runs, blocks, pieces, ...contents } = header;
  const lengths = [...runs, ...blocks].map(([, length]) => length);
  const parts =
    areSavedRuns(runs, contents.machine.processor) &&
    blocks.every(([block, length]) => isWrittenBlock(block, length))
      ? partsOf(rest.subarray(headerBytes), lengths, pieces)
      : null;
  if (parts === null) return refuse('is not as s7x writes it (its memory)');
  const bytesOf = (part: number): Uint8Array => parts[part] ?? new Uint8Array(0);
  return {
    path,
    sha256: sha256(file),
    contents,
    memory: runs.map(([address], run) => ({ address, bytes: bytesOf(run) })),
    disk: blocks.map(([block], index) => ({ block, bytes: bytesOf(runs.length + index) })),
  };
}

function readWhole(path: string): Buffer {
  try {
    return readHostFile(path);
  } catch (error) {
    throw new HostError(`${path} cannot be read: ${reasonOf(error)}`);
  }
}

type Header = SnapshotContents & {
  /** Addresses, and lengths in bytes. */
  readonly runs: readonly (readonly [number, number])[];
  /** Numbers of blocks, and lengths in bytes. */
  readonly blocks: readonly (readonly [number, number])[];
  readonly pieces: readonly number[];
};

function headerOf(bytes: Uint8Array): Header | null {
  try {
    const text = inflateRawSync(bytes, { maxOutputLength: HEADER_BYTES_MAX }).toString();
    return JSON.parse(text) as Header;
  } catch {
    return null;
  }
}

function areSavedRuns(runs: Header['runs'], { memoryBytes }: MachineState['processor']): boolean {
  let end = 0;
  for (const [address, length] of runs) {
    if (address < end || !isSavedRun(address, length, memoryBytes)) return false;
    end = address + length;
  }
  return memoryBytes <= MEMORY_BYTES_MAX;
}

/** What `cut` has cut, whole again; null where lengths do not agree. */
function partsOf(
  bytes: Uint8Array,
  lengths: readonly number[],
  pieces: Header['pieces'],
): Uint8Array[] | null {
  const total = lengths.reduce((sum, length) => sum + length, 0);
  if (pieces.length !== Math.ceil(total / PIECE_BYTES)) return null;
  const parts: Uint8Array[] = [];
  let [at, done] = [0, 0];
  for (const [number, length] of pieces.entries()) {
    const expected = Math.min(PIECE_BYTES, total - number * PIECE_BYTES);
    const piece = inflated(bytes.subarray(at, at + length), expected);
    if (piece === null) return null;
    at += length;
    for (let from = 0; from < piece.length;) {
      if (done === 0) parts.push(new Uint8Array(lengths[parts.length] ?? 0));
      const part = parts[parts.length - 1] ?? new Uint8Array(0);
      const count = Math.min(part.length - done, piece.length - from);
      part.set(piece.subarray(from, from + count), done);
      from += count;
      done = done + count === part.length ? 0 : done + count;
    }
  }
  return at === bytes.length ? parts : null;
}

function inflated(bytes: Uint8Array, lengthBytes: number): Uint8Array | null {
  try {
    const result = inflateRawSync(bytes, { maxOutputLength: lengthBytes });
    return result.length === lengthBytes ? result : null;
  } catch {
    return null;
  }
}
