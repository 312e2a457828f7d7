/** Which bytes of physical memory have been written since power-on: whole pages as a set, others bit by bit. */
import { PageSet } from './page-set.js';

const PAGE_BYTES = 4096;

/** A page that is written in part: a bit for each byte, and how many are not set. */
interface Part {
  readonly bits: Uint8Array;
  missing: number;
}

export class WrittenBytes {
  private readonly whole = new PageSet();
  /** By page number. */
  private readonly parts = new Map<number, Part>();

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
      for (let at = from; at < from + bytes; at++) if (hasBit(part, at)) return true;
    }
    return this.whole.has(page);
  }

  /** Bytes of one page. */
  private addPart(address: number, end: number): void {
    const page = Math.floor(address / PAGE_BYTES);
    if (address >= end || this.whole.has(page)) return;
    const part = this.parts.get(page) ?? newPart();
    for (let at = address - page * PAGE_BYTES; at < end - page * PAGE_BYTES; at++) {
      if (hasBit(part, at)) continue;
      part.bits[at >> 3] = (part.bits[at >> 3] ?? 0) | (1 << (at & 7));
      part.missing--;
    }
    if (part.missing > 0) this.parts.set(page, part);
    else {
      this.parts.delete(page);
      this.whole.add(page, 1);
    }
  }
}

function newPart(): Part {
  return { bits: new Uint8Array(PAGE_BYTES / 8), missing: PAGE_BYTES };
}

function hasBit({ bits }: Part, at: number): boolean {
  return ((bits[at >> 3] ?? 0) & (1 << (at & 7))) !== 0;
}
