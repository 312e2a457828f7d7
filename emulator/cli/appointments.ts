/** What a run has to do at moments: who tells that one has come, the machine or COM1. */
import type { Machine } from '../machine/machine.js';
import type { Magic } from '../machine/magic.js';
import { Moments, type WatchedMoment } from '../machine/moments.js';
import { machineMoment, type Moment } from './moment.js';
import { parsePattern, type SerialPattern } from './serial-pattern.js';
import { SerialText } from './serial-text.js';

export interface Appointment {
  readonly moment: Moment;
  /** For messages. */
  readonly option: string;
  /** Called between two instructions, once unless it recurs. */
  readonly reached: () => void;
  /** Of a place: called at each later pass, too. */
  readonly recurs?: boolean;
}

/** Of one machine, from power-on. */
export class Appointments {
  private readonly text = new SerialText();
  private patterns: { readonly pattern: SerialPattern; readonly reached: () => void }[];
  private moments = new Moments();

  constructor(
    private readonly appointments: readonly Appointment[],
    private readonly magic: Magic | null = null,
  ) {
    this.patterns = appointments.flatMap(({ moment, option, reached }) =>
      moment.kind === 'serial' ? [{ pattern: parsePattern(moment.pattern, option), reached }] : [],
    );
  }

  /** For the machine's run loop. @throws ConfigurationError for a name that is no function's */
  watch({ symbols }: Machine, coreHz: number): Moments {
    const watched = this.appointments.flatMap(
      ({ moment, option, reached, recurs = false }): WatchedMoment[] => {
        const at = machineMoment(moment, option, symbols, coreHz);
        return at === null ? [] : [{ at, reached, recurs }];
      },
    );
    this.moments = new Moments(watched, this.magic);
    return this.moments;
  }

  /** Takes the next byte of COM1. */
  take(byte: number): void {
    if (this.patterns.length === 0) return;
    const added = this.text.take(byte);
    if (added === '') return;
    const come = this.patterns.filter(({ pattern }) => pattern.take(added));
    this.patterns = this.patterns.filter((each) => !come.includes(each));
    for (const { reached } of come) this.moments.beforeNextInstruction(reached);
  }

  /** So many expectations have come true. */
  matched(matches: number): void {
    for (const { moment, reached } of this.appointments) {
      if (moment.kind !== 'expect' || moment.matches !== matches) continue;
      this.moments.beforeNextInstruction(reached);
    }
  }
}
