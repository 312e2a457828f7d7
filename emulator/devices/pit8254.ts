import type { ClockDomains } from '../clock/clock-domains.js';
import type { EventQueue } from '../clock/event-queue.js';
import type { PortDevice, PortWidthBytes } from '../memory/port-bus.js';
import type { InterruptLine } from './interrupt-line.js';
import { ACCESS_LATCH, PitChannel, type PitChannelState } from './pit8254-channel.js';

/**
 * Intel 8254 programmable interval timer: three counters and the control word register.
 *
 *     counter 0 ──> IRQ 0        counter 1: DRAM refresh        counter 2 ──> speaker, gated by port 0x61
 *
 * Source: [8254] Intel, "8254 Programmable Interval Timer", September 1993, "Programming the 8254".
 */

const CONTROL_WORD = 3;
const SELECT_READ_BACK = 3;
/** Read-back command: both are active low. */
const READ_BACK_COUNT = 1 << 5;
const READ_BACK_STATUS = 1 << 4;

export interface Pit8254State {
  readonly channels: readonly PitChannelState[];
}

export interface Pit8254Ports {
  readonly events: EventQueue;
  readonly domains: ClockDomains;
  /** OUT 0. */
  readonly interrupt: InterruptLine;
}

export class Pit8254 implements PortDevice<Pit8254State> {
  /** Counter 2, whose GATE and OUT are wired to system control port B. */
  readonly speakerChannel: PitChannel;
  private readonly channels: readonly PitChannel[];

  constructor(ports: Pit8254Ports) {
    const { events, domains, interrupt } = ports;
    const unwired = { events, domains, onOut: null };
    const timer = new PitChannel({
      events,
      domains,
      gateAtPowerOn: true,
      onOut: (level) => interrupt.set(level),
    });
    const refresh = new PitChannel({ ...unwired, gateAtPowerOn: true });
    this.speakerChannel = new PitChannel({ ...unwired, gateAtPowerOn: false });
    this.channels = [timer, refresh, this.speakerChannel];
  }

  /** The control word register cannot be read; the data bus floats. */
  readPort(offset: number): number {
    return offset === CONTROL_WORD ? 0xff : (this.channels[offset]?.readCount() ?? 0xff);
  }

  writePort(offset: number, _widthBytes: PortWidthBytes, value: number): void {
    if (offset === CONTROL_WORD) this.writeControlWord(value);
    else this.channels[offset]?.writeCount(value);
  }

  reset(): void {
    for (const channel of this.channels) channel.reset();
  }

  snapshot(): Pit8254State {
    return { channels: this.channels.map((channel) => channel.snapshot()) };
  }

  restore(state: Pit8254State): void {
    this.channels.forEach((channel, index) => {
      const channelState = state.channels[index];
      if (channelState !== undefined) channel.restore(channelState);
    });
  }

  /** SC1 SC0 | RW1 RW0 | M2 M1 M0 | BCD */
  private writeControlWord(word: number): void {
    const select = word >> 6;
    if (select === SELECT_READ_BACK) {
      this.readBack(word);
      return;
    }
    const channel = this.channels[select];
    const access = (word >> 4) & 3;
    if (access === ACCESS_LATCH) {
      channel?.latchCount();
      return;
    }
    const mode = (word >> 1) & 7;
    // Modes 2 and 3 do not care about M2.
    channel?.writeControl(access, mode > 5 ? mode & 3 : mode, (word & 1) !== 0);
  }

  private readBack(word: number): void {
    this.channels.forEach((channel, index) => {
      if ((word & (2 << index)) === 0) return;
      if ((word & READ_BACK_COUNT) === 0) channel.latchCount();
      if ((word & READ_BACK_STATUS) === 0) channel.latchStatus();
    });
  }
}
