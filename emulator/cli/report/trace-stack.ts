/** What the shadow stack of a trace says: when functions were entered, what lies between two cycles, and what that cost by calling context. */
import { PROFILE_SCHEMA, type Profile } from '../../machine/profile.js';
import type { CycleSpan, TraceFile } from './trace-file.js';

type StackRow = TraceFile['stack'][number];

/** The bottom of the stack, which no row of a trace names: where a machine begins. */
const BOTTOM = '[firmware]';
/** Frames that are part of a caller of the same name, as in a profile. */
const NAMELESS: ReadonlySet<string> = new Set([BOTTOM, '[real mode]']);

/** Frames by their number, from rows in order. */
class Frames {
  readonly names: string[] = [BOTTOM];
  /** Of each: the row that made it what it is, behind that of the interrupt or exception that it began as. */
  private readonly rows: (readonly StackRow[])[] = [[]];

  constructor(private readonly functions: readonly string[]) {}

  /** Whether the row's frame begins with it; else it goes on behind a return. */
  take(row: StackRow): boolean {
    const [, frames, number, isInterrupt] = row;
    const name = this.functions[number] ?? '';
    const [first] = this.rows[frames] ?? [];
    const begins = frames >= this.names.length || this.names[frames] !== name;
    this.names.length = Math.min(this.names.length, frames + 1);
    this.rows.length = this.names.length;
    while (this.names.length < frames) {
      this.names.push(BOTTOM);
      this.rows.push([]);
    }
    this.names[frames] = name;
    const goesOn = isInterrupt !== 0 && first !== undefined && first[3] !== 0;
    if (begins) this.rows[frames] = goesOn ? [first, row] : [row];
    return begins;
  }

  /** Rows that make the same frames at `cycle`. */
  rowsAt(cycle: number): StackRow[] {
    return this.rows.flat().map(([, ...frame]) => [cycle, ...frame] as const);
  }
}

/** Cycles at which functions of that name were entered, in order. */
export function functionEntries({ stack, functions }: TraceFile, name: string): number[] {
  const frames = new Frames(functions);
  return stack.flatMap((row) => (frames.take(row) && functions[row[2]] === name ? [row[0]] : []));
}

/** What of the trace lies between, with the frames that there are by then. */
export function cutTrace(trace: TraceFile, { from, to }: CycleSpan): TraceFile {
  const frames = new Frames(trace.functions);
  const isIn = ([cycle]: readonly [number, ...unknown[]]): boolean => cycle >= from && cycle < to;
  for (const row of trace.stack) if (row[0] < from) frames.take(row);
  return {
    ...trace,
    endCycle: to < trace.cycles ? to : trace.endCycle,
    stack: [...frames.rowsAt(from), ...trace.stack.filter(isIn)],
    ports: trace.ports.filter(isIn),
    lines: trace.lines.filter(isIn),
  };
}

/** Cycles between by calling context, out of a trace with calls; a trace does not tell instructions. */
export function profileOfTrace(trace: TraceFile, { from, to }: CycleSpan): Profile {
  const tree = new ContextTree();
  const frames = new Frames(trace.functions);
  let since = from;
  let node = tree.top(frames.names, 0);
  for (const row of trace.stack) {
    const [cycle, changed] = row;
    if (cycle >= to) break;
    if (cycle > since) {
      tree.charge(node, cycle - since);
      since = cycle;
    }
    const begins = frames.take(row);
    node = tree.top(frames.names, changed);
    if (begins && cycle >= from) tree.count(node);
  }
  tree.charge(node, to - since);
  return tree.profile();
}

class ContextTree {
  private readonly frames = new Map<string, number>([['all', 0]]);
  private readonly nodes: [number, number, number, number, number][] = [[0, 0, 0, 0, 0]];
  private readonly numbers = new Map<string, number>();
  /** Nodes of the frames on the stack. */
  private readonly path: number[] = [];

  /** The node of the frame on top, where those from `changed` on may be others than the last time. */
  top(names: readonly string[], changed: number): number {
    const { path } = this;
    path.length = Math.min(path.length, changed);
    while (path.length < names.length) {
      const below = path.length <= 1 ? 0 : (path.at(-1) ?? 0); // the bottom calls nobody
      path.push(this.child(below, names[path.length] ?? ''));
    }
    return path.at(-1) ?? 0;
  }

  charge(node: number, cycles: number): void {
    const sums = this.nodes[node];
    if (sums !== undefined) sums[2] += cycles;
  }

  count(node: number): void {
    const sums = this.nodes[node];
    if (sums !== undefined) sums[4]++;
  }

  profile(): Profile {
    const { frames, nodes } = this;
    const lacking = { nodesLacking: 0, framesLacking: 0, returnsUnmatched: 0 };
    return { schema: PROFILE_SCHEMA, frames: [...frames.keys()], nodes, ...lacking };
  }

  private child(parent: number, name: string): number {
    const frame = this.frames.get(name) ?? this.frames.size;
    this.frames.set(name, frame);
    if (NAMELESS.has(name) && this.nodes[parent]?.[1] === frame && parent !== 0) return parent;
    const key = `${parent} ${frame}`;
    const known = this.numbers.get(key);
    if (known !== undefined) return known;
    const number = this.nodes.push([parent, frame, 0, 0, 0]) - 1;
    this.numbers.set(key, number);
    return number;
  }
}
