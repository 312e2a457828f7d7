/**
 * A program in 64-bit mode on a processor with a timing engine, without a machine around it: what is measured is the
 * program alone. The first gibibyte is identity-mapped by pages of 2 MiB; from SMALL_PAGES on by pages of 4 KiB, in no order,
 * if asked.
 * Programs are assembled as 32-bit code of instructions that have the same encoding in 64-bit mode.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Processor } from '../../emulator/cpu/processor.js';
import { CPUID_TABLE } from '../../emulator/cpu/cpuid-table.js';
import type { GeneralRegister } from '../../emulator/cpu/register-slots.js';
import { ExitReason } from '../../emulator/isa/state-layout.js';
import type { CoreModel } from '../../emulator/timing/core-model.js';
import {
  TimingEngine,
  type CounterName,
  type RemoteMemory,
} from '../../emulator/timing/timing-engine.js';
import { Sequence, shuffled } from './sequence.js';
import { assemble } from '../../firmware/assembler/assemble.js';

export const DATA = 0x400_0000;
/** Pages of 4 KiB, up to 64 MiB of them. */
export const SMALL_PAGES = DATA;
const SMALL_TABLES = 32;

const RAM_BYTES = 0x4000_0000n;
const CODE = 0x10_0000n;
const PML4 = 0x1000;
const PDPT = 0x2000;
const PD = 0x3000;
const PAGE_TABLES = 0x4_0000;
const STACK = 0xf_0000n;
const PRESENT_WRITABLE = 3n;
const LARGE = 0x80n;
/** Instructions of one call of the processor. */
const BUDGET = 1_000_000;

export class TimedGuest {
  private readonly processor: Processor;
  private readonly engine: TimingEngine;
  private readonly symbols: ReadonlyMap<string, bigint>;
  private readonly frames: Uint32Array;

  /** `rootDir`: the project, built. */
  constructor(
    rootDir: string,
    model: CoreModel,
    source: string,
    pages: '2 MiB' | '4 KiB',
    remote: readonly RemoteMemory[] = [],
  ) {
    const dist = join(rootDir, 'dist/emulator');
    this.engine = new TimingEngine(readFileSync(join(dist, 'timing/engine.wasm')), model, remote);
    this.processor = Processor.create({
      wasm: readFileSync(join(dist, 'cpu/core-timed.wasm')),
      timing: this.engine.attach,
      host: {
        portIn: () => 0xff,
        portOut: () => undefined,
        timeStamp: () => BigInt(this.engine.nowCycles),
        trace: () => undefined,
      },
      traceCategories: new Set<string>(),
    });
    this.processor.setCpuid(CPUID_TABLE);
    this.processor.setRamRanges([{ base: 0n, end: RAM_BYTES, rom: false }]);
    this.frames = framesOf(pages);
    this.map(pages);
    this.enterLongMode();
    const text = `bits 32\norg ${CODE}\n${source}\nhlt\n`;
    const { bytes, symbols } = assemble('guest.asm', () => text);
    this.processor.write(CODE, bytes);
    this.symbols = symbols;
  }

  /** Writes 64-bit words from `address` on. */
  write(address: number, words: BigUint64Array): void {
    const bytes = new Uint8Array(words.buffer, words.byteOffset, words.byteLength);
    this.processor.write(BigInt(address), bytes);
  }

  /** Where the linear address of a page of 4 KiB lies, or of any other memory. */
  physicalOf(linear: number): number {
    const frame = this.frames[(linear - SMALL_PAGES) >>> 12];
    return frame === undefined ? linear : SMALL_PAGES + frame * 4096 + (linear & 0xfff);
  }

  /** Instructions retired so far. */
  get retired(): number {
    return this.processor.retired;
  }

  counters(): Record<CounterName, number> {
    return this.engine.counters();
  }

  register(name: GeneralRegister): bigint {
    return this.processor.register(name);
  }

  label(name: string): number {
    const address = this.symbols.get(name);
    if (address === undefined) throw new Error(`The guest has no label ${name}.`);
    return Number(address);
  }

  /** Runs the program from its first instruction to its HLT. Returns the cycles. */
  run(registers: Partial<Record<GeneralRegister, number>> = {}): number {
    const { processor, engine } = this;
    for (const [name, value] of Object.entries(registers)) {
      processor.setRegister(name as GeneralRegister, BigInt(value));
    }
    processor.setRegister('rsp', STACK);
    processor.rip = CODE;
    const before = engine.nowCycles;
    let reason = processor.run(BUDGET);
    while (reason === ExitReason.Budget || reason === ExitReason.Pause) {
      reason = processor.run(BUDGET);
    }
    if (reason !== ExitReason.Halt) {
      throw new Error(
        `The guest stopped at 0x${processor.rip.toString(16)}: ${ExitReason[reason]}.`,
      );
    }
    return engine.nowCycles - before;
  }

  private map(pages: '2 MiB' | '4 KiB'): void {
    this.write(PML4, BigUint64Array.of(BigInt(PDPT) | PRESENT_WRITABLE));
    this.write(PDPT, BigUint64Array.of(BigInt(PD) | PRESENT_WRITABLE));
    const first = SMALL_PAGES >> 21;
    const directory = BigUint64Array.from({ length: 512 }, (_, entry) => {
      const small = pages === '4 KiB' && entry >= first && entry < first + SMALL_TABLES;
      return small
        ? BigInt(PAGE_TABLES + (entry - first) * 4096) | PRESENT_WRITABLE
        : (BigInt(entry) << 21n) | LARGE | PRESENT_WRITABLE;
    });
    this.write(PD, directory);
    if (pages === '2 MiB') return;
    const entries = BigUint64Array.from(
      this.frames,
      (frame) => BigInt(SMALL_PAGES + frame * 4096) | PRESENT_WRITABLE,
    );
    this.write(PAGE_TABLES, entries);
  }

  private enterLongMode(): void {
    const { processor } = this;
    processor.setControlRegister('cr3', BigInt(PML4));
    // PAE, OSFXSR, OSXMMEXCPT.
    processor.setControlRegister('cr4', 0x620n);
    processor.setControlRegister('efer', 0x500n);
    processor.setControlRegister('cr0', 0x8001_0011n);
    const flat = { base: 0n, limit: 0xffff_ffff, unusable: false };
    processor.setSegment('cs', { ...flat, selector: 8, attributes: 0xa09b });
    for (const name of ['ds', 'es', 'ss'] as const) {
      processor.setSegment(name, { ...flat, selector: 16, attributes: 0xc093 });
    }
  }
}

/** Pages of 4 KiB lie in memory as a system that has run for a while hands them out: anywhere. */
function framesOf(pages: '2 MiB' | '4 KiB'): Uint32Array {
  if (pages === '2 MiB') return new Uint32Array();
  const frames = (Number(RAM_BYTES) - SMALL_PAGES) / 4096;
  return shuffled(frames, new Sequence(4096)).subarray(0, SMALL_TABLES * 512);
}
