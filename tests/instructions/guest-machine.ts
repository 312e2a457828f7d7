/**
 * A processor with a program in assembly language, in one of three situations. Everything is identity-mapped; every
 * vector's handler is a HLT at HANDLERS + 16 * vector.
 *
 *   16: real-address mode, CS = DS = ES = SS = 0        32: protected mode, flat        64: 64-bit mode, CPL 0
 *
 * Programs for 64-bit mode are assembled as 32-bit code out of instructions that have the same encoding there: addresses
 * and stack operands are then 64 bits wide by themselves. Not to be used: INC and DEC of a register (they would be REX
 * prefixes), and addresses without a base register (they would be relative to RIP).
 */
import { readFileSync } from 'node:fs';
import type { AttachTiming, AttachTranslator } from '../../emulator/cpu/core-module.js';
import { Processor } from '../../emulator/cpu/processor.js';
import type { ProcessorHost } from '../../emulator/cpu/processor-options.js';
import { CPUID_TABLE } from '../../emulator/cpu/cpuid-table.js';
import type { GeneralRegister, SegmentName } from '../../emulator/cpu/register-slots.js';
import { ExitReason } from '../../emulator/isa/state-layout.js';
import { assemble } from '../../firmware/assembler/assemble.js';

export const CODE = 0x8000n;
export const DATA = 0x2_0000n;
export const STACK = 0x7000n;
export const HANDLERS = 0x4000n;
/** From here on nothing is mapped in 64-bit mode. */
export const UNMAPPED = 0x4000_0000n;

const IDT = 0x5000n;
const GDT = 0x6000n;
const PML4 = 0x1000n;
const PDPT = 0x2000n;
const PD = 0x3000n;
export const RAM_BYTES = 0x4000_0000n;
const VECTORS = 32;
const CODE_SELECTOR = 0x08;
const DATA_SELECTOR = 0x10;
const HLT = 0xf4;

export type Bits = 16 | 32 | 64;

const DIST = new URL('../../dist/emulator/cpu/', import.meta.url);
const wasm = readFileSync(new URL('core.wasm', DIST));
const timedWasm = readFileSync(new URL('core-timed.wasm', DIST));
const SILENT: ProcessorHost = {
  portIn: () => 0xff,
  portOut: () => undefined,
  timeStamp: () => 0n,
  trace: () => undefined,
};

export class GuestMachine {
  /** What machines have that do not say; tests/translator/instruction-tests.test.ts changes it. */
  static translator: AttachTranslator | null = null;

  readonly processor: Processor;
  private labels: ReadonlyMap<string, bigint> = new Map();

  constructor(
    readonly bits: Bits,
    source: string,
    host: Partial<ProcessorHost> = {},
    timing: AttachTiming | null = null,
    translator: AttachTranslator | null = timing === null ? GuestMachine.translator : null,
  ) {
    const options = {
      host: { ...SILENT, ...host },
      traceCategories: new Set<string>(),
      ...(timing === null ? { wasm } : { wasm: timedWasm, timing }),
      ...(translator === null ? {} : { translator }),
    };
    this.processor = Processor.create(options);
    this.processor.setCpuid(CPUID_TABLE);
    this.processor.setRamRanges([{ base: 0n, end: RAM_BYTES, rom: false }]);
    this.enter();
    this.load(source);
  }

  /** Writes tables and handlers, and enters the mode from the state after RESET. */
  enter(): void {
    this.processor.write(HANDLERS, new Uint8Array(16 * VECTORS).fill(HLT));
    if (this.bits === 16) this.enterRealMode();
    else this.enterFlatMode(this.bits === 64);
    this.processor.setRegister('rsp', STACK);
  }

  /** Replaces the program; RIP is its first instruction. */
  load(source: string): void {
    const text = `bits ${this.bits === 16 ? 16 : 32}\norg ${CODE}\n${source}\n`;
    const { bytes, symbols } = assemble('test.asm', () => text);
    this.processor.write(CODE, bytes);
    this.processor.rip = CODE;
    this.labels = symbols;
  }

  label(name: string): bigint {
    const address = this.labels.get(name);
    if (address === undefined) throw new Error(`no label ${name}`);
    return address;
  }

