import { assert } from '../base/assert.js';
import type { ClockDomains } from '../clock/clock-domains.js';
import type { EventQueue } from '../clock/event-queue.js';
import { Timer, type TimerState } from '../clock/timer.js';
import type { PortDevice, PortWidthBytes } from '../memory/port-bus.js';
import { powerOnCmos, type CmosMemorySize } from './cmos-contents.js';
import type { InterruptLine } from './interrupt-line.js';
import { advanceOneSecond, alarmMatches } from './rtc-calendar.js';

/**
 * MC146818 real-time clock with the 128 bytes of CMOS memory of a PC/AT: index at 0x70, data at 0x71.
 *
 * The clock starts at a fixed date and runs in guest time. The registers are brought up to date when somebody
 * looks; there are events only while an interrupt is enabled.
 *
 * Source: [MC146818] Motorola, "MC146818A Real-Time Clock Plus RAM", 1984, "Update Cycle", "Registers".
 * Not modelled: other crystals than 32768 Hz (another divider setting stops the clock), square wave output,
 * daylight saving; the RAM keeps its contents over a reset, but not over the end of the run.
 */

const REGISTER_A = 0x0a;
const REGISTER_B = 0x0b;
const REGISTER_C = 0x0c;
const REGISTER_D = 0x0d;
/** Registers from here on are RAM. */
export const CMOS_RAM = 0x0e;
const CMOS_BYTES = 128;

const A_UIP = 1 << 7; // update in progress
const A_DV = 0x70;
const A_DV_32768_HZ = 0x20;
const A_RS = 0x0f;

const B_SET = 1 << 7;
const B_UIE = 1 << 4;
const B_AIE = 1 << 5;
const B_PIE = 1 << 6;
const B_SQWE = 1 << 3;
const B_DM = 1 << 2; // binary
const B_24_12 = 1 << 1;

const C_UF = 1 << 4;
const C_AF = 1 << 5;
const C_PF = 1 << 6;
const C_IRQF = 1 << 7;
/** Flags and their enables have the same places. */
const INTERRUPTS = C_UF | C_AF | C_PF;

const D_VRT = 1 << 7; // valid RAM and time

const TICKS_PER_SECOND = 32_768;
/** [MC146818 "Update Cycle"] UIP is set 244 us before an update, which takes 1984 us. */
const UIP_TICKS = 8 + 65;

export interface CmosState {
  readonly index: number;
  readonly memory: readonly number[];
  readonly registerA: number;
  readonly registerB: number;
  readonly registerC: number;
  readonly dividerTick: number;
  readonly lastTick: number;
  readonly eventTimer: TimerState;
}

export interface CmosPorts {
  readonly events: EventQueue;
  readonly domains: ClockDomains;
  /** IRQ 8. */
  readonly interrupt: InterruptLine;
  readonly memorySize: CmosMemorySize;
}

export class Cmos implements PortDevice<CmosState> {
  private index = 0;
  private readonly memory: Uint8Array;
  private registerA = A_DV_32768_HZ | 6;
  private registerB = B_24_12;
  private registerC = 0;
  /** A tick at which a second began. */
  private dividerTick: number;
  /** The registers show the time of this tick. */
  private lastTick: number;
  private readonly eventTimer: Timer;

  constructor(private readonly ports: CmosPorts) {
    this.memory = powerOnCmos(ports.memorySize);
    assert(this.memory.length === CMOS_BYTES, 'CMOS memory has 128 bytes');
    this.dividerTick = this.nowTick();
    this.lastTick = this.dividerTick;
    this.eventTimer = new Timer(ports.events, () => this.catchUp());
  }

  readPort(offset: number): number {
    if (offset === 0) return 0xff; // the index is write-only
    switch (this.index) {
      case REGISTER_A:
        return this.registerA | (this.updateInProgress() ? A_UIP : 0);
      case REGISTER_B:
        return this.registerB;
      case REGISTER_C:
        return this.readFlags();
      case REGISTER_D:
        return D_VRT;
      default:
        this.catchUp();
        return this.memory[this.index] ?? 0xff;
    }
  }

  writePort(offset: number, _widthBytes: PortWidthBytes, value: number): void {
    if (offset === 0) {
      this.index = value & 0x7f; // bit 7 masks the NMI, which nobody raises
      return;
    }
    this.catchUp();
    switch (this.index) {
      case REGISTER_A:
        this.writeRegisterA(value & ~A_UIP);
        break;
      case REGISTER_B:
        // Setting SET clears UIE.
        this.registerB = (value & B_SET) !== 0 ? value & ~B_UIE : value;
        this.updateInterrupt();
        break;
      case REGISTER_C:
      case REGISTER_D:
        break; // read-only
      default:
        this.memory[this.index] = value;
    }
    this.schedule();
  }

