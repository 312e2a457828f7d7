/**
 * The processor as the machine sees it: run it, look at it, change it. The work is done by the core
 * (emulator/cpu/core, WebAssembly) on one linear memory; this class gives names to what lies there.
 */
import { assert } from '../base/assert.js';
import type { ModuleGlobals } from '../base/module-globals.js';
import { TraceKind, type ExitReason } from '../isa/state-layout.js';
import {
  A20_MASKED,
  BLOCK_RIP,
  CPL,
  CPUID_TABLE as CPUID_TABLE_ADDRESS,
  CpuMode,
  CR8,
  CURRENT_BLOCK,
  EXCEPTION_COUNTS,
  EXIT_ADDRESS,
  IGNNE,
  INTERRUPT_SHADOW,
  INTERRUPTS,
  INTR_LINE,
  INSTRUCTION_RIP,
  MAXPHYADDR,
  MODE,
  NMI_BLOCKED,
  NMI_PENDING,
  PAGE_FAULTS,
  REGISTERS,
  PORT_ALLOWANCE,
  RETIRED,
  RFLAGS_REST,
  RIP,
  SEGMENT_ATTRIBUTES,
  SEGMENT_BASE,
  SEGMENT_LIMIT,
  SEGMENT_SELECTOR,
  SEGMENT_SIZE_BYTES,
  SEGMENT_UNUSABLE,
  SEGMENTS,
  STORE_SEEN,
  TLB_MISSES,
  ACCESS_BY_HOST,
  ACCESSES_TOLD,
  TRACE_MASK,
  TSC_OFFSET,
  X87_CONTROL,
} from '../isa/state-layout.js';
import type { PhysicalMemoryPort } from '../memory/physical-port.js';
import { instantiateCore, type CoreExports } from './core-module.js';
import type { CpuidLeaf } from './cpuid-table.js';
import type { LinearMemory } from './linear-memory.js';
import { PhysicalMemory } from './physical-memory.js';
import { coreImports } from './processor-imports.js';
import { Breakpoints, ProcessorDebug } from './processor-debug.js';
import type { ProcessorOptions } from './processor-options.js';
import {
  restoreMemory,
  savedMemory,
  type MemoryRun,
  type ProcessorState,
} from './processor-snapshot.js';
import { writeRamRanges, type ProcessorRamRange } from './processor-ram-ranges.js';
import {
  copyLoopRegisters,
  copyLoopState,
  hashRegisters,
  LOOP_REGISTER_WORDS,
  LOOP_STATE_WORDS,
} from './processor-digest.js';
import {
  faultChain,
  lastBlocks,
  pageWalkInScratch,
  type EnteredBlock,
  type FaultRecord,
  type PageWalk,
} from './processor-inspection.js';
import { writeResetState } from './processor-reset.js';
import { traceMask } from './processor-trace.js';
import {
  CONTROL_REGISTER_ADDRESSES,
  DESCRIPTOR_TABLES,
  GENERAL_REGISTERS,
  SEGMENT_NUMBERS,
  type ControlRegister,
  type DescriptorTableName,
  type DescriptorTableState,
  type GeneralRegister,
  type SegmentName,
  type SegmentState,
} from './register-slots.js';

export interface ProcessorStatistics {
  readonly pageFaults: number;
  readonly interrupts: number;
  readonly exceptions: number;
  readonly tlbMisses: number;
}

const RFLAGS_IF = 1 << 9;
const FSW_ES = 1 << 7;
const CR0_NE = 1n << 5n;
const CPUID_RECORD_BYTES = 24;
const ANY_SUBLEAF = 0xffff_ffff;
const EXCEPTION_VECTORS = 256;
const PHYSICAL_BITS_DEFAULT = 52;
/** D/B of a segment's attributes: 32 bits. */
const ATTRIBUTE_DB = 1 << 14;

/** One logical processor. Numbers that may exceed 2^53 are bigint. */
export class Processor implements PhysicalMemoryPort {
  private readonly core: CoreExports;
  /** The core's linear memory, laid out as emulator/isa/state-layout.ts says. */
  readonly memory: LinearMemory;
  private readonly globals: ModuleGlobals;
  private readonly physical: PhysicalMemory;
  private readonly breakpoints = new Breakpoints();
  /** What debuggers do, and look at. */
  readonly debug: ProcessorDebug;
  /** The host wants to know of accesses. */
  private readonly accessed: ProcessorOptions['host']['accessed'];
  private signature = 0;
  private running = false;

  static create(options: ProcessorOptions): Processor {
    return new Processor(options);
  }

