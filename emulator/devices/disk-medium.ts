/**
 * The sectors of a disk: the bytes of a file, which stay as they are, and over them what has been written since power-on.
 * A last sector that the file has in part is filled up with zeros.
 */
import { assert } from '../base/assert.js';

export const SECTOR_BYTES = 512;

/** Written bytes are kept in blocks of this size, so that a disk written all over is no million of objects. */
const BLOCK_BYTES = 0x10000;
const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;

/** A block that has been written to, as it is now. */
export interface WrittenBlock {
  readonly block: number;
  readonly bytes: Uint8Array;
}

/** Whether some disk may have a written block of this number and length. */
export function isWrittenBlock(block: number, lengthBytes: number): boolean {
  return Number.isInteger(block) && block >= 0 && lengthBytes > 0 && lengthBytes <= BLOCK_BYTES;
}

export class DiskMedium {
  readonly sectors: number;
  private readonly written = new Map<number, Uint8Array>();

  constructor(private readonly image: Uint8Array) {
    this.sectors = Math.ceil(image.byteLength / SECTOR_BYTES);
  }

  get sizeBytes(): number {
    return this.sectors * SECTOR_BYTES;
  }

  /** A copy; what lies behind the end is left out. */
  read(offset: number, lengthBytes: number): Uint8Array {
    const end = Math.min(offset + lengthBytes, this.sizeBytes);
    const bytes = new Uint8Array(Math.max(0, end - offset));
    bytes.set(this.image.subarray(offset, end));
    if (this.written.size === 0) return bytes;
    for (const { block, start, from, to } of blocksOf(offset, end)) {
      const content = this.written.get(block);
      if (content !== undefined)
        bytes.set(content.subarray(from - start, to - start), from - offset);
    }
    return bytes;
  }

  /** What lies behind the end is lost. */
  write(offset: number, bytes: Uint8Array): void {
    const end = Math.min(offset + bytes.byteLength, this.sizeBytes);
    for (const { block, start, from, to } of blocksOf(offset, end)) {
      const content = this.written.get(block) ?? this.original(block);
      content.set(bytes.subarray(from - offset, to - offset), from - start);
      this.written.set(block, content);
    }
  }

  /** What has been written, in the order of blocks. The bytes are the medium's own: not to be kept. */
  snapshot(): WrittenBlock[] {
    return [...this.written].sort(([a], [b]) => a - b).map(([block, bytes]) => ({ block, bytes }));
  }

  restore(state: readonly WrittenBlock[]): void {
    this.written.clear();
    for (const { block, bytes } of state) {
      const length = Math.min(BLOCK_BYTES, this.sizeBytes - block * BLOCK_BYTES);
      assert(bytes.length === length && !this.written.has(block), 'blocks of this disk, each once');
      this.written.set(block, bytes.slice());
    }
  }

  /** 32-bit FNV-1a over what differs from the file, by block. */
  digest(): number {
    let hash = FNV_OFFSET;
    const mix = (value: number): void => {
      hash = Math.imul(hash ^ value, FNV_PRIME);
    };
    for (const [block, content] of [...this.written].sort(([a], [b]) => a - b)) {
      const original = this.original(block);
      if (content.every((byte, index) => byte === original[index])) continue;
      mix(block);
      for (const byte of content) mix(byte);
    }
    return hash >>> 0;
  }

  /** The block as the file has it, up to the disk's end. */
  private original(block: number): Uint8Array {
    const start = block * BLOCK_BYTES;
    const bytes = new Uint8Array(Math.min(BLOCK_BYTES, this.sizeBytes - start));
    bytes.set(this.image.subarray(start, start + bytes.byteLength));
    return bytes;
  }
}

/** The blocks that the bytes from `offset` to `end` lie in: where each starts, and which of its bytes these are. */
function* blocksOf(
  offset: number,
  end: number,
): Generator<{ block: number; start: number; from: number; to: number }> {
  for (let block = Math.floor(offset / BLOCK_BYTES); block * BLOCK_BYTES < end; block++) {
    const start = block * BLOCK_BYTES;
    yield { block, start, from: Math.max(offset, start), to: Math.min(end, start + BLOCK_BYTES) };
  }
}
