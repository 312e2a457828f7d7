/**
 * One ACPI table as bytes: the common header, and fields by their offset.
 * Source: [ACPI] Advanced Configuration and Power Interface Specification 6.5, "System Description Table Header".
 *
 *      0 signature (4)      8 revision (1)   10 OEM id (6)         24 OEM revision (4)   32 creator revision (4)
 *      4 length (4)         9 checksum (1)   16 OEM table id (8)   28 creator id (4)     36 fields
 */
export const ACPI_HEADER_BYTES = 36;
export const ACPI_CHECKSUM_OFFSET = 9;

const OEM_ID = 'SYS7X ';
const OEM_TABLE_ID = 'S7XBOARD';
const CREATOR_ID = 'S7X ';

export class AcpiTable {
  readonly bytes: Uint8Array;
  private readonly view: DataView;

  /** A table of `lengthBytes`, header included; fields are 0 until they are set. */
  constructor(
    readonly signature: string,
    revision: number,
    lengthBytes: number,
  ) {
    this.bytes = new Uint8Array(lengthBytes);
    this.view = new DataView(this.bytes.buffer);
    this.text(0, signature);
    this.u32(4, lengthBytes);
    this.u8(8, revision);
    this.text(10, OEM_ID);
    this.text(16, OEM_TABLE_ID);
    this.u32(24, 1);
    this.text(28, CREATOR_ID);
    this.u32(32, 1);
  }

  u8(offset: number, value: number): void {
    this.view.setUint8(offset, value);
  }

  u16(offset: number, value: number): void {
    this.view.setUint16(offset, value, true);
  }

  u32(offset: number, value: number): void {
    this.view.setUint32(offset, value, true);
  }

  u64(offset: number, value: bigint): void {
    this.view.setBigUint64(offset, value, true);
  }

  text(offset: number, value: string): void {
    this.bytes.set(asciiBytes(value), offset);
  }

  /** Makes all bytes add up to 0. */
  seal(): this {
    this.u8(ACPI_CHECKSUM_OFFSET, 0);
    this.u8(ACPI_CHECKSUM_OFFSET, checksum(this.bytes));
    return this;
  }
}

/** What makes the bytes add up to a multiple of 256. */
function checksum(bytes: Uint8Array): number {
  return -bytes.reduce((sum, byte) => sum + byte, 0) & 0xff;
}

export function asciiBytes(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}