  private constructor(options: ProcessorOptions) {
    const { host } = options;
    const instance = instantiateCore(
      options.wasm,
      (memory, describer) => coreImports(host, memory, describer, this.breakpoints),
      options.timing,
      options.translator,
    );
    this.core = instance.exports;
    this.memory = instance.memory;
    this.globals = instance.globals;
    this.memory.setU32(MAXPHYADDR, PHYSICAL_BITS_DEFAULT);
    this.core.invalidateAllCode();
    this.core.setPowerOnPattern(options.fillPattern ?? 0n);
    const residentMaxBytes = options.residentMaxBytes ?? 0;
    this.core.setResidentLimit(BigInt(residentMaxBytes));
    this.physical = new PhysicalMemory(this.core, this.memory, residentMaxBytes);
    this.debug = new ProcessorDebug(this, this.core, this.breakpoints);
    this.reset();
    const pages = host.pageUsed === undefined ? 0 : 1 << TraceKind.PageUsed;
    this.memory.setU32(TRACE_MASK, traceMask(options.traceCategories) | pages);
    this.accessed = host.accessed?.bind(host);
    if (this.accessed === undefined) return;
    this.memory.setU32(ACCESSES_TOLD, 1);
    this.core.watchpointsChanged();
  }

  /** Executes at most `budget` instructions; `exitAddress` belongs to the reason where it says so. */
  run(budget: number): ExitReason {
    assert(Number.isSafeInteger(budget) && budget >= 0, `a budget of ${budget} instructions`);
    this.running = true;
    try {
      return this.core.run(BigInt(budget));
    } finally {
      this.running = false;
    }
  }

  /** The state after RESET. Memory, statistics and the count of retired instructions stay. */
  reset(): void {
    writeResetState(this.memory, this.signature);
    this.core.setRflags(2n);
    this.core.flushAll();
  }

  // Configuration

  /** Replaces what CPUID answers; the features it names are the ones that work. */
  setCpuid(leaves: readonly CpuidLeaf[]): void {
    const { memory } = this;
    memory.setU32(CPUID_TABLE_ADDRESS, leaves.length);
    leaves.forEach((row, index) => {
      const at = CPUID_TABLE_ADDRESS + 4 + index * CPUID_RECORD_BYTES;
      const words = [row.leaf, row.subleaf ?? ANY_SUBLEAF, row.eax, row.ebx, row.ecx, row.edx];
      words.forEach((word, place) => memory.setU32(at + 4 * place, word));
      if (row.leaf === 1) this.signature = row.eax;
      if (row.leaf === 0x8000_0008) memory.setU32(MAXPHYADDR, row.eax & 0xff);
    });
    this.core.flushAll();
  }

  /** Says where memory is. Ranges must be disjoint. Contents of memory that goes away and comes back are kept. */
  setRamRanges(ranges: readonly ProcessorRamRange[]): void {
    writeRamRanges(this.memory, ranges);
    this.core.ramRangesChanged();
  }

  /** Moves the A20 gate: masked, address bit 20 reads as 0. */
  setA20(enabled: boolean): void {
    const masked = enabled ? 0 : 1;
    if (this.memory.u32(A20_MASKED) === masked) return;
    this.memory.setU32(A20_MASKED, masked);
    this.core.a20Changed();
  }

  // Registers

  register(name: GeneralRegister): bigint {
    return this.memory.u64(REGISTERS + 8 * GENERAL_REGISTERS.indexOf(name));
  }

  setRegister(name: GeneralRegister, value: bigint): void {
    this.memory.setU64(REGISTERS + 8 * GENERAL_REGISTERS.indexOf(name), value);
  }

  /** Address of the next instruction; while one is executing (in a call from it to the host), that one's own. */
  get rip(): bigint {
    return this.memory.u64(this.running ? INSTRUCTION_RIP : RIP);
  }

  set rip(value: bigint) {
    this.memory.setU64(RIP, value);
  }

  get rflags(): bigint {
    return BigInt.asUintN(64, this.core.getRflags());
  }

  set rflags(image: bigint) {
    this.core.setRflags(image);
    this.core.flushAll();
  }

  controlRegister(name: ControlRegister): bigint {
    return this.memory.u64(CONTROL_REGISTER_ADDRESSES[name]);
  }

  /** Sets the register without the checks of MOV CRn. */
  setControlRegister(name: ControlRegister, value: bigint): void {
    this.memory.setU64(CONTROL_REGISTER_ADDRESSES[name], value);
    this.core.flushAll();
  }

  segment(name: SegmentName): SegmentState {
    const { memory } = this;
    const cache = SEGMENTS + SEGMENT_NUMBERS[name] * SEGMENT_SIZE_BYTES;
    return {
      selector: memory.u32(cache + SEGMENT_SELECTOR),
      base: memory.u64(cache + SEGMENT_BASE),
      limit: memory.u32(cache + SEGMENT_LIMIT),
      attributes: memory.u32(cache + SEGMENT_ATTRIBUTES),
      unusable: memory.u32(cache + SEGMENT_UNUSABLE) !== 0,
    };
  }

