/**
 * Linear-scan register allocation with lifetime holes.
 *
 * Intervals are visited by their start. Each takes a processor register that is free wherever the interval is live; when
 * there is none, the cheaper of the interval and its rivals goes to memory. Then the code is rewritten with short intervals
 * around each access to memory, and allocation starts again, until all fit.
 * Source: Poletto and Sarkar, "Linear Scan Register Allocation" (1999); Traub, Holloway and Smith, "Quality and Speed in
 * Linear-scan Register Allocation" (1998) for the holes.
 */
import { coalesceCopies, copiedPairs, dropIdentities, isEmptyCopy } from './coalesce.js';
import type { LiveInterval } from './live-interval.js';
import { computeLiveness, frequency, type Liveness } from './liveness.js';
import { CALLEE_SAVED, CALLER_SAVED, REGISTER_COUNT, type MachineFunction } from './machine.js';
import { rewriteSpilled } from './spill.js';

const ROUNDS_MAX = 20;

/** Replaces every virtual register of `func` by a processor register or a slot of the frame. */
export function allocateRegisters(func: MachineFunction): void {
  /** Registers made by spilling: they must not be spilled or coalesced again. */
  const minimal = new Set<number>();
  for (let round = 0; round < ROUNDS_MAX; round++) {
    const liveness = computeLiveness(func);
    for (const register of minimal) {
      const interval = liveness.intervals[register];
      if (interval !== undefined) interval.isMinimal = true;
    }
    coalesceCopies(func, liveness);
    const spilled = new Allocator(func, liveness).run();
    if (spilled.length === 0) {
      assign(func, liveness);
      return;
    }
    for (const register of rewriteSpilled(func, spilled)) minimal.add(register);
  }
  throw new Error(`${func.name}: registers do not converge`);
}

function assign(func: MachineFunction, liveness: Liveness): void {
  const place = (register: number): number => {
    if (register < REGISTER_COUNT) return register;
    const assigned = liveness.intervals[register]?.assigned;
    if (assigned === undefined) throw new Error(`${func.name}: register ${register} has no place`);
    return assigned;
  };
  for (const block of func.blocks) {
    for (const instruction of block.instructions) {
      instruction.mapRegisters(place);
      dropIdentities(instruction);
    }
    block.instructions = block.instructions.filter((instruction) => !isEmptyCopy(instruction));
  }
}

class Allocator {
  private readonly assigned: LiveInterval[][] = Array.from({ length: REGISTER_COUNT }, () => []);
  /** Register → other registers it is copied to or from, with how often. */
  private readonly partners = new Map<number, Map<number, number>>();
  private readonly queue: LiveInterval[];
  private readonly spilled: LiveInterval[] = [];

  constructor(
    func: MachineFunction,
    private readonly liveness: Liveness,
  ) {
    this.queue = liveness.intervals
      .slice(REGISTER_COUNT)
      .filter((interval) => !interval.isEmpty)
      .sort((a, b) => a.start - b.start || a.register - b.register);
    for (const interval of this.queue) interval.weight /= interval.length;
    for (const block of func.blocks) {
      for (const instruction of block.instructions) {
        for (const [target, source] of copiedPairs(instruction)) {
          this.addPartner(target, source, frequency(block));
          this.addPartner(source, target, frequency(block));
        }
      }
    }
  }

  private addPartner(register: number, partner: number, often: number): void {
    const known = this.partners.get(register) ?? new Map<number, number>();
    known.set(partner, (known.get(partner) ?? 0) + often);
    this.partners.set(register, known);
  }

  /** Assigns what fits; returns the intervals that have to live in memory. */
  run(): LiveInterval[] {
    // A queue that is read from the front while evicted intervals are added at the back.
    for (let index = 0; index < this.queue.length; index++) {
      const interval = this.queue[index];
      if (interval !== undefined) this.place(interval);
    }
    return this.spilled;
  }

  private place(interval: LiveInterval): void {
    for (const register of this.preferences(interval)) {
      if (this.rivals(interval, register)?.length !== 0) continue;
      this.take(interval, register);
      return;
    }
    const victim = this.cheapestVictim(interval);
    if (victim === undefined) {
      if (interval.isMinimal)
        throw new Error(`no register for minimal interval ${interval.register}`);
      this.spilled.push(interval);
      return;
    }
    for (const rival of this.rivals(interval, victim) ?? []) this.evict(rival, victim);
    this.take(interval, victim);
  }

  private take(interval: LiveInterval, register: number): void {
    interval.assigned = register;
    this.assigned[register]?.push(interval);
  }

  private evict(rival: LiveInterval, register: number): void {
    const list = this.assigned[register] ?? [];
    list.splice(list.indexOf(rival), 1);
    rival.assigned = undefined;
    this.queue.push(rival);
  }

  /** Assigned intervals in the way at `register`; undefined when the processor itself needs it. */
  private rivals(interval: LiveInterval, register: number): LiveInterval[] | undefined {
    const fixed = this.liveness.intervals[register];
    if (fixed?.overlaps(interval) === true) return undefined;
    return (this.assigned[register] ?? []).filter((other) => other.overlaps(interval));
  }

  private cheapestVictim(interval: LiveInterval): number | undefined {
    const own = interval.isMinimal ? Number.POSITIVE_INFINITY : interval.weight;
    let best: number | undefined;
    let bestWeight = own;
    for (const register of [...CALLER_SAVED, ...CALLEE_SAVED]) {
      const rivals = this.rivals(interval, register);
      if (rivals === undefined) continue;
      let weight = 0;
      for (const rival of rivals) {
        weight = Math.max(weight, rival.isMinimal ? Number.POSITIVE_INFINITY : rival.weight);
      }
      if (weight >= bestWeight) continue;
      best = register;
      bestWeight = weight;
    }
    return best;
  }

  /** Registers to try: those that save a copy, then free ones, then those that cost a push and a pop. */
  private preferences(interval: LiveInterval): number[] {
    const gains = new Map<number, number>();
    for (const [partner, often] of this.partners.get(interval.register) ?? []) {
      const register =
        partner < REGISTER_COUNT ? partner : this.liveness.intervals[partner]?.assigned;
      if (register !== undefined) gains.set(register, (gains.get(register) ?? 0) + often);
    }
    const isUsed = (register: number): boolean => (this.assigned[register]?.length ?? 0) > 0;
    const usedFirst = [...CALLEE_SAVED].sort((a, b) => Number(isUsed(b)) - Number(isUsed(a)));
    const order = [...CALLER_SAVED, ...usedFirst];
    return order.sort((a, b) => (gains.get(b) ?? 0) - (gains.get(a) ?? 0));
  }
}
