/**
 * A processor with descriptor tables, handlers and stacks in place, in one of the three kinds of mode. Handlers only halt:
 * which one was entered, and with what on its stack, is what the tests look at.
 *
 *   0x01000 page tables       0x10000 GDT    0x14000 LDT       0x20000 + 16 v  handler of vector v: HLT
 *   0x11000 IDT               0x13000 TSS    0x30000 code      0x40000 data
 *   stacks: 0x70000 program, 0x80000 ring 0 from the TSS, 0x90000 IST1, 0xA0000 ring 1 from the TSS
 */
import * as layout from '../../emulator/isa/state-layout.js';
import type { CpuMode, ExitReason } from '../../emulator/isa/state-layout.js';
import { Segment } from '../../emulator/isa/uop.js';
import { BareProcessor } from './bare-processor.js';
import type { SegmentState } from './bare-processor.js';

export const GDT = 0x1_0000n;
export const IDT = 0x1_1000n;
export const TSS = 0x1_3000n;
export const LDT = 0x1_4000n;
export const HANDLERS = 0x2_0000n;
export const CODE = 0x3_0000n;
export const DATA = 0x4_0000n;
export const PROGRAM_STACK = 0x7_0000n;
export const RING0_STACK = 0x8_0000n;
export const IST1_STACK = 0x9_0000n;
export const RING1_STACK = 0xa_0000n;
/** Linear addresses from here on are not mapped in long mode. */
export const UNMAPPED = 0x4000_0000n;

const PML4 = 0x1000n;
const PDPT = 0x2000n;
const PD = 0x3000n;

/** Access bytes. */
export const Access = {
  code0: 0x9b,
  code1: 0xbb,
  code3: 0xfb,
  conforming0: 0x9f,
  conforming3: 0xff,
  executeOnly0: 0x99,
  data0: 0x93,
  data1: 0xb3,
  data3: 0xf3,
  readOnly0: 0x91,
  expandDown0: 0x97,
  tss16Available: 0x81,
  ldt: 0x82,
  tss16Busy: 0x83,
  callGate16: 0x84,
  taskGate: 0x85,
  interruptGate16: 0x86,
  trapGate16: 0x87,
  tssAvailable: 0x89,
  tssBusy: 0x8b,
  callGate: 0x8c,
  interruptGate: 0x8e,
  trapGate: 0x8f,
} as const;

/** Flags nibble: G, D/B, L. */
export const Flags = {
  bytes16: 0x0,
  pages32: 0xc,
  pages64: 0xa,
  bytes32: 0x4,
  pages16: 0x8,
} as const;

/** A code or data descriptor; `limit` in the unit that G says. */
export function descriptor(access: number, flags: number, base = 0, limit = 0xf_ffff): bigint {
  return (
    BigInt(limit & 0xffff) |
    (BigInt(base & 0xff_ffff) << 16n) |
    (BigInt(access) << 40n) |
    (BigInt(limit >>> 16) << 48n) |
    (BigInt(flags) << 52n) |
    (BigInt(base >>> 24) << 56n)
  );
}

/** A gate of 8 bytes; `low` is the parameter count or the IST index. */
export function gate(selector: number, offset: number, access: number, low = 0): bigint {
  return (
    BigInt(offset & 0xffff) |
    (BigInt(selector) << 16n) |
    (BigInt(low) << 32n) |
    (BigInt(access) << 40n) |
    (BigInt(offset >>> 16) << 48n)
  );
}

/** Selectors of the GDT that every test machine has. */
export const Selector = {
  code64: 0x08,
  data0: 0x10,
  code32: 0x18,
  code32User: 0x20,
  dataUser: 0x28,
  code64User: 0x30,
  tss: 0x38, // 16 bytes in long mode
  ldt: 0x48, // 16 bytes in long mode
  code16: 0x58,
  data16: 0x60,
  code1: 0x68,
  data1: 0x70,
  /** For the test's own use, up to the limit. */
  free: 0x80,
  limit: 0xff,
} as const;

export type MachineMode = 'real' | 'protected' | 'long';

export interface Frame {
  readonly vector: number;
  /** Words on the handler's stack, from the top. */
  readonly words: readonly bigint[];
}

export class TestMachine {
  readonly processor = new BareProcessor();

  /** A machine at privilege `level` that is about to execute at CODE. */
  constructor(
    readonly mode: MachineMode,
    readonly level = 0,
  ) {
    this.processor.write(HANDLERS, new Uint8Array(4096).fill(0xf4));
    if (mode === 'real') this.enterReal();
    else this.enterProtected();
    this.processor.setRegister('rsp', PROGRAM_STACK & (mode === 'real' ? 0xffffn : ~0n));
    this.processor.rip = mode === 'real' ? 0n : CODE;
    this.processor.core.flushAll();
  }

