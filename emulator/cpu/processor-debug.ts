/** What debuggers and crash reports ask of a processor between its runs. Nothing here has an effect on what the guest sees. */
import { assert } from '../base/assert.js';
import {
  CpuMode,
  STOP_AT_FAULT,
  STOPPED_AT_FAULT,
  TOLD_LINEAR,
  WATCHES_READS,
  WATCHES_WRITES,
  WATCHPOINT_BYTES,
  WATCHPOINT_COUNT,
  WATCHPOINT_MET,
  WATCHPOINTS,
  WATCHPOINTS_MAX,
} from '../isa/state-layout.js';
import type { CoreExports } from './core-module.js';
import type { CodeBreakpoints } from './decoder/block-decoder.js';
import type { LinearMemory } from './linear-memory.js';
import type { GeneralRegister, SegmentName, SegmentState } from './register-slots.js';
import type { PhysicalMemoryPort } from '../memory/physical-port.js';

const PAGE_MASK = 0xfffn;
const NOWHERE = 0xffff_ffff_ffff_ffffn;
/** D/B of a segment's attributes: 32 bits. */
const ATTRIBUTE_DB = 1 << 14;

/** Linear addresses before whose instructions a run ends; the decoder asks. */
export class Breakpoints implements CodeBreakpoints {
  /** The debugger's. */
  readonly addresses = new Set<bigint>();
  /** Those of machine/moments.ts. */
  readonly moments = new Set<bigint>();
  /** The one that is not in force, while the instruction at which it has stopped is executed. */
  suspended: bigint | null = null;
  linearAddress: (rip: bigint) => bigint = (rip) => rip;
  /** Whether the run ends before code that begins so, wherever it lies (machine/magic.ts). */
  marks: ((code: Uint8Array, is16: boolean) => boolean) | null = null;
  decoded: ((rip: bigint, lengthBytes: number) => void) | null = null;

  get any(): boolean {
    return this.addresses.size > 0 || this.moments.size > 0 || this.marks !== null;
  }

  stopsAt(rip: bigint, code: Uint8Array, is16: boolean): boolean {
    const linear = this.linearAddress(rip);
    if (linear === this.suspended) return false;
    if (this.addresses.has(linear) || this.moments.has(linear)) return true;
    return this.marks?.(code, is16) === true;
  }
}

/** Accesses that a watchpoint stops behind. */
export type WatchedAccess = 'write' | 'read' | 'access';

export interface Watchpoint {
  /** Linear address of the first byte. */
  readonly address: bigint;
  readonly lengthBytes: bigint;
  readonly access: WatchedAccess;
}

const ACCESS_BITS: Readonly<Record<WatchedAccess, number>> = {
  write: WATCHES_WRITES,
  read: WATCHES_READS,
  access: WATCHES_READS | WATCHES_WRITES,
};

/** What is asked of the processor itself. */
interface DebuggedProcessor extends PhysicalMemoryPort {
  readonly memory: LinearMemory;
  readonly mode: CpuMode;
  rip: bigint;
  register(name: GeneralRegister): bigint;
  segment(name: SegmentName): SegmentState;
  loadRom(address: bigint, bytes: Uint8Array): void;
}

export class ProcessorDebug {
  private watchpoints: readonly Watchpoint[] = [];

  constructor(
    private readonly processor: DebuggedProcessor,
    private readonly core: CoreExports,
    private readonly breakpoints: Breakpoints,
  ) {
    breakpoints.linearAddress = (rip) => this.linearOf(rip);
  }

  // Code

  /** Linear address of CS:`rip`. */
  linearOf(rip: bigint): bigint {
    return this.wrap(this.codeBase + rip);
  }

  /** Of code outside of 64-bit mode. */
  get codeBits(): 16 | 32 {
    return (this.processor.segment('cs').attributes & ATTRIBUTE_DB) === 0 ? 16 : 32;
  }

  /** Linear address of the next instruction. */
  get instructionAddress(): bigint {
    return this.linearOf(this.processor.rip);
  }

  /** The next instruction is that at a linear address: RIP is what CS makes of it. */
  set instructionAddress(linear: bigint) {
    this.processor.rip = this.wrap(linear - this.codeBase);
  }

  /** Linear address of the access that the host is being told of. */
  get toldLinear(): bigint {
    return this.processor.memory.u64(TOLD_LINEAR);
  }

  private get codeBase(): bigint {
    return this.processor.mode === CpuMode.Long ? 0n : this.processor.segment('cs').base;
  }

  /** Up to `max` bytes at CS:rip; fewer where a page is not mapped. */
  readInstructionBytes(rip: bigint, max: number): Uint8Array {
    return this.readLinear(this.linearOf(rip), max);
  }

  // Memory

  /** Physical address behind `linear` as the page tables say now, without side effects; null when not mapped. */
  translate(linear: bigint): bigint | null {
    const physical = BigInt.asUintN(64, this.core.translateDebug(linear));
    return physical === NOWHERE ? null : physical;
  }

  /** Bytes at a linear address, without side effects; cut at the first byte that is not mapped. */
  readLinear(linear: bigint, lengthBytes: number): Uint8Array {
    const bytes = new Uint8Array(lengthBytes);
    const done = this.eachPage(linear, lengthBytes, (physical, from, count) => {
      bytes.set(this.processor.read(physical, count), from);
    });
    return bytes.subarray(0, done);
  }

