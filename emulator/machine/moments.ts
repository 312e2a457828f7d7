/** Points of a run at which something is to happen between two instructions, such as its end. The run loop asks for them. */

import type { Magic } from './magic.js';

/** A point, as the machine can tell it. */
export type MachineMoment =
  /** The first boundary between two instructions at which the core clock has come to `cycle`; in HLT that cycle itself. */
  | { readonly kind: 'cycle'; readonly cycle: number }
  /** So many instructions have retired. */
  | { readonly kind: 'instruction'; readonly count: number }
  /** The instruction at a linear address is about to be executed, for the `pass`-th time. */
  | { readonly kind: 'address'; readonly address: bigint; readonly pass: number };

export interface WatchedMoment {
  readonly at: MachineMoment;
  readonly reached: () => void;
  /** Of an address: at each later pass, too. */
  readonly recurs?: boolean;
}

interface Counted {
  readonly at: number;
  readonly reached: () => void;
  readonly recurs?: boolean;
}

interface Place {
  passes: number;
  waiting: Counted[];
}

export class Moments {
  /** The cycle, and the number of retired instructions, at which the next one is due; Infinity: none is. Plain fields: the run loop reads them often. */
  cycle = Infinity;
  instructions = Infinity;
  /** One of the two is there. */
  isAwaited = false;
  private cycles: Counted[] = [];
  private counts: Counted[] = [];
  private readonly places = new Map<bigint, Place>();

  /** Has the processor stop at a place that is new. */
  placeAdded: (address: bigint) => void = () => undefined;
  /** The machine is about to be reset. */
  resets: () => void = () => undefined;

  constructor(
    watched: readonly WatchedMoment[] = [],
    readonly magic: Magic | null = null,
  ) {
    for (const { at, reached, recurs = false } of watched) {
      if (at.kind === 'cycle') this.cycles.push({ at: at.cycle, reached });
      else if (at.kind === 'instruction') this.counts.push({ at: at.count, reached });
      else this.placeOf(at.address).waiting.push({ at: at.pass, reached, recurs });
    }
    this.update();
  }

  private placeOf(address: bigint): Place {
    const place = this.places.get(address) ?? { passes: 0, waiting: [] };
    this.places.set(address, place);
    return place;
  }

  /** Linear addresses of instructions whose execution is counted. */
  get addresses(): readonly bigint[] {
    return [...this.places.keys()];
  }

  /** Calls `reached` before the next instruction. */
  beforeNextInstruction(reached: () => void): void {
    this.cycles.push({ at: 0, reached });
    this.update();
  }

  isDue(cycle: number, instructions: number): boolean {
    return cycle >= this.cycle || instructions >= this.instructions;
  }

  /** Calls those that are due: those of cycles before those of instructions, each in the order in which they were given. */
  callDue(cycle: number, instructions: number): void {
    const due = [
      ...this.cycles.filter(({ at }) => at <= cycle),
      ...this.counts.filter(({ at }) => at <= instructions),
    ];
    this.cycles = this.cycles.filter(({ at }) => at > cycle);
    this.counts = this.counts.filter(({ at }) => at > instructions);
    this.update();
    for (const { reached } of due) reached();
  }

  /** The instruction at `address` is about to be executed. Returns whether its next execution counts, too. */
  pass(address: bigint): boolean {
    const place = this.places.get(address);
    if (place === undefined) return false;
    const passes = ++place.passes;
    const due = place.waiting.filter(({ at }) => at <= passes);
    place.waiting = place.waiting.filter(({ at, recurs }) => at > passes || recurs === true);
    if (place.waiting.length === 0) this.places.delete(address);
    for (const { reached } of due) reached();
    return place.waiting.length > 0;
  }

  /** Calls `reached` whenever the instruction at `address` is about to be executed, from now on. */
  watchPlace(address: bigint, reached: () => void): void {
    this.placeOf(address).waiting.push({ at: 0, reached, recurs: true });
    this.placeAdded(address);
  }

  isPlace(address: bigint): boolean {
    return this.places.has(address);
  }

  private update(): void {
    this.cycle = this.cycles.reduce((least, { at }) => Math.min(least, at), Infinity);
    this.instructions = this.counts.reduce((least, { at }) => Math.min(least, at), Infinity);
    this.isAwaited = this.cycle !== Infinity || this.instructions !== Infinity;
  }
}