  /** [MC146818 "RESET"] Interrupts off and flags cleared; time, calendar and RAM are not affected. */
  reset(): void {
    this.catchUp();
    this.index = 0;
    this.registerB &= ~(INTERRUPTS | B_SQWE);
    this.registerC = 0;
    this.updateInterrupt();
    this.schedule();
  }

  snapshot(): CmosState {
    return {
      index: this.index,
      memory: [...this.memory],
      registerA: this.registerA,
      registerB: this.registerB,
      registerC: this.registerC,
      dividerTick: this.dividerTick,
      lastTick: this.lastTick,
      eventTimer: this.eventTimer.snapshot(),
    };
  }

  restore(state: CmosState): void {
    this.index = state.index;
    this.memory.set(state.memory);
    this.registerA = state.registerA;
    this.registerB = state.registerB;
    this.registerC = state.registerC;
    this.dividerTick = state.dividerTick;
    this.lastTick = state.lastTick;
    this.eventTimer.restore(state.eventTimer);
  }

  private nowTick(): number {
    return this.ports.domains.ticksAt('rtc', this.ports.events.nowCycles);
  }

  private get running(): boolean {
    return (this.registerA & A_DV) === A_DV_32768_HZ;
  }

  /** Ticks of the periodic interrupt, 0 where there is none [MC146818 "Periodic Interrupt Rate"]. */
  private get periodTicks(): number {
    const rate = this.registerA & A_RS;
    if (rate === 0) return 0;
    return rate <= 2 ? 1 << (rate + 6) : 1 << (rate - 1);
  }

  private updateInProgress(): boolean {
    if (!this.running || (this.registerB & B_SET) !== 0) return false;
    return (this.nowTick() - this.dividerTick) % TICKS_PER_SECOND >= TICKS_PER_SECOND - UIP_TICKS;
  }

  private writeRegisterA(value: number): void {
    const wasRunning = this.running;
    this.registerA = value;
    // [MC146818 "Register A", DV] The first update comes half a second after the divider is released.
    if (!wasRunning && this.running) this.dividerTick = this.nowTick() - TICKS_PER_SECOND / 2;
  }

  private readFlags(): number {
    this.catchUp();
    const flags = this.registerC;
    this.registerC = 0;
    this.updateInterrupt();
    this.schedule();
    return flags;
  }

  /** Brings time, calendar and flags up to the present tick. */
  private catchUp(): void {
    const tick = this.nowTick();
    const { lastTick, dividerTick } = this;
    if (tick === lastTick) return;
    this.lastTick = tick;
    if (!this.running) return;
    const period = this.periodTicks;
    const passed = (ticks: number): number =>
      Math.floor((tick - dividerTick) / ticks) - Math.floor((lastTick - dividerTick) / ticks);
    if (period > 0 && passed(period) > 0) this.registerC |= C_PF;
    for (let seconds = passed(TICKS_PER_SECOND); seconds > 0; seconds--) this.update();
    this.updateInterrupt();
    if (!this.eventTimer.armed) this.schedule();
  }

  /** The update cycle of one second. */
  private update(): void {
    if ((this.registerB & B_SET) !== 0) return;
    advanceOneSecond(this.memory, {
      binary: (this.registerB & B_DM) !== 0,
      hours24: (this.registerB & B_24_12) !== 0,
    });
    this.registerC |= C_UF;
    if (alarmMatches(this.memory)) this.registerC |= C_AF;
  }

  private updateInterrupt(): void {
    const requested = (this.registerC & this.registerB & INTERRUPTS) !== 0;
    this.registerC = requested ? this.registerC | C_IRQF : this.registerC & ~C_IRQF;
    this.ports.interrupt.set(requested);
  }

  /** An event for the next tick that may raise an enabled interrupt; none while the line is high already. */
  private schedule(): void {
    this.eventTimer.disarm();
    if (!this.running || (this.registerC & C_IRQF) !== 0) return;
    const enabled = this.registerB & INTERRUPTS;
    const elapsed = this.nowTick() - this.dividerTick;
    const nextMultiple = (ticks: number): number => (Math.floor(elapsed / ticks) + 1) * ticks;
    let next = Infinity;
    if ((enabled & (B_UIE | B_AIE)) !== 0) next = nextMultiple(TICKS_PER_SECOND);
    const period = this.periodTicks;
    if ((enabled & B_PIE) !== 0 && period > 0) next = Math.min(next, nextMultiple(period));
    if (next === Infinity) return;
    this.eventTimer.armAt(this.ports.domains.coreCyclesOf('rtc', this.dividerTick + next));
  }
}
