/**
 * Our processor in the situation in which the vectors were recorded: a user-mode program (CPL 3) in 64-bit mode, with
 * the pages of scripts/vectors/layout.ts and nothing else. Every exception's gate leads to a HLT of its own.
 */
import { CPUID_TABLE } from '../../emulator/cpu/cpuid-table.js';
import type { AttachTranslator } from '../../emulator/cpu/core-module.js';
import { Processor } from '../../emulator/cpu/processor.js';
import {
  ExitReason,
  FLAG_AUX,
  FLAG_RESULT,
  MXCSR,
  REGISTERS,
  RFLAGS_REST,
  RIP,
  SEGMENT_SELECTOR,
  SEGMENT_SIZE_BYTES,
  SEGMENTS,
  VECTOR_REGISTER_BYTES,
  VECTOR_REGISTERS,
  X87_CONTROL,
  X87_POINTERS,
  X87_REGISTER_BYTES,
  X87_REGISTERS,
  X87_TAGS,
  XCR0,
} from '../../emulator/isa/state-layout.js';
import { Segment } from '../../emulator/isa/uop.js';
import type { MachineState } from '../../scripts/vectors/initial-state.js';
import {
  CODE_BASE,
  CODE_BYTES,
  DATA_BASE,
  DATA_BYTES,
  GS_BASE,
  IMAGE_PARTS,
  READ_ONLY_BASE,
  READ_ONLY_BYTES,
} from '../../scripts/vectors/layout.js';
import { Outcome } from '../../scripts/vectors/vector-file.js';
import { AF, CF, OF, PF, SF, ZF } from './undefined-flags.js';

// Physical memory.
const RAM_BYTES = 0x40_0000n;
const TABLES = 0x1000;
const CODE = 0x10_0000;
const DATA = 0x11_0000;
const READ_ONLY = 0x12_0000;
const SYSTEM = 0x13_0000;

/** Supervisor pages: GDT, IDT, TSS, handlers (vector v's is the byte at v), stack. */
const SYSTEM_BASE = 0xffff_ffff_8000_0000n;
const SYSTEM_BYTES = 0x6000;
const IDT_OFFSET = 0x1000;
const TSS_OFFSET = 0x2000;
const TSS_BYTES = 0x68;
const HANDLERS_OFFSET = 0x3000;
const STACK_TOP_OFFSET = 0x6000;
const HANDLERS = SYSTEM_BASE + BigInt(HANDLERS_OFFSET);
const VECTORS = 32;

// The selectors that Linux gives to a program: MOV from a segment register shows them.
const KERNEL_CODE = 0x10;
const USER_DATA = 0x2b;
const USER_CODE = 0x33;
const GDT: readonly (readonly [selector: number, descriptor: bigint])[] = [
  [0x08, 0x00cf_9b00_0000_ffffn],
  [KERNEL_CODE, 0x00af_9b00_0000_ffffn],
  [0x18, 0x00cf_9300_0000_ffffn],
  [0x23, 0x00cf_fb00_0000_ffffn],
  [USER_DATA, 0x00cf_f300_0000_ffffn],
  [USER_CODE, 0x00af_fb00_0000_ffffn],
];
const INTERRUPT_GATE = 0x8e00n;

// Page-table entries: SDM Vol. 3 "4-Level Paging and 5-Level Paging".
const PTE_P = 1n;
const PTE_RW = 1n << 1n;
const PTE_US = 1n << 2n;
const PTE_A = 1n << 5n;
const PTE_D = 1n << 6n;
const PTE_XD = 1n << 63n;
const USER_PAGE = PTE_P | PTE_US | PTE_A | PTE_D;
const SUPERVISOR_PAGE = PTE_P | PTE_RW | PTE_A | PTE_D;

const CR0_PE_MP_ET_NE_WP_PG = 0x8001_0033n;
const CR4_PAE_PGE_OSFXSR_OSXMMEXCPT_FSGSBASE_OSXSAVE = 0x5_06a0n;
const XCR0_X87_SSE_AVX = 7n;
const EFER_SCE_LME_LMA_NXE = 0xd01n;

/** A fault pushes RFLAGS with RF set; the recordings leave RF out. */
const RFLAGS_RF = 0x1_0000;
const STATUS_FLAGS = CF | PF | AF | ZF | SF | OF;
const VECTOR_PF = 14;
const VECTORS_WITH_ERROR_CODE = [8, 10, 11, 12, 13, VECTOR_PF, 17];
/** More continuations than any repeated string instruction of the vectors needs. */
const CONTINUATIONS_MAX = 1000;

const NULL_SEGMENT = {
  selector: 0,
  base: 0n,
  limit: 0xffff_ffff,
  attributes: 0,
  unusable: true,
} as const;

