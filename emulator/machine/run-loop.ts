/**
 * Runs a machine until it ends: processor up to the next event, events, interrupts, requests, and again.
 *
 * Deterministic: nothing here looks at host time. The host calls `runSlice` again and again and may look at its own
 * clock, its signals and its input in between.
 */
import { ExitReason } from '../isa/state-layout.js';
import { presentPlace, shutdownReport, stateReport, unimplementedReport } from './autopsy.js';
import { IdlePoll, type IdlePass } from './idle-poll.js';
import type { DebugStop } from './debug-stop.js';
import type { Machine } from './machine.js';
import type { RunLoopState, Wait } from './machine-snapshot.js';
import { MomentWatch } from './moment-watch.js';
import { Moments } from './moments.js';
import type { RunEnd, RunEndKind, RunLimits } from './run-end.js';
import { DEFAULT_TUNING, type RunTuning } from './run-tuning.js';
import { LOOP_INSTRUCTIONS_MAX, SpinProof } from './spin-proof.js';

/** Runs of the core in one slice, after which the host gets a turn. */
const RUNS_PER_SLICE = 500;
/** Instructions of one slice under a timing engine, which executes some ten million a second: what is printed is seen, and a signal heard, in time. */
const TIMED_SLICE_INSTRUCTIONS = 1_000_000;
/** Accesses to ports in one run of the core: a slice shall not take longer because of them. */
const PORT_ACCESSES_PER_RUN = 64;
/** A guest that has reset itself so often without end is not going to stop. */
const RESETS_MAX = 1000;

/** Turns of the loop in one step of a debugger: an instruction that waits for an interrupt takes many. */
const TURNS_PER_STEP = 100_000;

export class RunLoop {
  resets = 0;
  /** Nothing will happen in the machine before somebody types at COM1: the host may sleep until then. */
  awaitsInput = false;
  /** Why the last slice or step stands still for a debugger; null: it does not. */
  debugStop: DebugStop | null = null;
  /** For debuggers: the slices stand still once so many instructions have retired. */
  pauseAt = Number.POSITIVE_INFINITY;
  private readonly poll: IdlePoll;
  private readonly spin: SpinProof;
  private readonly watch: MomentWatch;
  /** What the processor waits for an interrupt in, or null. */
  private waitsIn: Wait | null = null;
  /** The cycle of the next event or limit, and whether the last run ended where the time must not be looked at. */
  private untilCycle = 0;
  private betweenCheckpoints = false;
  /** Accesses to ports behind which the last run went on; and behind which number of instructions it goes on no more. */
  private portAccesses = 0;
  private goesOnUntil = 0;
  /** Writes to the machine's latch in this run; and whether there were any in the last one, so that more are granted. */
  private latchWrites = 0;
  private latches = false;
  private stopReason: string | null = null;
  /** A debugger's step is under way; and it is complete, though no instruction has retired. */
  private stepping = false;
  private stepped = false;
  private end: RunEnd | null = null;
  private hashAtReset: string | null = null;

  constructor(
    private readonly machine: Machine,
    private readonly limits: RunLimits,
    private readonly onTripleFault: 'fail' | 'reset',
    private readonly tuning: RunTuning = DEFAULT_TUNING,
    private readonly moments: Moments = new Moments(),
  ) {
    this.watch = new MomentWatch(machine, limits, moments);
    this.poll = new IdlePoll(machine.processor);
    this.spin = new SpinProof(machine.processor);
  }

  /** Ends the run before the next instruction; callable from an output callback. The first reason counts. */
  stop(reason: string): void {
    this.stopReason ??= reason;
  }

  /** The slice or step ends before the next instruction; callable when a moment is reached. */
  standStill(): void {
    this.debugStop = { kind: 'pause' };
  }

  /** Stands still before the next instruction; callable from an output callback or an event of the clock. */
  standStillNext(): void {
    this.moments.beforeNextInstruction(() => this.standStill());
  }

  snapshot(): RunLoopState {
    const { waitsIn, betweenCheckpoints, resets, hashAtReset, spin } = this;
    return {
      waitsIn,
      betweenCheckpoints,
      resets,
      hashAtReset,
      lastDisturbedSlot: spin.lastDisturbedSlot,
    };
  }

