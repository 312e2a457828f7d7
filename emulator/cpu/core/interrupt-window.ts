/** Interrupts that regions (emulator/translator) leave to the interpreter: a region does not end where RFLAGS.IF changes. */
import { INTR_LINE, NMI_PENDING } from '../../isa/state-layout';
import { RFLAGS_IF } from './flags';

/** Whether an interrupt waits that is not masked where RFLAGS is `flags`; a nonmaskable one may be blocked. */
export function interruptWaits(flags: u32): bool {
  if (load<u32>(NMI_PENDING) != 0) return true;
  return load<u32>(INTR_LINE) != 0 && (flags & RFLAGS_IF) != 0;
}
