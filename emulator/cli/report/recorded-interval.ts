/** `report --between A..B`: the cycles that a run's recordings have for two moments. */
import { ConfigurationError } from '../../base/errors.js';
import { didYouMean } from '../../memory/nearest-name.js';
import { cyclesOfNs } from '../../timing/timing-model.js';
import type { Interval } from '../interval.js';
import type { Moment } from '../moment.js';
import { formatCount } from '../quantities.js';
import { parsePattern } from '../serial-pattern.js';
import type { RunFolder } from './run-folder.js';
import { functionEntries } from './trace-stack.js';
import type { CycleSpan, TraceFile } from './trace-file.js';

const OPTION = '--between';

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
