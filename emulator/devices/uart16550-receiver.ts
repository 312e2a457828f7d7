import { assert } from '../base/assert.js';
import type { ClockDomains } from '../clock/clock-domains.js';
import type { EventQueue } from '../clock/event-queue.js';
import { Timer, type TimerState } from '../clock/timer.js';
import {
  FIFO_BYTES,
  LSR_CHARACTER_ERRORS,
  LSR_DR,
  LSR_OE,
  LSR_RCVR_FIFO_ERROR,
  characterTicks,
  type LineFormat,
} from './uart16550-registers.js';
import type { UartMode } from './uart16550-transmitter.js';

/**
 * Receiver of the PC16550D: shift register, buffer register or 16-byte FIFO with the errors of each character,
 * trigger level, character time-out.
 *
 *     SIN ──> receiver shift register ──> RBR / RCVR FIFO ──> CPU
 *
 * Source: [PC16550D "Registers", "FIFO Interrupt Mode Operation"].
 */

export interface ReceiverState {
  readonly fifoEnabled: boolean;
  readonly triggerBytes: number;
  readonly characters: readonly { readonly byte: number; readonly errors: number }[];
  readonly lastRead: number;
  readonly latchedErrors: number;
  /** The character on the line, null when the line is idle. */
  readonly arriving: { readonly byte: number; readonly errors: number } | null;
  readonly arrivalTimer: TimerState;
  readonly timeoutInterrupt: boolean;
  readonly timeoutTimer: TimerState;
}

export interface ReceiverPorts {
  /** The current serial format; read when a character starts to arrive. */
  readonly format: LineFormat;
  /** LSR, the data interrupt or the time-out interrupt changed. */
  onChange(): void;
}

/** [PC16550D "FIFO Interrupt Mode Operation"] character times without arrival and without a read. */
const TIMEOUT_CHARACTERS = 4;

export class UartReceiver {
  private fifoEnabled = false;
  private triggerBytes = 1;
  private readonly bytes = new Uint8Array(FIFO_BYTES);
  private readonly errors = new Uint8Array(FIFO_BYTES);
  private head = 0;
  private count = 0;
  private lastRead = 0;
  /** OE, and PE, FE, BI of the character on top, until LSR is read. */
  private latchedErrors = 0;
  private arriving = false;
  private arrivingByte = 0;
  private arrivingErrors = 0;
  private timeoutFlag = false;
  private readonly arrivalTimer: Timer;
  private readonly timeoutTimer: Timer;

  /** LSR bits DR, OE, PE, FE, BI and 7. */
  lineStatus = 0;

  constructor(
    private readonly events: EventQueue,
    private readonly domains: ClockDomains,
    private readonly mode: UartMode,
    private readonly ports: ReceiverPorts,
  ) {
    this.arrivalTimer = new Timer(events, () => this.onArrived());
    this.timeoutTimer = new Timer(events, () => this.onTimeout());
  }

  /** A character is arriving, or the time of the character timeout runs. */
  get isBusy(): boolean {
    return this.arrivalTimer.armed || this.timeoutTimer.armed;
  }

  /** No character is on the line. */
  get lineIdle(): boolean {
    return !this.arriving;
  }

  get hasRoom(): boolean {
    return this.count < (this.fifoEnabled ? FIFO_BYTES : 1);
  }

  get timeoutInterrupt(): boolean {
    return this.timeoutFlag;
  }

  /** Received data available: the trigger level is reached, or the buffer register is full. */
  get dataInterrupt(): boolean {
    return this.count >= (this.fifoEnabled ? this.triggerBytes : 1);
  }

  /** A character begins to arrive on the idle line; `errors` are the LSR bits PE, FE, BI that it will have. */
  receive(byte: number, errors: number): void {
    assert(this.lineIdle, 'a character arrives while another is on the line');
    assert((errors & ~LSR_CHARACTER_ERRORS) === 0, `${errors} are not errors of a character`);
    if (this.mode === 'instant') {
      this.deliver(byte, errors);
      return;
    }
    this.arriving = true;
    this.arrivingByte = byte;
    this.arrivingErrors = errors;
    this.arrivalTimer.armAt(this.cycleAfterCharacters(1));
  }

  /** A character is complete in the shift register. */
  deliver(byte: number, errors: number): void {
    if (this.hasRoom) {
      this.push(byte, errors);
    } else if (this.fifoEnabled) {
      this.latchedErrors |= LSR_OE; // the new character is lost
    } else {
      this.count = 0; // the old character is lost
      this.push(byte, errors);
      this.latchedErrors |= LSR_OE;
    }
    if (!this.timeoutFlag) this.restartTimeout();
    this.updateLineStatus();
    this.ports.onChange();
  }

