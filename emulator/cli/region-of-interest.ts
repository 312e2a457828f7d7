/** `--roi` and `--magic`: the figures of a run between marks, whoever sets them. Nothing that the guest sees changes, and no figure of the run. */
import { ConfigurationError } from '../base/errors.js';
import { FunctionWatch } from '../machine/function-watch.js';
import type { Machine } from '../machine/machine.js';
import type { Magic, MagicInstructions } from '../machine/magic.js';
import type { Moments } from '../machine/moments.js';
import type { PortObserver, RunTrace } from '../machine/run-trace.js';
import type { Appointment } from './appointments.js';
import { parseInterval } from './interval.js';
import { parseMoment, type Moment } from './moment.js';
import type { RecordedRegion, RegionFigures } from './recorded-region.js';

export const MAGIC_SETS = ['gem5', 'bochs', 'firecracker'] as const;
export type MagicSet = (typeof MAGIC_SETS)[number];

/** Plain data: a worker gets it by message. */
export type RegionSpec = { readonly text: string } & (
  | { readonly kind: 'function'; readonly moment: Moment }
  | { readonly kind: 'interval'; readonly from: Moment | null; readonly to: Moment | null }
);

const OPTION = '--roi';

/** `sym:NAME`, an address, or `A..B`. @throws ConfigurationError */
export function parseRegion(text: string, expects: number): RegionSpec {
  if (text.includes('..')) return { kind: 'interval', ...parseInterval(text, OPTION, expects) };
  const moment = parseMoment(text, OPTION, expects);
  if (moment.kind === 'symbol' || moment.kind === 'address')
    return { text, kind: 'function', moment };
  throw new ConfigurationError(
    `${OPTION} ${text}: a region is a function (sym:NAME, or its address), or lies between two moments (A..B)`,
  );
}

/** Those that it begins and ends at, where it is between two. */
export function regionMoments(spec: RegionSpec | null): Moment[] {
  if (spec?.kind !== 'interval') return [];
  return [spec.from, spec.to].filter((moment) => moment !== null);
}

/** Firecracker's boot timer: this value at this port says that the guest has booted. [Firecracker, "Boot timer"] */
const BOOT_TIMER_PORT = 0x3f0;
const BOOT_TIMER_VALUE = 123;

/** What the machine that is looked at must be asked, once it is there. */
interface Watched {
  readonly machine: Machine;
  readonly resets: number;
}

/** What a mark of the guest's has the run do. */
interface RunEnds {
  readonly exit: () => void;
  readonly fail: (value: number) => void;
}

export class RegionOfInterest {
  private times = 0;
  private sums: RegionFigures = zeroFigures();
  private openedAt: RegionFigures | null = null;
  private watch: FunctionWatch | null = null;
  private moments: Moments | null = null;

  constructor(
    private readonly spec: RegionSpec | null,
    private readonly magicSet: MagicSet | null,
    private readonly watched: () => Watched,
    private readonly ends: RunEnds,
  ) {
    // What is measured goes from power-on to the mark.
    const isOpen = magicSet === 'firecracker' || (spec?.kind === 'interval' && spec.from === null);
    if (!isOpen) return;
    this.times = 1;
    this.openedAt = zeroFigures();
  }

  /** Moments of `--roi`. */
  appointments(): Appointment[] {
    const { spec } = this;
    if (spec === null) return [];
    if (spec.kind === 'function') {
      const { moment } = spec;
      const recurs = !moment.text.includes('#');
      return [{ moment, option: OPTION, recurs, reached: () => this.enter() }];
    }
    const { from, to } = spec;
    const begins = { option: OPTION, reached: () => this.begin() };
    const ends = { option: OPTION, reached: () => this.end() };
    return [
      ...(from === null ? [] : [{ moment: from, ...begins }]),
      ...(to === null ? [] : [{ moment: to, ...ends }]),
    ];
  }

  /** Instructions that the machine tells of. */
  get magic(): Magic | null {
    const set = this.magicSet;
    if (set === null || set === 'firecracker') return null;
    return { set: set satisfies MagicInstructions, marked: (mark) => this.marked(mark) };
  }

