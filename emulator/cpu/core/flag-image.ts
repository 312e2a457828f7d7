/**
 * PUSHF, POPF, CLI, STI.
 * Source: Intel SDM Vol. 2, the instructions' pages; Vol. 1, "System Flags and IOPL Field". Neither VME nor PVI exists.
 */
import {
  CPL,
  CpuMode,
  INTERRUPT_SHADOW,
  MODE,
  RFLAGS_REST,
  SHADOW_STI,
} from '../../isa/state-layout';
import { Door, UOP_EXTRA, UOP_IMM } from '../../isa/uop';
import {
  RFLAGS_AC,
  RFLAGS_IOPL,
  RFLAGS_RF,
  RFLAGS_VIF,
  RFLAGS_VIP,
  RFLAGS_VM,
} from './control-bits';
import { faulted, GP, raise } from './exceptions';
import { getRflags, RFLAGS_IF, RFLAGS_TF } from './flags';
import { forbiddenInVirtual8086, replaceableFlags, replaceFlags } from './interrupt-return';
import { interruptWaits } from './interrupt-window';
import { fastTop, pushesFast, pushFast, topIsFast } from './memory-operations';
import { moveStackPointer, push, stackRead } from './stack';

function ioPrivilegeLevel(): u32 {
  return (load<u32>(RFLAGS_REST) & u32(RFLAGS_IOPL)) >> 12;
}

/** Pushes the RFLAGS image of `w` bits. */
export function pushFlags(w: u32): void {
  if (!forbiddenInVirtual8086()) push(pushedImage(), w >> 3);
}

function pushedImage(): u64 {
  return getRflags() & ~(RFLAGS_VM | RFLAGS_RF);
}

/** Pops an RFLAGS image of `w` bits; what the privilege level may not change is kept. */
export function popFlags(w: u32): void {
  if (forbiddenInVirtual8086()) return;
  const image = stackRead(0, w >> 3);
  if (faulted()) return;
  moveStackPointer(u64(w >> 3));
  const level = load<u32>(MODE) == CpuMode.Real ? 0 : load<u32>(CPL);
  takeImage(image, replaceableFlags(level, w));
}

/** VIF and VIP become 0 where the privilege level reaches them, RF always. */
function takeImage(image: u64, mask: u64): void {
  replaceFlags(image & ~(RFLAGS_RF | RFLAGS_VIF | RFLAGS_VIP), mask | RFLAGS_RF);
}

/** CLI */
export function clearInterruptFlag(): void {
  if (interruptFlagForbidden()) return;
  store<u32>(RFLAGS_REST, load<u32>(RFLAGS_REST) & ~RFLAGS_IF);
}

/** STI: interrupts are taken after the instruction that follows, if IF was 0. */
export function setInterruptFlag(): void {
  if (interruptFlagForbidden()) return;
  const rest = load<u32>(RFLAGS_REST);
  if ((rest & RFLAGS_IF) == 0) store<u32>(INTERRUPT_SHADOW, SHADOW_STI);
  store<u32>(RFLAGS_REST, rest | RFLAGS_IF);
}

/** Whether IF is out of the program's reach (#GP(0) is raised). */
function interruptFlagForbidden(): bool {
  if (reachesInterruptFlag()) return false;
  raise(GP, 0);
  return true;
}

function reachesInterruptFlag(): bool {
  return load<u32>(MODE) == CpuMode.Real || load<u32>(CPL) <= ioPrivilegeLevel();
}

/**
 * For regions: PUSHF and POPF of 64-bit mode, CLI, STI, where no interrupt waits and nothing needs a slow path; returns whether it was
 * done. The region goes on in the next block, so that the shadow of STI has no instruction to hold an interrupt back from.
 */
export function flagsInRegion(uop: u32): bool {
  const door = load<u32>(uop, UOP_EXTRA);
  if (door == Door.Pushf) {
    if (!pushesFast()) return false;
    pushFast(pushedImage());
    return true;
  }
  if (door == Door.Popf) return popInRegion();
  if (!reachesInterruptFlag()) return false;
  if (door == Door.Cli) clearInterruptFlag();
  else if (interruptWaits(RFLAGS_IF)) return false;
  else store<u32>(RFLAGS_REST, load<u32>(RFLAGS_REST) | RFLAGS_IF);
  return true;
}

/** An image that changes no more than status flags, DF, IOPL, NT, ID, and IF. */
function popInRegion(): bool {
  if (!topIsFast()) return false;
  const image = fastTop();
  const either = u32(image) | load<u32>(RFLAGS_REST);
  if ((either & (RFLAGS_TF | u32(RFLAGS_AC))) != 0 || interruptWaits(either)) return false;
  moveStackPointer(8);
  takeImage(image, replaceableFlags(load<u32>(CPL), 64));
  return true;
}
