import { assert } from '../base/assert.js';
import type { ClockDomains } from '../clock/clock-domains.js';
import type { EventQueue } from '../clock/event-queue.js';
import { Timer, type TimerState } from '../clock/timer.js';

/**
 * One counter of an Intel 8254.
 *
 * Nothing counts here: the counting element is (value, tick at which it had that value), and OUT changes at ticks
 * that follow from it. A counter whose OUT is wired to somebody has an event at each of those ticks; another one
 * is brought up to date when it is looked at.
 *
 * Source: [8254] Intel, "8254 Programmable Interval Timer", September 1993, "Operational Description",
 * "Mode Definitions". A count is loaded into the counting element on the CLK pulse after it was written or triggered.
 * A count of 1 is illegal in modes 2 and 3; here it stops the counter with OUT high.
 */

/** RW1, RW0 of the control word. */
export const ACCESS_LATCH = 0;
const ACCESS_LSB = 1;
const ACCESS_MSB = 2;
const ACCESS_LSB_THEN_MSB = 3;

const STATUS_OUT = 1 << 7;
const STATUS_NULL_COUNT = 1 << 6;

export interface PitChannelState {
  readonly mode: number;
  readonly bcd: boolean;
  readonly access: number;
  readonly gate: boolean;
  readonly out: boolean;
  readonly countRegister: number;
  readonly countWritten: boolean;
  readonly nullCount: boolean;
  readonly loaded: boolean;
  readonly counting: boolean;
  readonly armed: boolean;
  readonly anchorTick: number;
  readonly anchorCount: number;
  readonly loadTick: number | null;
  readonly writtenLsb: number | null;
  readonly readMsbNext: boolean;
  readonly latchedCount: number | null;
  readonly latchedStatus: number | null;
  readonly edgeTimer: TimerState;
}

export interface PitChannelPorts {
  readonly events: EventQueue;
  readonly domains: ClockDomains;
  /** GATE at power-on: tied high for the counters that nobody gates. */
  readonly gateAtPowerOn: boolean;
  /** The OUT pin changes; null where it is wired to nobody who waits for it. */
  readonly onOut: ((level: boolean) => void) | null;
}

export class PitChannel {
  private mode = 0;
  private bcd = false;
  private access = ACCESS_LSB_THEN_MSB;
  private gate: boolean;
  private out = false;
  /** CR: 1 to 65536, or to 10000 in BCD. */
  private countRegister = 0x1_0000;
  /** A whole count was written since the control word. */
  private countWritten = false;
  private nullCount = true;
  /** A count was loaded since the control word. */
  private loaded = false;
  private counting = false;
  /** One-shot modes: OUT will change when the count expires. */
  private armed = false;
  private anchorTick = 0;
  private anchorCount = 0;
  private loadTick: number | null = null;
  private writtenLsb: number | null = null;
  private readMsbNext = false;
  private latchedCount: number | null = null;
  private latchedStatus: number | null = null;
  private readonly edgeTimer: Timer;

  constructor(private readonly ports: PitChannelPorts) {
    this.gate = ports.gateAtPowerOn;
    this.edgeTimer = new Timer(ports.events, () => this.catchUp());
  }

  /** The OUT pin. */
  get output(): boolean {
    this.catchUp();
    return this.out;
  }

  /** The GATE pin. */
  get gateLevel(): boolean {
    return this.gate;
  }

  writeControl(access: number, mode: number, bcd: boolean): void {
    this.catchUp();
    this.freeze();
    this.access = access;
    this.mode = mode;
    this.bcd = bcd;
    this.countWritten = false;
    this.nullCount = true;
    this.loaded = false;
    this.armed = false;
    this.loadTick = null;
    this.writtenLsb = null;
    this.readMsbNext = false;
    this.latchedCount = null;
    this.latchedStatus = null;
    this.setOut(mode !== 0);
    this.schedule();
  }

  writeCount(byte: number): void {
    this.catchUp();
    if (this.access === ACCESS_LSB_THEN_MSB && this.writtenLsb === null) {
      this.writtenLsb = byte;
      if (this.mode === 0) this.stopMode0();
    } else {
      const lsb = this.writtenLsb ?? (this.access === ACCESS_MSB ? 0 : byte);
      const msb = this.access === ACCESS_LSB ? 0 : byte;
      this.writtenLsb = null;
      this.onCountWritten((msb << 8) | lsb);
    }
    this.schedule();
  }

  readCount(): number {
    if (this.latchedStatus !== null) {
      const status = this.latchedStatus;
      this.latchedStatus = null;
      return status;
    }
    const count = this.latchedCount ?? this.currentCount();
    const isMsb = this.access === ACCESS_MSB || this.readMsbNext;
    if (this.access === ACCESS_LSB_THEN_MSB) this.readMsbNext = !this.readMsbNext;
    if (!this.readMsbNext) this.latchedCount = null;
    return isMsb ? count >> 8 : count & 0xff;
  }

