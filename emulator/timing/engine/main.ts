/**
 * The timing engine: what the processor's core tells it becomes cycles. Instruction-driven: each instruction in turn gets
 * its times of delivery, dispatch, execution and retirement, from the state that those before it left. The idea is
 * zsim's (Sanchez and Kozyrakis, "ZSim: Fast and Accurate Microarchitectural Simulation of Thousand-Core Systems",
 * ISCA 2013), the model docs/timing-model.md. All figures come from the parameters and records that TypeScript writes.
 *
 * Contract with the core: isa/timing-interface.ts.
 */
import {
  ACCESS_LOG,
  ACCESS_LOG_NEXT,
  BLOCK_INSTRUCTIONS,
  BLOCK_RIP,
  BLOCK_TIMING,
  TIMING_DEADLINE,
  TIMING_NOW,
} from '../../isa/state-layout';
import { SystemEvent } from '../../isa/timing-interface';
import { TimingCounter } from '../counters';
import { CALL_TREE, CALL_TREE_BYTES } from '../call-tree-layout';
import { branch } from './branches';
import { resetCaches } from './caches';
import { callTreeCharge, callTreeStart } from './call-tree';
import { count } from './counters';
import { resetDataAccesses } from './data-accesses';
import { resetFrontEnd, holdFrontEnd } from './front-end';
import { complete, flushWaiting, resetInstructions } from './instructions';
import * as layout from '../engine-layout';
import { Parameter } from '../engine-layout';
import {
  beginStep,
  endStep,
  forgetMemo,
  isStateKnown,
  isWorthRemembering,
  settle,
  takeKnownStep,
} from './memo';
import { isRemembering } from './memo-credit';
import * as pipeline from './pipeline';
import { cycles } from './parameters';
import { resetPorts } from './ports';
import { resetPredictor } from './predictor';
import { resetStreams } from './prefetch';
import { noteEvent, noteTransfer } from './transfers';
import { forgetPage, forgetTranslations, resetTranslation } from './translation';
import { resetCombining } from './write-combining';

export { callTreeFunction, callTreeObserve } from './call-tree';
export { forgetMemo, settle, setMemo, settleCounters } from './memo';
export { moveWaitingRecord, waitingRecord } from './instructions';
export { builtFor } from './parameters';

/** Cycles are charged to functions, too. */
let profiling: bool = false;

export function startProfile(): void {
  profiling = true;
  callTreeStart(CALL_TREE, CALL_TREE_BYTES);
}

export function advance(block: u32, from: u32, to: u32): void {
  take(block, from, to, 0, false);
}

export function leave(block: u32, from: u32, to: u32, nextRip: u64): u32 {
  const branches: bool = to > from && to == load<u32>(block, BLOCK_INSTRUCTIONS);
  take(block, from, to, nextRip, branches);
  if (profiling) noteTransfer(block, to, nextRip);
  return <u64>pipeline.retireCycle >= load<u64>(TIMING_DEADLINE) ? 1 : 0;
}

/** Instructions `from` up to `to` of the block complete; `branches`: the last is the block's, and control goes to `nextRip`. */
function take(block: u32, from: u32, to: u32, nextRip: u64, branches: bool): void {
  const before = pipeline.retireCycle;
  if (isRemembering()) {
    const number = load<u32>(
      load<u32>(block, BLOCK_TIMING) + load<u32>(block, BLOCK_INSTRUCTIONS) * layout.RECORD_BYTES,
    );
    const entries = (load<u32>(ACCESS_LOG_NEXT) - ACCESS_LOG) >> 4;
    const part = from | (to << 6) | ((<u32>branches) << 12) | (entries << 13);
    if (!takeKnownStep(number, part, nextRip)) {
      const isKept = isWorthRemembering(number);
      if (isKept) beginStep();
      pass(block, from, to, nextRip, branches);
      if (isKept) endStep(number, part);
    }
  } else pass(block, from, to, nextRip, branches);
  if (profiling) callTreeCharge(<u64>(pipeline.retireCycle - before), to - from);
  store<u64>(TIMING_NOW, <u64>pipeline.retireCycle);
}

