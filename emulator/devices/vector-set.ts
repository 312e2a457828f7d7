/** The 256-bit registers of a local APIC (IRR, ISR, TMR): one bit a vector, eight words of 32 bits. */

const WORDS = 8;
const NONE = -1;

export class VectorSet {
  private readonly words = new Uint32Array(WORDS);

  has(vector: number): boolean {
    return (((this.words[vector >> 5] ?? 0) >>> (vector & 31)) & 1) !== 0;
  }

  put(vector: number, present: boolean): void {
    const index = vector >> 5;
    const bit = 1 << (vector & 31);
    const word = this.words[index] ?? 0;
    this.words[index] = present ? word | bit : word & ~bit;
  }

  /** The highest vector, -1 when there is none. */
  get highest(): number {
    for (let index = WORDS - 1; index >= 0; index--) {
      const word = this.words[index] ?? 0;
      if (word !== 0) return 32 * index + 31 - Math.clz32(word);
    }
    return NONE;
  }

  /** Vectors 32 * `index` to 32 * `index` + 31. */
  word(index: number): number {
    return this.words[index] ?? 0;
  }

  clear(): void {
    this.words.fill(0);
  }

  snapshot(): readonly number[] {
    return [...this.words];
  }

  restore(words: readonly number[]): void {
    this.words.set(words);
  }
}
