/** Mistakes of the guest come in thousands where a loop makes one: the first of each is logged, and the rest is counted. */
import { TRANSMIT_LOST, type TraceEvent } from '../machine/trace.js';
import { formatCount } from './quantities.js';

/** What a developer who has only known emulators without time on the line does not expect. */
const ADVICE: Readonly<Record<string, string>> = {
  [TRANSMIT_LOST]: 'wait for bit 5 (THRE) of the line status, or run with --uart instant; ',
};

/** Registers and ports that are told apart: a guest may try four thousand million. */
const SUBJECTS_MAX = 1000;
const SENTENCES_MAX = 10;

export class GuestErrors {
  /** Mistakes about others. */
  private others = 0;
  private readonly counts = new Map<
    string,
    { readonly message: string; readonly subject: string; times: number }
  >();

  /** @param areAllLogged `-d guest-error` */
  constructor(private readonly areAllLogged: boolean) {}

  /** Whether the event is logged: of a register or port that a mistake is about, the first one. */
  isLogged({
    category,
    message,
    values,
  }: Pick<TraceEvent, 'category' | 'message' | 'values'>): boolean {
    if (category !== 'guest-error' || this.areAllLogged) return true;
    const subject = String(values['msr'] ?? values['port'] ?? '');
    const key = `${message} ${subject}`;
    const counted = this.counts.get(key);
    if (counted !== undefined) counted.times++;
    else if (this.counts.size >= SUBJECTS_MAX) this.others++;
    else {
      this.counts.set(key, { message, subject, times: 1 });
      return true;
    }
    return false;
  }

  /** A sentence for each that came more than once, and one for the rest of them. */
  get repeated(): string[] {
    const all = [...this.counts.values()].filter(({ times }) => times > 1);
    const sentences = all
      .slice(0, SENTENCES_MAX)
      .map(
        ({ message, subject, times }) =>
          `${message} (${subject}): ${formatCount(times)} times; ${ADVICE[message] ?? ''}-d guest-error logs each`,
      );
    const rest = all.slice(SENTENCES_MAX).reduce((sum, { times }) => sum + times, this.others);
    if (rest > 0) {
      sentences.push(
        `errors of the guest about other registers and ports: ${formatCount(rest)}; -d guest-error logs each`,
      );
    }
    return sentences;
  }
}