  /** Counter latch command; a count that is still latched stays. */
  latchCount(): void {
    this.latchedCount ??= this.currentCount();
  }

  /** Read-back command with STATUS; a status that is still latched stays. */
  latchStatus(): void {
    this.catchUp();
    this.latchedStatus ??=
      (this.out ? STATUS_OUT : 0) |
      (this.nullCount ? STATUS_NULL_COUNT : 0) |
      (this.access << 4) |
      (this.mode << 1) |
      (this.bcd ? 1 : 0);
  }

  setGate(level: boolean): void {
    if (level === this.gate) return;
    this.catchUp();
    this.gate = level;
    if (level) this.onGateRises();
    else this.onGateFalls();
    this.schedule();
  }

  reset(): void {
    this.mode = 0;
    this.bcd = false;
    this.access = ACCESS_LSB_THEN_MSB;
    this.gate = this.ports.gateAtPowerOn;
    this.countRegister = 0x1_0000;
    this.countWritten = false;
    this.nullCount = true;
    this.loaded = false;
    this.counting = false;
    this.armed = false;
    this.anchorTick = 0;
    this.anchorCount = 0;
    this.loadTick = null;
    this.writtenLsb = null;
    this.readMsbNext = false;
    this.latchedCount = null;
    this.latchedStatus = null;
    this.edgeTimer.disarm();
    this.setOut(false);
  }

  snapshot(): PitChannelState {
    this.catchUp();
    return {
      mode: this.mode,
      bcd: this.bcd,
      access: this.access,
      gate: this.gate,
      out: this.out,
      countRegister: this.countRegister,
      countWritten: this.countWritten,
      nullCount: this.nullCount,
      loaded: this.loaded,
      counting: this.counting,
      armed: this.armed,
      anchorTick: this.anchorTick,
      anchorCount: this.anchorCount,
      loadTick: this.loadTick,
      writtenLsb: this.writtenLsb,
      readMsbNext: this.readMsbNext,
      latchedCount: this.latchedCount,
      latchedStatus: this.latchedStatus,
      edgeTimer: this.edgeTimer.snapshot(),
    };
  }

  restore(state: PitChannelState): void {
    this.mode = state.mode;
    this.bcd = state.bcd;
    this.access = state.access;
    this.gate = state.gate;
    this.out = state.out;
    this.countRegister = state.countRegister;
    this.countWritten = state.countWritten;
    this.nullCount = state.nullCount;
    this.loaded = state.loaded;
    this.counting = state.counting;
    this.armed = state.armed;
    this.anchorTick = state.anchorTick;
    this.anchorCount = state.anchorCount;
    this.loadTick = state.loadTick;
    this.writtenLsb = state.writtenLsb;
    this.readMsbNext = state.readMsbNext;
    this.latchedCount = state.latchedCount;
    this.latchedStatus = state.latchedStatus;
    this.edgeTimer.restore(state.edgeTimer);
  }

  private get modulus(): number {
    return this.bcd ? 10_000 : 0x1_0000;
  }

  private get periodic(): boolean {
    return this.mode === 2 || this.mode === 3;
  }

  private nowTick(): number {
    return this.ports.domains.ticksAt('pit', this.ports.events.nowCycles);
  }

  private onCountWritten(written: number): void {
    const count = this.bcd ? fromBcd(written) : written;
    this.countRegister = count === 0 ? this.modulus : count;
    this.countWritten = true;
    this.nullCount = true;
    if (this.mode === 0) this.stopMode0();
    if (this.mode === 1 || this.mode === 5) return; // waits for the trigger
    if (this.periodic && this.loaded) return; // waits for the end of the period, or the trigger
    this.loadTick = this.nowTick() + 1;
  }

  /** Writing a count in mode 0 sets OUT low; after the first of two bytes the counter waits for the second. */
  private stopMode0(): void {
    this.freeze();
    this.armed = false;
    this.loadTick = null;
    this.setOut(false);
  }

  private onGateRises(): void {
    if (this.mode === 0 || this.mode === 4) {
      // Halfway through a two-byte count in mode 0 the counter stays stopped.
      if (!this.loaded || (this.mode === 0 && this.writtenLsb !== null)) return;
      this.anchorTick = this.nowTick();
      this.counting = true;
    } else if (this.countWritten) {
      this.loadTick = this.nowTick() + 1;
    }
  }

  private onGateFalls(): void {
    if (this.mode === 1 || this.mode === 5) return;
    this.freeze();
    if (this.mode === 0) return;
    // Modes 2 and 3 set OUT at once. A strobe of mode 4 that is under way ends up to a tick early here.
    if (this.mode === 4 && !this.out) this.armed = false;
    this.setOut(true);
  }

