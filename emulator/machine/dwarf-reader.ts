/** Reads the encodings of DWARF out of a section. Source: DWARF 5 "Data Representation", "Attribute Encodings". */
import { ConfigurationError } from '../base/errors.js';
import { textAt } from './elf-section.js';

export class DwarfReader {
  private readonly view: DataView;

  constructor(
    private readonly bytes: Uint8Array,
    readonly section: string,
    readonly path: string,
    public at = 0,
    private readonly end = bytes.length,
  ) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** What is left. */
  get length(): number {
    return this.end - this.at;
  }

  get done(): boolean {
    return this.at >= this.end;
  }

  /** The next `lengthBytes` bytes. */
  part(lengthBytes: number): DwarfReader {
    this.require(lengthBytes);
    const part = new DwarfReader(
      this.bytes,
      this.section,
      this.path,
      this.at,
      this.at + lengthBytes,
    );
    this.at += lengthBytes;
    return part;
  }

  skip(lengthBytes: number): void {
    this.require(lengthBytes);
    this.at += lengthBytes;
  }

  u8(): number {
    this.require(1);
    return this.view.getUint8(this.at++);
  }

  i8(): number {
    return (this.u8() << 24) >> 24;
  }

  u16(): number {
    this.require(2);
    this.at += 2;
    return this.view.getUint16(this.at - 2, true);
  }

  u32(): number {
    this.require(4);
    this.at += 4;
    return this.view.getUint32(this.at - 4, true);
  }

  u64(): bigint {
    this.require(8);
    this.at += 8;
    return this.view.getBigUint64(this.at - 8, true);
  }

  /** Unsigned LEB128; what is beyond 2^53 is not exact. */
  uleb(): number {
    let value = 0;
    let factor = 1;
    for (;;) {
      const byte = this.u8();
      value += (byte & 0x7f) * factor;
      if ((byte & 0x80) === 0) return value;
      factor *= 128;
    }
  }

  /** Signed LEB128. */
  sleb(): number {
    let value = 0;
    let factor = 1;
    for (;;) {
      const byte = this.u8();
      value += (byte & 0x7f) * factor;
      factor *= 128;
      if ((byte & 0x80) === 0) return (byte & 0x40) === 0 ? value : value - factor;
    }
  }

  /** A number of 4 bytes, or of 8 in the 64-bit format. */
  offset(is64: boolean): number {
    return is64 ? Number(this.u64()) : this.u32();
  }

  text(): string {
    const text = textAt(this.bytes, this.at);
    const end = this.bytes.indexOf(0, this.at);
    this.skip((end < 0 ? this.end : end) + 1 - this.at);
    return text;
  }

  private require(lengthBytes: number): void {
    if (this.at + lengthBytes <= this.end) return;
    throw new ConfigurationError(`${this.path}: ${this.section} is cut off at byte ${this.at}`);
  }
}
