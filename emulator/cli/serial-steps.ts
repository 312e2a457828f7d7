/**
 * The steps of a suite's case: what COM1 must show, what is typed, how long nothing is done, one after another.
 *
 * All in guest time, so a case is the same each time. What is typed goes through the paced line of `--input`. An event of the
 * machine's clock hands it over, one cycle behind the match: a port is in the middle of its work when it gives a byte away.
 */
import { SerialTerminal } from '../machine/serial-terminal.js';
import type { MatchedExpectation } from './expectations.js';
import { parsePattern } from './serial-pattern.js';
import { SerialText } from './serial-text.js';
import { delayCycles } from './guest-delay.js';

/** Plain data: a worker gets it by message, and run.json holds it. */
export interface StepSpec {
  readonly kind: 'wait' | 'send' | 'delay';
  /** The pattern, or what is typed; empty for a delay. */
  readonly text: string;
  /** Guest time: how long a delay is, or within which a wait has to match since the step before; null: no limit. */
  readonly ns: number | null;
}

/** The machine's: what is asked of it here. */
interface Clock {
  readonly nowCycles: number;
  after(delayCycles: number, callback: () => void): unknown;
}

interface HeldByte {
  readonly byte: number;
  readonly cycle: number;
}

export class SerialSteps {
  /** Where steps type; null when nothing comes from there. */
  readonly terminal: SerialTerminal | null;
  private readonly text = new SerialText();
  private readonly ends: { cycle: number; line: number }[] = [];
  private line = 1;
  /** What came during a delay: the next wait looks at it. */
  private held: HeldByte[] = [];
  private pattern: ReturnType<typeof parsePattern> | null = null;
  private clock: Clock | null = null;
  /** Ends of delays and texts to be typed that the clock still has. */
  private events = 0;
  /** The cycle at which the time of the step under way is over. */
  deadlineCycle = Number.POSITIVE_INFINITY;

  /** `finished` is called at the end of the last step. @throws ConfigurationError for a pattern that cannot be used */
  constructor(
    private readonly steps: readonly StepSpec[],
    private readonly coreHz: number,
    private readonly finished: () => void,
  ) {
    for (const { kind, text } of steps) if (kind === 'wait') parsePattern(text, 'wait');
    this.terminal = steps.some(({ kind }) => kind !== 'wait') ? new SerialTerminal() : null;
    this.expectEvents(0);
  }

  get any(): boolean {
    return this.steps.length > 0;
  }

  get count(): string {
    return `${this.ends.length}/${this.steps.length}`;
  }

  get allDone(): boolean {
    return this.ends.length === this.steps.length;
  }

  /** The step under way, such as `step 2 of 3 (wait ready)`; null when all have ended. */
  get current(): string | null {
    const step = this.steps[this.ends.length];
    if (step === undefined) return null;
    return `step ${this.ends.length + 1} of ${this.steps.length} (${stepWords(step)})`;
  }

  /** What is over at `deadlineCycle`. */
  get deadlineOrigin(): string {
    const ms = (this.steps[this.ends.length]?.ns ?? 0) / 1e6;
    return `the time of step ${this.ends.length + 1}, ${ms} ms of guest time since the step before,`;
  }

  /** Of the waits. */
  results(): MatchedExpectation[] {
    return this.steps.flatMap(({ kind, text }, index) => {
      const end = this.ends[index];
      const [cycle, line] = [end?.cycle ?? null, end?.line ?? null];
      return kind === 'wait' ? [{ pattern: text, cycle, line }] : [];
    });
  }

  /** The machine is about to be powered on. */
  begin(clock: Clock): void {
    this.clock = clock;
    this.enter(clock.nowCycles);
  }

  /** Takes the next byte of COM1. */
  take(byte: number, cycle: number): void {
    if (this.pattern === null && !this.allDone) this.held.push({ byte, cycle });
    else this.look(byte, cycle, cycle);
  }

  /** `atCycle` is when the byte is looked at: later than it came, where it was held. */
  private look(byte: number, cycle: number, atCycle: number): void {
    const added = this.text.take(byte);
    if (added === '') return;
    const isInTime = cycle <= this.deadlineCycle;
    if (isInTime && this.pattern?.take(added) === true) {
      this.endStep(atCycle);
      this.enter(atCycle);
    }
    if (added.endsWith('\n')) this.line++;
  }

  private endStep(cycle: number): void {
    this.ends.push({ cycle, line: this.line });
    this.pattern = null;
    this.deadlineCycle = Number.POSITIVE_INFINITY;
  }

  /** Begins the next step, and those behind it that end at once. */
  private enter(cycle: number): void {
    for (;;) {
      const step = this.steps[this.ends.length];
      if (step === undefined) return this.finished();
      if (step.kind === 'delay') return this.delay(step.ns ?? 0);
      if (step.kind === 'wait') return this.wait(step, cycle);
      this.send(step.text, cycle);
      this.endStep(cycle);
    }
  }

  private wait({ text, ns }: StepSpec, cycle: number): void {
    this.pattern = parsePattern(text, 'wait');
    if (ns !== null) this.deadlineCycle = cycle + delayCycles(ns, this.coreHz);
  }

  private delay(ns: number): void {
    this.later(delayCycles(ns, this.coreHz), () => {
      const cycle = this.clock?.nowCycles ?? 0;
      this.endStep(cycle);
      this.enter(cycle);
      this.lookAtHeld(cycle);
    });
  }

  /** Up to the next delay. */
  private lookAtHeld(atCycle: number): void {
    const held = this.held;
    this.held = [];
    held.forEach(({ byte, cycle }) => {
      if (this.pattern !== null || this.allDone) this.look(byte, cycle, atCycle);
      else this.held.push({ byte, cycle });
    });
  }

  private send(text: string, cycle: number): void {
    const bytes = Buffer.from(text);
    if (cycle === 0) this.terminal?.give(bytes);
    else this.later(1, () => this.terminal?.give(bytes));
  }

  private later(cycles: number, action: () => void): void {
    this.expectEvents(this.events + 1);
    this.clock?.after(cycles, () => {
      this.expectEvents(this.events - 1);
      action();
    });
  }

  /** A guest that polls waits for these events; without them it waits for what nobody will type, which is a hang. */
  private expectEvents(events: number): void {
    this.events = events;
    if (this.terminal !== null) this.terminal.open = events > 0;
  }
}

/** `wait ready`, `send "help\n"`, `delay 5 ms`. */
function stepWords({ kind, text, ns }: StepSpec): string {
  if (kind === 'delay') return `delay ${(ns ?? 0) / 1e6} ms`;
  return kind === 'send' ? `send ${JSON.stringify(text)}` : `wait ${text}`;
}