  /** Writes bytes at a linear address, whatever the page tables allow; only those before the first that is not mapped. Returns how many. */
  writeLinear(linear: bigint, bytes: Uint8Array): number {
    return this.eachPage(linear, bytes.length, (physical, from, count) => {
      this.processor.write(physical, bytes.subarray(from, from + count));
    });
  }

  private eachPage(
    linear: bigint,
    lengthBytes: number,
    visit: (physical: bigint, from: number, count: number) => void,
  ): number {
    let done = 0;
    while (done < lengthBytes) {
      const at = this.wrap(linear + BigInt(done));
      const physical = this.translate(at);
      if (physical === null) break;
      const count = Math.min(0x1000 - Number(at & PAGE_MASK), lengthBytes - done);
      visit(physical, done, count);
      done += count;
    }
    return done;
  }

  /** Linear address of the top of the stack. */
  stackLinearAddress(): bigint {
    const { processor } = this;
    const pointer = processor.register('rsp');
    if (processor.mode === CpuMode.Long) return pointer;
    const { base, attributes } = processor.segment('ss');
    const mask = (attributes & ATTRIBUTE_DB) === 0 ? 0xffffn : 0xffff_ffffn;
    return this.wrap(base + (pointer & mask));
  }

  private wrap(linear: bigint): bigint {
    return BigInt.asUintN(this.processor.mode === CpuMode.Long ? 64 : 32, linear);
  }

  // Breakpoints: a run ends before the instruction, with ExitReason.Unimplemented

  isBreakpoint(linear: bigint): boolean {
    return this.breakpoints.addresses.has(linear);
  }

  addBreakpoint(linear: bigint): void {
    this.breakpoints.addresses.add(linear);
    this.core.dropAllCode();
  }

  removeBreakpoint(linear: bigint): void {
    if (this.breakpoints.addresses.delete(linear)) this.core.dropAllCode();
  }

  /** The same for a moment of the run loop's, whether a debugger is there or not. */
  setMoment(linear: bigint, on: boolean): void {
    const { moments } = this.breakpoints;
    if (on) moments.add(linear);
    else moments.delete(linear);
    this.core.dropAllCode();
  }

  /** The run ends before code that begins so; asked for each instruction that is decoded. */
  setMarks(marks: (code: Uint8Array, is16: boolean) => boolean): void {
    this.breakpoints.marks = marks;
    this.core.dropAllCode();
  }

  /** `decoded` hears of each block of code by its linear address, before it is executed for the first time. */
  setDecoded(decoded: (linear: bigint, lengthBytes: number) => void): void {
    this.breakpoints.decoded = (rip, lengthBytes) => decoded(this.linearOf(rip), lengthBytes);
    this.core.dropAllCode();
  }

  /** Calls `run`, which executes the next instruction, without a breakpoint at it. */
  passBreakpoint<Result>(run: () => Result): Result {
    const address = this.instructionAddress;
    const { suspended } = this.breakpoints;
    if (!this.breakpoints.any || suspended === address) return run();
    this.breakpoints.suspended = address;
    this.forgetCode(address);
    try {
      return run();
    } finally {
      this.breakpoints.suspended = suspended;
      this.forgetCode(address);
    }
  }

  /** Decoded code that has the byte at `linear` is decoded anew: a store of the same byte sees to that. */
  private forgetCode(linear: bigint): void {
    const physical = this.translate(linear);
    if (physical !== null) this.processor.loadRom(physical, this.processor.read(physical, 1));
  }

  // Watchpoints: a run ends behind the instruction

  /** Replaces all watchpoints. While there are any, instructions are executed one by one. */
  setWatchpoints(watchpoints: readonly Watchpoint[]): void {
    assert(watchpoints.length <= WATCHPOINTS_MAX, `${watchpoints.length} watchpoints`);
    const { memory } = this.processor;
    if (watchpoints.length === 0 && this.watchpoints.length === 0) return;
    this.watchpoints = watchpoints;
    memory.setU32(WATCHPOINT_COUNT, watchpoints.length);
    watchpoints.forEach(({ address, lengthBytes, access }, number) => {
      const at = WATCHPOINTS + number * WATCHPOINT_BYTES;
      memory.setU64(at, address);
      memory.setU64(at + 8, lengthBytes);
      memory.setU32(at + 16, ACCESS_BITS[access]);
    });
    this.core.watchpointsChanged();
  }

  /** The watchpoint that the last instruction of the last run met, or null. */
  get watchpointMet(): Watchpoint | null {
    if (this.watchpoints.length === 0) return null;
    return this.watchpoints[this.processor.memory.u32(WATCHPOINT_MET) - 1] ?? null;
  }

  /** While set, a run ends behind the delivery of a fault, before the handler's first instruction. */
  set stopsAtFaults(on: boolean) {
    this.processor.memory.setU32(STOP_AT_FAULT, on ? 1 : 0);
  }

  /** The last run has ended because of that. */
  get faultDelivered(): boolean {
    return this.processor.memory.u32(STOP_AT_FAULT) === STOPPED_AT_FAULT;
  }
}

export { WATCHPOINTS_MAX } from '../isa/state-layout.js';
