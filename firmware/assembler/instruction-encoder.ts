import { AssemblyError, type SourcePosition } from './assembly-error.js';
import { evaluate, type Scope, type Value } from './expression.js';
import { addressBits, encodeForm } from './instruction-builder.js';
import { formsOf, type InstructionForm } from './instruction-forms.js';
import {
  describeOperand,
  fitForm,
  isNearBranch,
  isShortBranch,
  usesAccumulator,
  type ResolvedOperand,
} from './operand-match.js';
import type { Bits, Instruction, MemoryOperand, Operand } from './syntax.js';

export interface EncodeContext {
  readonly scope: Scope;
  readonly bits: Bits;
  /** The jump's target has once been out of the reach of a short jump: use the near form from now on. */
  readonly isLongJump: boolean;
}

export interface EncodedInstruction {
  readonly bytes: Uint8Array;
  /** A jump that had to take the near form because the short one does not reach. */
  readonly isLongJump: boolean;
}

const ZERO: Value = { value: 0n, known: true, movable: false };

/** Encodes an instruction in the shortest form that its operands fit. */
export function encodeInstruction(
  instruction: Instruction,
  context: EncodeContext,
): EncodedInstruction {
  const { scope, bits } = context;
  const { position } = scope;
  const forms = formsOf(instruction.mnemonic);
  if (forms.length === 0)
    throw new AssemblyError(position, `'${instruction.mnemonic}' is not an instruction.`);
  const operands = inFormOrder(instruction).map((operand) => resolveOperand(operand, scope));
  checkAddresses(operands, bits, position);
  let candidates = selectForms(instruction, forms, operands, bits, position);
  if (context.isLongJump) {
    const near = candidates.filter(isNearBranch);
    if (near.length > 0) candidates = near;
  }
  let best: { form: InstructionForm; bytes: Uint8Array } | null = null;
  let refusal = '';
  for (const form of candidates) {
    try {
      const placed = isShortBranch(form) ? aimShortBranch(operands, scope) : operands;
      const bytes = encodeForm({
        form,
        operands: placed,
        prefixes: instruction.prefixes,
        bits,
        address: scope.here,
      });
      if (best === null || isBetter(form, bytes, best)) best = { form, bytes };
    } catch (error) {
      refusal = error instanceof Error ? error.message : String(error);
    }
  }
  if (best === null) {
    throw new AssemblyError(
      position,
      `'${instruction.mnemonic}' cannot be encoded with these operands: ${refusal}.`,
    );
  }
  if (!isShortBranch(best.form)) return { bytes: best.bytes, isLongJump: context.isLongJump };
  return finishShortBranch(instruction, operands, context, best.bytes);
}

function isBetter(
  form: InstructionForm,
  bytes: Uint8Array,
  best: { form: InstructionForm; bytes: Uint8Array },
): boolean {
  if (bytes.length !== best.bytes.length) return bytes.length < best.bytes.length;
  return usesAccumulator(best.form) && !usesAccumulator(form);
}

/** `xchg` and `test` mean the same either way round, and the manual has each form only once. */
function inFormOrder({ mnemonic, operands }: Instruction): readonly Operand[] {
  const [first, second] = operands;
  if ((mnemonic !== 'xchg' && mnemonic !== 'test') || second === undefined) return operands;
  const isAccumulator =
    first?.kind === 'register' && (first.register.name === 'ax' || first.register.name === 'eax');
  const reversed = second.kind === 'memory' || (mnemonic === 'xchg' && isAccumulator);
  return reversed ? [...operands].reverse() : operands;
}

function resolveOperand(operand: Operand, scope: Scope): ResolvedOperand {
  switch (operand.kind) {
    case 'register':
      return operand;
    case 'immediate':
      return { ...operand, value: evaluate(operand.expression, scope) };
    case 'memory':
      return {
        ...operand,
        value: operand.displacement === null ? ZERO : evaluate(operand.displacement, scope),
      };
    case 'far':
      return {
        ...operand,
        selectorValue: evaluate(operand.selector, scope),
        value: evaluate(operand.offset, scope),
      };
  }
}

/** Displacements and far pointers are checked here; immediates when a form is chosen. */
function checkAddresses(
  operands: readonly ResolvedOperand[],
  bits: Bits,
  position: SourcePosition,
): void {
  for (const operand of operands) {
    if (operand.kind === 'memory') {
      checkRange(operand.value.value, memoryAddressBits(operand, bits), 'the address', position);
    } else if (operand.kind === 'far') {
      checkRange(operand.selectorValue.value, 16, 'the selector', position);
      checkRange(operand.value.value, operand.sizeBits ?? bits, 'the offset', position);
    }
  }
}

