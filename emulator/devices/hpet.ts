/**
 * High precision event timer: a main counter of 64 bits and three comparators, each periodic or one-shot.
 * Source: [HPET] Intel, "IA-PC HPET (High Precision Event Timers) Specification", revision 1.0a, October 2004, "Register
 * Definitions".
 *
 * The counter is not stored while it runs: it follows from the tick at which it was started. An edge is a rise of a line that
 * then stays high up to just before the next one, as the 8254's output does: an 8259A forgets a request that is taken back.
 * Not modelled: interrupts as messages (FSB; the capability bits say so). A comparator that is written while it equals the
 * counter waits for the counter to come round.
 */
import type { ClockDomains } from '../clock/clock-domains.js';
import type { EventQueue } from '../clock/event-queue.js';
import type { MemoryDevice } from '../memory/memory-bus.js';
import { HPET_INPUTS, HpetTimer, type HpetTimerState } from './hpet-timer.js';
import type { InterruptLine } from './interrupt-line.js';

const TIMER_COUNT = 3;

const GCAP_ID = 0x000;
const GEN_CONF = 0x010;
const GINTR_STA = 0x020;
const MAIN_CNT = 0x0f0;
const TIMERS = 0x100;
const TIMER_BYTES = 0x20;

const ENABLE_CNF = 1n << 0n;
const LEG_RT_CNF = 1n << 1n;
const GEN_CONF_WRITABLE = ENABLE_CNF | LEG_RT_CNF;

/** Revision 1, three timers, a counter of 64 bits, legacy replacement, Intel's vendor number. */
const CAPABILITIES =
  0x01n | (BigInt(TIMER_COUNT - 1) << 8n) | (1n << 13n) | (1n << 15n) | (0x8086n << 16n);
const FEMTOSECONDS_PER_SECOND = 1e15;
const WORD_MASK = 0xffff_ffffn;
const ALL = 0xffff_ffff_ffff_ffffn;

export interface HpetPorts {
  readonly events: EventQueue;
  readonly domains: ClockDomains;
  /** Inputs of the I/O APIC, by number. */
  pin(input: number): InterruptLine;
  /** In legacy replacement: IRQ 0 for timer 0, IRQ 8 for timer 1, in the place of the 8254 and the real-time clock. */
  readonly legacy: readonly [InterruptLine, InterruptLine];
  onLegacyReplacement(enabled: boolean): void;
}

interface OutputLine {
  /** A timer in its legacy place, or an input of the I/O APIC. */
  readonly target: 'timer 0' | 'timer 1' | number;
  readonly line: InterruptLine;
  level: boolean;
}

export interface HpetState {
  readonly configuration: number;
  readonly status: number;
  /** Decimal: the counter at tick `startTick`, or as it stands. */
  readonly counter: string;
  readonly startTick: number;
  readonly outputs: readonly boolean[];
  readonly timers: readonly HpetTimerState[];
}

export class Hpet implements MemoryDevice<HpetState> {
  private configuration = 0n;
  private status = 0n;
  private counter = 0n;
  private startTick = 0;
  /** Each timer's own output. */
  private readonly outputs = Array.from({ length: TIMER_COUNT }, () => false);
  private readonly lines: readonly OutputLine[];
  private readonly timers: readonly HpetTimer[];

  constructor(private readonly ports: HpetPorts) {
    const { events, domains } = ports;
    const [timer0, timer1] = ports.legacy;
    this.lines = [
      { target: 'timer 0', line: timer0, level: false },
      { target: 'timer 1', line: timer1, level: false },
      ...HPET_INPUTS.map((input) => ({ target: input, line: ports.pin(input), level: false })),
    ];
    this.timers = Array.from(
      { length: TIMER_COUNT },
      (_, number) =>
        new HpetTimer({
          events,
          domains,
          now: () => this.now,
          running: () => this.enabled,
          onMatch: () => this.match(number),
        }),
    );
  }

  readWord(offset: number): number {
    const value = this.readQuadword(offset & ~7);
    return Number((offset & 4) === 0 ? value & WORD_MASK : value >> 32n);
  }

  writeWord(offset: number, value: number): void {
    const shift = (offset & 4) === 0 ? 0n : 32n;
    this.write(offset & ~7, BigInt(value) << shift, WORD_MASK << shift);
  }

  readQuadword(offset: number): bigint {
    switch (offset) {
      case GCAP_ID:
        return this.capabilities;
      case GEN_CONF:
        return this.configuration;
      case GINTR_STA:
        return this.status;
      case MAIN_CNT:
        return this.now;
      default:
        return this.timerAt(offset)?.read(offset % TIMER_BYTES) ?? 0n;
    }
  }

