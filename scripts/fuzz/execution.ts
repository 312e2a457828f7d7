/** Executes a case on a subject, and says how it ended. */
import { ExitReason } from '../../emulator/isa/state-layout.js';
import { Random } from '../vectors/random.js';
import { CASE_INSTRUCTIONS, placeCase, type FuzzCase } from './cases.js';
import { forgetLostRegions, type Subject } from './subjects.js';

/** Runs of the core that a case may take: a case that needs more does not come forward. */
const RUNS_MAX = 20_000;
/** Runs in which nothing retires, one after the other: the guest faults in the delivery of its faults for ever. */
const IDLE_RUNS_MAX = 40;
const ENDLESS = 'faults without end';

/** What subjects must agree on. */
export interface Ending {
  readonly reason: string;
  readonly retired: number;
  readonly rip: string;
  readonly hash: string;
  readonly faults: string;
  readonly deviceAccesses: number;
  /** That it took, under a timing model; else null. */
  readonly cycles: number | null;
}

/** Of the endings, the number of the first that is not as the first; or that is of a timing model and does not take the cycles of the first such; -1: there is none. */
export function disagreement(endings: readonly Ending[]): number {
  const [reference] = endings;
  const timed = endings.find(({ cycles }) => cycles !== null);
  return endings.findIndex(
    (ending) =>
      JSON.stringify({ ...ending, cycles: null }) !==
        JSON.stringify({ ...reference, cycles: null }) ||
      (ending.cycles !== null && ending.cycles !== timed?.cycles),
  );
}

export function execute(subject: Subject, fuzzCase: FuzzCase): Ending {
  const { processor, device } = subject;
  device.accesses = 0;
  forgetLostRegions(processor);
  placeCase(processor, fuzzCase);
  const random = new Random(fuzzCase.seed ^ 0xc07);
  const start = processor.retired;
  const startCycles = subject.cycles?.() ?? 0;
  const end = start + CASE_INSTRUCTIONS;
  const pending = [...fuzzCase.interrupts];
  let reason: string | null = null;
  let idle = 0;
  for (let runs = 0; reason === null; runs++) {
    if (runs === RUNS_MAX)
      throw new Error(`no progress at ${processor.retired - start} instructions`);
    const next = pending[0];
    const until = next === undefined ? end : Math.min(end, start + next.after);
    if (processor.retired < until) {
      const before = processor.retired;
      const exit = processor.run(Math.min(subject.slice(random), until - before));
      reason = reasonToStop(exit);
      idle = processor.retired === before ? idle + 1 : 0;
      if (idle === IDLE_RUNS_MAX) reason ??= ENDLESS;
    } else if (next === undefined || until === end) reason = 'all instructions';
    else {
      pending.shift();
      if (processor.interruptible && !processor.deliverExternalInterrupt(next.vector))
        reason = 'shutdown in the delivery of an interrupt';
    }
  }
  const retired = processor.retired - start;
  // How many of its faults such a guest has come through is not a matter of instructions.
  if (reason === ENDLESS)
    return { reason, retired, rip: '', hash: '', faults: '', deviceAccesses: 0, cycles: null };
  const faults = processor
    .faultChain()
    .map(({ vector, errorCode, rip }) => `${vector}/${errorCode} at ${rip.toString(16)}`);
  return {
    reason,
    retired,
    rip: processor.rip.toString(16),
    hash: processor.hash('').toString(16),
    faults: reason.includes('hutdown') ? faults.join(', ') : '',
    deviceAccesses: device.accesses,
    cycles: subject.cycles === undefined ? null : subject.cycles() - startCycles,
  };
}

function reasonToStop(exit: ExitReason): string | null {
  switch (exit) {
    case ExitReason.Halt:
    case ExitReason.Shutdown:
    case ExitReason.Unimplemented:
    case ExitReason.ResidentLimit:
      return ExitReason[exit];
    default:
      return null;
  }
}
