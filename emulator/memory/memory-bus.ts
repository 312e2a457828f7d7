/**
 * Devices in the physical address space: windows of registers that are doublewords at multiples of four. An aligned
 * quadword is two of them, unless the device takes it whole. Smaller accesses read their part of the doubleword; what the
 * registers do not take (smaller or misaligned writes) is lost, and what nobody answers reads as ones.
 */
import { assert } from '../base/assert.js';

export interface MemoryDevice<State = unknown> {
  /** The doubleword at `offset`, unsigned. */
  readWord(offset: number): number;
  writeWord(offset: number, value: number): void;
  /** Devices with registers of 64 bits. */
  readQuadword?(offset: number): bigint;
  writeQuadword?(offset: number, value: bigint): void;
  /** Power-on state, every field. */
  reset(): void;
  snapshot(): State;
  restore(state: State): void;
}

export interface MemoryWindow {
  readonly base: bigint;
  readonly sizeBytes: number;
  readonly name: string;
  /** Time of one access, for the timing model. */
  readonly accessTimeNs: number;
  readonly device: MemoryDevice;
}

const PAGE_BYTES = 0x1000n;
const WORD_BYTES = 4;
const ONES = 0xffff_ffff;

export class MemoryBus {
  private windowList: readonly MemoryWindow[] = [];

  /** The windows; where two overlap the first one answers. */
  get windows(): readonly MemoryWindow[] {
    return this.windowList;
  }

  set windows(windows: readonly MemoryWindow[]) {
    for (const { base, name } of windows) {
      assert(base % PAGE_BYTES === 0n, `${name} at 0x${base.toString(16)} is not at a whole page`);
    }
    this.windowList = windows;
  }

  /** Reads `widthBytes` (1, 2, 4, 8) bytes at `address`. */
  read(address: bigint, widthBytes: number): bigint {
    const window = this.windowAt(address);
    if (window === null) return ones(widthBytes);
    const { device } = window;
    const offset = Number(address - window.base);
    const within = offset % WORD_BYTES;
    if (widthBytes === 8 && offset % 8 === 0) {
      if (device.readQuadword !== undefined) return device.readQuadword(offset);
      return BigInt(device.readWord(offset)) | (BigInt(device.readWord(offset + 4)) << 32n);
    }
    if (within + widthBytes > WORD_BYTES) return ones(widthBytes);
    const word = device.readWord(offset - within) >>> (8 * within);
    return BigInt(widthBytes === 4 ? word >>> 0 : word & ~(ONES << (8 * widthBytes)));
  }

  write(address: bigint, widthBytes: number, value: bigint): void {
    const window = this.windowAt(address);
    if (window === null) return;
    const { device } = window;
    const offset = Number(address - window.base);
    if (widthBytes === 8 && offset % 8 === 0) {
      if (device.writeQuadword !== undefined) return device.writeQuadword(offset, value);
      device.writeWord(offset, Number(value & 0xffff_ffffn));
      device.writeWord(offset + 4, Number(value >> 32n));
    } else if (widthBytes === WORD_BYTES && offset % WORD_BYTES === 0) {
      device.writeWord(offset, Number(value));
    }
  }

  /** Time of one access at `address`. */
  accessTimeNs(address: bigint): number {
    return this.windowAt(address)?.accessTimeNs ?? 0;
  }

  private windowAt(address: bigint): MemoryWindow | null {
    for (const window of this.windowList) {
      const offset = address - window.base;
      if (offset >= 0n && offset < BigInt(window.sizeBytes)) return window;
    }
    return null;
  }
}

function ones(widthBytes: number): bigint {
  return (1n << BigInt(8 * widthBytes)) - 1n;
}
