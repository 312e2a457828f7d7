/** The bytes that a port has sent, each with its cycle. */

/** More than anybody reads; what is kept of them takes nine bytes each. */
export const KEPT_BYTES_MAX = 1 << 24;
const FIRST_CAPACITY = 4096;

export class KeptBytes {
  private bytes = new Uint8Array(FIRST_CAPACITY);
  private cycles = new Float64Array(FIRST_CAPACITY);
  length = 0;

  /** Takes the next byte; false: there is no room for it. */
  take(byte: number, cycle: number): boolean {
    if (this.length === KEPT_BYTES_MAX) return false;
    if (this.length === this.bytes.length) this.grow();
    this.bytes[this.length] = byte;
    this.cycles[this.length++] = cycle;
    return true;
  }

  byteAt(index: number): number {
    return this.bytes[index] ?? 0;
  }

  cycleAt(index: number): number {
    return this.cycles[index] ?? 0;
  }

  /** Those from `start` on. */
  from(start: number): Uint8Array {
    return this.bytes.slice(start, this.length);
  }

  private grow(): void {
    const bytes = new Uint8Array(2 * this.bytes.length);
    const cycles = new Float64Array(2 * this.cycles.length);
    bytes.set(this.bytes);
    cycles.set(this.cycles);
    [this.bytes, this.cycles] = [bytes, cycles];
  }
}