  /** Read of RBR. An empty receiver gives the last character again. */
  read(): number {
    if (this.count > 0) {
      this.lastRead = this.bytes[this.head] ?? 0;
      this.head = (this.head + 1) % FIFO_BYTES;
      this.count--;
      if (this.count > 0) this.latchedErrors |= this.errors[this.head] ?? 0;
    }
    this.timeoutFlag = false;
    this.restartTimeout();
    this.updateLineStatus();
    this.ports.onChange();
    return this.lastRead;
  }

  /** LSR was read: the error bits that it showed are gone, in the FIFO too. */
  clearErrors(): void {
    if ((this.lineStatus & (LSR_OE | LSR_CHARACTER_ERRORS | LSR_RCVR_FIFO_ERROR)) === 0) return;
    this.latchedErrors = 0;
    if (this.count > 0) this.errors[this.head] = 0;
    this.updateLineStatus();
    this.ports.onChange();
  }

  /** Write of FCR0: a change empties the FIFO. */
  enableFifo(enabled: boolean): void {
    if (enabled === this.fifoEnabled) return;
    this.fifoEnabled = enabled;
    this.resetFifo();
  }

  setTrigger(triggerBytes: number): void {
    this.triggerBytes = triggerBytes;
    this.ports.onChange();
  }

  /** Empties the FIFO; a character in the shift register goes on. */
  resetFifo(): void {
    this.count = 0;
    this.latchedErrors &= LSR_OE;
    this.timeoutFlag = false;
    this.timeoutTimer.disarm();
    this.updateLineStatus();
    this.ports.onChange();
  }

  reset(): void {
    this.fifoEnabled = false;
    this.triggerBytes = 1;
    this.head = 0;
    this.count = 0;
    this.lastRead = 0;
    this.latchedErrors = 0;
    this.arriving = false;
    this.arrivalTimer.disarm();
    this.timeoutFlag = false;
    this.timeoutTimer.disarm();
    this.updateLineStatus();
  }

  snapshot(): ReceiverState {
    const characters: { byte: number; errors: number }[] = [];
    for (let index = 0; index < this.count; index++) {
      const place = (this.head + index) % FIFO_BYTES;
      characters.push({ byte: this.bytes[place] ?? 0, errors: this.errors[place] ?? 0 });
    }
    return {
      fifoEnabled: this.fifoEnabled,
      triggerBytes: this.triggerBytes,
      characters,
      lastRead: this.lastRead,
      latchedErrors: this.latchedErrors,
      arriving: this.arriving ? { byte: this.arrivingByte, errors: this.arrivingErrors } : null,
      arrivalTimer: this.arrivalTimer.snapshot(),
      timeoutInterrupt: this.timeoutFlag,
      timeoutTimer: this.timeoutTimer.snapshot(),
    };
  }

  restore(state: ReceiverState): void {
    this.fifoEnabled = state.fifoEnabled;
    this.triggerBytes = state.triggerBytes;
    this.head = 0;
    this.count = state.characters.length;
    this.bytes.set(state.characters.map(({ byte }) => byte));
    this.errors.set(state.characters.map(({ errors }) => errors));
    this.lastRead = state.lastRead;
    this.latchedErrors = state.latchedErrors;
    this.arriving = state.arriving !== null;
    this.arrivingByte = state.arriving?.byte ?? 0;
    this.arrivingErrors = state.arriving?.errors ?? 0;
    this.arrivalTimer.restore(state.arrivalTimer);
    this.timeoutFlag = state.timeoutInterrupt;
    this.timeoutTimer.restore(state.timeoutTimer);
    this.updateLineStatus();
  }

  private onArrived(): void {
    this.arriving = false;
    this.deliver(this.arrivingByte, this.arrivingErrors);
  }

  private onTimeout(): void {
    this.timeoutFlag = true;
    this.ports.onChange();
  }

  private restartTimeout(): void {
    if (!this.fifoEnabled || this.count === 0) this.timeoutTimer.disarm();
    else this.timeoutTimer.armAt(this.cycleAfterCharacters(TIMEOUT_CHARACTERS));
  }

  private cycleAfterCharacters(characters: number): number {
    const now = this.domains.ticksAt('uart', this.events.nowCycles);
    return this.domains.coreCyclesOf('uart', now + characters * characterTicks(this.ports.format));
  }

  private push(byte: number, errors: number): void {
    const place = (this.head + this.count) % FIFO_BYTES;
    this.bytes[place] = byte;
    this.errors[place] = errors;
    this.count++;
    if (this.count === 1) this.latchedErrors |= errors;
  }

  private updateLineStatus(): void {
    let status = this.latchedErrors | (this.count > 0 ? LSR_DR : 0);
    for (let index = 0; index < this.count && this.fifoEnabled; index++) {
      if (this.errors[(this.head + index) % FIFO_BYTES] !== 0) status |= LSR_RCVR_FIFO_ERROR;
    }
    this.lineStatus = status;
  }
}
