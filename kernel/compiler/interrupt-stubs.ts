/**
 * Entry code of the 256 interrupt vectors. Each makes the same frame and calls `interrupt_handler(frame)`:
 *
 *   frame →  r15 r14 r13 r12 r11 r10 r9 r8 rbp rdi rsi rdx rcx rbx rax  vector  errorCode  rip cs rflags rsp ss
 *
 * Source: Intel SDM Vol. 3A "Exception and Interrupt Reference" for the vectors with an error code, "64-Bit Mode Stack
 * Frame" for what the processor pushes.
 */
import { Assembler, type RegisterName } from './assembler.js';
import type { Fragment } from './code-buffer.js';
import { INTERRUPT_STUBS, LATE_RETURN } from './symbol-names.js';
import { INTERRUPT_STUB_STRIDE_BYTES } from './x86-intrinsics.js';

const INTERRUPT_COMMON = '__interrupt_common';
const VECTORS = 256;
const WITH_ERROR_CODE: ReadonlySet<number> = new Set([8, 10, 11, 12, 13, 14, 17, 21, 29, 30]);

/** In the order in which they are pushed. */
const REGISTERS: readonly RegisterName[] = [
  'rax',
  'rbx',
  'rcx',
  'rdx',
  'rsi',
  'rdi',
  'rbp',
  'r8',
  'r9',
  'r10',
  'r11',
  'r12',
  'r13',
  'r14',
  'r15',
];

export function interruptStubs(handler: string): Fragment[] {
  return [entries(), common(handler)];
}

/**
 * Where a call returns to during which an interrupt came that has to wait for its end: `handler` takes it, and says
 * where the call was to return to. The result, in RAX, is kept.
 */
export function lateReturn(handler: string): Fragment {
  const code = new Assembler(64);
  code.emit('Push_r64', 'rax').emit('Push_r64', 'rax').call(handler);
  code.emit('Mov_rm64_r64', { base: 'rsp', displacement: 8 }, 'rax');
  code.emit('Pop_r64', 'rax').emit('Retnq');
  return code.finish(LATE_RETURN);
}

/** One stub every 16 bytes, so that a vector's address is a product. */
function entries(): Fragment {
  const code = new Assembler(64);
  for (let vector = 0; vector < VECTORS; vector++) {
    code.align(Number(INTERRUPT_STUB_STRIDE_BYTES));
    if (!WITH_ERROR_CODE.has(vector)) code.emit('Pushq_imm8', 0);
    code.emit('Pushq_imm32', vector).jumpTo(INTERRUPT_COMMON);
  }
  code.align(Number(INTERRUPT_STUB_STRIDE_BYTES));
  return code.finish(INTERRUPT_STUBS);
}

function common(handler: string): Fragment {
  const code = new Assembler(64);
  for (const register of REGISTERS) code.emit('Push_r64', register);
  code.emit('Mov_r64_rm64', 'rdi', 'rsp').emit('Cld').call(handler);
  for (const register of [...REGISTERS].reverse()) code.emit('Pop_r64', register);
  code.emit('Add_rm64_imm8', 'rsp', 16).emit('Iretq');
  return code.finish(INTERRUPT_COMMON);
}
