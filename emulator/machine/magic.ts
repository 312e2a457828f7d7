/**
 * Instructions by which a guest speaks to its emulator (`--magic`). They are told before they are executed.
 *
 *   gem5   0F 04 imm16, UD on processors: the function's number is imm16, and the program goes on behind it [gem5, "M5ops"]
 *   bochs  XCHG BX, BX, which does nothing: executed as any other [Bochs, "Magic breakpoint"]
 */
import { CpuMode } from '../isa/state-layout.js';
import type { Processor } from '../cpu/processor.js';

export const MAGIC_INSTRUCTIONS = ['gem5', 'bochs'] as const;
export type MagicInstructions = (typeof MAGIC_INSTRUCTIONS)[number];

/** `value` is what comes with `fail`. */
export type MagicMark =
  | { readonly kind: 'begin' | 'end' | 'reset' | 'toggle' | 'exit' }
  | { readonly kind: 'fail'; readonly value: number };

export interface Magic {
  readonly set: MagicInstructions;
  readonly marked: (mark: MagicMark) => void;
}

/** Numbers of functions [gem5, include/gem5/asm/generic/m5ops.h]; the others raise #UD. */
const M5_EXIT = 0x21;
const M5_FAIL = 0x22;
const M5_RESET_STATS = 0x40;
const M5_WORK_BEGIN = 0x5a;
const M5_WORK_END = 0x5b;
const M5_BYTES = 4;

/** Whether code that begins so is looked at before it is executed. */
export function mayBeMagic(set: MagicInstructions, code: Uint8Array, is16: boolean): boolean {
  if (set === 'gem5') return code[0] === 0x0f && code[1] === 0x04;
  const at = is16 ? 0 : 1;
  return (is16 || code[0] === 0x66) && code[at] === 0x87 && code[at + 1] === 0xdb;
}

interface FoundMark {
  /** Null: none after all, which is executed as it is. */
  readonly mark: MagicMark | null;
  /** Bytes that are passed over instead of being executed. */
  readonly skippedBytes: number;
}

/** What the next instruction says; null: it is none of these. */
export function nextMark(set: MagicInstructions, processor: Processor): FoundMark | null {
  const code = processor.debug.readInstructionBytes(processor.rip, M5_BYTES);
  if (!mayBeMagic(set, code, is16BitCode(processor))) return null;
  if (set === 'bochs') return { mark: { kind: 'toggle' }, skippedBytes: 0 };
  const mark =
    code.length < M5_BYTES ? null : gem5Mark((code[2] ?? 0) | ((code[3] ?? 0) << 8), processor);
  return { mark, skippedBytes: mark === null ? 0 : M5_BYTES };
}

function gem5Mark(number: number, processor: Processor): MagicMark | null {
  switch (number) {
    case M5_WORK_BEGIN:
      return { kind: 'begin' };
    case M5_WORK_END:
      return { kind: 'end' };
    case M5_RESET_STATS:
      return { kind: 'reset' };
    case M5_EXIT:
      return { kind: 'exit' };
    case M5_FAIL:
      // Delay and code are the arguments.
      return { kind: 'fail', value: Number(BigInt.asUintN(32, processor.register('rsi'))) };
    default:
      return null;
  }
}

function is16BitCode({ mode, debug }: Processor): boolean {
  return mode !== CpuMode.Long && debug.codeBits === 16;
}
