import { assert } from '../base/assert.js';
import type { ClockDomains } from '../clock/clock-domains.js';
import type { EventQueue } from '../clock/event-queue.js';
import { Timer, type TimerState } from '../clock/timer.js';
import {
  FIFO_BYTES,
  LSR_TEMT,
  LSR_THRE,
  bitTicks,
  characterTicks,
  stopTicks,
  wordMask,
  type LineFormat,
} from './uart16550-registers.js';

/**
 * Transmitter of the PC16550D: holding register or 16-byte FIFO, shift register, the THRE interrupt.
 *
 *     THR / XMIT FIFO ──> transmitter shift register ──> SOUT
 *         THRE: empty          TEMT: both empty
 *
 * Source: [PC16550D "Registers", "FIFO Interrupt Mode Operation", "AC Electrical Characteristics"].
 */

/** `real`: a character takes its time on the line. `instant`: it takes none. */
export type UartMode = 'real' | 'instant';

export interface TransmitterState {
  readonly fifoEnabled: boolean;
  readonly waiting: readonly number[];
  /** The character on the line, null when the shift register is empty. */
  readonly shifting: number | null;
  /** Crystal tick at which the shift register takes or finishes a character. */
  readonly edgeTick: number;
  readonly edgeTimer: TimerState;
  readonly threInterrupt: boolean;
  readonly threTimer: TimerState;
  readonly waitingMax: number;
}

export interface TransmitterPorts {
  /** The current serial format; read when a character starts. */
  readonly format: LineFormat;
  /** A character has left completely. */
  onCharacter(byte: number): void;
  /** The guest wrote to a full transmitter and this byte will never leave. */
  onLost(byte: number): void;
  /** LSR or the THRE interrupt changed. */
  onChange(): void;
}

/** [PC16550D AC table, t_SI "Delay from Initial Write to Interrupt"] 16 to 24 BAUDOUT periods: a bit time. */
const START_DELAY_BITS = 1;

const EMPTY = -1;

export class UartTransmitter {
  private fifoEnabled = false;
  private readonly waiting = new Uint8Array(FIFO_BYTES);
  private head = 0;
  private count = 0;
  private shifting = EMPTY;
  private edgeTick = 0;
  private threInterruptFlag = false;
  /** Most bytes that were in the FIFO together since THRE was set last. */
  private waitingMax = 0;
  private readonly edgeTimer: Timer;
  private readonly threTimer: Timer;

  /** LSR bits THRE and TEMT. */
  lineStatus = LSR_THRE | LSR_TEMT;

  constructor(
    private readonly events: EventQueue,
    private readonly domains: ClockDomains,
    private readonly mode: UartMode,
    private readonly ports: TransmitterPorts,
  ) {
    this.edgeTimer = new Timer(events, () => this.onEdge());
    this.threTimer = new Timer(events, () => this.raiseThreInterrupt());
  }

  /** The THRE interrupt's flip-flop. */
  get threInterrupt(): boolean {
    return this.threInterruptFlag;
  }

  /** A character is on its way, or the interrupt of the empty holding register. */
  get isBusy(): boolean {
    return this.edgeTimer.armed || this.threTimer.armed;
  }

  /** Write to THR. A full FIFO refuses the new byte, a full holding register loses the old one. */
  write(byte: number): void {
    this.clearThreInterrupt();
    const depth = this.fifoEnabled ? FIFO_BYTES : 1;
    if (this.count < depth) {
      this.push(byte);
    } else if (this.fifoEnabled) {
      this.ports.onLost(byte);
    } else {
      this.ports.onLost(this.pop());
      this.push(byte);
    }
    if (this.mode === 'instant') {
      this.sendInstantly();
    } else if (this.shifting === EMPTY && !this.edgeTimer.armed) {
      const now = this.domains.ticksAt('uart', this.events.nowCycles);
      this.armEdge(now + START_DELAY_BITS * bitTicks(this.ports.format));
    }
    this.updateLineStatus();
    this.ports.onChange();
  }

  /** Write of FCR0: a change empties the FIFO. */
  enableFifo(enabled: boolean): void {
    if (enabled === this.fifoEnabled) return;
    this.fifoEnabled = enabled;
    this.resetFifo();
  }

  /** Empties the FIFO; a character in the shift register goes on. The interrupt of the empty FIFO is immediate. */
  resetFifo(): void {
    this.count = 0;
    if (this.shifting === EMPTY) this.edgeTimer.disarm();
    this.threTimer.disarm();
    this.waitingMax = 0;
    this.threInterruptFlag = true;
    this.updateLineStatus();
    this.ports.onChange();
  }