  /** Before the first slice, with the machine's state restored. */
  restore(state: RunLoopState): void {
    this.waitsIn = state.waitsIn;
    this.betweenCheckpoints = state.betweenCheckpoints;
    this.resets = state.resets;
    this.hashAtReset = state.hashAtReset;
    this.spin.restore(state.lastDisturbedSlot);
    this.untilCycle = this.watch.deadline;
  }

  /** Runs for a while. Returns how the run ended, or null when it goes on. */
  runSlice(): RunEnd | null {
    this.awaitsInput = false;
    this.debugStop = null;
    const { processor, time } = this.machine;
    const end = time.hasCheckpoints ? processor.retired + TIMED_SLICE_INSTRUCTIONS : Infinity;
    if (processor.retired >= this.pauseAt) this.debugStop = { kind: 'pause' };
    for (let run = 0; run < RUNS_PER_SLICE && this.end === null; run++) {
      if (this.debugStop !== null) break;
      this.step();
      if (processor.retired >= this.pauseAt) this.debugStop ??= { kind: 'pause' };
      if (this.awaitsInput || processor.retired >= end) break;
    }
    return this.end;
  }

  /**
   * For debuggers: executes the next instruction, whether there is a breakpoint at it or not, or takes the interrupt that comes before it, or
   * delivers its fault. Returns false when none of it has happened: the processor waits for an interrupt.
   */
  stepInstruction(): boolean {
    const { processor } = this.machine;
    const before = processor.retired;
    this.awaitsInput = false;
    this.debugStop = null;
    this.stepped = false;
    this.stepping = true;
    processor.debug.stopsAtFaults = true;
    processor.debug.passBreakpoint(() => {
      for (let turn = 0; turn < TURNS_PER_STEP && this.end === null; turn++) {
        if (this.stepped || this.awaitsInput || this.debugStop !== null) break;
        this.step();
        if (processor.retired !== before) this.stepped = true;
      }
    });
    processor.debug.stopsAtFaults = false;
    this.stepping = false;
    return this.stepped || this.end !== null;
  }

  /** How the run ended, or null. */
  get ended(): RunEnd | null {
    return this.end;
  }

  private step(): void {
    if (this.betweenCheckpoints) return this.runOn();
    const { machine, limits } = this;
    const { processor, clock } = machine;
    const now = machine.nowCycles;
    clock.advanceTo(now);
    if (this.momentEndsTurn(this.watch.callDue()) || this.requested()) return;
    if (now >= limits.cycles) return this.finish('limit', `${limits.cyclesOrigin} is over`);
    if (processor.retired >= limits.instructions) {
      return this.finish('limit', `${limits.instructions} instructions are retired`);
    }
    if (processor.nonmaskableDue) {
      this.wake();
      if (!processor.deliverNonmaskableInterrupt()) return this.shutdown();
      if (this.stepping) return this.endStep();
    } else if (processor.intrLine && processor.interruptible) {
      this.wake();
      const vector = machine.board.acknowledgeInterrupt();
      if (!processor.deliverExternalInterrupt(vector)) return this.shutdown();
      if (this.stepping) return this.endStep();
    }
    if (this.waitsIn !== null) return this.waitForInterrupt(this.waitsIn);
    this.untilCycle = this.watch.deadline;
    this.runOn();
  }

  /** Whether a moment, if any came, wants no instruction to be executed now. */
  private momentEndsTurn(came: boolean): boolean {
    if (!came) return false;
    if (this.stopReason !== null) this.finish('stopped', this.stopReason);
    return this.end !== null || this.debugStop !== null;
  }

  private endStep(): void {
    this.stepped = true;
  }

  private wake(): void {
    this.waitsIn = null;
    this.spin.disturb(this.machine.processor.retired);
    this.poll.disturb();
  }

