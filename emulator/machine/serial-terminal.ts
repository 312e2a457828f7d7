/**
 * The other end of a serial cable: characters that somebody has typed, or a file, sent when the receiver wants them.
 *
 * Source: [PC16550D "Registers"] for what can be seen from the other end of an emulated cable: a character begins on an idle
 * line, when the receiver has room and is not looped back. That alone would lose characters that come before the guest
 * has set up its port, so two more things open the gate, both of them the guest's own doing:
 *
 *   - the received data available interrupt is enabled (IER bit 0), or
 *   - the guest polls: the line status register has been read POLLS_THAT_ASK times, with the line idle and a character
 *     waiting here, and no register of the port has been written in between. (A driver that only transmits writes after
 *     it has found room.)
 *
 * Nothing here depends on host time: the same characters and guest give the same cycles.
 */
import type { SerialPeer, SerialReceiver } from '../devices/serial-peer.js';

export interface SerialTerminalState {
  readonly sentBytes: number;
  readonly polls: number;
}

const POLLS_THAT_ASK = 4;

export class SerialTerminal implements SerialPeer {
  open = true;
  private receiver: SerialReceiver | null = null;
  private waiting: Uint8Array = new Uint8Array(0);
  /** Bytes of `waiting` that were sent, and of all that was given. */
  private next = 0;
  private sentBytes = 0;
  private polls = 0;
  private sending = false;

  /** Plugs the cable in. */
  connect(receiver: SerialReceiver): void {
    this.receiver = receiver;
  }

  get pending(): boolean {
    return this.waitingBytes > 0;
  }

  get waitingBytes(): number {
    return this.waiting.length - this.next;
  }

  /** Characters to send; only while the machine is not running. */
  give(bytes: Uint8Array): void {
    const rest = this.waiting.subarray(this.next);
    const joined = new Uint8Array(rest.length + bytes.length);
    joined.set(rest);
    joined.set(bytes, rest.length);
    this.waiting = joined;
    this.next = 0;
    this.transmit();
  }

  /** No more characters will come. */
  end(): void {
    this.open = false;
  }

  onReceiveReady(): void {
    this.transmit();
  }

  onLineStatusRead(): void {
    // Nothing is counted while the answer cannot change: such reads may be skipped (machine/idle-poll.ts).
    if (!this.pending || this.receiver?.canReceive !== true) return;
    if (this.polls < POLLS_THAT_ASK) this.polls++;
    this.transmit();
  }

  onRegisterWrite(): void {
    this.polls = 0;
    this.transmit();
  }

  snapshot(): SerialTerminalState {
    return { sentBytes: this.sentBytes, polls: this.polls };
  }

  /** To an earlier state with the same characters. */
  restore(state: SerialTerminalState): void {
    this.next += state.sentBytes - this.sentBytes;
    this.sentBytes = state.sentBytes;
    this.polls = state.polls;
  }

  /** Sends as long as the receiver takes something: one character, or several when lines take no time. */
  private transmit(): void {
    const { receiver } = this;
    if (receiver === null || this.sending) return;
    this.sending = true;
    while (this.pending && receiver.canReceive && this.isAskedFor(receiver)) {
      const byte = this.waiting[this.next] ?? 0;
      this.next++;
      this.sentBytes++;
      receiver.receive(byte);
    }
    this.sending = false;
  }

  private isAskedFor(receiver: SerialReceiver): boolean {
    return receiver.receivedDataInterruptEnabled || this.polls >= POLLS_THAT_ASK;
  }
}
