import type { ClockDomains } from '../clock/clock-domains.js';
import type { EventQueue } from '../clock/event-queue.js';
import type { PortDevice, PortWidthBytes } from '../memory/port-bus.js';
import type { PitChannel } from './pit8254-channel.js';

/**
 * System control port B (0x61): gate and output of timer counter 2, speaker, refresh toggle.
 * Source: [82371SB] Intel, "82371SB PCI ISA IDE Xcelerator (PIIX3)", April 1997, "NMI Status and Control Register".
 * Not modelled: parity and channel check never report anything; the speaker makes no sound.
 */

const TIMER_2_GATE = 1 << 0;
const WRITABLE = 0x0f; // gate, speaker data enable, PERR# and IOCHK# enables (1 = off)
const REFRESH_TOGGLE = 1 << 4;
const TIMER_2_OUT = 1 << 5;

/** One refresh every 15.085 microseconds: 18 periods of the timer's clock. */
const REFRESH_PIT_TICKS = 18;

export interface SystemControlPortBState {
  readonly control: number;
}

export class SystemControlPortB implements PortDevice<SystemControlPortBState> {
  private control = 0;

  constructor(
    private readonly events: EventQueue,
    private readonly domains: ClockDomains,
    private readonly speakerChannel: PitChannel,
  ) {}

  readPort(): number {
    const refreshes = Math.floor(
      this.domains.ticksAt('pit', this.events.nowCycles) / REFRESH_PIT_TICKS,
    );
    return (
      this.control |
      (refreshes % 2 === 1 ? REFRESH_TOGGLE : 0) |
      (this.speakerChannel.output ? TIMER_2_OUT : 0)
    );
  }

  writePort(_offset: number, _widthBytes: PortWidthBytes, value: number): void {
    this.control = value & WRITABLE;
    this.speakerChannel.setGate((value & TIMER_2_GATE) !== 0);
  }

  reset(): void {
    this.control = 0;
    this.speakerChannel.setGate(false);
  }

  snapshot(): SystemControlPortBState {
    return { control: this.control };
  }

  restore(state: SystemControlPortBState): void {
    this.control = state.control;
  }
}
