/**
 * The sectors of a disk: the bytes of a file, which stay as they are, and over them what has been written since power-on.
 * A last sector that the file has in part is filled up with zeros.
 */
import { assert } from '../base/assert.js';

export const SECTOR_BYTES = 512;

export interface DiskMediumState {
  /** By ascending sector. */
  readonly written: readonly { readonly sector: number; readonly bytes: readonly number[] }[];
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
    for (let sector = Math.floor(offset / SECTOR_BYTES); sector * SECTOR_BYTES < end; sector++) {
      const content = this.written.get(sector);
      if (content === undefined) continue;
      const from = Math.max(offset, sector * SECTOR_BYTES);
      const to = Math.min(end, (sector + 1) * SECTOR_BYTES);
      const start = sector * SECTOR_BYTES;
      bytes.set(content.subarray(from - start, to - start), from - offset);
    }
    return bytes;
  }

  /** What lies behind the end is lost. */
  write(offset: number, bytes: Uint8Array): void {
    const end = Math.min(offset + bytes.byteLength, this.sizeBytes);
    for (let sector = Math.floor(offset / SECTOR_BYTES); sector * SECTOR_BYTES < end; sector++) {
      const start = sector * SECTOR_BYTES;
      const content = this.written.get(sector) ?? this.read(start, SECTOR_BYTES);
      const from = Math.max(offset, start);
      const to = Math.min(end, start + SECTOR_BYTES);
      content.set(bytes.subarray(from - offset, to - offset), from - start);
      this.written.set(sector, content);
    }
  }

  snapshot(): DiskMediumState {
    const sectors = [...this.written].sort(([a], [b]) => a - b);
    return { written: sectors.map(([sector, bytes]) => ({ sector, bytes: [...bytes] })) };
  }

  restore({ written }: DiskMediumState): void {
    this.written.clear();
    for (const { sector, bytes } of written) {
      assert(sector < this.sectors, `sector ${sector} is restored to a disk of ${this.sectors}`);
      this.written.set(sector, Uint8Array.from(bytes));
    }
  }
}
