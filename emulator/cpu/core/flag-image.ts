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
import { RFLAGS_IOPL, RFLAGS_RF, RFLAGS_VIF, RFLAGS_VIP, RFLAGS_VM } from './control-bits';
import { faulted, GP, raise } from './exceptions';
import { getRflags, RFLAGS_IF } from './flags';
import { forbiddenInVirtual8086, replaceableFlags, replaceFlags } from './interrupt-return';
import { moveStackPointer, push, stackRead } from './stack';

function ioPrivilegeLevel(): u32 {
  return (load<u32>(RFLAGS_REST) & u32(RFLAGS_IOPL)) >> 12;
}

/** Pushes the RFLAGS image of `w` bits. */
export function pushFlags(w: u32): void {
  if (!forbiddenInVirtual8086()) push(getRflags() & ~(RFLAGS_VM | RFLAGS_RF), w >> 3);
}

/** Pops an RFLAGS image of `w` bits; what the privilege level may not change is kept. */
export function popFlags(w: u32): void {
  if (forbiddenInVirtual8086()) return;
  const image = stackRead(0, w >> 3);
  if (faulted()) return;
  moveStackPointer(u64(w >> 3));
  const level = load<u32>(MODE) == CpuMode.Real ? 0 : load<u32>(CPL);
  // VIF and VIP become 0 where the privilege level reaches them, RF always.
  const kept = image & ~(RFLAGS_RF | RFLAGS_VIF | RFLAGS_VIP);
  replaceFlags(kept, replaceableFlags(level, w) | RFLAGS_RF);
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
  if (load<u32>(MODE) == CpuMode.Real || load<u32>(CPL) <= ioPrivilegeLevel()) return false;
  raise(GP, 0);
  return true;
}