  /** Sets the hidden part too, as it is given. */
  setSegment(name: SegmentName, state: SegmentState): void {
    const { memory } = this;
    const cache = SEGMENTS + SEGMENT_NUMBERS[name] * SEGMENT_SIZE_BYTES;
    memory.setU32(cache + SEGMENT_SELECTOR, state.selector);
    memory.setU64(cache + SEGMENT_BASE, state.base);
    memory.setU32(cache + SEGMENT_LIMIT, state.limit);
    memory.setU32(cache + SEGMENT_ATTRIBUTES, state.attributes);
    memory.setU32(cache + SEGMENT_UNUSABLE, state.unusable ? 1 : 0);
    this.core.flushAll();
  }

  descriptorTable(name: DescriptorTableName): DescriptorTableState {
    const { base, limit } = DESCRIPTOR_TABLES[name];
    return { base: this.memory.u64(base), limit: this.memory.u32(limit) };
  }

  setDescriptorTable(name: DescriptorTableName, state: DescriptorTableState): void {
    const { base, limit } = DESCRIPTOR_TABLES[name];
    this.memory.setU64(base, state.base);
    this.memory.setU32(limit, state.limit);
  }

  get mode(): CpuMode {
    return this.memory.u32(MODE);
  }

  /** Current privilege level. */
  get cpl(): number {
    return this.memory.u32(CPL);
  }

  /** Changes the privilege level alone: no segment register is touched. */
  set cpl(level: number) {
    this.memory.setU32(CPL, level);
    this.core.flushAll();
  }

  /** Size of operands and addresses where no prefix says otherwise; 64 stands for 64-bit mode. */
  get codeSizeBits(): 16 | 32 | 64 {
    if (this.mode === CpuMode.Long) return 64;
    return (this.segment('cs').attributes & ATTRIBUTE_DB) === 0 ? 16 : 32;
  }

  /** Linear address of the first instruction of the block that is executing; null between runs. */
  get blockAddress(): bigint | null {
    const block = this.memory.u32(CURRENT_BLOCK);
    if (!this.running || block === 0) return null;
    return this.memory.u64(block + BLOCK_RIP) + this.segment('cs').base;
  }

  // Interrupts

  get intrLine(): boolean {
    return this.memory.u32(INTR_LINE) !== 0;
  }

  set intrLine(level: boolean) {
    this.memory.setU32(INTR_LINE, level ? 1 : 0);
  }

  /** FERR#: an x87 exception that is not masked, with CR0.NE = 0. */
  get ferr(): boolean {
    const pending = this.memory.u16(X87_CONTROL + 2) & FSW_ES;
    return pending !== 0 && (this.controlRegister('cr0') & CR0_NE) === 0n;
  }

  /** Asserts IGNNE#: x87 instructions go on in spite of FERR#, until that is negated. */
  ignoreNumericError(): void {
    this.memory.setU32(IGNNE, 1);
  }

  /** What CR8 shows: the class of the local APIC's task priority. */
  set taskPriorityClass(value: number) {
    this.memory.setU64(CR8, BigInt(value));
  }

  /** What WRMSR has added to the time-stamp counter. */
  get timeStampOffset(): bigint {
    return this.memory.u64(TSC_OFFSET);
  }

  /** RFLAGS.IF */
  get interruptsEnabled(): boolean {
    return (this.memory.u32(RFLAGS_REST) & RFLAGS_IF) !== 0;
  }

  /** Whether an external interrupt can be taken now: IF = 1, and not right behind STI or MOV SS. */
  get interruptible(): boolean {
    return this.interruptsEnabled && this.memory.u32(INTERRUPT_SHADOW) === 0;
  }

  /** Takes an external interrupt. Returns false when delivering it ended in a shutdown; see faultChain(). */
  deliverExternalInterrupt(vector: number): boolean {
    assert(this.interruptible, `interrupt ${vector} while interrupts are not possible`);
    return this.core.deliverExternalInterrupt(vector) !== 0;
  }

  /** Latches a nonmaskable interrupt: one, however often it is raised before it is taken. */
  raiseNonmaskableInterrupt(): void {
    this.memory.setU32(NMI_PENDING, 1);
  }

  /** A nonmaskable interrupt waits and can be taken now. */
  get nonmaskableDue(): boolean {
    const { memory } = this;
    const waits = memory.u32(NMI_PENDING) !== 0 && memory.u32(NMI_BLOCKED) === 0;
    return waits && memory.u32(INTERRUPT_SHADOW) === 0;
  }

