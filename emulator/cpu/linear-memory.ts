import type { WasmMemory } from '../base/web-assembly.js';

/** Typed access to the core's linear memory, which may grow at any call into the core. All values are little-endian. */
export class LinearMemory {
  private data: DataView;
  /** Over the same buffer as `data`: its length becomes 0 when growth takes the buffer away. */
  private words: Uint32Array;

  constructor(private readonly memory: WasmMemory) {
    this.data = new DataView(memory.buffer);
    this.words = new Uint32Array(memory.buffer);
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

  /** A 64-bit number below 2^53, without a bigint on the way: counters are read at every port access. */
  u53(address: number): number {
    const { view } = this;
    return view.getUint32(address, true) + view.getUint32(address + 4, true) * 0x1_0000_0000;
  }

  /** Stores the low 64 bits of `value`. */
  setU64(address: number, value: bigint): void {
    this.view.setBigUint64(address, value, true);
  }

  /** The bytes themselves: not to be kept across a call into the core. */
  bytes(address: number, lengthBytes: number): Uint8Array {
    return new Uint8Array(this.memory.buffer, address, lengthBytes);
  }

  /** Makes the memory at least so long. */
  growTo(lengthBytes: number): void {
    const missing = lengthBytes - this.memory.buffer.byteLength;
    if (missing > 0) this.memory.grow(Math.ceil(missing / 0x10000));
  }

  /** Copies bytes, whole 32-bit words of the host's byte order, to `place` of `into`. */
  copyWords(address: number, lengthBytes: number, into: Uint32Array, place: number): void {
    if (this.words.length === 0) this.renewViews();
    into.set(this.words.subarray(address / 4, (address + lengthBytes) / 4), place);
  }

  /** Asking the memory for its buffer is a call out of optimised code: a stale view is told by its length instead. */
  private get view(): DataView {
    if (this.words.length === 0) this.renewViews();
    return this.data;
  }

  private renewViews(): void {
    this.data = new DataView(this.memory.buffer);
    this.words = new Uint32Array(this.memory.buffer);
  }
}
