import type { PortDevice, PortWidthBytes } from '../memory/port-bus.js';
import type { InterruptLine } from './interrupt-line.js';

/**
 * The 8042 keyboard controller of a PC/AT, without a keyboard: data at offset 0 (0x60), command and status at
 * offset 4 (0x64). What remains is its self test and its output port: A20 gate and processor reset.
 *
 * Source: [IBM PC/AT Technical Reference "Keyboard Controller"]; [PS/2 Hardware Interface "Keyboard and Auxiliary
 * Device Controller"] for the commands from 0xA7 on.
 * Not modelled: keyboard and mouse. A byte sent to them times out at once: status bit 5 and 0xFE.
 */

const DATA = 0;

const STATUS_OUTPUT_BUFFER_FULL = 1 << 0;
const STATUS_SYSTEM_FLAG = 1 << 2;
const STATUS_COMMAND = 1 << 3;
const STATUS_NOT_INHIBITED = 1 << 4;
const STATUS_TRANSMIT_TIMEOUT = 1 << 5;

const COMMAND_BYTE_INTERRUPT = 1 << 0;
const COMMAND_BYTE_SYSTEM_FLAG = 1 << 2;
const COMMAND_BYTE_DISABLE_KEYBOARD = 1 << 4;
const COMMAND_BYTE_DISABLE_AUXILIARY = 1 << 5;

const OUTPUT_PORT_NO_RESET = 1 << 0; // low resets the processor
const OUTPUT_PORT_A20 = 1 << 1;
/** The port's latches come up high: A20 is enabled. */
const OUTPUT_PORT_AT_POWER_ON = 0xcf;
/** Keyboard not locked, manufacturing jumper not set. */
const INPUT_PORT = 0xa0;

const SELF_TEST_PASSED = 0x55;
const INTERFACE_TEST_PASSED = 0x00;
const RESEND = 0xfe;

const EMPTY = -1;

export interface KeyboardControllerState {
  readonly outputBuffer: number | null;
  readonly status: number;
  readonly commandByte: number;
  readonly outputPort: number;
  /** The command that waits for its parameter at the data port. */
  readonly pendingCommand: number | null;
}

export interface KeyboardControllerPorts {
  /** IRQ 1. */
  readonly interrupt: InterruptLine;
  onA20(enabled: boolean): void;
  onReset(): void;
}

export class KeyboardController implements PortDevice<KeyboardControllerState> {
  private outputBuffer = EMPTY;
  private status = STATUS_NOT_INHIBITED;
  private commandByte = 0;
  private outputPort = OUTPUT_PORT_AT_POWER_ON;
  private pendingCommand = EMPTY;

  constructor(private readonly ports: KeyboardControllerPorts) {}

  /** The A20 gate as the output port drives it. */
  get a20(): boolean {
    return (this.outputPort & OUTPUT_PORT_A20) !== 0;
  }

  readPort(offset: number): number {
    if (offset !== DATA) {
      return this.status | (this.outputBuffer === EMPTY ? 0 : STATUS_OUTPUT_BUFFER_FULL);
    }
    const value = this.outputBuffer === EMPTY ? 0 : this.outputBuffer;
    this.outputBuffer = EMPTY;
    this.status &= ~STATUS_TRANSMIT_TIMEOUT;
    this.updateInterrupt();
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

  /** It answers at once and has no timer; nobody types. */
  isSettled(): boolean {
    return true;
  }

  reset(): void {
    this.outputBuffer = EMPTY;
    this.status = STATUS_NOT_INHIBITED;
    this.commandByte = 0;
    this.pendingCommand = EMPTY;
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
    };
  }

  restore(state: KeyboardControllerState): void {
    this.outputBuffer = state.outputBuffer ?? EMPTY;
    this.status = state.status;
    this.commandByte = state.commandByte;
    this.outputPort = state.outputPort;
    this.pendingCommand = state.pendingCommand ?? EMPTY;
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
        this.status |= STATUS_SYSTEM_FLAG;
        this.commandByte |= COMMAND_BYTE_SYSTEM_FLAG;
        this.answer(SELF_TEST_PASSED);
        break;
      case 0xa9: // auxiliary interface test
      case 0xab: // keyboard interface test
        this.answer(INTERFACE_TEST_PASSED);
        break;
      case 0xad:
        this.commandByte |= COMMAND_BYTE_DISABLE_KEYBOARD;
        break;
      case 0xae:
        this.commandByte &= ~COMMAND_BYTE_DISABLE_KEYBOARD;
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
        this.status =
          (value & COMMAND_BYTE_SYSTEM_FLAG) !== 0
            ? this.status | STATUS_SYSTEM_FLAG
            : this.status & ~STATUS_SYSTEM_FLAG;
        this.updateInterrupt();
        break;
      case 0xd1:
        this.writeOutputPort(value);
        if ((value & OUTPUT_PORT_NO_RESET) === 0) this.ports.onReset();
        break;
      case 0xd2:
      case 0xd3:
        this.answer(value);
        break;
      default: // to the keyboard or the auxiliary device, which are not there
        this.status |= STATUS_TRANSMIT_TIMEOUT;
        this.answer(RESEND);
    }
  }

  private answer(value: number): void {
    this.outputBuffer = value;
    this.updateInterrupt();
  }

  private writeOutputPort(value: number): void {
    const before = this.a20;
    this.outputPort = value;
    if (this.a20 !== before) this.ports.onA20(this.a20);
  }

  private updateInterrupt(): void {
    const enabled = (this.commandByte & COMMAND_BYTE_INTERRUPT) !== 0;
    this.ports.interrupt.set(enabled && this.outputBuffer !== EMPTY);
  }
}