  /** Takes the nonmaskable interrupt; as deliverExternalInterrupt. */
  deliverNonmaskableInterrupt(): boolean {
    assert(this.nonmaskableDue, 'no nonmaskable interrupt is due');
    return this.core.deliverNonmaskableInterrupt() !== 0;
  }

  // Physical memory

  read(address: bigint, lengthBytes: number): Uint8Array {
    return this.physical.read(address, lengthBytes);
  }

  write(address: bigint, bytes: Uint8Array): void {
    this.accessed?.(Number(address), bytes.byteLength, ACCESS_BY_HOST);
    this.physical.write(address, bytes);
  }

  /** Writes ROM too. */
  loadRom(address: bigint, bytes: Uint8Array): void {
    this.accessed?.(Number(address), bytes.byteLength, ACCESS_BY_HOST);
    this.physical.load(address, bytes);
  }

  /** Fills with `pattern` (lowest byte first); whole pages cost no storage. */
  fill(address: bigint, lengthBytes: bigint, pattern: bigint): void {
    this.accessed?.(Number(address), Number(lengthBytes), ACCESS_BY_HOST);
    this.physical.fill(address, lengthBytes, pattern);
  }

  /** Bytes of host memory in use for guest memory: frames and the tree that finds them. */
  get residentBytes(): number {
    return Number(this.core.residentBytes());
  }

  // What a run leaves behind

  /** Instructions retired since power-on; exact also inside calls to the host. */
  get retired(): number {
    return this.memory.u53(RETIRED);
  }

  /** Behind an access to a port, and within the call: so many instructions may follow before the run ends; 0: it ends there. */
  set portAllowance(instructions: number) {
    this.memory.setU32(PORT_ALLOWANCE, instructions);
  }

  /** Counts instructions that were not executed. */
  addRetired(instructions: number): void {
    this.memory.setU64(RETIRED, this.memory.u64(RETIRED) + BigInt(instructions));
  }

  /** RIP or physical address that belongs to the last ExitReason. */
  get exitAddress(): bigint {
    return this.memory.u64(EXIT_ADDRESS);
  }

  stats(): ProcessorStatistics {
    let exceptions = 0;
    for (let vector = 0; vector < EXCEPTION_VECTORS; vector++) {
      exceptions += this.memory.u32(EXCEPTION_COUNTS + 4 * vector);
    }
    return {
      pageFaults: Number(this.memory.u64(PAGE_FAULTS)),
      interrupts: Number(this.memory.u64(INTERRUPTS)),
      exceptions,
      tlbMisses: Number(this.memory.u64(TLB_MISSES)),
    };
  }

  /** 64-bit hash of registers, memory and `extraText`; how memory is stored plays no part. */
  hash(extraText: string): bigint {
    const seed = hashRegisters(this.memory, this.rflags, extraText);
    return BigInt.asUintN(64, this.core.hashMemory(seed));
  }

  /** All that a processor made alike needs to go on from here; only between runs. */
  snapshot(): { readonly state: ProcessorState; readonly memory: MemoryRun[] } {
    const { globals, memory } = this;
    const state = { memoryBytes: memory.buffer.byteLength, globals: globals.snapshot() };
    return { state, memory: savedMemory(memory) };
  }

  restore(state: ProcessorState, runs: readonly MemoryRun[]): void {
    restoreMemory(this.memory, this.globals, state, runs);
    this.core.dropAllCode();
  }

  /** Lengths that copyLoopState and copyLoopRegisters need. */
  readonly loopStateWords = LOOP_STATE_WORDS;
  readonly loopRegisterWords = LOOP_REGISTER_WORDS;

  /** Copies what a loop without effect leaves unchanged: all registers, without counters and time. */
  copyLoopState(into: Uint32Array): void {
    copyLoopState(this.memory, this.rflags, into);
  }

  /** Of that state the general-purpose registers and RIP. */
  copyLoopRegisters(into: Uint32Array): void {
    copyLoopRegisters(this.memory, into);
  }

  /** While on, `storeSeen` tells whether anything was stored to memory; stores are slow then. */
  watchStores(on: boolean): void {
    this.memory.setU32(STORE_SEEN, 0);
    this.core.watchStores(on ? 1 : 0);
  }

  get storeSeen(): boolean {
    return this.memory.u32(STORE_SEEN) !== 0;
  }

  // For crash reports

  /** The page walk for `linear`, without side effects. */
  pageWalkDebug(linear: bigint): PageWalk {
    this.core.pageWalkDebug(linear);
    return pageWalkInScratch(this.memory);
  }

  /** The faults that led to the last shutdown or were last delivered, the first one first. */
  faultChain(): FaultRecord[] {
    return faultChain(this.memory);
  }

  /** The last `max` blocks that were entered, the oldest first. */
  lastBlocks(max: number): EnteredBlock[] {
    return lastBlocks(this.memory, max);
  }
}
