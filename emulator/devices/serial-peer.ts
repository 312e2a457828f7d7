/** The two ends of a serial cable, as each sees the other. */

/** A serial port's receiver, seen from the other end. */
export interface SerialReceiver {
  /** The line is idle, there is room, and no loop-back. */
  readonly canReceive: boolean;
  readonly receivedDataInterruptEnabled: boolean;
  receive(byte: number): void;
}

/** What a serial port tells the other end of its cable. */
export interface SerialPeer {
  /** A character waits for the receiver. */
  readonly pending: boolean;
  /** More characters may yet come from outside the machine. */
  readonly open: boolean;
  /** `canReceive` has become true. */
  onReceiveReady(): void;
  onLineStatusRead(): void;
  onRegisterWrite(): void;
}
