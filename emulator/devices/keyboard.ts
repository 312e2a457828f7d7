import type { ClockDomains } from '../clock/clock-domains.js';
import type { EventQueue } from '../clock/event-queue.js';
import { assert } from '../base/assert.js';
import { Timer, type TimerState } from '../clock/timer.js';

/**
 * A 101/102-key keyboard on which nobody types: it answers the commands of the system.
 *
 * Source: [PS/2 "Keyboards (101- and 102-Key)", "Commands from the System",
 * "Commands to the System"].
 * Not modelled: keys, and what is set for them only (indicators, typematic rate, whether it scans); the basic assurance test at power-on (its AAh is taken as read by firmware).
 */

/** "The BAT takes a minimum of 300 milliseconds and a maximum of 500 milliseconds." */
const BASIC_ASSURANCE_TEST_NS = 300_000_000;

const ACKNOWLEDGE = 0xfa;
const RESEND = 0xfe;
const BAT_COMPLETE = 0xaa;
const ECHO = 0xee;
const ID = [0xab, 0x83] as const;

const SET_INDICATORS = 0xed;
const SELECT_SCAN_CODES = 0xf0;
const READ_ID = 0xf2;
const SET_TYPEMATIC = 0xf3;
const ENABLE = 0xf4;
const DEFAULT_DISABLE = 0xf5;
const SET_DEFAULT = 0xf6;
const SET_ALL_KEYS_FIRST = 0xf7;
const SET_ALL_KEYS_LAST = 0xfa;
const SET_KEY_LAST = 0xfd;
const RESET = 0xff;

/** Bytes below are parameters, those from here on commands. */
const FIRST_COMMAND = SET_INDICATORS;
const SCAN_CODE_SET_DEFAULT = 2;
const SCAN_CODE_SET_MAX = 3;

export interface KeyboardState {
  /** What it wants to send, the next byte first. */
  readonly output: readonly number[];
  /** The last byte that was no Resend. */
  readonly lastSent: number;
  /** The command that waits for its parameter. */
  readonly pendingCommand: number | null;
  readonly scanCodeSet: number;
  readonly assuranceTest: TimerState;
}

export interface KeyboardPorts {
  readonly events: EventQueue;
  readonly domains: ClockDomains;
  /** It has something to send, which `take` gives. */
  onOutput(): void;
}

export class Keyboard {
  private output: number[] = [];
  private lastSent = ACKNOWLEDGE;
  private pendingCommand: number | null = null;
  private scanCodeSet = SCAN_CODE_SET_DEFAULT;
  private readonly assuranceTest: Timer;

  constructor(private readonly ports: KeyboardPorts) {
    this.assuranceTest = new Timer(ports.events, () => {
      this.output.push(BAT_COMPLETE);
      this.ports.onOutput();
    });
  }

  get hasOutput(): boolean {
    return this.output.length > 0;
  }

  /** It will have something to send without being asked. */
  get isTesting(): boolean {
    return this.assuranceTest.armed;
  }

  /** The next byte leaves. */
  take(): number {
    const byte = this.output.shift();
    assert(byte !== undefined, 'the keyboard has something to send');
    if (byte !== RESEND) this.lastSent = byte;
    return byte;
  }

  /** A byte from the system has arrived. */
  receive(byte: number): void {
    if (byte === RESEND) {
      this.output.unshift(this.lastSent);
    } else {
      const command = this.pendingCommand;
      this.pendingCommand = null;
      // What it had to send before a command came is forgotten.
      this.output = [];
      if (command !== null && byte < FIRST_COMMAND) this.receiveParameter(command, byte);
      else this.execute(byte);
    }
    if (this.hasOutput) this.ports.onOutput();
  }

  reset(): void {
    this.output = [];
    this.lastSent = ACKNOWLEDGE;
    this.pendingCommand = null;
    this.scanCodeSet = SCAN_CODE_SET_DEFAULT;
    this.assuranceTest.disarm();
  }

  snapshot(): KeyboardState {
    return {
      output: [...this.output],
      lastSent: this.lastSent,
      pendingCommand: this.pendingCommand,
      scanCodeSet: this.scanCodeSet,
      assuranceTest: this.assuranceTest.snapshot(),
    };
  }

  restore(state: KeyboardState): void {
    this.output = [...state.output];
    this.lastSent = state.lastSent;
    this.pendingCommand = state.pendingCommand;
    this.scanCodeSet = state.scanCodeSet;
    this.assuranceTest.restore(state.assuranceTest);
  }

  private execute(command: number): void {
    switch (command) {
      case ECHO:
        this.output.push(ECHO);
        return;
      case READ_ID:
        this.output.push(ACKNOWLEDGE, ...ID);
        return;
      case SET_INDICATORS:
      case SELECT_SCAN_CODES:
      case SET_TYPEMATIC:
        this.pendingCommand = command;
        break;
      case ENABLE:
        break;
      case DEFAULT_DISABLE:
      case SET_DEFAULT:
        this.scanCodeSet = SCAN_CODE_SET_DEFAULT;
        break;
      case RESET:
        this.reset();
        this.assuranceTest.armAfter(this.ports.domains.coreCyclesOfNs(BASIC_ASSURANCE_TEST_NS));
        break;
      default:
        if (command < SET_ALL_KEYS_FIRST || command > SET_KEY_LAST) {
          this.output.push(RESEND);
          return;
        }
        // Which keys repeat and break matters to scan codes of set 3 only; FBh to FDh are followed by such codes.
        if (command > SET_ALL_KEYS_LAST) this.pendingCommand = command;
    }
    this.output.push(ACKNOWLEDGE);
  }

  private receiveParameter(command: number, value: number): void {
    switch (command) {
      case SET_INDICATORS:
      case SET_TYPEMATIC:
        this.output.push(ACKNOWLEDGE);
        break;
      case SELECT_SCAN_CODES:
        this.selectScanCodes(value);
        break;
      default:
        this.pendingCommand = command; // codes of keys, until the next command
        this.output.push(ACKNOWLEDGE);
    }
  }

  private selectScanCodes(set: number): void {
    if (set > SCAN_CODE_SET_MAX) {
      this.output.push(RESEND);
    } else if (set === 0) {
      this.output.push(ACKNOWLEDGE, this.scanCodeSet);
    } else {
      this.scanCodeSet = set;
      this.output.push(ACKNOWLEDGE);
    }
  }
}
