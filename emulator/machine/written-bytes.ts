/** Which bytes of physical memory have been written since power-on: whole pages as a set, others byte by byte. */
import { PageSet } from './page-set.js';

const PAGE_BYTES = 4096;

export class WrittenBytes {
  private readonly whole = new PageSet();
  /** A byte of this for each byte of a page, by page number; only of pages that are written in part. */
  private readonly parts = new Map<number, Uint8Array>();

  add(address: number, bytes: number): void {
    const end = address + bytes;
    const firstWhole = Math.ceil(address / PAGE_BYTES);
    const endWhole = Math.floor(end / PAGE_BYTES);
    if (firstWhole < endWhole) {
      this.whole.add(firstWhole, endWhole - firstWhole);
      this.addPart(address, firstWhole * PAGE_BYTES);
      this.addPart(endWhole * PAGE_BYTES, end);
      return;
    }
    const split = Math.min(end, firstWhole * PAGE_BYTES);
    this.addPart(address, split);
    this.addPart(split, end);
  }

  /** Whether any of the bytes has been written; they lie in one page. */
  hasAny(address: number, bytes: number): boolean {
    const page = Math.floor(address / PAGE_BYTES);
    const part = this.parts.get(page);
    const from = address - page * PAGE_BYTES;
    if (part !== undefined) {
      for (let at = from; at < from + bytes; at++) if (part[at] === 1) return true;
    }
    return this.whole.has(page);
  }

  /** Bytes of one page. */
  private addPart(address: number, end: number): void {
    if (address >= end) return;
    const page = Math.floor(address / PAGE_BYTES);
    let part = this.parts.get(page);
    if (part === undefined) {
      if (this.whole.has(page)) return;
      part = new Uint8Array(PAGE_BYTES);
      this.parts.set(page, part);
    }
    const from = address - page * PAGE_BYTES;
    part.fill(1, from, from + end - address);
  }
}
