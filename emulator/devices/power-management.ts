import type { ClockDomains } from '../clock/clock-domains.js';
import type { EventQueue } from '../clock/event-queue.js';
import type { PortDevice, PortWidthBytes } from '../memory/port-bus.js';

/**
 * ACPI fixed hardware at 0x600: PM1a event block, PM1a control block, power management timer.
 *
 *     +0 PM1a status (16)   +2 PM1a enable (16)   +4 PM1a control (16)   +8 timer (32, of which 24 count)
 *
 * Source: [ACPI 6.5 "ACPI Register Model", "PM1 Event Grouping", "PM1 Control Grouping", "Power Management Timer"].
 * SLP_TYP of S5 is 0 and S5 the only sleeping state, as on QEMU's machine `pc`.
 * Not modelled: the SCI, which no table announces; power and sleep buttons.
 */

const PM1_STATUS = 0;
const PM1_ENABLE = 2;
const PM1_CONTROL = 4;
const PM_TIMER = 8;
const PM_TIMER_END = 12;

const TMR_STS = 1 << 0;
const TIMER_MASK = 0xff_ffff;
/** TMR_STS is set whenever bit 23 of the timer changes. */
const TICKS_PER_STATUS = 0x80_0000;

const SCI_EN = 1 << 0;
const BM_RLD = 1 << 1;
const SLP_TYP_SHIFT = 10;
const SLP_TYP = 7 << SLP_TYP_SHIFT;
const SLP_TYP_S5 = 0;
const SLP_EN = 1 << 13; // write-only

export interface PowerManagementState {
  readonly enable: number;
  readonly control: number;
  readonly statusClearedTick: number;
}

export class PowerManagement implements PortDevice<PowerManagementState> {
  /** The timer is read whole; the other registers are 16 bits wide. */
  readonly widths = [4] as const;
  private enable = 0;
  private control = 0;
  /** Timer tick at which TMR_STS was cleared last. */
  private statusClearedTick = 0;

  constructor(
    private readonly events: EventQueue,
    private readonly domains: ClockDomains,
    private readonly onPowerOff: () => void,
  ) {}

  readPort(offset: number, widthBytes: PortWidthBytes): number {
    if (widthBytes === 4) return this.readDoubleword(offset);
    if (offset >= PM_TIMER && offset < PM_TIMER_END) {
      return byteOf(this.nowTick() & TIMER_MASK, offset - PM_TIMER);
    }
    const register = offset & ~1;
    const byteIndex = offset & 1;
    if (register === PM1_STATUS) return byteOf(this.timerStatus(), byteIndex);
    if (register === PM1_ENABLE) return byteOf(this.enable, byteIndex);
    if (register === PM1_CONTROL) return byteOf(this.control, byteIndex);
    return 0;
  }

  writePort(offset: number, widthBytes: PortWidthBytes, value: number): void {
    if (widthBytes === 4) {
      for (let byteIndex = 0; byteIndex < 4; byteIndex++) {
        this.writePort(offset + byteIndex, 1, byteOf(value, byteIndex));
      }
      return;
    }
    const register = offset & ~1;
    const byteIndex = offset & 1;
    if (register === PM1_STATUS) {
      // Writing a one clears.
      if (byteIndex === 0 && (value & TMR_STS) !== 0) this.statusClearedTick = this.nowTick();
    } else if (register === PM1_ENABLE) {
      this.enable = withByte(this.enable, byteIndex, value);
    } else if (register === PM1_CONTROL) {
      this.writeControl(withByte(this.control, byteIndex, value));
    }
  }

  reset(): void {
    this.enable = 0;
    this.control = 0;
    this.statusClearedTick = this.nowTick();
  }

  snapshot(): PowerManagementState {
    return {
      enable: this.enable,
      control: this.control,
      statusClearedTick: this.statusClearedTick,
    };
  }

  restore(state: PowerManagementState): void {
    this.enable = state.enable;
    this.control = state.control;
    this.statusClearedTick = state.statusClearedTick;
  }

  private readDoubleword(offset: number): number {
    if (offset === PM_TIMER) return this.nowTick() & TIMER_MASK;
    let value = 0;
    for (let byteIndex = 0; byteIndex < 4; byteIndex++) {
      value |= this.readPort(offset + byteIndex, 1) << (8 * byteIndex);
    }
    return value >>> 0;
  }

  private writeControl(value: number): void {
    this.control = value & (SCI_EN | BM_RLD | SLP_TYP);
    const sleepType = (value & SLP_TYP) >> SLP_TYP_SHIFT;
    if ((value & SLP_EN) !== 0 && sleepType === SLP_TYP_S5) this.onPowerOff();
  }

  private nowTick(): number {
    return this.domains.ticksAt('pmTimer', this.events.nowCycles);
  }

  private timerStatus(): number {
    const changes = (tick: number): number => Math.floor(tick / TICKS_PER_STATUS);
    return changes(this.nowTick()) > changes(this.statusClearedTick) ? TMR_STS : 0;
  }
}

function byteOf(value: number, byteIndex: number): number {
  return (value >>> (8 * byteIndex)) & 0xff;
}

function withByte(value: number, byteIndex: number, byte: number): number {
  return byteIndex === 0 ? (value & 0xff00) | byte : (value & 0x00ff) | (byte << 8);
}
