import { CompileError } from './compile-error.js';

/** Reads little-endian fields and LEB128 numbers from a byte array, front to back. */
export class ByteReader {
  private readonly text = new TextDecoder();

  constructor(
    readonly bytes: Uint8Array,
    public offset = 0,
    readonly end = bytes.length,
  ) {}

  get done(): boolean {
    return this.offset >= this.end;
  }

  u8(): number {
    const value = this.bytes[this.offset];
    if (value === undefined || this.offset >= this.end) {
      throw new CompileError(`WebAssembly module ends early at byte ${this.offset}`);
    }
    this.offset++;
    return value;
  }

  /** Unsigned LEB128 of at most 32 bits. */
  u32(): number {
    return Number(BigInt.asUintN(32, this.u64()));
  }

  /** Unsigned LEB128 of at most 64 bits. */
  u64(): bigint {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = this.u8();
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return BigInt.asUintN(64, value);
    }
  }

  /** Signed LEB128 of at most 64 bits, sign-extended. */
  s64(): bigint {
    let value = 0n;
    for (let shift = 0n; ;) {
      const byte = this.u8();
      value |= BigInt(byte & 0x7f) << shift;
      shift += 7n;
      if (byte < 0x80) return BigInt.asIntN(64, byte & 0x40 ? value - (1n << shift) : value);
    }
  }

  slice(sizeBytes: number): Uint8Array {
    const start = this.offset;
    if (start + sizeBytes > this.end) {
      throw new CompileError(`WebAssembly module ends early at byte ${this.end}`);
    }
    this.offset += sizeBytes;
    return this.bytes.subarray(start, start + sizeBytes);
  }

  /** A length-prefixed UTF-8 name. */
  name(): string {
    return this.text.decode(this.slice(this.u32()));
  }
}
