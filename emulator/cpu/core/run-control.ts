/**
 * What surrounds the interpreter's loop: when a run ends, when one instruction is executed by itself (TF, interrupt
 * shadow), where a block is made to stop, and the delivery of faults.
 * Source: Intel SDM Vol. 3A, "Masking Exceptions and Interrupts When Switching Stacks", "Single-Step Exception Condition".
 */
import {
  BLOCK_HEADER_BYTES,
  CURRENT_BLOCK,
  EXIT_ADDRESS,
  ExitReason,
  FAULT,
  FAULT_DEVICE,
  FAULT_FERR,
  FAULT_RESIDENT_LIMIT,
  FAULT_UNIMPLEMENTED,
  INSTRUCTION_RIP,
  INTERRUPT_SHADOW,
  INTR_LINE,
  LAST_BLOCKS,
  LAST_BLOCKS_COUNT,
  NMI_BLOCKED,
  NMI_PENDING,
  RETIRED,
  RFLAGS_REST,
  RIP,
  SHADOW_SS,
  STOP_AT_FAULT,
  STOPPED_AT_FAULT,
  WATCHPOINT_MET,
} from '../../isa/state-layout';
import { Op, UOP_INDEX, UOP_OP, UOP_SIZE_BYTES } from '../../isa/uop';
import { emptyAccessLog } from './access-log';
import {
  accessesTold,
  breakpointsArmed,
  iterationsAlone,
  resumeRepeated,
  takeMatches,
} from './breakpoints';
import {
  deviceTurn,
  grantDeviceTurn,
  resetDeviceTurn,
  takeBeginAgain,
  takeDeviceTurn,
} from './device-access';
import { deliverFault, deliverInterrupt, debugTrap } from './interrupt-delivery';
import { faulted, NMI, withdrawFault } from './exceptions';
import { exitReason, requestExit, RUNNING } from './exit-request';
import { RFLAGS_IF, RFLAGS_TF } from './flags';
import { markChangedTables } from './table-frames';
import { takeTaskEntered } from './task-switch';
import { TIMED } from './timed';

export { exitReason, requestExit, RUNNING } from './exit-request';

const DR6_BS: u32 = 1 << 14;
/** Faults delivered in one run before the host gets a look: a guest may fault for ever without retiring anything. */
const FAULTS_MAX: u32 = 4096;

let faultsLeft: u32 = 0;
/** At most so many instructions may follow in this run; -1: as many as it was given. */
let allowance: i64 = -1;
/** The instruction being executed by itself is followed by the single-step trap. */
let stepping: bool = false;
/** INTERRUPT_SHADOW before the instruction that the loop has begun with. */
let shadowBefore: u32 = 0;
/** The planted Op.Stop and the operation it stands for; 0 when there is none. */
export let plantedUop: u32 = 0;
let plantedOp: u16 = 0;

/** Notes that `block` is executing; `ring` is the place of the block before it in LAST_BLOCKS, the result this one's: the same where it is the same block.
 * @inline */
export function recordEntry(block: u32, ring: u32): u32 {
  store<u32>(CURRENT_BLOCK, block);
  if (load<u32>(LAST_BLOCKS + ring * 4) == block) return ring;
  const place = (ring + 1) & (LAST_BLOCKS_COUNT - 1);
  store<u32>(LAST_BLOCKS + place * 4, block);
  return place;
}

export function beginRun(): void {
  requestExit(RUNNING);
  allowance = -1;
  faultsLeft = load<u32>(STOP_AT_FAULT) != 0 ? 1 : FAULTS_MAX;
  store<u32>(WATCHPOINT_MET, 0);
  stepping = false;
  resetDeviceTurn();
  if (!TIMED) return;
  emptyAccessLog();
  markChangedTables();
}

/** For the host: takes interrupt `vector` at RIP. Returns false when that ended in a shutdown. */
export function deliverExternalInterrupt(vector: u32): bool {
  const delivered = deliverInterrupt(vector);
  takeMatches();
  return delivered;
}

/** For the host: takes the pending nonmaskable interrupt at RIP; as deliverExternalInterrupt. */
export function deliverNonmaskableInterrupt(): bool {
  store<u32>(NMI_PENDING, 0);
  store<u32>(NMI_BLOCKED, 1);
  return deliverExternalInterrupt(NMI);
}

/** The engine's deadline has come: ends the run unless it ends for a reason of its own. */
export function deadlineCame(): void {
  if (exitReason == RUNNING) requestExit(ExitReason.Deadline);
}

/** A port access need not end the run, if it ends after so many instructions. */
export function allowInstructions(instructions: u32): void {
  requestExit(RUNNING);
  allowance = i64(instructions);
}

/** How much the run gets shorter of which `remaining` instructions were left.
 * @inline */
export function shortening(remaining: i64): i64 {
  return allowance < 0 ? 0 : shorteningToAllowance(remaining);
}

function shorteningToAllowance(remaining: i64): i64 {
  const excess = remaining - allowance;
  allowance = -1;
  return max<i64>(excess, 0);
}

/** INT n, INT3, INTO and INT1 do not raise the single-step trap. */
export function suppressStep(): void {
  stepping = false;
}

/** Whether a door's instruction faulted. A fault of the task that it has switched to is met where that task begins. */
export function doorFaulted(): bool {
  const entered = takeTaskEntered();
  if (!faulted()) return false;
  if (entered) stepping = false;
  return !entered;
}

/** Whether a string instruction must stop after one iteration. */
export function executesAlone(): bool {
  return stepping || iterationsAlone || deviceTurn();
}

