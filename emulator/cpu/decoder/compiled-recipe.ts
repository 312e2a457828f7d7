/** Recipes as numbers: what the lowering loop reads once per micro-op. */
import { assert } from '../../base/assert.js';
import type { InstructionForm } from '../../isa/form.js';
import type { Operand, OperandPlace } from '../../isa/operand.js';
import type { ImmediateRule, RecipeUop, Role } from '../../isa/recipe.js';
import { REGISTERS, VECTOR_REGISTER_BYTES, VECTOR_REGISTERS } from '../../isa/state-layout.js';
import { Op, SLOT_T0, SLOT_V0, SLOT_ZERO } from '../../isa/uop.js';

/** A compiled micro-op: this many words, in this order. */
export const RECIPE_WORDS = 8;
export const WORD_OP = 0;
/** Role codes: below ROLE_CODES, what ModRM and the prefixes say (see `RoleCode`); else an address. */
export const WORD_DST = 1;
export const WORD_A = 2;
export const WORD_B = 3;
/** A value, or a role code where EXTRA_ROLE is set in WORD_FLAGS. */
export const WORD_EXTRA = 4;
/** Constant part of imm, and displacement added to the memory operand's. */
export const WORD_IMM = 5;
/** IMM_* and EXTRA_*. */
export const WORD_FLAGS = 6;
/** What the op needs of the decoder. */
export const WORD_KIND = 7;

export enum RoleCode {
  None,
  Reg,
  Reg8,
  Rm,
  Rm8,
  Opcode,
  Opcode8,
  Vvvv,
  /** The same as vector registers; the upper half of 128 bits; the upper half of 256 bits. */
  RegVector,
  RegVectorHigh,
  RegVectorUpper,
  RmVector,
  RmVectorHigh,
  RmVectorUpper,
  VvvvVector,
  VvvvVectorHigh,
  VvvvVectorUpper,
  Is4Vector,
  Is4VectorHigh,
  Is4VectorUpper,
  /** The vector that is a memory operand's index. */
  IndexVector,
  /** The same as MMX registers. */
  RegMmx,
  RmMmx,
  /** The micro-op's own imm. */
  Imm,
  Count,
}

export enum UopKind {
  /** Fields as they are. */
  Plain,
  /** Load or store of the memory operand. */
  Memory,
  /** Load or store at the address in a slot, with the memory operand's segment. */
  MemoryAtSlot,
  /** Effective address of the memory operand. */
  Address,
  /** Address in a slot, truncated to the address size. */
  Truncate,
}

export const IMM_FIRST = 1 << 0; // first immediate, sign-extended
export const IMM_FIRST_8 = 1 << 1; // zero-extended from 8 bits
export const IMM_FIRST_16 = 1 << 2;
export const IMM_FIRST_16_AT_16 = 1 << 3; // zero-extended from 16 bits, at bit 16
export const IMM_SECOND_8_AT_16 = 1 << 4;
export const IMM_SELECTOR = 1 << 5; // second part of a far pointer
export const IMM_REGISTER_NUMBER = 1 << 6;
export const IMM_SEGMENT = 1 << 7;
export const IMM_SEGMENT_AT_8 = 1 << 8;
export const IMM_ADDRESS_LOG2_AT_12 = 1 << 9;
export const IMM_ADDRESS_BITS_AT_16 = 1 << 10;
export const IMM_TARGET = 1 << 11;
export const IMM_REPEAT_AT_6 = 1 << 12;
export const IMM_REPEAT_CONDITIONAL = 1 << 13;
export const IMM_POP_ADJUSTMENT = 1 << 14; // WORD_IMM counts only with rSP as base
export const IMM_MODRM_AT_8 = 1 << 17;
export const IMM_FIRST_8_RIGHT_2 = 1 << 18; // zero-extended from 8 bits, then shifted right
export const IMM_FIRST_8_RIGHT_3 = 1 << 19;
export const IMM_FIRST_8_RIGHT_4 = 1 << 20;
export const IMM_SCALE_AT_24 = 1 << 21;
export const EXTRA_ROLE = 1 << 15;
export const EXTRA_ADDRESS_BITS = 1 << 16;

