/** `--trace`: what a run records of calls, interrupts, exceptions and ports, for trace.json. */
import { join } from 'node:path';
import { ConfigurationError } from '../base/errors.js';
import type { Machine } from '../machine/machine.js';
import type { Profiler } from '../machine/profiler.js';
import { RUN_TRACE_CATEGORIES, RunTrace, type RunTraceCategory } from '../machine/run-trace.js';
import type { Appointment } from './appointments.js';
import { parseMoment, type Moment } from './moment.js';
import { writeJson } from './output-folder.js';
import { formatCount } from './quantities.js';
import { TRACE_SCHEMA, type TraceFile } from './report/trace-file.js';
import { SerialText } from './serial-text.js';

/** As many as a viewer still opens: of the kernel's `--append bench` 10 MB of trace.json, and 39 MB of `report --chrome`. */
const EVENTS_MAX = 500_000;
/** Characters of a line of COM1 that the trace keeps. */
const LINE_CHARACTERS_MAX = 200;

export const TRACE_FILE = 'trace.json';

interface TraceArguments {
  readonly trace: readonly string[];
  readonly 'trace-from': string | undefined;
  readonly 'trace-to': string | undefined;
}

/** `call,io` and so on; null where nothing is asked for. `expects`: how many expectations the run has. @throws ConfigurationError */
export function parseTrace(args: TraceArguments, expects: number): TraceRecording | null {
  const words = args.trace;
  const span = {
    from: momentOf('--trace-from', args['trace-from'], expects),
    to: momentOf('--trace-to', args['trace-to'], expects),
  };
  const names = words.flatMap((word) => word.split(',')).filter((name) => name !== '');
  for (const name of names) {
    if (!(RUN_TRACE_CATEGORIES as readonly string[]).includes(name)) {
      const there = RUN_TRACE_CATEGORIES.join(', ');
      throw new ConfigurationError(`--trace ${name}: no such category (there are: ${there})`);
    }
  }
  const chosen = RUN_TRACE_CATEGORIES.filter((name) => names.includes(name));
  if (chosen.length > 0) return new TraceRecording(chosen, span);
  const option = span.from !== null ? '--trace-from' : span.to !== null ? '--trace-to' : null;
  if (option === null) return null;
  throw new ConfigurationError(`${option}: nothing is recorded without --trace`);
}

function momentOf(option: string, word: string | undefined, expects: number): Moment | null {
  if (word === undefined) return null;
  const moment = parseMoment(word, option, expects);
  if (moment.kind !== 'end') return moment;
  throw new ConfigurationError(`${option} end: a trace ends there anyway`);
}

export class TraceRecording {
  readonly trace: RunTrace;
  private readonly text = new SerialText();
  private line = '';
  private lineCycle: number | null = null;

  constructor(
    private readonly categories: readonly RunTraceCategory[],
    private readonly span: { readonly from: Moment | null; readonly to: Moment | null },
  ) {
    this.trace = new RunTrace(new Set(categories), EVENTS_MAX, span.from === null);
  }

  /** Where the recording begins and ends. */
  appointments(nowCycles: () => number): Appointment[] {
    const { from, to } = this.span;
    const { trace } = this;
    const begins = { option: '--trace-from', reached: () => trace.begin(nowCycles()) };
    const ends = { option: '--trace-to', reached: () => trace.end(nowCycles()) };
    return [
      ...(from === null ? [] : [{ moment: from, ...begins }]),
      ...(to === null ? [] : [{ moment: to, ...ends }]),
    ];
  }

  /** A byte that COM1 has shown. */
  serial(byte: number, cycle: number): void {
    this.lineCycle ??= cycle;
    for (const character of this.text.take(byte)) {
      if (character === '\n') this.endLine(cycle);
      else if (this.line.length < LINE_CHARACTERS_MAX) this.line += character;
    }
  }

  /** trace.json. @throws HostError */
  write(folder: string, machine: Machine, profiler: Profiler | null, coreHz: number): void {
    this.endLine(machine.nowCycles);
    const names = profiler?.nodeNames(machine.processor.memory, machine.symbols) ?? [];
    const numbers = new Map([...new Set(names)].map((name, number) => [name, number]));
    const { stack, ports, lines, endCycle, begunAtCycle } = this.trace;
    const file: TraceFile = {
      schema: TRACE_SCHEMA,
      categories: this.categories,
      coreHz,
      cycles: machine.nowCycles,
      ...(this.span.from === null ? {} : { beginCycle: begunAtCycle ?? machine.nowCycles }),
      endCycle,
      functions: [...numbers.keys()],
      stack: stack.map(([cycle, frames, node, isInterrupt]) => [
        cycle,
        frames,
        numbers.get(names[node] ?? '') ?? 0,
        isInterrupt,
      ]),
      ports,
      lines,
    };
    writeJson(join(folder, TRACE_FILE), file, 0);
  }

  /** What a user should know who takes the trace for the whole run, or null. */
  get warning(): string | null {
    const { endCycle, isFull, hasBegun } = this.trace;
    const { from, to } = this.span;
    if (!hasBegun) {
      const why =
        endCycle === null ? 'has not come' : `has not come before --trace-to ${to?.text ?? ''}`;
      return `--trace-from ${from?.text ?? ''} ${why}: trace.json is empty`;
    }
    if (endCycle === null) {
      return to === null ? null : `--trace-to ${to.text} has not come: the trace goes to the end`;
    }
    if (!isFull) return null;
    return `trace.json is full with ${formatCount(EVENTS_MAX)} events: what came from cycle ${formatCount(endCycle)} on is not in it`;
  }

  private endLine(cycle: number): void {
    if (this.lineCycle !== null && this.line !== '') {
      this.trace.lineShown(this.lineCycle, this.line, cycle);
    }
    this.line = '';
    this.lineCycle = null;
  }
}