  get wordBytes(): number {
    return this.mode === 'long' ? 8 : this.mode === 'protected' ? 4 : 2;
  }

  private enterReal(): void {
    const { processor } = this;
    processor.set64(layout.CR0, 0x10n);
    processor.set32(layout.IDTR_LIMIT, 0x3ff);
    for (const segment of [
      Segment.ES,
      Segment.CS,
      Segment.SS,
      Segment.DS,
      Segment.FS,
      Segment.GS,
    ]) {
      processor.setSegment(segment, { selector: 0, base: 0n, limit: 0xffff, attributes: 0x93 });
    }
    processor.setSegment(Segment.CS, {
      selector: 0x3000,
      base: CODE,
      limit: 0xffff,
      attributes: 0x93,
    });
    processor.setSegment(Segment.SS, {
      selector: 0x7000,
      base: 0x7_0000n,
      limit: 0xffff,
      attributes: 0x93,
    });
    const vectors = Uint32Array.from({ length: 256 }, (_, vector) => 0x2000_0000 + 16 * vector);
    processor.write(0n, new Uint8Array(vectors.buffer));
  }

  private enterProtected(): void {
    const { processor } = this;
    const long = this.mode === 'long';
    this.writeDescriptorTables(long);
    if (long) this.mapFirstGibibyte();
    processor.set64(layout.CR0, long ? 0x8000_0011n : 0x11n);
    processor.set64(layout.CR4, long ? 0x20n : 0n);
    processor.set64(layout.IA32_EFER, long ? 0x500n : 0n);
    processor.set32(layout.CPL, this.level);
    const user = this.level === 3;
    const code = long
      ? user
        ? Selector.code64User
        : Selector.code64
      : user
        ? Selector.code32User
        : Selector.code32;
    const data = user ? Selector.dataUser : Selector.data0;
    this.loadCache(Segment.CS, code | this.level);
    for (const segment of [Segment.ES, Segment.SS, Segment.DS, Segment.FS, Segment.GS]) {
      this.loadCache(segment, data | this.level);
    }
    processor.setSegment(Segment.TR, {
      selector: Selector.tss,
      base: TSS,
      limit: 0xff,
      attributes: Access.tssBusy,
    });
    processor.setSegment(Segment.LDTR, {
      selector: 0,
      base: 0n,
      limit: 0,
      attributes: 0,
      unusable: true,
    });
    this.writeTaskState(long);
  }

  private writeDescriptorTables(long: boolean): void {
    const { processor } = this;
    processor.set64(layout.GDTR_BASE, GDT);
    processor.set32(layout.GDTR_LIMIT, Selector.limit);
    processor.set64(layout.IDTR_BASE, IDT);
    processor.set32(layout.IDTR_LIMIT, long ? 0xfff : 0x7ff);
    this.setDescriptor(Selector.code64, descriptor(Access.code0, Flags.pages64));
    this.setDescriptor(Selector.data0, descriptor(Access.data0, Flags.pages32));
    this.setDescriptor(Selector.code32, descriptor(Access.code0, Flags.pages32));
    this.setDescriptor(Selector.code32User, descriptor(Access.code3, Flags.pages32));
    this.setDescriptor(Selector.dataUser, descriptor(Access.data3, Flags.pages32));
    this.setDescriptor(Selector.code64User, descriptor(Access.code3, Flags.pages64));
    this.setDescriptor(Selector.tss, descriptor(Access.tssAvailable, 0, Number(TSS), 0xff));
    this.setDescriptor(Selector.ldt, descriptor(Access.ldt, 0, Number(LDT), 0x3f));
    this.setDescriptor(Selector.code16, descriptor(Access.code0, Flags.bytes16, 0, 0xffff));
    this.setDescriptor(Selector.data16, descriptor(Access.data0, Flags.bytes16, 0, 0xffff));
    this.setDescriptor(Selector.code1, descriptor(Access.code1, Flags.pages32));
    this.setDescriptor(Selector.data1, descriptor(Access.data1, Flags.pages32));
    const gates = BigUint64Array.from({ length: long ? 512 : 256 }, (_, n) =>
      long && n % 2 === 1 ? 0n : this.gateOf(long ? n / 2 : n, Access.interruptGate),
    );
    processor.write(IDT, new Uint8Array(gates.buffer));
  }

  private mapFirstGibibyte(): void {
    const { processor } = this;
    processor.writeWord(PML4, PDPT | 7n, 8);
    processor.writeWord(PDPT, PD | 7n, 8);
    const pages = BigUint64Array.from({ length: 512 }, (_, n) => (BigInt(n) << 21n) | 0x87n);
    processor.write(PD, new Uint8Array(pages.buffer));
    processor.set64(layout.CR3, PML4);
  }

