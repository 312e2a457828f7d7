/**
 * Going back. A run is the same each time, so it begins anew and stops sooner: a step back takes as long as the run has taken until then, twice.
 * Each function is a generator that yields between slices, for the host's sake, and returns where it has come to.
 */
import type { DebuggerBits } from '../../machine/debugger-registers.js';
import type { Machine } from '../../machine/machine.js';
import type { RunLoop } from '../../machine/run-loop.js';
import type { DebugStop } from '../../machine/debug-stop.js';

/** A machine and what runs it. */
export interface DebuggedRun {
  readonly machine: Machine;
  readonly loop: RunLoop;
}

export interface RepeatableRun {
  /** Why the run cannot begin anew, as the end of a sentence; null: it can. */
  readonly cannotRepeat: string | null;
  /** The machine before its first instruction, or where its snapshot was taken. */
  repeat(): DebuggedRun;
}

/** A run to debug. */
export interface DebuggableRun extends RepeatableRun {
  readonly debuggerBits: DebuggerBits;
}

/** Where a run stands still between two instructions. */
interface Place {
  readonly retired: number;
  /** Instructions, exceptions and interrupts until now: each step of a debugger makes it larger. */
  readonly position: number;
}

/** Where going back has come to, and why there: a breakpoint, a watchpoint, or the beginning; null for a step. */
export interface Arrival {
  readonly run: DebuggedRun;
  readonly stop: DebugStop | 'beginning' | null;
}

type Going<T> = Generator<undefined, T>;

export class Reversal {
  /** `equip` gives a machine the debugger's breakpoints and watchpoints. */
  constructor(
    private readonly source: RepeatableRun,
    private readonly equip: (run: DebuggedRun) => void,
  ) {}

  /** To the place before that of `run`; a watchpoint sees the step, as it does a step forwards. */
  *stepBack(run: DebuggedRun): Going<Arrival> {
    const here = placeOf(run);
    return here.position === 0 ? { run, stop: 'beginning' } : yield* this.before(here);
  }

  /** To the last breakpoint before the place of `run`, or before the last instruction that a watchpoint has seen; else to the beginning. */
  *continueBack(run: DebuggedRun): Going<Arrival> {
    const last = yield* this.lastStop(placeOf(run));
    if (last === null) return { run: yield* this.pausedAt(0), stop: 'beginning' };
    if (last.stop.kind === 'watchpoint') return yield* this.before(last.place);
    return { run: yield* this.at(last.place), stop: last.stop };
  }

  /** One step before `place`, and which watchpoint, if any, sees that step. */
  private *before(place: Place): Going<Arrival> {
    const first = Math.max(place.retired - 1, 0);
    let run = yield* this.pausedAt(first);
    this.equip(run);
    let steps = 0;
    while (placeOf(run).position < place.position && run.loop.ended === null) {
      yield* step(run);
      steps++;
    }
    const stop = isWatchpoint(run.loop.debugStop) ? run.loop.debugStop : null;
    run = yield* this.pausedAt(first);
    for (let count = 1; count < steps; count++) yield* step(run);
    // A run that goes on from a snapshot has nothing before it.
    return { run, stop: steps === 0 ? 'beginning' : stop };
  }

  private *at(place: Place): Going<DebuggedRun> {
    const run = yield* this.pausedAt(place.retired);
    while (placeOf(run).position < place.position && run.loop.ended === null) yield* step(run);
    return run;
  }

  /** A run, without breakpoints, as soon as so many instructions have retired. */
  private *pausedAt(retired: number): Going<DebuggedRun> {
    const run = this.source.repeat();
    yield* goOnUntil(run, retired);
    return run;
  }

  private *lastStop(here: Place): Going<{ place: Place; stop: DebugStop } | null> {
    const run = this.source.repeat();
    const { loop, machine } = run;
    this.equip(run);
    let last: { place: Place; stop: DebugStop } | null = null;
    const { debug } = machine.processor;
    for (;;) {
      if (machine.processor.retired < here.retired) yield* goOnUntil(run, here.retired);
      // Where the instructions are as many as here, it may yet be that an exception or an interrupt is missing.
      const place = placeOf(run);
      // What is seen behind the last instruction before `here`, too: that instruction is the first to be undone.
      if (isWatchpoint(loop.debugStop) && place.position <= here.position) {
        last = { place, stop: loop.debugStop };
      }
      if (place.position >= here.position || loop.ended !== null) return last;
      const stands = debug.isBreakpoint(debug.instructionAddress);
      if (stands) last = { place, stop: { kind: 'breakpoint' } };
      else if (isWatchpoint(loop.debugStop) && place.retired < here.retired) continue;
      yield* step(run);
      const next = placeOf(run);
      if (isWatchpoint(loop.debugStop) && next.position <= here.position) {
        last = { place: next, stop: loop.debugStop };
      }
    }
  }
}

function isWatchpoint(stop: DebugStop | null): stop is DebugStop & { kind: 'watchpoint' } {
  return stop?.kind === 'watchpoint';
}

function placeOf({ machine }: DebuggedRun): Place {
  const { processor } = machine;
  const { exceptions, interrupts } = processor.stats();
  return { retired: processor.retired, position: processor.retired + exceptions + interrupts };
}

/** Slices until so many instructions have retired, or something else has the run stand still. */
function* goOnUntil({ loop }: DebuggedRun, retired: number): Going<void> {
  loop.pauseAt = retired;
  do {
    loop.runSlice();
    yield;
  } while (loop.debugStop === null && loop.ended === null);
  loop.pauseAt = Number.POSITIVE_INFINITY;
}

function* step({ loop }: DebuggedRun): Going<void> {
  while (!loop.stepInstruction()) yield;
}
