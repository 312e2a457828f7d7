/**
 * The local APIC of the one processor: xAPIC (registers in memory) and x2APIC (registers by RDMSR and WRMSR).
 * Source: [SDM-3A "Advanced Programmable Interrupt Controller (APIC)"].
 *
 * After a reset LINT0 passes the 8259A on (ExtINT), although the manual has it masked: every PC's firmware does that before
 * anything else, and software that knows no APIC relies on it.
 * Not modelled: SMI, start-up IPIs (the processor never waits for one), suppression of EOI broadcasts, sources for the
 * thermal and performance entries and for LINT1. Messages take no time: delivery status always reads as idle.
 */
import type { MemoryDevice } from '../memory/memory-bus.js';
import {
  DELIVERY_EXTINT,
  DELIVERY_FIXED,
  DELIVERY_INIT,
  DELIVERY_LOWEST_PRIORITY,
  DELIVERY_NMI,
  isDestination,
  type InterruptMessage,
} from './interrupt-message.js';
import { InterruptRegisters, type InterruptRegistersState } from './interrupt-registers.js';
import * as reg from './local-apic-registers.js';
import {
  LocalApicTimer,
  type LocalApicTimerPorts,
  type LocalApicTimerState,
  type TimerMode,
} from './local-apic-timer.js';

/** As IA32_APIC_BASE says. */
export type LocalApicMode = 'disabled' | 'xapic' | 'x2apic';

export interface LocalApicPorts extends Omit<LocalApicTimerPorts, 'onExpiry'> {
  /** The processor's INTR changes. */
  onIntr(level: boolean): void;
  onNmi(): void;
  onInit(): void;
  /** The task-priority class, which CR8 shows, was changed through TPR. */
  onTaskPriority(taskPriorityClass: number): void;
  /** A level-triggered interrupt is done with: what I/O APICs wait for. */
  onEndOfInterrupt(vector: number): void;
}

export interface LocalApicState {
  readonly mode: LocalApicMode;
  readonly interrupts: InterruptRegistersState;
  readonly logicalDestination: number;
  readonly destinationFormat: number;
  readonly spurious: number;
  readonly errors: number;
  readonly latchedErrors: number;
  readonly commandLow: number;
  readonly commandHigh: number;
  readonly lvt: readonly number[];
  readonly lint0: boolean;
  readonly ioApicExternal: boolean;
  readonly intr: boolean;
  readonly timer: LocalApicTimerState;
}

const APIC_ID_NUMBER = 0;
const ILLEGAL_VECTORS = 16;
const REGISTER_BYTES = 16;
const DFR_FIXED_BITS = 0x0fff_ffff;
const TIMER_MODES: readonly TimerMode[] = ['one-shot', 'periodic', 'tsc-deadline'];

export class LocalApic implements MemoryDevice<LocalApicState> {
  private mode: LocalApicMode = 'xapic';
  private readonly interrupts = new InterruptRegisters();
  private ldr = 0;
  private dfr = 0;
  private svr = 0;
  /** Errors since the register was last written, and what that write has made readable. */
  private errors = 0;
  private esr = 0;
  private icrLow = 0;
  private icrHigh = 0;
  private readonly lvt: number[] = [];
  private lint0 = false;
  private ioApicExternal = false;
  private intr = false;
  private readonly timer: LocalApicTimer;

  constructor(private readonly ports: LocalApicPorts) {
    this.timer = new LocalApicTimer({ ...ports, onExpiry: () => this.requestLocal(0) });
    this.powerOn();
  }

  /** Interrupts other than the 8259A's may come. */
  get listens(): boolean {
    if (this.mode === 'disabled') return false;
    if (this.interrupts.pending) return true;
    const sources = this.lvt.some((entry, number) => {
      const external = number === reg.LVT_NUMBER_LINT0 && deliveryMode(entry) === DELIVERY_EXTINT;
      return (entry & reg.LVT_MASKED) === 0 && !external;
    });
    return this.softwareEnabled && sources;
  }

  /** Messages of I/O APICs are accepted. */
  get accepts(): boolean {
    return this.mode !== 'disabled' && this.softwareEnabled;
  }

  /** The INTR of the 8259A reaches the processor. */
  get passesExternal(): boolean {
    if (this.mode === 'disabled') return true;
    const entry = this.entry(reg.LVT_NUMBER_LINT0);
    return (entry & reg.LVT_MASKED) === 0 && deliveryMode(entry) === DELIVERY_EXTINT;
  }

  /** LINT0 turns the 8259A's INTR into nonmaskable interrupts. */
  get raisesNmi(): boolean {
    const entry = this.entry(reg.LVT_NUMBER_LINT0);
    const open = this.mode !== 'disabled' && (entry & reg.LVT_MASKED) === 0;
    return open && deliveryMode(entry) === DELIVERY_NMI;
  }