const INT3 = 0xcc;
const HLT = 0xf4;

/** Address of ST(index). */
function stackAddress(status: number, index: number): number {
  return X87_REGISTERS + X87_REGISTER_BYTES * (((status >> 11) + index) & 7);
}

export class VectorMachine {
  readonly outcome = new Outcome();
  private readonly processor: Processor;
  private nextTable = TABLES + 0x1000;

  constructor(wasm: Uint8Array, translator: AttachTranslator | null = null) {
    const nothing = () => undefined;
    const host = { portIn: () => 0, portOut: nothing, timeStamp: () => 0n, trace: nothing };
    this.processor = Processor.create({
      wasm,
      host,
      traceCategories: new Set(),
      ...(translator === null ? {} : { translator }),
    });
    this.processor.setCpuid(CPUID_TABLE);
    this.processor.setRamRanges([{ base: 0n, end: RAM_BYTES, rom: false }]);
    this.writePages();
    this.writeSystemPages();
    this.enterLongMode();
    this.enterUserMode();
  }

  /** Puts an instruction at its place, among INT3s. */
  placeCode(bytes: Uint8Array, codeOffset: number): void {
    this.processor.write(BigInt(CODE + codeOffset), bytes);
  }

  removeCode(sizeBytes: number, codeOffset: number): void {
    this.processor.write(BigInt(CODE + codeOffset), new Uint8Array(sizeBytes).fill(INT3));
  }

  /** Executes the one instruction at `codeOffset` into `outcome`. Returns the reason of an end that should not be. */
  run(before: MachineState, codeOffset: number): string | null {
    this.load(before, codeOffset);
    const start = BigInt(CODE_BASE + codeOffset);
    let reason = this.processor.run(1);
    for (let i = 0; i < CONTINUATIONS_MAX && this.processor.rip === start; i += 1) {
      if (reason !== ExitReason.Budget && reason !== ExitReason.Pause) break;
      reason = this.processor.run(1);
    }
    this.collect(reason);
    if (this.hasLoadedSegment()) this.enterUserMode();
    if (reason === ExitReason.Budget || reason === ExitReason.Halt) return null;
    this.enterUserMode();
    return ExitReason[reason] ?? `exit ${String(reason)}`;
  }

  /** ES, SS or DS was loaded: selectors of the other segments never change here. */
  private hasLoadedSegment(): boolean {
    const { memory } = this.processor;
    const selector = (segment: Segment): number =>
      memory.u32(SEGMENTS + segment * SEGMENT_SIZE_BYTES + SEGMENT_SELECTOR);
    const dataSegments = selector(Segment.ES) | selector(Segment.DS);
    return dataSegments !== 0 || selector(Segment.SS) !== USER_DATA;
  }

  private load(before: MachineState, codeOffset: number): void {
    const { processor } = this;
    const { memory } = processor;
    new Uint32Array(memory.buffer, REGISTERS, 32).set(before.registers);
    memory.setU64(RIP, BigInt(CODE_BASE + codeOffset));
    memory.setU32(MXCSR, before.mxcsr);
    memory.setU32(X87_TAGS, before.x87Tags);
    memory.setU16(X87_CONTROL, before.x87.control);
    memory.setU16(X87_CONTROL + 2, before.x87.status);
    memory.bytes(X87_POINTERS, 18).fill(0);
    for (let i = 0; i < 8; i += 1) {
      const at = stackAddress(before.x87.status, i);
      new Uint32Array(memory.buffer, at, 2).set(before.mmx.subarray(2 * i, 2 * i + 2));
      memory.setU16(at + 8, before.x87.heads[i] ?? 0);
    }
    for (let i = 0; i < 16; i += 1) {
      this.vector(i).set(before.vectors.subarray(4 * i, 4 * i + 4));
      this.vector(i, 16).set(before.upperHalves.subarray(4 * i, 4 * i + 4));
    }
    this.loadFlags(before.rflags);
    this.loadImage(before);
  }

  /** XMM register n as four words, or those from `offset` on. */
  private vector(number: number, offset = 0): Uint32Array {
    const at = VECTOR_REGISTERS + VECTOR_REGISTER_BYTES * number + offset;
    return new Uint32Array(this.processor.memory.buffer, at, 4);
  }

  /** Writes the parts that are not already there from the case before. */
  private loadImage(before: MachineState): void {
    const present = this.outcome.state.imageWords;
    for (const { address, imageOffset, sizeBytes } of IMAGE_PARTS) {
      const end = (imageOffset + sizeBytes) / 4;
      let word = imageOffset / 4;
      while (word < end && present[word] === before.imageWords[word]) word += 1;
      if (word === end) continue;
      const part = before.image.subarray(imageOffset, imageOffset + sizeBytes);
      this.processor.write(BigInt(DATA + address - DATA_BASE), part);
    }
  }