function checkRange(value: bigint, bits: number, what: string, position: SourcePosition): void {
  if (value < -(1n << BigInt(bits - 1)) || value >= 1n << BigInt(bits)) {
    throw new AssemblyError(position, `${what} ${hex(value)} does not fit in ${bits} bits.`);
  }
}

function memoryAddressBits(operand: MemoryOperand, bits: Bits): Bits {
  const register = operand.base ?? operand.index;
  if (register === null) return bits;
  return register.class === 'r32' ? 32 : 16;
}

function hex(value: bigint): string {
  return value < 0n ? `-0x${(-value).toString(16)}` : `0x${value.toString(16)}`;
}

function selectForms(
  instruction: Instruction,
  forms: readonly InstructionForm[],
  operands: readonly ResolvedOperand[],
  bits: Bits,
  position: SourcePosition,
): readonly InstructionForm[] {
  const { mnemonic, prefixes } = instruction;
  const inMode = forms.filter((form) => form.modes.includes(bits));
  let fitting = inMode.filter((form) => fitForm(form, operands) === 'fits');
  // The size of an indirect jump's operand is the code's own unless it is written.
  if (mnemonic === 'jmp' || mnemonic === 'call') {
    fitting = preferSize(fitting, (form) => form.operandSizeBits, bits);
  }
  if (fitting.length === 0) {
    const nearly = inMode.some((form) => fitForm(form, operands) === 'out of range');
    const value = operands.find((operand) => operand.kind === 'immediate')?.value.value ?? 0n;
    const names = operands.map(describeOperand).join(', ') || 'no operands';
    throw new AssemblyError(
      position,
      nearly
        ? `the value ${hex(value)} is too large for this '${mnemonic}'.`
        : `'${mnemonic}' has no form with ${names}.`,
    );
  }
  const unsized = operands.some(
    (operand) => operand.kind === 'memory' && operand.sizeBits === null && !operand.isFarPointer,
  );
  if (unsized && new Set(fitting.map((form) => form.memorySizeBits)).size > 1) {
    throw new AssemblyError(
      position,
      `the size of the memory operand is not known: write byte, word or dword before it.`,
    );
  }
  if (prefixes.includes('o16') || prefixes.includes('o32')) {
    const wanted = prefixes.includes('o16') ? 16 : 32;
    fitting = fitting.filter((form) => form.operandSizeBits === wanted);
    if (fitting.length === 0)
      throw new AssemblyError(position, `'${mnemonic}' has no ${wanted}-bit form here.`);
  } else {
    fitting = preferSize(fitting, (form) => form.operandSizeBits, bits);
  }
  return preferSize(fitting, (form) => form.addressSizeBits, addressBits(prefixes, bits));
}

/** Where forms differ in nothing but a size, the code's own size is meant. */
function preferSize(
  forms: readonly InstructionForm[],
  sizeOf: (form: InstructionForm) => number,
  wanted: number,
): InstructionForm[] {
  const preferred = forms.filter((form) => sizeOf(form) === wanted || sizeOf(form) === 0);
  return preferred.length > 0 ? preferred : [...forms];
}

/** A short jump is first encoded to itself, which always reaches, to learn its length. */
function aimShortBranch(operands: readonly ResolvedOperand[], scope: Scope): ResolvedOperand[] {
  return operands.map((operand) =>
    operand.kind === 'immediate'
      ? { ...operand, value: { ...operand.value, value: scope.here } }
      : operand,
  );
}

/** Puts the distance into a short jump, or falls back to the near form when it does not reach. */
function finishShortBranch(
  instruction: Instruction,
  operands: readonly ResolvedOperand[],
  context: EncodeContext,
  bytes: Uint8Array,
): EncodedInstruction {
  const { scope, bits } = context;
  const [target] = operands;
  if (target?.kind !== 'immediate')
    throw new AssemblyError(scope.position, 'a jump needs a target.');
  if (!target.value.known) return { bytes, isLongJump: false };
  const distance = target.value.value - scope.here - BigInt(bytes.length);
  if (distance >= -128n && distance <= 127n) {
    const aimed = Uint8Array.from(bytes);
    aimed[aimed.length - 1] = Number(BigInt.asUintN(8, distance));
    return { bytes: aimed, isLongJump: false };
  }
  const hasNearForm = formsOf(instruction.mnemonic).some(
    (form) => form.modes.includes(bits) && isNearBranch(form),
  );
  if (target.distance === 'short' || !hasNearForm || context.isLongJump) {
    throw new AssemblyError(
      scope.position,
      `the target is ${distance} bytes away and a short '${instruction.mnemonic}' reaches -128 to 127.`,
    );
  }
  return encodeInstruction(instruction, { ...context, isLongJump: true });
}