  /** IA32_APIC_BASE has been written. What was disabled begins again as after a reset. */
  setMode(mode: LocalApicMode): void {
    if (mode === this.mode) return;
    if (mode === 'disabled' || this.mode === 'disabled') {
      this.powerOn();
      this.ports.onTaskPriority(0);
    }
    this.mode = mode;
    if (mode === 'x2apic') this.ldr = ((APIC_ID_NUMBER >> 4) << 16) | (1 << (APIC_ID_NUMBER & 15));
    this.update();
  }

  /** The LINT0 pin, which the 8259A's INTR drives. */
  setLint0(level: boolean): void {
    if (level === this.lint0) return;
    this.lint0 = level;
    if (level && this.mode !== 'disabled') this.requestLint0();
    this.update();
  }

  /** An I/O APIC passes on an 8259A's INTR. */
  setIoApicExternal(level: boolean): void {
    this.ioApicExternal = level;
    this.update();
  }

  /** A message of an I/O APIC. Returns whether this local APIC is meant and accepts it. */
  receive(message: InterruptMessage): boolean {
    return this.mode !== 'disabled' && this.isDestination(message) && this.accept(message);
  }

  /** The vector that the processor's acknowledge takes; null: the 8259A is to be asked. */
  acknowledge(): number | null {
    const vector = this.interrupts.deliverable;
    if (vector >= 0) {
      this.interrupts.serve(vector);
      this.update();
      return vector;
    }
    return this.externalRequested() ? null : this.svr & 0xff;
  }

  /** MOV to CR8. */
  set taskPriorityClass(value: number) {
    this.interrupts.taskPriority = value << 4;
    this.update();
  }

  get tscDeadline(): bigint {
    return this.timer.deadline;
  }

  set tscDeadline(ticks: bigint) {
    this.timer.deadline = ticks;
  }

  tscChanged(): void {
    this.timer.tscChanged();
  }

  readWord(offset: number): number {
    if (offset % REGISTER_BYTES !== 0) return 0;
    const register = offset / REGISTER_BYTES;
    if (register === reg.APIC_EOI) return 0;
    if (reg.readableInMemory(register)) return this.readRegister(register);
    this.noteError(reg.ESR_ILLEGAL_REGISTER);
    return 0;
  }

  writeWord(offset: number, value: number): void {
    if (offset % REGISTER_BYTES !== 0) return;
    const register = offset / REGISTER_BYTES;
    if (register === reg.APIC_EOI || reg.readableInMemory(register)) {
      this.writeRegister(register, value);
    } else this.noteError(reg.ESR_ILLEGAL_REGISTER);
  }

  /** RDMSR of 800H + `register`; null: #GP(0). */
  readX2apic(register: number): bigint | null {
    if (this.mode !== 'x2apic' || !reg.x2apicReadable(register)) return null;
    const low = BigInt(this.readRegister(register));
    return register === reg.APIC_ICR_LOW ? (BigInt(this.icrHigh) << 32n) | low : low;
  }

  /** WRMSR of 800H + `register`; false: #GP(0). */
  writeX2apic(register: number, value: bigint): boolean {
    const writable = reg.x2apicWritable(register);
    if (this.mode !== 'x2apic' || writable === null || (value & ~writable) !== 0n) return false;
    if (register === reg.X2APIC_SELF_IPI) this.requestFixed(Number(value), false);
    else {
      if (register === reg.APIC_ICR_LOW) this.icrHigh = Number(value >> 32n);
      this.writeRegister(register, Number(value & 0xffff_ffffn));
    }
    return true;
  }

  reset(): void {
    this.powerOn();
    this.mode = 'xapic';
    this.lint0 = false;
    this.ioApicExternal = false;
    this.update();
  }

  snapshot(): LocalApicState {
    return {
      mode: this.mode,
      interrupts: this.interrupts.snapshot(),
      logicalDestination: this.ldr,
      destinationFormat: this.dfr,
      spurious: this.svr,
      errors: this.errors,
      latchedErrors: this.esr,
      commandLow: this.icrLow,
      commandHigh: this.icrHigh,
      lvt: [...this.lvt],
      lint0: this.lint0,
      ioApicExternal: this.ioApicExternal,
      intr: this.intr,
      timer: this.timer.snapshot(),
    };
  }

  restore(state: LocalApicState): void {
    this.mode = state.mode;
    this.interrupts.restore(state.interrupts);
    this.ldr = state.logicalDestination;
    this.dfr = state.destinationFormat;
    this.svr = state.spurious;
    this.errors = state.errors;
    this.esr = state.latchedErrors;
    this.icrLow = state.commandLow;
    this.icrHigh = state.commandHigh;
    this.lvt.splice(0, reg.LVT_COUNT, ...state.lvt);
    this.lint0 = state.lint0;
    this.ioApicExternal = state.ioApicExternal;
    this.intr = state.intr;
    this.timer.restore(state.timer);
  }

