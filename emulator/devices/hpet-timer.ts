/**
 * One timer of a HPET: configuration and comparator.
 * Source: [HPET] 1.0a, "Timer N Configuration and Capabilities Register", "Timer N Comparator Register", "Timer Operation".
 */
import type { ClockDomains } from '../clock/clock-domains.js';
import type { EventQueue } from '../clock/event-queue.js';
import { Timer, type TimerState } from '../clock/timer.js';

const CONFIGURATION = 0x00;
const COMPARATOR = 0x08;

const INT_TYPE_CNF = 1n << 1n; // level
const INT_ENB_CNF = 1n << 2n;
const TYPE_CNF = 1n << 3n; // periodic
const PER_INT_CAP = 1n << 4n;
const SIZE_CAP = 1n << 5n; // 64 bits
const VAL_SET_CNF = 1n << 6n;
const MODE32_CNF = 1n << 8n;
const ROUTE_SHIFT = 9n;
const ROUTE_MASK = 0x1fn << ROUTE_SHIFT;
const WRITABLE = INT_TYPE_CNF | INT_ENB_CNF | TYPE_CNF | MODE32_CNF | ROUTE_MASK;

/** Inputs of the I/O APIC that a timer may be routed to. */
export const HPET_INPUTS: readonly number[] = [20, 21, 22, 23];
const ROUTES = HPET_INPUTS.reduce((mask, input) => mask | (1n << BigInt(input)), 0n);
const CAPABILITIES = (ROUTES << 32n) | PER_INT_CAP | SIZE_CAP;

const ALL = 0xffff_ffff_ffff_ffffn;
const LOW = 0xffff_ffffn;

export interface HpetTimerPorts {
  readonly events: EventQueue;
  readonly domains: ClockDomains;
  /** The main counter. */
  now(): bigint;
  /** The main counter counts. */
  running(): boolean;
  /** The comparator was met while the interrupt is enabled. */
  onMatch(): void;
}

export interface HpetTimerState {
  readonly configuration: number;
  readonly setsAccumulator: boolean;
  /** Decimal. */
  readonly comparator: string;
  readonly period: string;
  readonly timer: TimerState;
}

export class HpetTimer {
  private configuration = 0n;
  /** VAL_SET: the next write of the comparator sets the comparator itself, not only the period. */
  private setsAccumulator = false;
  private comparator = ALL;
  private period = 0n;
  private readonly timer: Timer;

  constructor(private readonly ports: HpetTimerPorts) {
    this.timer = new Timer(ports.events, () => this.expire());
  }

  get levelTriggered(): boolean {
    return (this.configuration & INT_TYPE_CNF) !== 0n;
  }

  get interruptEnabled(): boolean {
    return (this.configuration & INT_ENB_CNF) !== 0n;
  }

  /** Input of the I/O APIC. */
  get route(): number {
    return Number((this.configuration & ROUTE_MASK) >> ROUTE_SHIFT);
  }

  read(offset: number): bigint {
    if (offset === CONFIGURATION) return this.configuration | CAPABILITIES;
    return offset === COMPARATOR ? this.comparator & this.mask : 0n;
  }

  /** Writes the bits `mask` of a register. */
  write(offset: number, value: bigint, mask: bigint): void {
    if (offset === CONFIGURATION) this.writeConfiguration(value, mask);
    else if (offset === COMPARATOR) this.writeComparator(value & mask, mask);
    this.arm();
  }

  /** The counter was started, stopped or set. */
  arm(): void {
    this.timer.disarm();
    if (!this.ports.running() || !(this.interruptEnabled || this.periodic)) return;
    const left = (this.comparator - this.ports.now()) & this.mask;
    const ticks = left === 0n ? this.mask + 1n : left;
    const { events, domains } = this.ports;
    const cycle = domains.cycleAfter('hpet', ticks, events.nowCycles);
    if (cycle !== null) this.timer.armAt(Math.max(cycle, events.nowCycles + 1));
  }

  reset(): void {
    this.timer.disarm();
    this.configuration = 0n;
    this.setsAccumulator = false;
    this.comparator = ALL;
    this.period = 0n;
  }

  snapshot(): HpetTimerState {
    return {
      configuration: Number(this.configuration),
      setsAccumulator: this.setsAccumulator,
      comparator: this.comparator.toString(),
      period: this.period.toString(),
      timer: this.timer.snapshot(),
    };
  }

  restore(state: HpetTimerState): void {
    this.configuration = BigInt(state.configuration);
    this.setsAccumulator = state.setsAccumulator;
    this.comparator = BigInt(state.comparator);
    this.period = BigInt(state.period);
    this.timer.restore(state.timer);
  }

  private get periodic(): boolean {
    return (this.configuration & TYPE_CNF) !== 0n;
  }

  /** The bits that are compared. */
  private get mask(): bigint {
    return (this.configuration & MODE32_CNF) === 0n ? ALL : LOW;
  }

  private writeConfiguration(value: bigint, mask: bigint): void {
    const writable = WRITABLE & mask;
    let next = (this.configuration & ~writable) | (value & writable);
    const route = (next & ROUTE_MASK) >> ROUTE_SHIFT;
    // A route that the timer does not have is not accepted: it reads back otherwise.
    if (((ROUTES >> route) & 1n) === 0n) next &= ~ROUTE_MASK;
    this.configuration = next;
    if ((mask & VAL_SET_CNF) !== 0n) this.setsAccumulator = (value & VAL_SET_CNF) !== 0n;
  }

  private writeComparator(value: bigint, mask: bigint): void {
    if (!this.periodic || this.setsAccumulator) this.comparator = (this.comparator & ~mask) | value;
    if (this.periodic) this.period = (this.period & ~mask) | value;
    this.setsAccumulator = false;
  }

  private expire(): void {
    const step = this.period & this.mask;
    if (this.periodic && step > 0n) {
      const late = (this.ports.now() - this.comparator) & this.mask;
      this.comparator = (this.comparator + (late / step + 1n) * step) & ALL;
    }
    this.arm();
    if (this.interruptEnabled) this.ports.onMatch();
  }
}
