/**
 * The core and the decoder without a machine around them: the tests put state and memory in place, run a few
 * instructions and look at what has become of them.
 */
import { readFileSync } from 'node:fs';
import type { CoreExports } from '../../emulator/cpu/core-module.js';
import { BlockDecoder } from '../../emulator/cpu/decoder/block-decoder.js';
import { webAssembly } from '../../emulator/base/web-assembly.js';
import * as layout from '../../emulator/isa/state-layout.js';
import type { Segment } from '../../emulator/isa/uop.js';

export interface RamRange {
  readonly base: bigint;
  readonly end: bigint;
  readonly kind: layout.RamKind;
}

export interface SegmentState {
  readonly selector: number;
  readonly base: bigint;
  /** In bytes, granularity applied. */
  readonly limit: number;
  /** Descriptor bits 40 to 55, the limit's nibble as zero. */
  readonly attributes: number;
  readonly unusable?: boolean;
}

/** The fault that an instruction met, as the first record of the fault chain has it. */
export interface FaultRecord {
  readonly vector: number;
  readonly errorCode: number | null;
  readonly rip: bigint;
  readonly cr2: bigint;
}

const REGISTER_NAMES = [
  'rax',
  'rcx',
  'rdx',
  'rbx',
  'rsp',
  'rbp',
  'rsi',
  'rdi',
  'r8',
  'r9',
  'r10',
  'r11',
] as const;
export type RegisterName = (typeof REGISTER_NAMES)[number];

const coreModule = new webAssembly.Module(
  readFileSync(new URL('../../dist/emulator/cpu/core.wasm', import.meta.url)),
);

/** One decoder for all processors: building its tables takes longer than most tests. */
const decodedMemory: { buffer: ArrayBufferLike } = { buffer: new ArrayBuffer(0) };
const decoder = new BlockDecoder(decodedMemory);

/** CPUID of the processor under test: everything that paging and system instructions depend on. PSE-36 is absent, unless a test puts it in. */
export const FULL_CPUID: readonly (readonly number[])[] = [
  // leaf, subleaf, EAX, EBX, ECX, EDX
  [0x0, -1, 0x7, 0, 0, 0],
  [0x1, -1, 0x00000600, 0, 1 << 17, 0x0301_2b7e & ~(1 << 17)],
  [0x7, 0, 0, (1 << 0) | (1 << 7) | (1 << 10) | (1 << 20), (1 << 2) | (1 << 16), 0],
  [0x80000000, -1, 0x80000008, 0, 0, 0],
  [0x80000001, -1, 0, 0, 1, (1 << 11) | (1 << 20) | (1 << 26) | (1 << 27) | (1 << 29)],
  [0x80000008, -1, 0x3934, 0, 0, 0],
];

const WASM_PAGE_BYTES = 0x10000;
/** 20 MiB of frames. */
const FRAMES_PAGES = 320;

export class BareProcessor {
  readonly memory = new webAssembly.Memory({
    initial: layout.FRAMES / WASM_PAGE_BYTES + FRAMES_PAGES,
    maximum: 65536,
  });
  readonly core: CoreExports;
  /** Every port reads as this. */
  portValue = 0xff;
  timeStamp = 0n;

  constructor(ram: readonly RamRange[] = [{ base: 0n, end: 1n << 52n, kind: layout.RamKind.Ram }]) {
    const host = {
      portIn: () => this.portValue,
      portOut: () => undefined,
      deviceRead: () => 0n,
      deviceWrite: () => undefined,
      platformRead: () => 0n,
      platformWrite: () => undefined,
      writeTaskPriority: () => undefined,
      decode: () => {
        decodedMemory.buffer = this.memory.buffer;
        return decoder.decode();
      },
      timeStamp: () => this.timeStamp,
      accessed: () => undefined,
      trace: () => undefined,
      translate: () => 0,
      untranslate: () => undefined,
      widen: () => undefined,
    };
    const instance = new webAssembly.Instance(coreModule, { env: { memory: this.memory }, host });
    this.core = instance.exports as unknown as CoreExports;
    this.set32(layout.ARENA_NEXT, layout.CODE_ARENA);
    this.set32(layout.MAXPHYADDR, 52);
    this.setCpuid(FULL_CPUID);
    this.setRam(ram);
    this.core.flushAll();
    this.core.setRflags(2n);
  }

  private get view(): DataView {
    return new DataView(this.memory.buffer);
  }
  get32(address: number): number {
    return this.view.getUint32(address, true);
  }
  set32(address: number, value: number): void {
    this.view.setUint32(address, value >>> 0, true);
  }
  get64(address: number): bigint {
    return this.view.getBigUint64(address, true);
  }
  set64(address: number, value: bigint): void {
    this.view.setBigUint64(address, BigInt.asUintN(64, value), true);
  }