  /** In the terms of FLAG_RESULT and FLAG_AUX; `processor.rflags` would drop every translation at each case. */
  private loadFlags(rflags: number): void {
    const { memory } = this.processor;
    const isZero = (rflags & ZF) !== 0;
    const parityOfResult = isZero ? PF : 0; // of 0, and of 1
    const parityCorrection = (rflags & PF) === parityOfResult ? 0 : 1 << 16;
    const signCorrection = (rflags & SF) === 0 ? 0 : 1 << 24;
    memory.setU64(FLAG_RESULT, isZero ? 0n : 1n);
    memory.setU32(FLAG_AUX, (rflags & (CF | AF | OF)) | parityCorrection | signCorrection);
    memory.setU32(RFLAGS_REST, rflags & ~STATUS_FLAGS);
  }

  private collect(reason: ExitReason): void {
    const { outcome, processor } = this;
    const { state } = outcome;
    state.registers.set(new Uint32Array(processor.memory.buffer, REGISTERS, 32));
    state.rflags = Number(processor.rflags);
    state.mxcsr = processor.memory.u32(MXCSR);
    state.x87Tags = processor.memory.u32(X87_TAGS);
    this.collectX87();
    for (let i = 0; i < 16; i += 1) {
      state.vectors.set(this.vector(i), 4 * i);
      state.upperHalves.set(this.vector(i, 16), 4 * i);
    }
    outcome.ripOffset = ripOffset(processor.rip);
    outcome.fault = -1;
    outcome.errorCode = 0;
    outcome.cr2 = 0n;
    if (reason === ExitReason.Halt) this.collectFault(Number(processor.rip - HANDLERS) - 1);
    for (const { address, imageOffset, sizeBytes } of IMAGE_PARTS) {
      state.image.set(processor.read(BigInt(DATA + address - DATA_BASE), sizeBytes), imageOffset);
    }
  }

  private collectX87(): void {
    const { memory } = this.processor;
    const { mmx, x87 } = this.outcome.state;
    x87.control = memory.u16(X87_CONTROL);
    x87.status = memory.u16(X87_CONTROL + 2);
    x87.opcode = memory.u16(X87_POINTERS);
    const pointers = new DataView(memory.buffer, X87_POINTERS + 2, 16);
    x87.instructionPointer = pointers.getBigInt64(0, true);
    x87.dataPointer = pointers.getBigInt64(8, true);
    for (let i = 0; i < 8; i += 1) {
      const at = stackAddress(x87.status, i);
      mmx.set(new Uint32Array(memory.buffer, at, 2), 2 * i);
      x87.heads[i] = memory.u16(at + 8);
    }
  }

  /** Reads what delivery has pushed (SDM Vol. 3 "64-Bit Mode Stack Frame") and goes back to CPL 3. */
  private collectFault(vector: number): void {
    const { outcome, processor } = this;
    const frame = processor.read(BigInt(SYSTEM + STACK_TOP_OFFSET - 48), 48);
    const [errorCode = 0n, rip = 0n, , rflags = 0n, rsp = 0n] = new BigUint64Array(frame.buffer);
    outcome.fault = vector;
    outcome.errorCode = VECTORS_WITH_ERROR_CODE.includes(vector) ? Number(errorCode) : 0;
    outcome.ripOffset = ripOffset(rip);
    outcome.state.rflags = Number(rflags) & ~RFLAGS_RF;
    outcome.state.registers[8] = Number(BigInt.asUintN(32, rsp));
    outcome.state.registers[9] = Number(rsp >> 32n);
    if (vector === VECTOR_PF) {
      outcome.cr2 = BigInt.asIntN(64, processor.controlRegister('cr2'));
    }
    this.enterUserMode();
  }

  // The situation

  private writePages(): void {
    this.mapPages(BigInt(CODE_BASE), CODE, CODE_BYTES, USER_PAGE);
    this.mapPages(BigInt(DATA_BASE), DATA, DATA_BYTES, USER_PAGE | PTE_RW | PTE_XD);
    this.mapPages(BigInt(READ_ONLY_BASE), READ_ONLY, READ_ONLY_BYTES, USER_PAGE | PTE_XD);
    this.mapPages(SYSTEM_BASE, SYSTEM, SYSTEM_BYTES, SUPERVISOR_PAGE);
    const { processor } = this;
    processor.write(BigInt(CODE), new Uint8Array(CODE_BYTES).fill(INT3));
    const pattern = Uint8Array.from({ length: READ_ONLY_BYTES }, (_, i) => i * 7 + 3);
    processor.write(BigInt(READ_ONLY), pattern);
  }