export interface CompiledRecipe {
  readonly words: Int32Array;
  readonly count: number;
}

const FIXED_ROLES: Readonly<Record<string, number>> = {
  RAX: REGISTERS,
  RCX: REGISTERS + 8,
  RDX: REGISTERS + 16,
  RBX: REGISTERS + 24,
  RSP: REGISTERS + 32,
  RBP: REGISTERS + 40,
  RSI: REGISTERS + 48,
  RDI: REGISTERS + 56,
  AH: REGISTERS + 1,
  zero: REGISTERS + 8 * SLOT_ZERO,
  T0: REGISTERS + 8 * SLOT_T0,
  T1: REGISTERS + 8 * (SLOT_T0 + 1),
  T2: REGISTERS + 8 * (SLOT_T0 + 2),
  T3: REGISTERS + 8 * (SLOT_T0 + 3),
  T7: REGISTERS + 8 * (SLOT_T0 + 7),
  V0: VECTOR_REGISTERS + VECTOR_REGISTER_BYTES * SLOT_V0,
  'V0.upper': VECTOR_REGISTERS + VECTOR_REGISTER_BYTES * SLOT_V0 + 16,
  V1: VECTOR_REGISTERS + VECTOR_REGISTER_BYTES * (SLOT_V0 + 1),
  'V1.upper': VECTOR_REGISTERS + VECTOR_REGISTER_BYTES * (SLOT_V0 + 1) + 16,
  'V1.high': VECTOR_REGISTERS + VECTOR_REGISTER_BYTES * (SLOT_V0 + 1) + 8,
  XMM0: VECTOR_REGISTERS,
  index: RoleCode.IndexVector,
  imm: RoleCode.Imm,
};

/** Compiles micro-ops over roles of `form`'s operands. */
export function compileRecipe(form: InstructionForm, uops: readonly RecipeUop[]): CompiledRecipe {
  const words = new Int32Array(uops.length * RECIPE_WORDS);
  uops.forEach((uop, index) => {
    words.set(compileUop(form, uop), index * RECIPE_WORDS);
  });
  return { words, count: uops.length };
}

function compileUop(form: InstructionForm, uop: RecipeUop): number[] {
  const imm = { constant: 0, flags: 0 };
  if (typeof uop.imm === 'number') imm.constant = uop.imm;
  else if (uop.imm !== undefined) addRule(imm, form, uop.imm);
  const hasOwnImm = uop.imm !== undefined;
  const role = (name: Role | undefined): number => roleCode(form, name, imm, hasOwnImm);
  const dst = role(uop.dst);
  const a = role(uop.a);
  const b = role(uop.b);
  let extra = typeof uop.extra === 'number' ? uop.extra : 0;
  if (uop.extra === 'address size') imm.flags |= EXTRA_ADDRESS_BITS;
  else if (typeof uop.extra === 'string') {
    extra = role(uop.extra);
    imm.flags |= EXTRA_ROLE;
  }
  return [uop.op, dst, a, b, extra, imm.constant, imm.flags, kindOf(uop)];
}

function kindOf(uop: RecipeUop): UopKind {
  if (uop.op >= Op.Load8 && uop.op <= Op.StoreAligned256)
    return uop.a === undefined ? UopKind.Memory : UopKind.MemoryAtSlot;
  if (uop.op >= Op.Ea16 && uop.op <= Op.Ea64)
    return uop.a === undefined ? UopKind.Address : UopKind.Truncate;
  return UopKind.Plain;
}

function roleCode(
  form: InstructionForm,
  name: Role | undefined,
  imm: { constant: number; flags: number },
  hasOwnImm: boolean,
): number {
  if (name === undefined) return RoleCode.None;
  const fixed = FIXED_ROLES[name];
  if (fixed !== undefined) return fixed;
  const operand = form.operands[Number(name.charAt(1))];
  assert(operand !== undefined, `${form.syntax} has no operand ${name}`);
  if (operand.kind.startsWith('vector')) return vectorRole(form, operand, name.slice(3));
  if (operand.kind !== 'immediate' && operand.kind !== 'one') return operandRole(form, operand);
  assert(!hasOwnImm, `${form.syntax}: two values for one imm`);
  if (operand.kind === 'one') imm.constant = 1;
  else imm.flags |= IMM_FIRST;
  return RoleCode.Imm;
}