  private writeTaskState(long: boolean): void {
    const { processor } = this;
    if (long) {
      processor.writeWord(TSS + 4n, RING0_STACK, 8);
      processor.writeWord(TSS + 12n, RING1_STACK, 8);
      processor.writeWord(TSS + 36n, IST1_STACK, 8);
    } else {
      processor.writeWord(TSS + 4n, RING0_STACK, 4);
      processor.writeWord(TSS + 8n, BigInt(Selector.data0), 4);
      processor.writeWord(TSS + 12n, RING1_STACK, 4);
      processor.writeWord(TSS + 16n, BigInt(Selector.data1 | 1), 4);
    }
    processor.writeWord(TSS + 0x66n, 0x68n, 2);
  }

  setDescriptor(selector: number, value: bigint, upper?: bigint): void {
    this.processor.writeWord(GDT + BigInt(selector & ~7), value, 8);
    if (upper !== undefined) this.processor.writeWord(GDT + BigInt(selector & ~7) + 8n, upper, 8);
  }
  descriptorAt(selector: number): bigint {
    return this.processor.readWord(GDT + BigInt(selector & ~7), 8);
  }

  /** The IDT entry of `vector`; its handler is at HANDLERS + 16 * vector unless `offset` says otherwise. */
  setGate(
    vector: number,
    access: number,
    options: { readonly selector?: number; readonly ist?: number; readonly offset?: bigint } = {},
  ): void {
    const long = this.mode === 'long';
    const at = IDT + BigInt(vector * (long ? 16 : 8));
    this.processor.writeWord(at, this.gateOf(vector, access, options), 8);
    if (long) this.processor.writeWord(at + 8n, (options.offset ?? 0n) >> 32n, 8);
  }

  private gateOf(
    vector: number,
    access: number,
    options: { readonly selector?: number; readonly ist?: number; readonly offset?: bigint } = {},
  ): bigint {
    const offset = options.offset ?? HANDLERS + 16n * BigInt(vector);
    const selector = options.selector ?? (this.mode === 'long' ? Selector.code64 : Selector.code32);
    return gate(selector, Number(offset & 0xffff_ffffn), access, options.ist ?? 0);
  }

  /** Loads a segment register's cache from the GDT, without any check. */
  loadCache(segment: Segment, selector: number): void {
    this.processor.setSegment(segment, { selector, ...cacheOf(this.descriptorAt(selector)) });
  }

  /** Executes `hex` at CODE for at most `instructions` instructions. */
  execute(hex: string, instructions = 100): ExitReason {
    this.processor.writeCode(CODE, hex);
    this.processor.core.flushAll();
    return this.processor.run(instructions);
  }

  get cpuMode(): CpuMode {
    return this.processor.get32(layout.MODE);
  }
  get cpl(): number {
    return this.processor.get32(layout.CPL);
  }
  selectorOf(segment: Segment): number {
    return this.processor.segment(segment).selector;
  }

  /** The handler that has just halted, and `count` words from the top of its stack; throws when no handler ran. */
  handler(count: number): Frame {
    const { processor } = this;
    const base = this.mode === 'real' ? 0n : HANDLERS;
    const offset = processor.rip - 1n - base;
    if (offset < 0n || offset % 16n !== 0n || offset >= 4096n) {
      throw new Error(`no handler halted: RIP is 0x${processor.rip.toString(16)}`);
    }
    const stack = processor.segment(Segment.SS);
    const top =
      this.mode === 'long' ? processor.register('rsp') : stack.base + this.stackOffset(stack);
    const words = Array.from({ length: count }, (_, n) =>
      processor.readWord(top + BigInt(n * this.wordBytes), this.wordBytes),
    );
    return { vector: Number(offset / 16n), words };
  }

  private stackOffset(stack: SegmentState): bigint {
    return (
      this.processor.register('rsp') & ((stack.attributes & 0x4000) !== 0 ? 0xffff_ffffn : 0xffffn)
    );
  }
}

/** What a segment register holds after it was loaded from this descriptor. */
export function cacheOf(value: bigint): Omit<SegmentState, 'selector'> {
  const limit = Number((value & 0xffffn) | ((value >> 32n) & 0xf_0000n));
  const pages = ((value >> 55n) & 1n) !== 0n;
  return {
    base: ((value >> 16n) & 0xff_ffffn) | ((value >> 32n) & 0xff00_0000n),
    limit: pages ? limit * 4096 + 4095 : limit,
    attributes: Number((value >> 40n) & 0xf0ffn),
  };
}
