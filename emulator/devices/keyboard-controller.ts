import type { ClockDomains } from '../clock/clock-domains.js';
import type { EventQueue } from '../clock/event-queue.js';
import { Timer, type TimerState } from '../clock/timer.js';
import type { PortDevice, PortWidthBytes } from '../memory/port-bus.js';
import type { InterruptLine } from './interrupt-line.js';
import { Keyboard, type KeyboardState } from './keyboard.js';

/**
 * The 8042 keyboard controller of a PC, with a keyboard and nothing at its auxiliary connector: data at offset 0
 * (0x60), command and status at offset 4 (0x64). Its output port drives the A20 gate and the processor's reset.
 *
 * Source: [IBM PC/AT Technical Reference "Keyboard Controller"]; [PS/2 Hardware Interface "Keyboard and Auxiliary
 * Device Controller"] for the commands from 0xA7 on, and for the auxiliary bits of status and command byte.
 * A byte to the auxiliary device times out at once: status bit 6 and 0xFE. The controller answers its own commands at
 * once; a byte from or to the keyboard takes its time on the wire.
 */

const DATA = 0;

const STATUS_OUTPUT_BUFFER_FULL = 1 << 0;
const STATUS_INPUT_BUFFER_FULL = 1 << 1;
const STATUS_SYSTEM_FLAG = 1 << 2;
const STATUS_COMMAND = 1 << 3;
const STATUS_NOT_INHIBITED = 1 << 4;
const STATUS_AUXILIARY_DATA = 1 << 5;
const STATUS_TIMEOUT = 1 << 6;

const COMMAND_BYTE_INTERRUPT = 1 << 0;
const COMMAND_BYTE_AUXILIARY_INTERRUPT = 1 << 1;
const COMMAND_BYTE_SYSTEM_FLAG = 1 << 2;
const COMMAND_BYTE_DISABLE_KEYBOARD = 1 << 4;
const COMMAND_BYTE_DISABLE_AUXILIARY = 1 << 5;
const COMMAND_BYTE_TRANSLATE = 1 << 6;

const OUTPUT_PORT_NO_RESET = 1 << 0; // low resets the processor
const OUTPUT_PORT_A20 = 1 << 1;
/** The port's latches come up high: A20 is enabled. */
const OUTPUT_PORT_AT_POWER_ON = 0xcf;
/** Keyboard not locked, manufacturing jumper not set. */
const INPUT_PORT = 0xa0;

const SELF_TEST_PASSED = 0x55;
const INTERFACE_TEST_PASSED = 0x00;
const RESEND = 0xfe;
/**
 * What the translation to scan codes of set 1 makes of the bytes that a keyboard sends when nobody types: the second
 * byte of its ID, and the numbers of the sets. The others stay.
 */
const TRANSLATED: ReadonlyMap<number, number> = new Map([
  [0x83, 0x41],
  [0x01, 0x43],
  [0x02, 0x41],
  [0x03, 0x3f],
]);

/** Eleven bits of the keyboard's clock, which runs at 10 to 16.7 kHz: 12.5 kHz. */
const BYTE_NS = 880_000;

const EMPTY = -1;

/** A byte for the output buffer. */
interface Answer {
  readonly value: number;
  readonly auxiliary: boolean;
  readonly timeout: boolean;
}

export interface KeyboardControllerState {
  readonly outputBuffer: number | null;
  readonly status: number;
  readonly commandByte: number;
  readonly outputPort: number;
  /** The command that waits for its parameter at the data port. */
  readonly pendingCommand: number | null;
  /** The answer to a command, while the output buffer is full. */
  readonly waitingAnswer: Answer | null;
  /** Bytes on their way to the keyboard, the first one on the wire. */
  readonly sending: readonly number[];
  readonly sendTimer: TimerState;
  readonly receiveTimer: TimerState;
  readonly keyboard: KeyboardState;
}

export interface KeyboardControllerPorts {
  readonly events: EventQueue;
  readonly domains: ClockDomains;
  /** IRQ 1. */
  readonly interrupt: InterruptLine;
  /** IRQ 12. */
  readonly auxiliaryInterrupt: InterruptLine;
  onA20(enabled: boolean): void;
  onReset(): void;
}

export class KeyboardController implements PortDevice<KeyboardControllerState> {
  private outputBuffer = EMPTY;
  private status = STATUS_NOT_INHIBITED;
  private commandByte = 0;
  private outputPort = OUTPUT_PORT_AT_POWER_ON;
  private pendingCommand = EMPTY;
  private waitingAnswer: Answer | null = null;
  private sending: number[] = [];
  private readonly sendTimer: Timer;
  private readonly receiveTimer: Timer;
  private readonly keyboard: Keyboard;