  register(name: GeneralRegister): bigint {
    return this.processor.register(name);
  }

  setRegisters(values: Partial<Record<GeneralRegister, bigint>>): void {
    for (const [name, value] of Object.entries(values)) {
      this.processor.setRegister(name as GeneralRegister, value);
    }
  }

  /** Runs up to HLT; throws when the program does something else instead. */
  runToHalt(instructions = 1_000_000): void {
    let reason = this.processor.run(instructions);
    while (reason === ExitReason.Io || reason === ExitReason.Pause) {
      reason = this.processor.run(instructions);
    }
    if (reason !== ExitReason.Halt) {
      throw new Error(`${ExitReason[reason]} at 0x${this.processor.rip.toString(16)}`);
    }
  }

  /** The vector whose handler has halted, or null when the program's own HLT was the last. */
  get vector(): number | null {
    const offset = this.processor.rip - 1n - HANDLERS;
    return offset >= 0n && offset < BigInt(16 * VECTORS) ? Number(offset / 16n) : null;
  }

  /** `bytes` bytes at `address` as a number. */
  word(address: bigint, bytes = 8): bigint {
    return this.processor
      .read(address, bytes)
      .reduceRight((word, byte) => (word << 8n) | BigInt(byte), 0n);
  }

  setWord(address: bigint, value: bigint, bytes = 8): void {
    const shifts = Array.from({ length: bytes }, (_, index) => BigInt(8 * index));
    const digits = shifts.map((shift) => Number((value >> shift) & 0xffn));
    this.processor.write(address, Uint8Array.from(digits));
  }

  private enterRealMode(): void {
    const { processor } = this;
    processor.setControlRegister('cr0', 0x10n);
    const state = { selector: 0, base: 0n, limit: 0xffff, attributes: 0x93, unusable: false };
    for (const name of ['cs', 'ds', 'es', 'ss'] as const) processor.setSegment(name, state);
    for (let vector = 0; vector < VECTORS; vector++) {
      this.setWord(BigInt(4 * vector), HANDLERS + BigInt(16 * vector), 4);
    }
  }

  private enterFlatMode(long: boolean): void {
    const { processor } = this;
    if (long) this.mapFirstGibibyte();
    this.setWord(GDT + 8n, long ? 0x00af_9b00_0000_ffffn : 0x00cf_9b00_0000_ffffn);
    this.setWord(GDT + 16n, 0x00cf_9300_0000_ffffn);
    processor.setDescriptorTable('gdtr', { base: GDT, limit: 0x17 });
    processor.setDescriptorTable('idtr', { base: IDT, limit: (long ? 16 : 8) * VECTORS - 1 });
    for (let vector = 0; vector < VECTORS; vector++) {
      const offset = HANDLERS + BigInt(16 * vector);
      const gate = offset | (BigInt(CODE_SELECTOR) << 16n) | (0x8en << 40n);
      this.setWord(IDT + BigInt((long ? 16 : 8) * vector), gate);
    }
    processor.setControlRegister('cr3', PML4);
    processor.setControlRegister('cr4', long ? 0x20n : 0n);
    processor.setControlRegister('efer', long ? 0x500n : 0n);
    processor.setControlRegister('cr0', long ? 0x8001_0011n : 0x11n);
    const flat = { base: 0n, limit: 0xffff_ffff, unusable: false };
    const attributes = long ? 0xa09b : 0xc09b;
    processor.setSegment('cs', { ...flat, selector: CODE_SELECTOR, attributes });
    for (const name of ['ds', 'es', 'ss', 'fs', 'gs'] as const satisfies SegmentName[]) {
      processor.setSegment(name, { ...flat, selector: DATA_SELECTOR, attributes: 0xc093 });
    }
  }

  private mapFirstGibibyte(): void {
    this.setWord(PML4, PDPT | 3n);
    this.setWord(PDPT, PD | 3n);
    const pages = BigUint64Array.from({ length: 512 }, (_, page) => (BigInt(page) << 21n) | 0x83n);
    this.processor.write(PD, new Uint8Array(pages.buffer));
  }
}