  private runOn(): void {
    const { machine, limits, watch } = this;
    this.betweenCheckpoints = true; // whoever comes back here has looked at the time
    // A step passes over breakpoints, and would over a moment.
    if (this.momentEndsTurn(watch.callDue() || (this.stepping && watch.arrives()))) return;
    const left = this.instructionsLeft;
    if (this.stopReason !== null) return this.finish('stopped', this.stopReason);
    if (left <= 0) {
      if (machine.processor.retired < limits.instructions) return;
      return this.finish('limit', `${limits.instructions} instructions are retired`);
    }
    if (!this.stepping && this.spin.due(machine.processor.retired)) {
      this.betweenCheckpoints = machine.time.hasCheckpoints;
      return this.tryToProveSpinning();
    }
    const budget = machine.time.budgetUntil(
      this.untilCycle,
      this.executesOneByOne ? 1 : Math.min(left, this.runInstructionsMax),
      this.latches && !this.poll.watching,
    );
    this.portAccesses = 0;
    this.goesOnUntil = machine.processor.retired + this.tuning.runInstructionsMax;
    this.latchWrites = 0;
    machine.allowanceBehindPort = this.allowanceBehindPort;
    const reason = watch.run(budget);
    machine.steadyRead.disturb();
    this.noteLatchWrites();
    // A breakpoint is anywhere in a block.
    const anywhere = reason === ExitReason.Budget || reason === ExitReason.Unimplemented;
    this.betweenCheckpoints = machine.time.hasCheckpoints && anywhere;
    this.handle(reason);
    this.lookAtWatchpoints();
  }

  private get executesOneByOne(): boolean {
    return this.stepping || this.watch.isPassing || this.watch.approaches;
  }

  private lookAtWatchpoints(): void {
    const watchpoint = this.machine.processor.debug.watchpointMet;
    if (watchpoint !== null) this.debugStop = { kind: 'watchpoint', watchpoint };
  }

  /** Whether the core has stopped at a moment's instruction. */
  private stoppedAtMoment(): boolean {
    if (!this.watch.arrives()) return false;
    if (!this.momentEndsTurn(true)) this.stoppedAtBreakpoint();
    return true;
  }

  /** Whether the core has stopped at a breakpoint, not at an instruction that it does not have. */
  private stoppedAtBreakpoint(): boolean {
    const { debug } = this.machine.processor;
    if (!debug.isBreakpoint(debug.instructionAddress)) return false;
    this.debugStop = { kind: 'breakpoint' };
    return true;
  }

  /** Of one run of the core from here on. */
  private get runInstructionsMax(): number {
    const toSlot = this.spin.instructionsToNextSlot(this.machine.processor.retired);
    return Math.min(toSlot, this.tuning.runInstructionsMax);
  }

  /** Up to the limit, a moment, or to where a debugger has it pause. */
  private get instructionsLeft(): number {
    const { limits, machine, moments } = this;
    const last = Math.min(limits.instructions, moments.instructions, this.pauseAt);
    return last - machine.processor.retired;
  }

  private noteLatchWrites(): void {
    this.latchWrites += this.machine.latch.writes;
    this.latches = this.latchWrites > 0;
    if (!this.latches) return;
    this.portAccesses++;
    this.spin.disturb(this.machine.processor.retired);
    this.poll.disturb();
  }

  private handle(reason: ExitReason): void {
    const { machine } = this;
    switch (reason) {
      case ExitReason.Io:
        this.spin.disturb(machine.processor.retired);
        return this.afterPortAccess();
      case ExitReason.Halt:
        this.waitsIn = 'halted';
        return;
      case ExitReason.CoprocessorError:
        this.waitsIn = 'stopped by an x87 exception (FERR#, CR0.NE = 0)';
        return machine.board.ferr();
      case ExitReason.Shutdown:
        return this.shutdown();
      case ExitReason.Unimplemented:
        if (this.stoppedAtMoment() || this.stoppedAtBreakpoint()) return;
        return this.finish('unimplemented', ...unimplementedReport(machine));
      case ExitReason.ResidentLimit:
        return this.finish('resident-limit', this.residentLimitDetail());
      case ExitReason.Pause:
        if (this.stepping && this.machine.processor.debug.faultDelivered) this.endStep();
        return;
      case ExitReason.Budget:
      case ExitReason.InterruptWindow:
      case ExitReason.Deadline:
        return;
    }
  }