  constructor(private readonly ports: KeyboardControllerPorts) {
    const { events, domains } = ports;
    this.sendTimer = new Timer(events, () => this.byteSent());
    this.receiveTimer = new Timer(events, () => this.byteReceived());
    this.keyboard = new Keyboard({ events, domains, onOutput: () => this.receive() });
  }

  /** The A20 gate as the output port drives it. */
  get a20(): boolean {
    return (this.outputPort & OUTPUT_PORT_A20) !== 0;
  }

  readPort(offset: number): number {
    if (offset !== DATA) {
      return (
        this.status |
        ((this.commandByte & COMMAND_BYTE_SYSTEM_FLAG) === 0 ? 0 : STATUS_SYSTEM_FLAG) |
        (this.outputBuffer === EMPTY ? 0 : STATUS_OUTPUT_BUFFER_FULL) |
        (this.sending.length === 0 ? 0 : STATUS_INPUT_BUFFER_FULL)
      );
    }
    const value = this.outputBuffer === EMPTY ? 0 : this.outputBuffer;
    this.outputBuffer = EMPTY;
    this.status &= ~(STATUS_AUXILIARY_DATA | STATUS_TIMEOUT);
    this.updateInterrupt();
    const answer = this.waitingAnswer;
    this.waitingAnswer = null;
    if (answer !== null) this.fillOutputBuffer(answer);
    else this.receive();
    return value;
  }

  writePort(offset: number, _widthBytes: PortWidthBytes, value: number): void {
    if (offset === DATA) {
      this.status &= ~STATUS_COMMAND;
      this.writeData(value);
    } else {
      this.status |= STATUS_COMMAND;
      this.pendingCommand = EMPTY;
      this.writeCommand(value);
    }
  }

  readsAreSteady(offset: number): boolean {
    return offset !== DATA;
  }

  /** Nobody types: without a byte under way the keyboard is silent. */
  isSettled(): boolean {
    return !this.sendTimer.armed && !this.receiveTimer.armed && !this.keyboard.isTesting;
  }

  reset(): void {
    this.outputBuffer = EMPTY;
    this.status = STATUS_NOT_INHIBITED;
    this.commandByte = 0;
    this.pendingCommand = EMPTY;
    this.waitingAnswer = null;
    this.sending = [];
    this.sendTimer.disarm();
    this.receiveTimer.disarm();
    this.keyboard.reset();
    this.writeOutputPort(OUTPUT_PORT_AT_POWER_ON);
    this.updateInterrupt();
  }

  snapshot(): KeyboardControllerState {
    return {
      outputBuffer: this.outputBuffer === EMPTY ? null : this.outputBuffer,
      status: this.status,
      commandByte: this.commandByte,
      outputPort: this.outputPort,
      pendingCommand: this.pendingCommand === EMPTY ? null : this.pendingCommand,
      waitingAnswer: this.waitingAnswer,
      sending: [...this.sending],
      sendTimer: this.sendTimer.snapshot(),
      receiveTimer: this.receiveTimer.snapshot(),
      keyboard: this.keyboard.snapshot(),
    };
  }

  restore(state: KeyboardControllerState): void {
    this.outputBuffer = state.outputBuffer ?? EMPTY;
    this.status = state.status;
    this.commandByte = state.commandByte;
    this.outputPort = state.outputPort;
    this.pendingCommand = state.pendingCommand ?? EMPTY;
    this.waitingAnswer = state.waitingAnswer;
    this.sending = [...state.sending];
    this.sendTimer.restore(state.sendTimer);
    this.receiveTimer.restore(state.receiveTimer);
    this.keyboard.restore(state.keyboard);
  }

  private writeCommand(command: number): void {
    switch (command) {
      case 0x20: // read command byte
        this.answer(this.commandByte);
        break;
      case 0x60: // write command byte
      case 0xd1: // write output port
      case 0xd2: // write keyboard output buffer
      case 0xd3: // write auxiliary output buffer
      case 0xd4: // write to auxiliary device
        this.pendingCommand = command;
        break;
      case 0xa7:
        this.commandByte |= COMMAND_BYTE_DISABLE_AUXILIARY;
        break;
      case 0xa8:
        this.commandByte &= ~COMMAND_BYTE_DISABLE_AUXILIARY;
        break;
      case 0xaa: // self test
        this.commandByte |= COMMAND_BYTE_SYSTEM_FLAG;
        this.answer(SELF_TEST_PASSED);
        break;
      case 0xa9: // auxiliary interface test
      case 0xab: // keyboard interface test
        this.answer(INTERFACE_TEST_PASSED);
        break;
      case 0xad:
        this.commandByte |= COMMAND_BYTE_DISABLE_KEYBOARD;
        this.updateInterrupt();
        break;
      case 0xae:
        this.enableKeyboard();
        break;
      case 0xc0:
        this.answer(INPUT_PORT);
        break;
      case 0xd0:
        this.answer(this.outputPort);
        break;
      case 0xdd: // disable A20
        this.writeOutputPort(this.outputPort & ~OUTPUT_PORT_A20);
        break;
      case 0xdf: // enable A20
        this.writeOutputPort(this.outputPort | OUTPUT_PORT_A20);
        break;
      default: // 0xF0-0xFF pulse the output port bits that are 0, of which only the reset line is wired
        if (command >= 0xf0 && (command & OUTPUT_PORT_NO_RESET) === 0) this.ports.onReset();
    }
  }