  /** Ports that the machine tells of. */
  get portAccessed(): PortObserver | null {
    if (this.magicSet !== 'firecracker') return null;
    return (port, _bytes, value, isWrite) => {
      if (!isWrite || port !== BOOT_TIMER_PORT || (value & 0xff) !== BOOT_TIMER_VALUE) return;
      this.moments?.beforeNextInstruction(() => this.end());
    };
  }

  /** Those of the machine's run loop, to which others are added while it runs. */
  useMoments(moments: Moments): void {
    this.moments = moments;
    moments.resets = () => this.watch?.leave();
  }

  /** As far as it has come. */
  result(): RecordedRegion {
    const { openedAt } = this;
    const sums = openedAt === null ? this.sums : added(this.sums, this.since(openedAt));
    const { coreHz } = this.watched().machine.timing;
    const ns = Math.floor((sums.cycles / coreHz) * 1e9);
    const region = this.spec?.text ?? `magic:${this.magicSet ?? ''}`;
    return { region, times: this.times, isOpen: openedAt !== null, stats: { ...sums, ns } };
  }

  private enter(): void {
    if (this.moments === null) return;
    const told = { entered: () => this.begin(), returned: () => this.end() };
    this.watch ??= new FunctionWatch(this.watched().machine, this.moments, told);
    this.watch.enter();
  }

  private marked(mark: Parameters<Magic['marked']>[0]): void {
    switch (mark.kind) {
      case 'begin':
        return this.begin();
      case 'end':
        return this.end();
      case 'toggle':
        return this.openedAt === null ? this.begin() : this.end();
      case 'reset':
        return this.reset();
      case 'exit':
        return this.ends.exit();
      case 'fail':
        return this.ends.fail(mark.value);
    }
  }

  private begin(): void {
    if (this.openedAt !== null) return;
    this.times++;
    this.openedAt = this.figures();
  }

  private end(): void {
    if (this.openedAt === null) return;
    this.sums = added(this.sums, this.since(this.openedAt));
    this.openedAt = null;
  }

  /** Counts anew from here. */
  private reset(): void {
    this.sums = zeroFigures();
    this.times = 1;
    this.openedAt = this.figures();
  }

  private since(then: RegionFigures): RegionFigures {
    return combined(this.figures(), then, (now, before) => now - before);
  }

  private figures(): RegionFigures {
    const { machine, resets } = this.watched();
    const { processor, time, nowCycles } = machine;
    const { interrupts, exceptions, pageFaults } = processor.stats();
    const instructions = processor.retired;
    const counts = { interrupts, exceptions, pageFaults, resets };
    return { cycles: nowCycles, instructions, ...counts, timing: time.counters() };
  }
}

/** Who hears of accesses to ports: `--trace io`, and the region. */
export function portObserver(
  { trace }: { readonly trace?: RunTrace },
  region: RegionOfInterest | null,
): { readonly portAccessed?: PortObserver } {
  const traced = trace?.categories.has('io') === true ? trace.portAccessed : null;
  const marks = region?.portAccessed ?? null;
  if (traced === null || marks === null) {
    const only = traced ?? marks;
    return only === null ? {} : { portAccessed: only };
  }
  return {
    portAccessed: (...access) => {
      traced(...access);
      marks(...access);
    },
  };
}

function zeroFigures(): RegionFigures {
  const counts = { interrupts: 0, exceptions: 0, pageFaults: 0, resets: 0 };
  return { cycles: 0, instructions: 0, ...counts, timing: null };
}

function added(a: RegionFigures, b: RegionFigures): RegionFigures {
  return combined(a, b, (x, y) => x + y);
}

/** Figure by figure; counters that one of them has not are 0 there. */
function combined(
  a: RegionFigures,
  b: RegionFigures,
  of: (x: number, y: number) => number,
): RegionFigures {
  const timing = a.timing ?? b.timing;
  return {
    cycles: of(a.cycles, b.cycles),
    instructions: of(a.instructions, b.instructions),
    interrupts: of(a.interrupts, b.interrupts),
    exceptions: of(a.exceptions, b.exceptions),
    pageFaults: of(a.pageFaults, b.pageFaults),
    resets: of(a.resets, b.resets),
    timing:
      timing === null
        ? null
        : Object.fromEntries(
            Object.keys(timing).map((name) => [
              name,
              of(a.timing?.[name] ?? 0, b.timing?.[name] ?? 0),
            ]),
          ),
  };
}
