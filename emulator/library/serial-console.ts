/** COM1 of a machine, from the other end of the cable: what came, what is waited for, what is typed. */
import { ConfigurationError } from '../base/errors.js';
import { parseDurationNs } from '../cli/quantities.js';
import { parsePattern, type PatternMatch, type SerialPattern } from '../cli/serial-pattern.js';
import { SerialText } from '../cli/serial-text.js';
import type { SerialTerminal } from '../machine/serial-terminal.js';
import { givenBytes, givenPattern, givenTime } from './given-values.js';
import { KEPT_BYTES_MAX, KeptBytes } from './kept-bytes.js';

/** A text that has come. */
export interface SerialMatch extends PatternMatch {
  /** Cycle at which its last byte left the port. */
  readonly cycle: number;
  /** Line of COM1 in which it ends, from 1. */
  readonly line: number;
}

export interface WaitOptions {
  /** Guest time from now on, such as `200ms`; without it the limits of the run are those of the wait. */
  readonly within?: string;
}

/** Runs the machine until `isDone`, or for so many nanoseconds of guest time (null: as long as it may). */
export type Drive = (isDone: () => boolean, what: string, withinNs: number | null) => Promise<void>;

export class SerialConsole {
  private readonly kept = new KeptBytes();
  /** All of `kept` up to `shownBytes`. */
  private readonly decoder = new SerialText();
  private shown = '';
  private shownBytes = 0;
  /** How far waits have looked, and in which line. */
  private readonly reader = new SerialText();
  private readBytes = 0;
  private line = 1;
  private pattern: SerialPattern | null = null;
  private found: SerialMatch | null = null;

  constructor(
    private readonly terminal: SerialTerminal,
    private readonly drive: Drive,
    /** The machine stands still before its next instruction. */
    private readonly pause: () => void,
    /** The run is over, for this reason. */
    private readonly stop: (reason: string) => void,
  ) {}

  /** All that came so far, without escape sequences and carriage returns. */
  get text(): string {
    const added = this.kept.from(this.shownBytes);
    this.shownBytes = this.kept.length;
    let text = '';
    for (const byte of added) text += this.decoder.take(byte);
    this.shown += text;
    return this.shown;
  }

  /** The bytes themselves. */
  get bytes(): Uint8Array {
    return this.kept.from(0);
  }

  /**
   * Runs the machine until COM1 has shown a text behind the last one that was waited for. It stands still there: before the
   * next instruction that follows the match's last byte.
   * @param pattern a text, or a regular expression with the flags i, m, s and u
   * @throws WaitError when it does not come, ConfigurationError for a pattern or time that cannot be used
   */
  async waitFor(pattern: string | RegExp, { within }: WaitOptions = {}): Promise<SerialMatch> {
    if (this.pattern !== null) throw new ConfigurationError('waitFor: another wait is under way');
    const source = givenPattern(pattern, 'waitFor');
    const withinNs =
      within === undefined ? null : parseDurationNs(givenTime(within, 'within'), 'within');
    this.pattern = parsePattern(source, 'waitFor');
    this.found = null;
    try {
      this.lookAtUnread();
      await this.drive(() => this.found !== null, source, withinNs);
      return this.found as unknown as SerialMatch;
    } finally {
      this.pattern = null;
    }
  }

  /** Types at COM1: each character takes its time on the line, and waits until the guest has room for it. */
  send(text: string | Uint8Array): void {
    this.terminal.give(givenBytes(text, 'send'));
  }

  /** Takes the next byte of COM1. */
  take(byte: number, cycle: number): void {
    if (!this.kept.take(byte, cycle)) {
      this.stop(`COM1 has sent ${KEPT_BYTES_MAX} bytes, which is the most that is kept here`);
      return;
    }
    if (this.pattern === null || this.found !== null) return;
    this.lookAtUnread();
    if (this.found !== null) this.pause();
  }

  /** Up to the match, or to the end of what came. */
  private lookAtUnread(): void {
    const { kept, pattern } = this;
    while (pattern !== null && this.found === null && this.readBytes < kept.length) {
      const at = this.readBytes++;
      const text = this.reader.take(kept.byteAt(at));
      if (text === '') continue;
      if (pattern.take(text)) {
        this.found = { ...pattern.match(), cycle: kept.cycleAt(at), line: this.line };
      }
      if (text.endsWith('\n')) this.line++;
    }
  }
}