  /** Stop, power-off, exit and reset requests, in that order. True when the step is over. */
  private requested(): boolean {
    const { requests } = this.machine;
    if (this.stopReason !== null) this.finish('stopped', this.stopReason);
    else if (requests.powerOff) this.finish('power-off', 'the guest switched the machine off');
    else if (requests.exit !== null) {
      this.finish('debug-exit', `the guest wrote ${requests.exit} to port 0xf4`, [], requests.exit);
    } else if (requests.reset !== null) this.reset(requests.reset);
    else return false;
    return true;
  }

  private waitForInterrupt(wait: Wait): void {
    const { machine } = this;
    const { processor, clock } = machine;
    const { interruptsMasked, mayRaiseNmi } = machine.board;
    if (!processor.interruptsEnabled && !mayRaiseNmi) {
      return this.hang(`${wait} with interrupts off`);
    }
    if (interruptsMasked && !mayRaiseNmi) return this.hang(`${wait} with every interrupt masked`);
    const untilCycle = this.watch.nextCycle;
    if (clock.nextEventCycle === Number.POSITIVE_INFINITY) {
      if (machine.mayReceiveInput) this.awaitsInput = true;
      else this.hang(`${wait}, and no device has anything to report`);
      return;
    }
    machine.wait(untilCycle - machine.nowCycles);
  }

  /**
   * See `Machine.allowanceBehindPort`: what `step` would do between this instruction and the next, where that is nothing but to
   * run on. Interrupts are not looked at here: the core ends its run for them.
   */
  private readonly allowanceBehindPort = (): number => {
    const { machine, poll } = this;
    const { lastReadPort, requests, time } = machine;
    if (lastReadPort !== null && this.repetitionMatters(lastReadPort)) return 0;
    if (poll.watching || this.executesOneByOne || this.stopReason !== null) return 0;
    if (this.watch.isDueBehindPort) return 0;
    if (requests.powerOff || requests.exit !== null || requests.reset !== null) return 0;
    this.spin.disturb(machine.processor.retired + 1); // behind the instruction under way
    poll.disturb();
    this.latchWrites += machine.latch.writes + (machine.wroteLatch ? 1 : 0);
    if (++this.portAccesses > PORT_ACCESSES_PER_RUN) return 0;
    if (machine.processor.retired >= this.goesOnUntil) return 0;
    const left = this.instructionsLeft;
    this.untilCycle = this.watch.deadline;
    const instructionsMax = Math.min(left, this.runInstructionsMax);
    const budget = time.budgetUntil(this.untilCycle, instructionsMax, this.latchWrites > 0);
    return budget - 1; // less the instruction that made the access
  };

  /**
   * Whether a proof that a loop around a read of `port` repeats would be of use: its passes can be counted, or it is a hang.
   * Else the proof is not tried: watching the loop's stores costs more than the loop.
   */
  private repetitionMatters(port: number): boolean {
    const { board, clock, time } = this.machine;
    if (!board.readsAreIdle(port)) return false;
    if (time.countsPasses || clock.nextEventCycle === Number.POSITIVE_INFINITY) return true;
    return board.readsAreSettled(port) && this.interruptsNeverCome;
  }

  /** Until the guest does something about it. */
  private get interruptsNeverCome(): boolean {
    const { board, processor } = this.machine;
    return !board.mayRaiseNmi && (!processor.interruptsEnabled || board.interruptsMasked);
  }

  private afterPortAccess(): void {
    const { machine } = this;
    const port = machine.lastReadPort;
    if (port === null || !this.repetitionMatters(port)) return this.poll.disturb();
    const pass = this.poll.passEnded(machine.processor.retired, machine.nowCycles);
    if (pass === null) return;
    this.repeat(pass, `polling port 0x${port.toString(16)}`, machine.board.readsAreSettled(port));
  }

  private tryToProveSpinning(): void {
    const { machine, limits } = this;
    const { processor, time } = machine;
    const actions = machine.impureActions;
    // Moments are looked at in between, so that they do not decide when a hang is told.
    const untilCycle = Math.min(machine.clock.nextEventCycle, limits.cycles);
    const left = Math.min(limits.instructions, this.pauseAt) - processor.retired;
    const found = this.spin.attempt(
      time.budgetUntil(untilCycle, Math.min(left, LOOP_INSTRUCTIONS_MAX)),
      () => machine.impureActions === actions,
      () => machine.nowCycles,
      () => this.momentEndsTurn(this.watch.callDue()),
    );
    if (typeof found === 'object') this.repeat(found, 'spinning in a loop', true);
    else if (found !== ExitReason.Budget) {
      this.betweenCheckpoints = false;
      this.handle(found);
    }
  }