/** Delivers the pending fault of the instruction at RIP; false when the run ends instead. */
export function deliverPendingFault(retired: u64): bool {
  store<u64>(RETIRED, retired);
  if (load<u32>(FAULT) == FAULT_DEVICE) {
    executeAgain();
    return true;
  }
  if (pseudoFault()) return false;
  store<u64>(INSTRUCTION_RIP, load<u64>(RIP));
  takeMatches(); // those of an instruction that did not complete
  if (!deliverFault(load<u64>(RIP))) {
    requestExit(ExitReason.Shutdown);
    return false;
  }
  takeMatches();
  // The delivery itself may need storage beyond the limit, or meet a task gate.
  if (pseudoFault()) return false;
  if (--faultsLeft == 0) {
    if (load<u32>(STOP_AT_FAULT) != 0) store<u32>(STOP_AT_FAULT, STOPPED_AT_FAULT);
    requestExit(ExitReason.Pause);
    return false;
  }
  return exitReason == RUNNING; // not so when it faulted behind its access to a device
}

/** The instruction at RIP has met a device: it begins again, alone, as if it had not begun. Or it begins again only. */
function executeAgain(): void {
  store<u32>(FAULT, 0);
  if (TIMED && takeBeginAgain()) return;
  store<u64>(INSTRUCTION_RIP, load<u64>(RIP));
  store<u32>(INTERRUPT_SHADOW, shadowBefore);
  resumeRepeated(); // its instruction breakpoint has been met
  grantDeviceTurn();
}

/** Whether FAULT holds no exception of the guest's but a reason to end the run. */
function pseudoFault(): bool {
  const fault = load<u32>(FAULT);
  if (fault == FAULT_RESIDENT_LIMIT) requestExit(ExitReason.ResidentLimit);
  else if (fault == FAULT_FERR) requestExit(ExitReason.CoprocessorError);
  else if (fault == FAULT_UNIMPLEMENTED) {
    requestExit(ExitReason.Unimplemented);
    store<u64>(EXIT_ADDRESS, load<u64>(RIP));
  } else return false;
  store<u32>(FAULT, 0);
  return true;
}

/** A nonmaskable interrupt is to be taken as soon as no shadow holds it back. */
function nonmaskableWaits(): bool {
  return load<u32>(NMI_PENDING) != 0 && load<u32>(NMI_BLOCKED) == 0;
}

/** Whether the run ends here because the budget is used up, or because INTR or NMI can now be taken. */
export function windowOpened(remaining: i64): bool {
  if (remaining == 0) {
    requestExit(ExitReason.Budget);
    return true;
  }
  if (load<u32>(INTERRUPT_SHADOW) != 0) return false;
  if (
    nonmaskableWaits() ||
    (load<u32>(INTR_LINE) != 0 && (load<u32>(RFLAGS_REST) & RFLAGS_IF) != 0)
  ) {
    requestExit(ExitReason.InterruptWindow);
    return true;
  }
  return false;
}

/**
 * Whether the next instruction is executed by itself: TF is set, breakpoints are enabled, INTR waits for the end of the
 * interrupt shadow, or it has met a device.
 * INTR does not change within a block, so without it the shadow simply ends.
 */
export function singleInstruction(): bool {
  if (accessesTold) store<u64>(INSTRUCTION_RIP, load<u64>(RIP));
  stepping = (load<u32>(RFLAGS_REST) & RFLAGS_TF) != 0;
  shadowBefore = load<u32>(INTERRUPT_SHADOW);
  const shadow = shadowBefore != 0;
  store<u32>(INTERRUPT_SHADOW, 0);
  const held = shadow && (load<u32>(INTR_LINE) != 0 || nonmaskableWaits());
  return takeDeviceTurn() || stepping || breakpointsArmed || held;
}

/** The loop was left after a complete instruction; RIP is the next one's. */
export function endStep(retired: u64): void {
  if (!stepping && !breakpointsArmed) return;
  if (accessesTold) store<u64>(RETIRED, retired);
  if (load<u32>(WATCHPOINT_MET) != 0 && exitReason == RUNNING) requestExit(ExitReason.Pause);
  if (load<u32>(INTERRUPT_SHADOW) == SHADOW_SS) {
    stepping = false;
    return;
  }
  const conditions = takeMatches() | (stepping ? DR6_BS : 0);
  stepping = false;
  if (conditions == 0) return;
  withdrawFault(); // the trap comes before the next instruction's fetch, which will fault again
  store<u64>(RETIRED, retired);
  if (exitReason == ExitReason.Halt) requestExit(RUNNING);
  if (!debugTrap(conditions)) requestExit(ExitReason.Shutdown);
  takeMatches();
}

/** Instructions of the block from the micro-op's own on; the block has `count`.
 * @inline */
export function left(uop: u32, count: i64): i64 {
  return count - i64(load<u8>(uop, UOP_INDEX));
}

/** Makes `block` stop before its instruction number `instructions`. */
export function plantStop(block: u32, instructions: u32): void {
  let uop = block + BLOCK_HEADER_BYTES;
  while (u32(load<u8>(uop, UOP_INDEX)) < instructions) uop += UOP_SIZE_BYTES;
  plantedUop = uop;
  plantedOp = load<u16>(uop, UOP_OP);
  store<u16>(uop, u16(Op.Stop), UOP_OP);
}

export function unplantStop(): void {
  if (plantedUop == 0) return;
  store<u16>(plantedUop, plantedOp, UOP_OP);
  plantedUop = 0;
}
