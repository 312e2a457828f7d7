import type { WasmMemory } from './web-assembly.js';

/** Typed access to the core's linear memory, which may grow at any call into the core. All values are little-endian. */
export class LinearMemory {
  private current: DataView;

  constructor(private readonly memory: WasmMemory) {
    this.current = new DataView(memory.buffer);
  }

  get buffer(): ArrayBuffer {
    return this.memory.buffer;
  }

  u32(address: number): number {
    return this.view.getUint32(address, true);
  }

  setU32(address: number, value: number): void {
    this.view.setUint32(address, value, true);
  }

  u16(address: number): number {
    return this.view.getUint16(address, true);
  }

  setU16(address: number, value: number): void {
    this.view.setUint16(address, value, true);
  }

  u64(address: number): bigint {
    return this.view.getBigUint64(address, true);
  }

  /** Stores the low 64 bits of `value`. */
  setU64(address: number, value: bigint): void {
    this.view.setBigUint64(address, value, true);
  }

  /** The bytes themselves: not to be kept across a call into the core. */
  bytes(address: number, lengthBytes: number): Uint8Array {
    return new Uint8Array(this.memory.buffer, address, lengthBytes);
  }

  private get view(): DataView {
    if (this.current.buffer !== this.memory.buffer) this.current = new DataView(this.memory.buffer);
    return this.current;
  }
}