  /** Counts passes of a loop that repeats up to the next event, or reports the hang when no event can end it. */
  private repeat(pass: IdlePass, doing: string, onlyInterruptsEnd: boolean): void {
    const { machine } = this;
    const next = machine.clock.nextEventCycle;
    if (onlyInterruptsEnd && this.interruptsNeverCome) {
      const { interruptsEnabled } = machine.processor;
      const why = interruptsEnabled ? 'every interrupt masked' : 'interrupts off';
      return this.hang(`${doing} with ${why}`);
    }
    if (next === Number.POSITIVE_INFINITY) {
      if (machine.mayReceiveInput) this.awaitsInput = true;
      else this.hang(`${doing} that nothing can end`);
      return;
    }
    if (this.stepping || !this.tuning.countsPasses || !machine.time.countsPasses) return;
    const cycles = this.watch.nextCycle - machine.nowCycles - 1;
    const byCycles = Math.floor(cycles / pass.cycles);
    const left = this.instructionsLeft;
    const passes = Math.min(byCycles, Math.floor((left - 1) / pass.instructions));
    if (passes > 0) machine.countAsExecuted(passes * pass.instructions, passes * pass.cycles);
  }

  private shutdown(): void {
    if (this.onTripleFault === 'reset') return this.reset('triple fault');
    this.finish('shutdown', ...shutdownReport(this.machine));
  }

  private reset(origin: string): void {
    const { machine } = this;
    machine.trace('boot', 'reset', { origin });
    this.resets++;
    this.waitsIn = null;
    this.poll.disturb();
    const report = stateReport(machine);
    machine.clock.advanceTo(machine.nowCycles); // the chipset begins anew now, not when the last run of the core began
    this.watch.moments.resets();
    machine.reset();
    const hash = machine.startHash();
    if (hash === this.hashAtReset) {
      return this.finish(
        'hang',
        `the guest resets itself (${origin}) for ever: memory, CMOS RAM and disk are the same after each of ${this.resets} resets`,
        report,
      );
    }
    if (this.resets >= RESETS_MAX) {
      return this.finish(
        'hang',
        `the guest has reset itself ${this.resets} times (${origin})`,
        report,
      );
    }
    this.hashAtReset = hash;
  }

  private hang(what: string): void {
    const detail = `${what} at ${presentPlace(this.machine)}; nothing can wake it`;
    this.finish('hang', detail, stateReport(this.machine));
  }

  private residentLimitDetail(): string {
    const { processor } = this.machine;
    const mib = Math.floor(processor.residentBytes / 0x100000);
    return (
      `the guest has touched ${mib} MiB of memory, which is the limit (--resident-max), ` +
      `at ${presentPlace(this.machine)}, physical address 0x${processor.exitAddress.toString(16)}`
    );
  }

  /**
   * The run is over. Where the guest ended it, what it has given to the serial ports is on the line still: that time
   * passes without instructions, and its bytes may yet bring the host to stop the run.
   */
  private finish(
    kind: RunEndKind,
    detail: string,
    report: readonly string[] = [],
    value?: number,
  ): void {
    if (kind !== 'limit' && this.stopReason === null) {
      this.drain();
      if (this.stopReason !== null) kind = 'stopped';
    }
    if (kind === 'stopped') this.end = { kind, detail: this.stopReason ?? detail, report: [] };
    else this.end = { kind, detail, report, ...(value === undefined ? {} : { value }) };
  }

  private drain(): void {
    const { machine, watch } = this;
    while (machine.board.isTransmitting && this.stopReason === null) {
      const untilCycle = watch.nextCycle;
      if (untilCycle <= machine.nowCycles) return;
      machine.wait(untilCycle - machine.nowCycles);
      watch.callDue();
    }
  }
}