const VECTOR_ROLES: Readonly<Partial<Record<OperandPlace, RoleCode>>> = {
  'ModRM.reg': RoleCode.RegVector,
  'ModRM.rm': RoleCode.RmVector,
  'VEX.vvvv': RoleCode.VvvvVector,
  is4: RoleCode.Is4Vector,
};

/** `part`: `high`, `upper`, or empty for the whole. */
function vectorRole(form: InstructionForm, operand: Operand, part: string): number {
  if (operand.text.startsWith('mm'))
    return operand.place === 'ModRM.reg' ? RoleCode.RegMmx : RoleCode.RmMmx;
  const base = VECTOR_ROLES[operand.place];
  const isVector = /^[xy]mm/.test(operand.text);
  assert(isVector && base !== undefined, `${form.syntax}: ${operand.text} is no vector register`);
  return base + ['', 'high', 'upper'].indexOf(part);
}

function operandRole(form: InstructionForm, operand: Operand): number {
  const byte = operand.bits === 8 ? 1 : 0;
  switch (operand.place) {
    case 'ModRM.reg':
      return RoleCode.Reg + byte;
    case 'ModRM.rm':
      return RoleCode.Rm + byte;
    case 'opcode':
      return RoleCode.Opcode + byte;
    case 'VEX.vvvv':
      return RoleCode.Vvvv;
    case 'implied':
      return REGISTERS + 8 * operand.number;
    case 'is4':
    case 'immediate':
      assert(false, `${form.syntax}: operand ${operand.text} has no address`);
  }
}

function addRule(
  imm: { constant: number; flags: number },
  form: InstructionForm,
  rule: ImmediateRule,
): void {
  imm.constant = rule.constant ?? rule.popAdjustment ?? 0;
  for (const value of rule.values ?? []) imm.flags |= valueFlag(form, value);
  if (rule.selector === true) imm.flags |= IMM_SELECTOR;
  if (rule.registerNumber === true) imm.flags |= IMM_REGISTER_NUMBER;
  if (rule.segmentShift !== undefined)
    imm.flags |= rule.segmentShift === 0 ? IMM_SEGMENT : IMM_SEGMENT_AT_8;
  if (rule.scaleShift !== undefined) imm.flags |= IMM_SCALE_AT_24;
  if (rule.modrmShift !== undefined) imm.flags |= IMM_MODRM_AT_8;
  if (rule.addressLog2Shift !== undefined) imm.flags |= IMM_ADDRESS_LOG2_AT_12;
  if (rule.addressBitsShift !== undefined) imm.flags |= IMM_ADDRESS_BITS_AT_16;
  if (rule.target === true) imm.flags |= IMM_TARGET;
  if (rule.repeat !== undefined)
    imm.flags |= IMM_REPEAT_AT_6 | (rule.repeat.conditional ? IMM_REPEAT_CONDITIONAL : 0);
  if (rule.popAdjustment !== undefined) imm.flags |= IMM_POP_ADJUSTMENT;
}

function valueFlag(
  form: InstructionForm,
  value: NonNullable<ImmediateRule['values']>[number],
): number {
  const second = form.encoding.fields.length === 2 && value.operand === form.operands.length - 1;
  const key = `${second ? 'second' : 'first'} ${value.bits ?? 'signed'} ${value.shift ?? 0}`;
  const flags: Readonly<Record<string, number>> = {
    'first signed 0': IMM_FIRST,
    'first 8 0': IMM_FIRST_8,
    'first 8 -2': IMM_FIRST_8_RIGHT_2,
    'first 8 -3': IMM_FIRST_8_RIGHT_3,
    'first 8 -4': IMM_FIRST_8_RIGHT_4,
    'first 16 0': IMM_FIRST_16,
    'first 16 16': IMM_FIRST_16_AT_16,
    'second 8 16': IMM_SECOND_8_AT_16,
  };
  const flag = flags[key];
  assert(flag !== undefined, `${form.syntax}: no way to encode the value "${key}" into imm`);
  return flag;
}