  private writeData(value: number): void {
    const command = this.pendingCommand;
    this.pendingCommand = EMPTY;
    switch (command) {
      case 0x60:
        this.commandByte = value;
        this.updateInterrupt();
        this.receive();
        break;
      case 0xd1:
        this.writeOutputPort(value);
        if ((value & OUTPUT_PORT_NO_RESET) === 0) this.ports.onReset();
        break;
      case 0xd2:
        this.answer(value);
        break;
      case 0xd3:
        this.answer(value, { auxiliary: true });
        break;
      case 0xd4:
        this.answer(RESEND, { auxiliary: true, timeout: true });
        break;
      default:
        this.send(value);
    }
  }

  /** While the output buffer is full an answer waits; a later one takes its place. */
  private answer(value: number, kind: Partial<Omit<Answer, 'value'>> = {}): void {
    const answer = { value, auxiliary: false, timeout: false, ...kind };
    if (this.outputBuffer === EMPTY) this.fillOutputBuffer(answer);
    else this.waitingAnswer = answer;
  }

  private fillOutputBuffer({ value, auxiliary, timeout }: Answer): void {
    this.outputBuffer = value;
    this.status &= ~(STATUS_AUXILIARY_DATA | STATUS_TIMEOUT);
    if (auxiliary) this.status |= STATUS_AUXILIARY_DATA;
    if (timeout) this.status |= STATUS_TIMEOUT;
    this.updateInterrupt();
  }

  private enableKeyboard(): void {
    this.commandByte &= ~COMMAND_BYTE_DISABLE_KEYBOARD;
    this.updateInterrupt();
    this.receive();
  }

  /** A byte for the keyboard; that enables its interface, too. */
  private send(value: number): void {
    this.commandByte &= ~COMMAND_BYTE_DISABLE_KEYBOARD;
    this.updateInterrupt();
    this.receiveTimer.disarm(); // what the keyboard is sending it sends again, if at all
    // The buffer holds one byte behind the one on the wire; a byte that nobody waited to write takes its place.
    this.sending[Math.min(this.sending.length, 1)] = value;
    if (!this.sendTimer.armed) this.sendTimer.armAfter(this.byteCycles());
  }

  private byteSent(): void {
    const value = this.sending.shift();
    if (this.sending.length > 0) this.sendTimer.armAfter(this.byteCycles());
    if (value !== undefined) this.keyboard.receive(value);
  }

  /** Lets the keyboard send, when it wants to and there is room. */
  private receive(): void {
    if (this.mayReceive() && !this.receiveTimer.armed) {
      this.receiveTimer.armAfter(this.byteCycles());
    }
  }

  private byteReceived(): void {
    if (!this.mayReceive()) return;
    const byte = this.keyboard.take();
    const translates = (this.commandByte & COMMAND_BYTE_TRANSLATE) !== 0;
    const value = translates ? (TRANSLATED.get(byte) ?? byte) : byte;
    this.fillOutputBuffer({ value, auxiliary: false, timeout: false });
  }

  private mayReceive(): boolean {
    const enabled = (this.commandByte & COMMAND_BYTE_DISABLE_KEYBOARD) === 0;
    const busy = this.outputBuffer !== EMPTY || this.sending.length > 0;
    return enabled && !busy && this.keyboard.hasOutput;
  }

  private byteCycles(): number {
    return this.ports.domains.coreCyclesOfNs(BYTE_NS);
  }

  private writeOutputPort(value: number): void {
    const before = this.a20;
    this.outputPort = value;
    if (this.a20 !== before) this.ports.onA20(this.a20);
  }

  private updateInterrupt(): void {
    const isFull = this.outputBuffer !== EMPTY;
    const auxiliary = (this.status & STATUS_AUXILIARY_DATA) !== 0;
    const enabled = (bit: number): boolean => (this.commandByte & bit) !== 0;
    // A disabled keyboard does not interrupt, not even for the controller's answers: QEMU's rule (hw/input/pckbd.c), which drivers that poll for these count on.
    const disabled = enabled(COMMAND_BYTE_DISABLE_KEYBOARD);
    this.ports.interrupt.set(isFull && !auxiliary && !disabled && enabled(COMMAND_BYTE_INTERRUPT));
    this.ports.auxiliaryInterrupt.set(
      isFull && auxiliary && enabled(COMMAND_BYTE_AUXILIARY_INTERRUPT),
    );
  }
}