  private powerOn(): void {
    this.interrupts.clear();
    this.ldr = 0;
    this.dfr = 0xffff_ffff;
    this.svr = 0xff;
    this.errors = 0;
    this.esr = 0;
    this.icrLow = 0;
    this.icrHigh = 0;
    this.lvt.splice(0, reg.LVT_COUNT, ...reg.LVT_WRITABLE.map(() => reg.LVT_MASKED));
    this.lvt[reg.LVT_NUMBER_LINT0] = DELIVERY_EXTINT << 8;
    this.timer.reset();
  }

  private get softwareEnabled(): boolean {
    return (this.svr & reg.SVR_ENABLED) !== 0;
  }

  private entry(number: number): number {
    return this.lvt[number] ?? reg.LVT_MASKED;
  }

  // Registers

  private readRegister(register: number): number {
    if (register >= reg.APIC_ISR && register < reg.APIC_ESR) {
      return this.interrupts.word(register - reg.APIC_ISR);
    }
    const entry = this.lvt[register - reg.APIC_LVT_TIMER];
    if (entry !== undefined) return entry;
    switch (register) {
      case reg.APIC_ID:
        return this.mode === 'x2apic' ? APIC_ID_NUMBER : APIC_ID_NUMBER << 24;
      case reg.APIC_VERSION:
        return reg.VERSION_VALUE;
      case reg.APIC_TPR:
        return this.interrupts.taskPriority;
      case reg.APIC_PPR:
        return this.interrupts.processorPriority;
      case reg.APIC_LDR:
        return this.ldr >>> 0;
      case reg.APIC_DFR:
        return this.dfr >>> 0;
      case reg.APIC_SVR:
        return this.svr;
      case reg.APIC_ESR:
        return this.esr;
      case reg.APIC_ICR_LOW:
        return this.icrLow;
      case reg.APIC_ICR_HIGH:
        return this.icrHigh >>> 0;
      case reg.APIC_INITIAL_COUNT:
        return this.timer.initialCount;
      case reg.APIC_CURRENT_COUNT:
        return this.timer.currentCount;
      case reg.APIC_DIVIDE:
        return this.timer.divideConfiguration;
      default:
        return 0;
    }
  }

  /** Registers that are only read ignore it. */
  private writeRegister(register: number, value: number): void {
    const number = register - reg.APIC_LVT_TIMER;
    if (number >= 0 && number < reg.LVT_COUNT) this.writeEntry(number, value);
    switch (register) {
      case reg.APIC_TPR:
        this.interrupts.taskPriority = value & 0xff;
        this.ports.onTaskPriority((value & 0xff) >> 4);
        break;
      case reg.APIC_EOI:
        this.endOfInterrupt();
        break;
      case reg.APIC_LDR:
        this.ldr = value & 0xff00_0000;
        break;
      case reg.APIC_DFR:
        this.dfr = value | DFR_FIXED_BITS;
        break;
      case reg.APIC_SVR:
        this.svr = value & reg.SVR_WRITABLE;
        if (!this.softwareEnabled) this.maskEntries();
        break;
      case reg.APIC_ESR:
        this.esr = this.errors;
        this.errors = 0;
        break;
      case reg.APIC_ICR_LOW:
        this.icrLow = value & reg.ICR_WRITABLE;
        this.sendCommand();
        break;
      case reg.APIC_ICR_HIGH:
        this.icrHigh = value & 0xff00_0000;
        break;
      case reg.APIC_INITIAL_COUNT:
        this.timer.initialCount = value;
        break;
      case reg.APIC_DIVIDE:
        this.timer.divideConfiguration = value;
        break;
    }
    this.update();
  }

  private writeEntry(number: number, value: number): void {
    const writable = reg.LVT_WRITABLE[number] ?? 0;
    const mask = this.softwareEnabled ? 0 : reg.LVT_MASKED;
    const kept = this.entry(number) & reg.LVT_REMOTE_IRR & (value & reg.LVT_LEVEL ? ~0 : 0);
    this.lvt[number] = (value & writable) | mask | kept;
    if (number === 0) this.timer.setMode(TIMER_MODES[(value >> 17) & 3] ?? 'one-shot');
    // A level that has been waiting behind the mask is a request now.
    const waits = number === reg.LVT_NUMBER_LINT0 && this.lint0;
    if (waits && (this.entry(number) & reg.LVT_LEVEL) !== 0) this.requestLint0();
  }

  /** [SDM-3A "Local APIC State After It Has Been Software Disabled"] */
  private maskEntries(): void {
    for (let number = 0; number < reg.LVT_COUNT; number++) {
      this.lvt[number] = this.entry(number) | reg.LVT_MASKED;
    }
  }

