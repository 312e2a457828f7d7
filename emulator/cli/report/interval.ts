/** `report --between A..B`: a part of a run, by two moments, and the cycles that the run's recordings have for them. */
import { ConfigurationError } from '../../base/errors.js';
import { didYouMean } from '../../memory/nearest-name.js';
import { cyclesOfNs } from '../../timing/timing-model.js';
import { parseMoment, type Moment } from '../moment.js';
import { formatCount } from '../quantities.js';
import { parsePattern } from '../serial-pattern.js';
import type { RunFolder } from './run-folder.js';
import { functionEntries } from './trace-stack.js';
import type { TraceFile } from './trace-file.js';

const OPTION = '--between';
const SEPARATOR = '..';

/** Null where it is the run's beginning, or end. */
export interface Interval {
  readonly text: string;
  readonly from: Moment | null;
  readonly to: Moment | null;
}

/** `from` is in it, `to` is not. */
export interface CycleSpan {
  readonly from: number;
  readonly to: number;
}

/** `A..B`, `A..` and `..B`; a pattern may have dots of its own. @throws ConfigurationError */
export function parseInterval(text: string): Interval {
  const readings: Interval[] = [];
  let refusal: ConfigurationError | null = null;
  for (let at = text.indexOf(SEPARATOR); at >= 0; at = text.indexOf(SEPARATOR, at + 1)) {
    try {
      const [from, to] = [text.slice(0, at), text.slice(at + SEPARATOR.length)].map(momentOf);
      if ((from ?? to) != null) readings.push({ text, from: from ?? null, to: to ?? null });
    } catch (error) {
      if (!(error instanceof ConfigurationError)) throw error;
      refusal ??= error;
    }
  }
  const [only, other] = readings;
  if (only === undefined) {
    const why = refusal === null ? 'it is A..B, with moments such as 5ms..serial:/ready/' : null;
    throw new ConfigurationError(why === null ? refusal?.message : `${OPTION} ${text}: ${why}`);
  }
  if (other === undefined) return only;
  throw new ConfigurationError(
    `${OPTION} ${text}: can be read in ${readings.length} ways; write a pattern with dots as /expression/`,
  );
}

function momentOf(word: string): Moment | null {
  return word.trim() === '' ? null : parseMoment(word.trim(), OPTION, Infinity);
}

/** Its cycles in that run. @throws ConfigurationError where the recordings do not tell, or nothing lies between */
export function cyclesOfInterval(
  { text, from, to }: Interval,
  { path, record }: RunFolder,
  trace: TraceFile | null,
): CycleSpan {
  const where = { path, record, trace };
  const span = {
    from: from === null ? 0 : cycleOf(from, where),
    to: to === null ? record.stats.cycles : Math.min(cycleOf(to, where), record.stats.cycles),
  };
  if (span.from < span.to) return span;
  const cycles = `${formatCount(span.from)} to ${formatCount(span.to)}`;
  throw new ConfigurationError(`${OPTION} ${text}: nothing of ${path} lies between (${cycles})`);
}

interface Recordings extends Pick<RunFolder, 'path' | 'record'> {
  readonly trace: TraceFile | null;
}

function cycleOf(moment: Moment, recordings: Recordings): number {
  const { path, record } = recordings;
  const refuse = (why: string): never => {
    throw new ConfigurationError(`${OPTION} ${moment.text}: ${why}`);
  };
  switch (moment.kind) {
    case 'cycle':
      return moment.cycle;
    case 'time':
      return cyclesOfNs(moment.ns, Number(record.config['coreHz']));
    case 'end':
      return record.stats.cycles;
    case 'expect': {
      const match = record.expects[moment.matches - 1];
      if (match === undefined) {
        return refuse(`${path} has ${record.expects.length} expectations (--expect)`);
      }
      return match.cycle ?? refuse(`${match.pattern} has not matched in ${path}`);
    }
    case 'serial':
      return (
        lineCycle(moment.pattern, traceFor(recordings, moment, 'call')) ?? missing(moment, path)
      );
    case 'symbol':
      return entryCycle(moment, callsFor(recordings, moment), path);
    case 'instruction':
    case 'address':
      return refuse(
        'no recording tells when that was; write a time, cycles (1.2Gcyc), sym:, serial:, expect: or end',
      );
  }
}

function missing({ text }: Moment, path: string): never {
  throw new ConfigurationError(`${OPTION} ${text}: has not come in the trace of ${path}`);
}

function traceFor({ trace, path }: Recordings, { text }: Moment, category: string): TraceFile {
  if (trace !== null) return trace;
  throw new ConfigurationError(
    `${OPTION} ${text}: ${path} has no trace.json, which tells when that was; run with --trace ${category}`,
  );
}

function callsFor(recordings: Recordings, moment: Moment): TraceFile {
  const trace = traceFor(recordings, moment, 'call');
  if (trace.categories.includes('call')) return trace;
  throw new ConfigurationError(
    `${OPTION} ${moment.text}: the trace of ${recordings.path} has no calls; run with --trace call`,
  );
}

/** When the line began in which the pattern's first match ends. */
function lineCycle(source: string, { lines }: TraceFile): number | null {
  const pattern = parsePattern(source, `${OPTION} serial:`);
  return lines.find(([, text]) => pattern.take(`${text}\n`))?.[0] ?? null;
}

function entryCycle(
  moment: Moment & { readonly kind: 'symbol' },
  trace: TraceFile,
  path: string,
): number {
  const entries = functionEntries(trace, moment.name);
  const cycle = entries[moment.pass - 1];
  if (cycle !== undefined) return cycle;
  const times = entries.length === 1 ? 'once' : `${entries.length} times`;
  const what = entries.length === 0 ? 'no function of that name' : `the function ${times} only`;
  throw new ConfigurationError(
    `${OPTION} ${moment.text}: the trace of ${path} enters ${what}${entries.length === 0 ? didYouMean(moment.name, trace.functions) : ''}`,
  );
}