  /** 4-level paging with 4 KiB pages; the upper levels allow everything. */
  private mapPages(linear: bigint, physical: number, sizeBytes: number, flags: bigint): void {
    for (let offset = 0; offset < sizeBytes; offset += 0x1000) {
      const page = linear + BigInt(offset);
      const index = (shift: bigint): number => 8 * Number((page >> shift) & 0x1ffn);
      let table = TABLES;
      for (const shift of [39n, 30n, 21n]) table = this.nextLevel(table + index(shift));
      this.writeWord(table + index(12n), BigInt(physical + offset) | flags);
    }
  }

  /** Physical address of the table behind an entry, which is made when it is not there. */
  private nextLevel(entryAddress: number): number {
    const bytes = this.processor.read(BigInt(entryAddress), 8);
    const entry = new DataView(bytes.buffer).getBigUint64(0, true);
    if ((entry & PTE_P) !== 0n) return Number(entry & 0xf_ffff_f000n);
    const table = this.nextTable;
    this.nextTable += 0x1000;
    this.writeWord(entryAddress, BigInt(table) | PTE_P | PTE_RW | PTE_US | PTE_A);
    return table;
  }

  private writeSystemPages(): void {
    for (const [selector, descriptor] of GDT) this.writeWord(SYSTEM + (selector & ~7), descriptor);
    for (let vector = 0; vector < VECTORS; vector += 1) {
      const handler = HANDLERS + BigInt(vector);
      const low = (handler & 0xffffn) | (BigInt(KERNEL_CODE) << 16n) | (INTERRUPT_GATE << 32n);
      const gate = SYSTEM + IDT_OFFSET + 16 * vector;
      this.writeWord(gate, low | (((handler >> 16n) & 0xffffn) << 48n));
      this.writeWord(gate + 8, handler >> 32n);
    }
    const stackTop = SYSTEM_BASE + BigInt(STACK_TOP_OFFSET);
    this.writeWord(SYSTEM + TSS_OFFSET + 4, stackTop); // RSP0
    this.writeWord(SYSTEM + TSS_OFFSET + 0x60, BigInt(TSS_BYTES) << 48n); // I/O map: none
    this.processor.write(BigInt(SYSTEM + HANDLERS_OFFSET), new Uint8Array(VECTORS).fill(HLT));
  }

  private enterLongMode(): void {
    const { processor } = this;
    processor.setControlRegister('cr3', BigInt(TABLES));
    processor.setControlRegister('cr4', CR4_PAE_PGE_OSFXSR_OSXMMEXCPT_FSGSBASE_OSXSAVE);
    processor.memory.setU64(XCR0, XCR0_X87_SSE_AVX);
    processor.setControlRegister('efer', EFER_SCE_LME_LMA_NXE);
    processor.setControlRegister('cr0', CR0_PE_MP_ET_NE_WP_PG);
    processor.setDescriptorTable('gdtr', { base: SYSTEM_BASE, limit: 0x7f });
    const idtBase = SYSTEM_BASE + BigInt(IDT_OFFSET);
    processor.setDescriptorTable('idtr', { base: idtBase, limit: 16 * VECTORS - 1 });
    const base = SYSTEM_BASE + BigInt(TSS_OFFSET);
    const tss = { selector: 0x40, base, limit: TSS_BYTES - 1, attributes: 0x8b, unusable: false };
    processor.setSegment('tr', tss);
    for (const name of ['fs', 'ldtr'] as const) processor.setSegment(name, NULL_SEGMENT);
    processor.setSegment('gs', { ...NULL_SEGMENT, base: BigInt(GS_BASE) });
  }

  private enterUserMode(): void {
    const { processor } = this;
    const flat = { base: 0n, limit: 0xffff_ffff, unusable: false };
    for (const name of ['ds', 'es'] as const) processor.setSegment(name, NULL_SEGMENT);
    processor.setSegment('cs', { ...flat, selector: USER_CODE, attributes: 0xa0fb });
    processor.setSegment('ss', { ...flat, selector: USER_DATA, attributes: 0xc0f3 });
    processor.cpl = 3;
  }

  private writeWord(physical: number, value: bigint): void {
    const bytes = new Uint8Array(8);
    new DataView(bytes.buffer).setBigUint64(0, value, true);
    this.processor.write(BigInt(physical), bytes);
  }
}

function ripOffset(rip: bigint): number {
  return Number(BigInt.asIntN(64, rip - BigInt(CODE_BASE)));
}