  // Requests

  private accept(message: InterruptMessage): boolean {
    switch (message.deliveryMode) {
      case DELIVERY_FIXED:
      case DELIVERY_LOWEST_PRIORITY:
        if (!this.softwareEnabled) return false;
        this.requestFixed(message.vector, message.levelTriggered);
        return true;
      case DELIVERY_NMI:
        this.ports.onNmi();
        return true;
      case DELIVERY_INIT:
        this.ports.onInit();
        return true;
      default:
        return false; // SMI, start-up
    }
  }

  /** An interrupt of an entry of the local vector table. */
  private requestLocal(number: number): void {
    const entry = this.entry(number);
    if ((entry & reg.LVT_MASKED) === 0) this.requestFixed(entry & 0xff, false);
  }

  private requestLint0(): void {
    const entry = this.entry(reg.LVT_NUMBER_LINT0);
    if ((entry & reg.LVT_MASKED) !== 0 || (entry & reg.LVT_REMOTE_IRR) !== 0) return;
    const fixed = deliveryMode(entry) === DELIVERY_FIXED;
    const levelTriggered = fixed && (entry & reg.LVT_LEVEL) !== 0;
    if (levelTriggered) this.lvt[reg.LVT_NUMBER_LINT0] = entry | reg.LVT_REMOTE_IRR;
    this.accept({
      vector: entry & 0xff,
      deliveryMode: deliveryMode(entry),
      logical: false,
      destination: APIC_ID_NUMBER,
      levelTriggered,
    });
  }

  private requestFixed(vector: number, levelTriggered: boolean): void {
    if (vector < ILLEGAL_VECTORS) {
      this.noteError(reg.ESR_RECEIVE_ILLEGAL_VECTOR);
      return;
    }
    this.interrupts.request(vector, levelTriggered);
    this.update();
  }

  private noteError(error: number): void {
    const isNew = (this.errors & error) === 0;
    this.errors |= error;
    if (isNew) this.requestLocal(reg.APIC_LVT_ERROR - reg.APIC_LVT_TIMER);
  }

  private endOfInterrupt(): void {
    const vector = this.interrupts.endOfInterrupt();
    if (vector < 0) return;
    this.ports.onEndOfInterrupt(vector);
    const entry = this.entry(reg.LVT_NUMBER_LINT0);
    if ((entry & reg.LVT_REMOTE_IRR) === 0 || (entry & 0xff) !== vector) return;
    this.lvt[reg.LVT_NUMBER_LINT0] = entry & ~reg.LVT_REMOTE_IRR;
    if (this.lint0) this.requestLint0();
  }

  // Interprocessor interrupts

  /** [SDM-3A table "Valid Combinations for the Pentium 4 and Intel Xeon Processors' Local xAPIC Interrupt Command Register"] */
  private sendCommand(): void {
    const low = this.icrLow;
    const mode = deliveryMode(low);
    const fixed = mode === DELIVERY_FIXED || mode === DELIVERY_LOWEST_PRIORITY;
    if (fixed && (low & 0xff) < ILLEGAL_VECTORS) {
      this.noteError(reg.ESR_SEND_ILLEGAL_VECTOR);
      return;
    }
    const deassert = (low & reg.ICR_LEVEL) !== 0 && (low & reg.ICR_ASSERT) === 0;
    if (mode === DELIVERY_INIT && deassert) return;
    const message = {
      vector: low & 0xff,
      deliveryMode: mode,
      logical: (low & reg.ICR_LOGICAL) !== 0,
      destination: this.mode === 'x2apic' ? this.icrHigh >>> 0 : this.icrHigh >>> 24,
      levelTriggered: false,
    };
    const shorthand = (low >> 18) & 3;
    const toSelf = shorthand === reg.SHORTHAND_SELF || shorthand === reg.SHORTHAND_ALL;
    if (toSelf ? fixed : shorthand === reg.SHORTHAND_NONE && this.isDestination(message)) {
      this.accept(message);
    }
  }

  private isDestination(message: InterruptMessage): boolean {
    const x2apic = this.mode === 'x2apic';
    const { ldr, dfr } = this;
    return isDestination(message, { id: APIC_ID_NUMBER, ldr, dfr, x2apic });
  }

  private externalRequested(): boolean {
    return this.ioApicExternal || (this.lint0 && this.passesExternal);
  }

  private update(): void {
    const level =
      this.externalRequested() || (this.mode !== 'disabled' && this.interrupts.deliverable >= 0);
    if (level === this.intr) return;
    this.intr = level;
    this.ports.onIntr(level);
  }
}

function deliveryMode(entry: number): number {
  return (entry >> 8) & 7;
}
