/** Has a run of the core end where a moment (moments.ts) comes, whatever the timing model, and between the same two instructions each time. */
import type { ExitReason } from '../isa/state-layout.js';
import type { Machine } from './machine.js';
import { mayBeMagic, nextMark } from './magic.js';
import type { Moments } from './moments.js';
import type { RunLimits } from './run-end.js';

/**
 * So many cycles before a moment's cycle instructions begin to be executed one by one, under a timing engine, which does not say beforehand how
 * long they take: more than a block takes, whose instructions are 32 at most (a repeated string instruction ends its block).
 */
const APPROACH_CYCLES = 200_000;

export class MomentWatch {
  /** The next instruction has been counted as about to be executed. */
  isPassing = false;

  constructor(
    private readonly machine: Machine,
    private readonly limits: RunLimits,
    readonly moments: Moments,
  ) {
    const { processor } = machine;
    for (const address of moments.addresses) processor.debug.setMoment(address, true);
    moments.placeAdded = (address) => processor.debug.setMoment(address, true);
    const { magic } = moments;
    if (magic === null) return;
    processor.debug.setMarks((code, is16) => mayBeMagic(magic.set, code, is16));
  }

  /** The next event, limit or moment: for waiting, which can end at any cycle. */
  get nextCycle(): number {
    return Math.min(this.machine.clock.nextEventCycle, this.limits.cycles, this.moments.cycle);
  }

  /** The same for running. */
  get deadline(): number {
    const { clock, time } = this.machine;
    const { cycle } = this.moments;
    if (cycle === Infinity) return Math.min(clock.nextEventCycle, this.limits.cycles);
    const moment = time.hasCheckpoints ? cycle - APPROACH_CYCLES : cycle;
    return Math.min(clock.nextEventCycle, this.limits.cycles, this.approaches ? Infinity : moment);
  }

  /** A moment's cycle is so near that instructions are executed one by one. */
  get approaches(): boolean {
    const { cycle } = this.moments;
    if (cycle === Infinity || !this.machine.time.hasCheckpoints) return false;
    return this.machine.nowCycles >= cycle - APPROACH_CYCLES;
  }

  /** Whether one comes behind the instruction under way, as far as its access to a port goes. */
  get isDueBehindPort(): boolean {
    const { machine, moments } = this;
    return moments.isAwaited && moments.isDue(machine.nowCycles, machine.processor.retired + 1);
  }

  /** Calls the moments that have come; false: there was none. */
  callDue(): boolean {
    const { machine, moments } = this;
    if (!moments.isAwaited) return false;
    const { retired } = machine.processor;
    if (!moments.isDue(machine.nowCycles, retired)) return false;
    moments.callDue(machine.nowCycles, retired);
    return true;
  }

  /** The next instruction is about to be executed, where `arrives` has not said so already. Whether moments count that. */
  arrives(): boolean {
    const { moments } = this;
    const { processor } = this.machine;
    const { debug } = processor;
    const address = debug.instructionAddress;
    if (this.isPassing) return false;
    const isPlace = moments.isPlace(address);
    const found = moments.magic === null ? null : nextMark(moments.magic.set, processor);
    if (!isPlace && found === null) return false;
    this.isPassing = true;
    if (isPlace && !moments.pass(address)) debug.setMoment(address, false);
    if (found === null) return true;
    if (found.mark !== null) moments.magic?.marked(found.mark);
    if (found.skippedBytes === 0) return true;
    this.isPassing = false;
    debug.instructionAddress = address + BigInt(found.skippedBytes);
    return true;
  }

  /** Runs the core, over the moment at the next instruction when that has been counted. */
  run(budget: number): ExitReason {
    const { processor } = this.machine;
    if (!this.isPassing) return processor.run(budget);
    this.isPassing = false;
    return processor.debug.passBreakpoint(() => processor.run(budget));
  }
}
