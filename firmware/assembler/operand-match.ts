import { OpCodeOperandKind as Kind } from 'iced-x86';
import type { Value } from './expression.js';
import type { InstructionForm } from './instruction-forms.js';
import type {
  FarOperand,
  ImmediateOperand,
  MemoryOperand,
  Operand,
  RegisterOperand,
} from './syntax.js';

/** An operand whose expressions have their value in this layout pass. */
export type ResolvedOperand =
  | RegisterOperand
  | (ImmediateOperand & { readonly value: Value })
  | (MemoryOperand & { readonly value: Value })
  | (FarOperand & { readonly selectorValue: Value; readonly value: Value });

/** Whether an operand can be encoded in a form: yes, no, or only its value is too large for it. */
export type Fit = 'fits' | 'differs' | 'out of range';

const REGISTER_CLASS = new Map<Kind, RegisterOperand['register']['class']>([
  [Kind.r8_reg, 'r8'],
  [Kind.r8_opcode, 'r8'],
  [Kind.r8_or_mem, 'r8'],
  [Kind.r16_reg, 'r16'],
  [Kind.r16_rm, 'r16'],
  [Kind.r16_opcode, 'r16'],
  [Kind.r16_or_mem, 'r16'],
  [Kind.r32_reg, 'r32'],
  [Kind.r32_rm, 'r32'],
  [Kind.r32_opcode, 'r32'],
  [Kind.r32_or_mem, 'r32'],
  [Kind.seg_reg, 'segment'],
  [Kind.cr_reg, 'control'],
  [Kind.dr_reg, 'debug'],
]);

const FIXED_REGISTERS: readonly Kind[] = [
  Kind.al,
  Kind.cl,
  Kind.ax,
  Kind.dx,
  Kind.eax,
  Kind.es,
  Kind.cs,
  Kind.ss,
  Kind.ds,
  Kind.fs,
  Kind.gs,
];
const ACCUMULATORS: readonly Kind[] = [Kind.al, Kind.ax, Kind.eax];
const MEMORY: readonly Kind[] = [Kind.mem, Kind.r8_or_mem, Kind.r16_or_mem, Kind.r32_or_mem];
const SHORT_BRANCHES: readonly Kind[] = [Kind.br16_1, Kind.br32_1];
const NEAR_BRANCHES: readonly Kind[] = [Kind.br16_2, Kind.br32_4];

/** Immediate kinds: the bits they hold and the bits they are extended to. */
const IMMEDIATES = new Map<Kind, readonly [heldBits: number, extendedBits: number]>([
  [Kind.imm8, [8, 8]],
  [Kind.imm8sex16, [8, 16]],
  [Kind.imm8sex32, [8, 32]],
  [Kind.imm16, [16, 16]],
  [Kind.imm32, [32, 32]],
]);

export const isShortBranch = (form: InstructionForm): boolean =>
  SHORT_BRANCHES.includes(firstKind(form));
export const isNearBranch = (form: InstructionForm): boolean =>
  NEAR_BRANCHES.includes(firstKind(form));
export const usesAccumulator = (form: InstructionForm): boolean =>
  form.operandKinds.some((kind) => ACCUMULATORS.includes(kind));

function firstKind(form: InstructionForm): Kind {
  return form.operandKinds[0] ?? Kind.None;
}

/** Whether all operands fit the form. */
export function fitForm(form: InstructionForm, operands: readonly ResolvedOperand[]): Fit {
  if (operands.length === 0 && form.hasImpliedOperands) return 'fits';
  if (operands.length !== form.operandKinds.length) return 'differs';
  let fit: Fit = 'fits';
  for (const [index, operand] of operands.entries()) {
    const one = fitOperand(form, form.operandKinds[index] ?? Kind.None, operand);
    if (one === 'differs') return one;
    if (one === 'out of range') fit = one;
  }
  return fit;
}

function fitOperand(form: InstructionForm, kind: Kind, operand: ResolvedOperand): Fit {
  switch (operand.kind) {
    case 'register':
      return fitWhen(
        FIXED_REGISTERS.includes(kind)
          ? Kind[kind] === operand.register.name
          : REGISTER_CLASS.get(kind) === operand.register.class,
      );
    case 'memory':
      return fitWhen(fitsMemory(form, kind, operand));
    case 'far':
      if (kind === Kind.farbr2_2) return fitWhen((operand.sizeBits ?? 16) === 16);
      return fitWhen(kind === Kind.farbr4_2 && (operand.sizeBits ?? 32) === 32);
    case 'immediate':
      return fitImmediate(kind, operand);
  }
}

function fitWhen(condition: boolean): Fit {
  return condition ? 'fits' : 'differs';
}

function fitsMemory(form: InstructionForm, kind: Kind, operand: MemoryOperand): boolean {
  if (form.isFarPointer || operand.isFarPointer) {
    const offsetBits = operand.sizeBits ?? form.operandSizeBits;
    return form.isFarPointer && operand.isFarPointer && offsetBits === form.operandSizeBits;
  }
  const sizeFits = operand.sizeBits === null || operand.sizeBits === form.memorySizeBits;
  if (kind === Kind.mem_offs) return sizeFits && operand.base === null && operand.index === null;
  return MEMORY.includes(kind) && (sizeFits || kind === Kind.mem);
}

function fitImmediate(kind: Kind, operand: ImmediateOperand & { readonly value: Value }): Fit {
  if (SHORT_BRANCHES.includes(kind)) return fitWhen(operand.distance !== 'near');
  if (NEAR_BRANCHES.includes(kind)) return fitWhen(operand.distance !== 'short');
  if (kind === Kind.imm8_const_1) {
    return fitWhen(operand.value.known && !operand.value.movable && operand.value.value === 1n);
  }
  const bits = IMMEDIATES.get(kind);
  if (bits === undefined) return 'differs';
  const [heldBits, extendedBits] = bits;
  if (
    operand.sizeBits !== null &&
    operand.sizeBits !== heldBits &&
    operand.sizeBits !== extendedBits
  )
    return 'differs';
  const { value, known, movable } = operand.value;
  // A value that may still change between passes never takes the sign-extended byte, so sizes cannot oscillate.
  if (heldBits !== extendedBits && (!known || movable)) return 'differs';
  if (value < -(1n << BigInt(extendedBits - 1)) || value >= 1n << BigInt(extendedBits))
    return 'out of range';
  if (heldBits === extendedBits) return 'fits';
  const signed = BigInt.asIntN(extendedBits, value);
  return BigInt.asIntN(heldBits, signed) === signed ? 'fits' : 'out of range';
}

/** An operand in words, for error sentences. */
export function describeOperand(operand: Operand): string {
  switch (operand.kind) {
    case 'register':
      return operand.register.name;
    case 'memory':
      return operand.sizeBits === null ? 'memory' : `${operand.sizeBits}-bit memory`;
    case 'far':
      return 'selector:offset';
    case 'immediate':
      return operand.sizeBits === null ? 'a number' : `a ${operand.sizeBits}-bit number`;
  }
}
