/** Little-endian structures that a loader leaves in memory. */
import { ConfigurationError } from '../../base/errors.js';
import type { PlacedBytes } from '../placed-bytes.js';

/** A structure of `sizeBytes` zero bytes to be filled in. */
export class Structure {
  readonly bytes: Uint8Array;
  private readonly view: DataView;

  constructor(sizeBytes: number) {
    this.bytes = new Uint8Array(sizeBytes);
    this.view = new DataView(this.bytes.buffer);
  }

  u8(at: number, value: number): this {
    this.view.setUint8(at, value);
    return this;
  }
  u16(at: number, value: number): this {
    this.view.setUint16(at, value, true);
    return this;
  }
  u32(at: number, value: number): this {
    this.view.setUint32(at, value, true);
    return this;
  }
  u64(at: number, value: bigint): this {
    this.view.setBigUint64(at, value, true);
    return this;
  }
  copy(at: number, bytes: Uint8Array): this {
    this.bytes.set(bytes, at);
    return this;
  }
}

export function placed(address: number | bigint, bytes: Uint8Array): PlacedBytes {
  return { address: BigInt(address), bytes, memoryBytes: BigInt(bytes.byteLength) };
}

/** ASCII with a NUL behind it; `what` names the text in the error. */
export function zeroTerminated(text: string, what: string): Uint8Array {
  const bytes = new Uint8Array(text.length + 1);
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === 0 || code > 0x7e) {
      throw new ConfigurationError(`${what}: character ${at} (code ${code}) is not ASCII`);
    }
    bytes[at] = code;
  }
  return bytes;
}