/** The pipeline takes them. */
function pass(block: u32, from: u32, to: u32, nextRip: u64, branches: bool): void {
  complete(block, from, to);
  if (!branches) return;
  const record = load<u32>(block, BLOCK_TIMING) + (to - 1) * layout.RECORD_BYTES;
  const rip = load<u64>(block, BLOCK_RIP) + <u64>load<u16>(record, layout.RECORD_START);
  branch(record, rip, nextRip);
}

export function systemEvent(kind: u32, detail: u64): void {
  if (profiling) noteEvent(kind, detail);
  switch (kind) {
    case SystemEvent.Exception:
      count(TimingCounter.Exceptions, 1);
      stand(kind, <u64>cycles(Parameter.Exception));
      break;
    case SystemEvent.Interrupt:
      count(TimingCounter.Interrupts, 1);
      stand(kind, <u64>cycles(Parameter.Interrupt));
      break;
    case SystemEvent.FlushAllTranslations:
    case SystemEvent.FlushTranslations:
      dispatchWaiting();
      forgetTranslations();
      break;
    case SystemEvent.InvalidatePage:
      dispatchWaiting();
      forgetPage(detail);
      break;
    case SystemEvent.PortAccess:
      count(TimingCounter.WaitCycles, detail);
      stand(kind, detail);
      break;
  }
}

/** Time passes without instructions. */
export function wait(duration: u64): void {
  count(TimingCounter.WaitCycles, duration);
  stand(SystemEvent.PortAccess, duration);
}

/** Nothing is executed for `duration` cycles, by reason of an event. */
function stand(event: u32, duration: u64): void {
  const before = pipeline.retireCycle;
  if (duration <= STEP_CYCLES_MAX && isRemembering()) {
    const number = EVENT_STEPS + event;
    if (!takeKnownStep(number, <u32>duration, 0)) {
      const isKept = isWorthRemembering(number);
      if (isKept) beginStep();
      passTime(event, <i64>duration);
      if (isKept) endStep(number, <u32>duration);
    }
  } else {
    settle();
    passTime(event, <i64>duration);
  }
  if (profiling) callTreeCharge(duration, 0);
  store<u64>(TIMING_NOW, <u64>pipeline.retireCycle);
}

function passTime(event: u32, duration: i64): void {
  flushWaiting();
  const end = pipeline.retireCycle + duration;
  if (event == SystemEvent.PortAccess) pipeline.idleUntil(end);
  else pipeline.drainTo(end, TimingCounter.SlotsBackEndCore);
}

/** Blocks have smaller numbers. */
const EVENT_STEPS: u32 = 0xffff_fff0;
/** What takes longer is not remembered. */
const STEP_CYCLES_MAX: u64 = 0xffff;

/** While the pipeline's state is kept elsewhere, no instruction waits for its branch. */
function dispatchWaiting(): void {
  if (!isStateKnown()) flushWaiting();
}

/** Power-on: all structures are empty, time is 0. Which memory is remote stays. */
export function reset(): void {
  memory.fill(layout.SCOREBOARD, 0, <usize>(layout.REMOTE_MEMORY - layout.SCOREBOARD));
  memory.fill(layout.REMOTE_MEMORY_END, 0, <usize>(layout.ENGINE_END - layout.REMOTE_MEMORY_END));
  resetPipeline();
  resetPredictor();
  resetCaches();
  resetPorts();
  resetStreams();
  resetTranslation();
  resetFrontEnd();
  forgetMemo();
  store<u64>(TIMING_NOW, 0);
}

function resetPipeline(): void {
  pipeline.resetPipeline(0);
  resetInstructions();
  resetDataAccesses(0);
  resetCombining(0);
  holdFrontEnd(0);
}