  /** IER.ETBEI was set: an empty holding register interrupts at once. */
  onInterruptEnabled(): void {
    if ((this.lineStatus & LSR_THRE) !== 0 && !this.threTimer.armed) this.threInterruptFlag = true;
  }

  /** IIR was read while it showed THRE, or THR was written. */
  clearThreInterrupt(): void {
    this.threTimer.disarm();
    this.threInterruptFlag = false;
  }

  reset(): void {
    this.fifoEnabled = false;
    this.head = 0;
    this.count = 0;
    this.shifting = EMPTY;
    this.edgeTick = 0;
    this.edgeTimer.disarm();
    this.threInterruptFlag = false;
    this.threTimer.disarm();
    this.waitingMax = 0;
    this.updateLineStatus();
  }

  snapshot(): TransmitterState {
    const waiting: number[] = [];
    for (let index = 0; index < this.count; index++) waiting.push(this.waitingAt(index));
    return {
      fifoEnabled: this.fifoEnabled,
      waiting,
      shifting: this.shifting === EMPTY ? null : this.shifting,
      edgeTick: this.edgeTick,
      edgeTimer: this.edgeTimer.snapshot(),
      threInterrupt: this.threInterruptFlag,
      threTimer: this.threTimer.snapshot(),
      waitingMax: this.waitingMax,
    };
  }

  restore(state: TransmitterState): void {
    this.fifoEnabled = state.fifoEnabled;
    this.head = 0;
    this.count = state.waiting.length;
    this.waiting.set(state.waiting);
    this.shifting = state.shifting ?? EMPTY;
    this.edgeTick = state.edgeTick;
    this.edgeTimer.restore(state.edgeTimer);
    this.threInterruptFlag = state.threInterrupt;
    this.threTimer.restore(state.threTimer);
    this.waitingMax = state.waitingMax;
    this.updateLineStatus();
  }

  /** The start bit begins, or the last stop bit ends. */
  private onEdge(): void {
    if (this.shifting !== EMPTY) {
      const byte = this.shifting;
      this.shifting = EMPTY;
      this.ports.onCharacter(byte);
    }
    if (this.count > 0) this.shiftNext();
    this.updateLineStatus();
    this.ports.onChange();
  }

  private shiftNext(): void {
    const { format } = this.ports;
    this.shifting = this.pop() & wordMask(format.lcr);
    this.armEdge(this.edgeTick + characterTicks(format));
    if (this.count > 0) return;
    // [PC16550D "FIFO Interrupt Mode Operation"] The empty indication comes one character time minus the stop
    // bit late when the FIFO never held two bytes since it was empty last.
    if (this.fifoEnabled && this.waitingMax < 2) {
      const delayed = this.edgeTick - stopTicks(format);
      this.threTimer.armAt(this.domains.coreCyclesOf('uart', delayed));
    } else {
      this.threInterruptFlag = true;
    }
    this.waitingMax = 0;
  }

  private sendInstantly(): void {
    while (this.count > 0) this.ports.onCharacter(this.pop() & wordMask(this.ports.format.lcr));
    this.waitingMax = 0;
    this.threInterruptFlag = true;
  }

  private raiseThreInterrupt(): void {
    this.threInterruptFlag = true;
    this.ports.onChange();
  }

  private armEdge(tick: number): void {
    this.edgeTick = tick;
    this.edgeTimer.armAt(this.domains.coreCyclesOf('uart', tick));
  }

  private push(byte: number): void {
    this.waiting[(this.head + this.count) % FIFO_BYTES] = byte;
    this.count++;
    if (this.count > this.waitingMax) this.waitingMax = this.count;
  }

  private pop(): number {
    assert(this.count > 0, 'the transmitter takes a byte from an empty FIFO');
    const byte = this.waitingAt(0);
    this.head = (this.head + 1) % FIFO_BYTES;
    this.count--;
    return byte;
  }

  private waitingAt(index: number): number {
    return this.waiting[(this.head + index) % FIFO_BYTES] ?? 0;
  }

  private updateLineStatus(): void {
    const thre = this.count === 0 ? LSR_THRE : 0;
    this.lineStatus = thre === 0 || this.shifting !== EMPTY ? thre : LSR_THRE | LSR_TEMT;
  }
}