  /** Stops the counting element at its present value. */
  private freeze(): void {
    const tick = this.nowTick();
    // Just loaded, the element still holds 65536 where it is read as 0.
    if (tick > this.anchorTick) this.anchorCount = this.countAt(tick);
    this.anchorTick = tick;
    this.counting = false;
  }

  /** The count as it is read: 16 bits, or four decimal digits. */
  private currentCount(): number {
    this.catchUp();
    const count = this.countAt(this.nowTick()) % this.modulus;
    return this.bcd ? toBcd(count) : count;
  }

  /** The counting element at `tick`, which is not after the next edge. */
  private countAt(tick: number): number {
    if (!this.counting) return this.anchorCount;
    const elapsed = tick - this.anchorTick;
    if (this.mode === 3) return this.anchorCount - (this.anchorCount & 1) - 2 * elapsed;
    const { modulus } = this;
    return (((this.anchorCount - elapsed) % modulus) + modulus) % modulus;
  }

  /** Brings everything up to the present tick. */
  private catchUp(): void {
    const tick = this.nowTick();
    let edge = this.nextEdgeTick();
    if (edge > tick) return;
    while (edge <= tick) {
      this.skipWholePeriods(edge, tick);
      this.passEdge(this.nextEdgeTick());
      edge = this.nextEdgeTick();
    }
    this.schedule();
  }

  /** A periodic counter that nobody watched for long: the periods before `tick` leave no trace. */
  private skipWholePeriods(edge: number, tick: number): void {
    if (!this.periodic || !this.counting || this.nullCount || this.loadTick !== null) return;
    const periods = Math.floor((tick - edge) / this.anchorCount);
    this.anchorTick += periods * this.anchorCount;
  }

  /** Tick of the next change of OUT or load of the counting element, Infinity where none is to come. */
  private nextEdgeTick(): number {
    return Math.min(this.loadTick ?? Infinity, this.nextOutEdgeTick());
  }

  private nextOutEdgeTick(): number {
    if (!this.counting) return Infinity;
    switch (this.mode) {
      case 2:
        return this.anchorTick + this.anchorCount - (this.out ? 1 : 0);
      case 3: // odd counts: OUT is high one tick longer than low
        return this.anchorTick + ((this.anchorCount + (this.out ? 1 : 0)) >> 1);
      case 4:
      case 5:
        if (!this.armed) return Infinity;
        return this.anchorTick + this.anchorCount + (this.out ? 0 : 1);
      default:
        return this.armed ? this.anchorTick + this.anchorCount : Infinity;
    }
  }

  private passEdge(tick: number): void {
    if (tick === this.loadTick) {
      this.load(tick);
      return;
    }
    switch (this.mode) {
      case 2:
        if (!this.out) this.startPeriod(tick);
        this.setOut(!this.out);
        break;
      case 3:
        this.startPeriod(tick);
        this.setOut(!this.out);
        break;
      case 4:
      case 5:
        this.armed = this.out; // the strobe is one tick long
        this.setOut(!this.out);
        break;
      default:
        this.armed = false;
        this.setOut(true);
    }
  }

  private load(tick: number): void {
    this.loadTick = null;
    this.loaded = true;
    const needsGate = this.mode !== 1 && this.mode !== 5;
    this.armed = !this.periodic;
    this.startPeriod(tick);
    if (needsGate && !this.gate) this.counting = false;
    this.setOut(this.mode > 1);
  }

  private startPeriod(tick: number): void {
    this.anchorTick = tick;
    this.anchorCount = this.countRegister;
    this.nullCount = false;
    this.counting = !(this.periodic && this.countRegister === 1);
  }

  private setOut(level: boolean): void {
    if (level === this.out) return;
    this.out = level;
    this.ports.onOut?.(level);
  }

  private schedule(): void {
    if (this.ports.onOut === null) return;
    const edge = this.nextEdgeTick();
    if (edge === Infinity) {
      this.edgeTimer.disarm();
      return;
    }
    const cycle = this.ports.domains.coreCyclesOf('pit', edge);
    assert(cycle > this.ports.events.nowCycles, 'an edge of OUT lies in the future');
    this.edgeTimer.armAt(cycle);
  }
}

function fromBcd(bcd: number): number {
  return ((bcd >> 12) & 15) * 1000 + ((bcd >> 8) & 15) * 100 + ((bcd >> 4) & 15) * 10 + (bcd & 15);
}

function toBcd(count: number): number {
  const digit = (power: number): number => Math.floor(count / power) % 10;
  return (digit(1000) << 12) | (digit(100) << 8) | (digit(10) << 4) | digit(1);
}
