import { InterruptFrame } from './panic';
import { x86 } from './x86';

/**
 * Tries one access that may fault, and lives on: for the tests of memory protection.
 *
 *     faultOf ──ud2──→ interrupt_handler: keeps the frame, goes to the access with RDI = address
 *                        the access faults  → page fault   ─┐
 *                        it does not        → INT3 behind it┴→ interrupt_handler: takes the frame back, behind the ud2
 *
 * The instructions lie in a page that the test has mapped for execution: INSTRUCTIONS are its first bytes.
 */
export enum Access {
  Read,
  Write,
  /** Of the byte at the address, which is INT3. */
  Execute,
}

/** The access did not fault; error codes have fewer bits. */
export const NO_FAULT: u64 = 1 << 32;
/** Something else happened: another exception, or a page fault elsewhere. */
const STRANGE: u64 = 1 << 33;

/** mov rax, [rdi]; int3; and 8 bytes on: mov [rdi], rax; int3. */
const READ: u64 = 0xcc07_8b48;
const WRITE: u64 = 0xcc07_8948;
const WRITE_OFFSET: u64 = 8;

const VECTOR_BP: u64 = 3;
const VECTOR_UD: u64 = 6;
const VECTOR_PF: u64 = 14;
const UD2_BYTES: u64 = 2;

const FRAME_BYTES: usize = 176;
const savedFrame: usize = memory.data(176, 8);

/** In memory, not in globals: the handler changes it behind the compiler's back. */
const STATE_IDLE: u64 = 0;
const STATE_ASKED: u64 = 1;
const STATE_TRYING: u64 = 2;
const state: usize = memory.data(8, 8);
const outcome: usize = memory.data(8, 8);

let instructions: u64 = 0;
let access: Access = Access.Read;
let target: u64 = 0;

/** Writes the instructions to `page`, and takes them to be executable at `executableAt` from then on. */
export function probeInit(page: usize, executableAt: usize): void {
  store<u64>(page, READ);
  store<u64>(page, WRITE, 8);
  instructions = executableAt as u64;
}

/** The error code of the page fault that the access raises, or NO_FAULT. */
export function faultOf(kind: Access, address: usize): u64 {
  access = kind;
  target = address as u64;
  store<u64>(outcome, STRANGE);
  store<u64>(state, STATE_ASKED);
  x86.ud2();
  store<u64>(state, STATE_IDLE);
  return load<u64>(outcome);
}

/** Whether an exception was the probe's; then the frame leads on. */
export function probeStep(frame: InterruptFrame): bool {
  if (load<u64>(state) == STATE_ASKED && frame.vector == VECTOR_UD) {
    memory.copy(savedFrame, changetype<usize>(frame), FRAME_BYTES);
    store<u64>(state, STATE_TRYING);
    frame.rdi = target;
    frame.rip =
      access == Access.Execute
        ? target
        : instructions + (access == Access.Write ? WRITE_OFFSET : 0);
    return true;
  }
  if (load<u64>(state) != STATE_TRYING) return false;
  if (frame.vector == VECTOR_BP) store<u64>(outcome, NO_FAULT);
  if (frame.vector == VECTOR_PF && x86.readCr2() == target) store<u64>(outcome, frame.errorCode);
  memory.copy(changetype<usize>(frame), savedFrame, FRAME_BYTES);
  frame.rip += UD2_BYTES;
  store<u64>(state, STATE_IDLE);
  return true;
}
