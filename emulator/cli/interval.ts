/** `A..B`: a part of a run, by two moments. */
import { ConfigurationError } from '../base/errors.js';
import { parseMoment, type Moment } from './moment.js';

const SEPARATOR = '..';

/** Null where it is the run's beginning, or end. */
export interface Interval {
  readonly text: string;
  readonly from: Moment | null;
  readonly to: Moment | null;
}

/** `A..B`, `A..` and `..B`; a pattern may have dots of its own. @throws ConfigurationError */
export function parseInterval(text: string, option: string, expects = Infinity): Interval {
  const readings: Interval[] = [];
  let refusal: ConfigurationError | null = null;
  for (let at = text.indexOf(SEPARATOR); at >= 0; at = text.indexOf(SEPARATOR, at + 1)) {
    try {
      const [from, to] = [text.slice(0, at), text.slice(at + SEPARATOR.length)].map((word) =>
        word.trim() === '' ? null : parseMoment(word.trim(), option, expects),
      );
      if ((from ?? to) != null) readings.push({ text, from: from ?? null, to: to ?? null });
    } catch (error) {
      if (!(error instanceof ConfigurationError)) throw error;
      refusal ??= error;
    }
  }
  const [only, other] = readings;
  if (only === undefined) {
    const why = refusal === null ? 'it is A..B, with moments such as 5ms..serial:/ready/' : null;
    throw new ConfigurationError(why === null ? refusal?.message : `${option} ${text}: ${why}`);
  }
  if (other === undefined) {
    if (!endsFirst(only)) return only;
    throw new ConfigurationError(`${option} ${text}: ends before it begins`);
  }
  throw new ConfigurationError(
    `${option} ${text}: can be read in ${readings.length} ways; write a pattern with dots as /expression/`,
  );
}

/** Whether that can be told by the two moments alone, and is so. */
function endsFirst({ from, to }: Interval): boolean {
  if (from?.kind === 'time' && to?.kind === 'time') return to.ns < from.ns;
  if (from?.kind === 'cycle' && to?.kind === 'cycle') return to.cycle < from.cycle;
  return from?.kind === 'instruction' && to?.kind === 'instruction' && to.count < from.count;
}
