/** Builds little-endian binary tables. */
export class ByteWriter {
  private readonly bytes: number[] = [];

  get length(): number {
    return this.bytes.length;
  }

  u8(...values: readonly number[]): this {
    for (const value of values) this.bytes.push(value & 0xff);
    return this;
  }

  u16(value: number): this {
    return this.u8(value, value >>> 8);
  }

  u32(value: number): this {
    return this.u8(value, value >>> 8, value >>> 16, value >>> 24);
  }

  u64(value: number): this {
    return this.u32(value % 2 ** 32).u32(Math.floor(value / 2 ** 32));
  }

  /** Unsigned LEB128. */
  uleb(value: number): this {
    let rest = value;
    for (; rest >= 0x80; rest = Math.floor(rest / 128)) this.u8((rest & 0x7f) | 0x80);
    return this.u8(rest);
  }

  /** Signed LEB128. */
  sleb(value: number): this {
    let rest = value;
    for (;;) {
      const byte = rest & 0x7f;
      rest >>= 7;
      const isLast = (rest === 0 && (byte & 0x40) === 0) || (rest === -1 && (byte & 0x40) !== 0);
      this.u8(isLast ? byte : byte | 0x80);
      if (isLast) return this;
    }
  }

  /** Text with a NUL at its end. */
  text(value: string): this {
    return this.append(new TextEncoder().encode(value)).u8(0);
  }

  append(bytes: Uint8Array): this {
    for (const byte of bytes) this.bytes.push(byte);
    return this;
  }

  align(alignBytes: number): this {
    while (this.bytes.length % alignBytes !== 0) this.bytes.push(0);
    return this;
  }

  setU32(offset: number, value: number): this {
    for (let index = 0; index < 4; index++)
      this.bytes[offset + index] = (value >>> (8 * index)) & 0xff;
    return this;
  }

  finish(): Uint8Array {
    return Uint8Array.from(this.bytes);
  }
}