  register(name: RegisterName): bigint {
    return this.get64(layout.REGISTERS + 8 * REGISTER_NAMES.indexOf(name));
  }
  setRegister(name: RegisterName, value: bigint): void {
    this.set64(layout.REGISTERS + 8 * REGISTER_NAMES.indexOf(name), value);
  }
  setRegisters(values: Partial<Record<RegisterName, bigint>>): void {
    for (const name of REGISTER_NAMES) {
      const value = values[name];
      if (value !== undefined) this.setRegister(name, value);
    }
  }
  get rip(): bigint {
    return this.get64(layout.RIP);
  }
  set rip(value: bigint) {
    this.set64(layout.RIP, value);
  }

  segment(segment: Segment): SegmentState {
    const at = layout.SEGMENTS + segment * layout.SEGMENT_SIZE_BYTES;
    return {
      base: this.get64(at + layout.SEGMENT_BASE),
      limit: this.get32(at + layout.SEGMENT_LIMIT),
      attributes: this.get32(at + layout.SEGMENT_ATTRIBUTES),
      selector: this.get32(at + layout.SEGMENT_SELECTOR),
      unusable: this.get32(at + layout.SEGMENT_UNUSABLE) !== 0,
    };
  }
  setSegment(segment: Segment, state: SegmentState): void {
    const at = layout.SEGMENTS + segment * layout.SEGMENT_SIZE_BYTES;
    this.set64(at + layout.SEGMENT_BASE, state.base);
    this.set32(at + layout.SEGMENT_LIMIT, state.limit);
    this.set32(at + layout.SEGMENT_ATTRIBUTES, state.attributes);
    this.set32(at + layout.SEGMENT_SELECTOR, state.selector);
    this.set32(at + layout.SEGMENT_UNUSABLE, state.unusable === true ? 1 : 0);
  }

  setCpuid(rows: readonly (readonly number[])[]): void {
    this.set32(layout.CPUID_TABLE, rows.length);
    rows.forEach((row, index) => {
      row.forEach((word, column) =>
        this.set32(layout.CPUID_TABLE + 4 + 24 * index + 4 * column, word),
      );
    });
  }
  setRam(ranges: readonly RamRange[]): void {
    this.set32(layout.RAM_RANGES, ranges.length);
    ranges.forEach((range, index) => {
      const at = layout.RAM_RANGES + 8 + layout.RAM_RANGE_BYTES * index;
      this.set64(at, range.base);
      this.set64(at + 8, range.end);
      this.set32(at + 16, range.kind);
    });
    this.core.ramRangesChanged();
  }

  private get scratch(): Uint8Array {
    return new Uint8Array(this.memory.buffer, layout.SCRATCH, layout.SCRATCH_BYTES);
  }
  read(address: bigint, bytes: number): Uint8Array {
    this.core.physicalRead(address, bytes);
    return this.scratch.slice(0, bytes);
  }
  /** False when the resident limit was reached. */
  write(address: bigint, bytes: Uint8Array): boolean {
    this.scratch.set(bytes);
    return this.core.physicalWrite(address, bytes.length) !== 0;
  }
  loadRom(address: bigint, bytes: Uint8Array): boolean {
    this.scratch.set(bytes);
    return this.core.physicalLoad(address, bytes.length) !== 0;
  }
  readWord(address: bigint, bytes: number): bigint {
    return this.read(address, bytes).reduceRight((word, byte) => (word << 8n) | BigInt(byte), 0n);
  }
  writeWord(address: bigint, value: bigint, bytes: number): void {
    this.write(
      address,
      Uint8Array.from({ length: bytes }, (_, n) => Number((value >> BigInt(8 * n)) & 0xffn)),
    );
  }
  /** Writes machine code given as hexadecimal digits. */
  writeCode(address: bigint, hex: string): void {
    this.write(address, Uint8Array.from(Buffer.from(hex.replaceAll(' ', ''), 'hex')));
  }

  run(instructions = 1): layout.ExitReason {
    return this.core.run(BigInt(instructions));
  }

  /** The chain of faults of the last delivery. */
  faultChain(): FaultRecord[] {
    return Array.from({ length: this.get32(layout.FAULT_CHAIN_COUNT) }, (_, index) => {
      const at = layout.FAULT_CHAIN + layout.FAULT_CHAIN_RECORD_BYTES * index;
      const errorCode = this.get32(at + 4);
      return {
        vector: this.get32(at),
        errorCode: errorCode === layout.NO_ERROR_CODE ? null : errorCode,
        rip: this.get64(at + 8),
        cr2: this.get64(at + 16),
      };
    });
  }
}