  writeQuadword(offset: number, value: bigint): void {
    this.write(offset, value, ALL);
  }

  reset(): void {
    this.configuration = 0n;
    this.status = 0n;
    this.counter = 0n;
    this.startTick = 0;
    for (const timer of this.timers) timer.reset();
    this.updateLines();
    this.ports.onLegacyReplacement(false);
  }

  snapshot(): HpetState {
    return {
      configuration: Number(this.configuration),
      status: Number(this.status),
      counter: this.counter.toString(),
      startTick: this.startTick,
      outputs: [...this.outputs],
      timers: this.timers.map((timer) => timer.snapshot()),
    };
  }

  restore(state: HpetState): void {
    this.configuration = BigInt(state.configuration);
    this.status = BigInt(state.status);
    this.counter = BigInt(state.counter);
    this.startTick = state.startTick;
    this.outputs.splice(0, TIMER_COUNT, ...state.outputs);
    this.timers.forEach((timer, number) => {
      const timerState = state.timers[number];
      if (timerState !== undefined) timer.restore(timerState);
    });
    for (const line of this.lines) line.level = this.levelOf(line.target);
  }

  private get capabilities(): bigint {
    const periodFs = BigInt(Math.round(FEMTOSECONDS_PER_SECOND / this.ports.domains.hpetHz));
    return (periodFs << 32n) | CAPABILITIES;
  }

  private get enabled(): boolean {
    return (this.configuration & ENABLE_CNF) !== 0n;
  }

  private get nowTick(): number {
    return this.ports.domains.ticksAt('hpet', this.ports.events.nowCycles);
  }

  /** The main counter. */
  private get now(): bigint {
    if (!this.enabled) return this.counter;
    return BigInt.asUintN(64, this.counter + BigInt(this.nowTick - this.startTick));
  }

  private timerAt(offset: number): HpetTimer | undefined {
    return offset < TIMERS ? undefined : this.timers[Math.floor((offset - TIMERS) / TIMER_BYTES)];
  }

  /** Writes the bits `mask` of a register. */
  private write(offset: number, value: bigint, mask: bigint): void {
    if (offset === GEN_CONF) this.configure(value & mask & GEN_CONF_WRITABLE, mask);
    else if (offset === GINTR_STA) this.status &= ~(value & mask);
    else if (offset === MAIN_CNT) {
      this.counter = (this.now & ~mask) | (value & mask);
      this.startTick = this.nowTick;
      this.rearm();
    } else this.timerAt(offset)?.write(offset % TIMER_BYTES, value, mask);
    this.updateLines();
  }

  private configure(value: bigint, mask: bigint): void {
    const next = (this.configuration & ~mask) | value;
    const counter = this.now;
    const changed = this.configuration ^ next;
    this.configuration = next;
    if ((changed & LEG_RT_CNF) !== 0n) {
      this.outputs.fill(false);
      this.updateLines();
      this.ports.onLegacyReplacement((next & LEG_RT_CNF) !== 0n);
    }
    if ((changed & ENABLE_CNF) === 0n) return;
    this.counter = counter;
    this.startTick = this.nowTick;
    this.rearm();
  }

  private rearm(): void {
    for (const timer of this.timers) timer.arm();
  }

  /** A timer's comparator has been met, and its interrupt is enabled. */
  private match(number: number): void {
    const timer = this.timers[number];
    if (timer === undefined) return;
    if (timer.levelTriggered) this.status |= 1n << BigInt(number);
    else {
      this.outputs[number] = false;
      this.updateLines();
      this.outputs[number] = true;
    }
    this.updateLines();
  }

  /** Where a timer's output goes: in its legacy place, to an input of the I/O APIC, or nowhere. */
  private targetOf(number: number): OutputLine['target'] {
    if ((this.configuration & LEG_RT_CNF) !== 0n && number < 2) {
      return number === 0 ? 'timer 0' : 'timer 1';
    }
    return this.timers[number]?.route ?? 0;
  }

  private levelOf(target: OutputLine['target']): boolean {
    return this.outputs.some((output, number) => output && this.targetOf(number) === target);
  }

  private updateLines(): void {
    this.timers.forEach((timer, number) => {
      if (timer.levelTriggered) {
        this.outputs[number] = (this.status & (1n << BigInt(number))) !== 0n;
      }
      if (!timer.interruptEnabled) this.outputs[number] = false;
    });
    for (const line of this.lines) {
      const level = this.levelOf(line.target);
      if (level === line.level) continue;
      line.level = level;
      line.line.set(level);
    }
  }
}
