/**
 * The instruction forms as the decoder uses them: numbers in typed arrays, one row per *variant* (a form with an
 * operand size), and recipes compiled on first use.
 */
import { assert } from '../../base/assert.js';
import type { InstructionForm } from '../../isa/form.js';
import { formByNumber, instructionForms } from '../../isa/instruction-set.js';
import { type OperandSize, memoryOperandIndex, memoryVersion } from '../../isa/recipe.js';
import { type CompiledRecipe, compileRecipe } from './compiled-recipe.js';
import type { PreparedTables } from './prepared-tables.js';

/** What follows opcode, ModRM and displacement. */
export enum ImmediateLayout {
  None,
  Byte, // ib, cb
  Word, // iw, cw
  Double, // id, cd
  Quad, // io
  WordByte, // iw ib
  Far16, // ptr16:16
  Far32, // ptr16:32
  Offset, // moffs: as long as an address
}

/** Bits of `VariantRow.rules`. */
export const RULE_MODRM = 1 << 0;
export const RULE_LOCKABLE = 1 << 1;
export const RULE_PROTECTED_ONLY = 1 << 2;
/** ModRM.mod is ignored: always a register. */
export const RULE_MOD_IGNORED = 1 << 3;
export const RULE_SEGMENT_REGISTER = 1 << 4;
/** CS cannot be loaded by MOV. */
export const RULE_SEGMENT_WRITTEN = 1 << 5;
export const RULE_CONTROL_REGISTER = 1 << 6;
export const RULE_DEBUG_REGISTER = 1 << 7;
/** VEX.vvvv holds no operand: it must be 1111b. */
export const RULE_VVVV_UNUSED = 1 << 8;
/** The memory operand has no ModRM byte (moffs). */
export const RULE_ALWAYS_MEMORY = 1 << 9;
/** State that must be enabled; UopWriter has it checked. */
export const RULE_REQUIRES_SSE = 1 << 10;
export const RULE_REQUIRES_MMX = 1 << 11;
/** It may leave an x87 exception pending. */
export const RULE_X87 = 1 << 12;
export const RULE_REQUIRES_AVX = 1 << 13;
/** The index of the memory operand is a vector: SIB is there, and no two of index, mask and destination are one register. */
export const RULE_VSIB = 1 << 14;

const IMMEDIATE_LAYOUTS: Readonly<Record<string, ImmediateLayout>> = {
  '': ImmediateLayout.None,
  ib: ImmediateLayout.Byte,
  '/is4': ImmediateLayout.Byte,
  cb: ImmediateLayout.Byte,
  iw: ImmediateLayout.Word,
  cw: ImmediateLayout.Word,
  id: ImmediateLayout.Double,
  cd: ImmediateLayout.Double,
  io: ImmediateLayout.Quad,
  'iw ib': ImmediateLayout.WordByte,
};

/** Numbers of recipes of a prepared variant, by whether the r/m operand lies in memory. */
type PreparedRecipes = readonly [inRegister: number, inMemory: number];

/** Variant v is described by element v of each array. Variant 0 is the undefined opcode. */
export class FormTable {
  readonly formNumber: Uint16Array;
  readonly operandSize: Uint8Array;
  readonly rules: Uint16Array;
  readonly immediate: Uint8Array;
  private count = 1;
  private readonly variantIds = new Map<number, number>();
  private readonly registerRecipes: CompiledRecipe[] = [];
  private readonly memoryRecipes: CompiledRecipe[] = [];
  private readonly preparedRecipes = new Map<number, PreparedRecipes>();

  /** With `prepared` tables nothing is worked out from the forms. */
  constructor(readonly prepared: PreparedTables | null = null) {
    // Three operand sizes for each form, and none.
    const variantsMax = prepared?.variantCount ?? instructionForms().length * 3 + 1;
    this.formNumber = new Uint16Array(variantsMax);
    this.operandSize = new Uint8Array(variantsMax);
    this.rules = new Uint16Array(variantsMax);
    this.immediate = new Uint8Array(variantsMax);
  }

  /** Number of variants so far, with variant 0. */
  get variantCount(): number {
    return this.count;
  }

  /** The variant of `form` for an operand size in bits; made when first asked for. */
  variantOf(form: InstructionForm, size: OperandSize): number {
    const key = form.number * 4 + (size >> 5);
    const known = this.variantIds.get(key);
    if (known !== undefined) return known;
    const variant = this.count++;
    this.variantIds.set(key, variant);
    this.formNumber[variant] = form.number;
    this.operandSize[variant] = size;
    this.rules[variant] = rulesOf(form);
    this.immediate[variant] = immediateLayoutOf(form);
    return variant;
  }

  /** Reads a prepared variant, which cells name. */
  enterPrepared(tables: PreparedTables, variant: number): void {
    if (variant === 0 || this.formNumber[variant] !== 0) return;
    const [form = 0, size = 0, rules = 0, layout = 0, register = -1, memory = -1] =
      tables.variantOf(variant);
    this.formNumber[variant] = form;
    this.operandSize[variant] = size;
    this.rules[variant] = rules;
    this.immediate[variant] = layout;
    this.preparedRecipes.set(variant, [register, memory]);
  }

  formOf(variant: number): InstructionForm {
    const form = formByNumber(this.formNumber[variant] ?? 0);
    assert(form !== undefined, `variant ${variant} has no form`);
    return form;
  }

  /** The compiled recipe, for the r/m operand in a register or in memory. */
  recipeOf(variant: number, inMemory: boolean): CompiledRecipe {
    const recipes = inMemory ? this.memoryRecipes : this.registerRecipes;
    return recipes[variant] ?? (recipes[variant] = this.compile(variant, inMemory));
  }

  private compile(variant: number, inMemory: boolean): CompiledRecipe {
    if (this.prepared !== null) {
      const number = this.preparedRecipes.get(variant)?.[inMemory ? 1 : 0] ?? -1;
      assert(number >= 0, `variant ${variant} has no such recipe`);
      return this.prepared.recipeOf(number);
    }
    const form = this.formOf(variant);
    const context = form.recipeContext((this.operandSize[variant] ?? 0) as OperandSize);
    const uops = inMemory ? memoryVersion(form.recipe, context) : form.recipe.uops(context);
    return compileRecipe(form, uops);
  }
}

function rulesOf(form: InstructionForm): number {
  const kinds = form.operands.map((operand) => operand.kind);
  const usesVvvv = form.operands.some((operand) => operand.place === 'VEX.vvvv');
  const offset = kinds[memoryOperandIndex(form.operands)] === 'memory offset';
  return (
    (form.encoding.modrm !== 'none' ? RULE_MODRM : 0) |
    (form.attributes.lockable === true && form.operands[0]?.place === 'ModRM.rm'
      ? RULE_LOCKABLE
      : 0) |
    (form.attributes.protectedOnly === true ? RULE_PROTECTED_ONLY : 0) |
    (form.attributes.modIgnored === true ? RULE_MOD_IGNORED : 0) |
    (kinds.includes('segment register') ? RULE_SEGMENT_REGISTER : 0) |
    (kinds[0] === 'segment register' ? RULE_SEGMENT_WRITTEN : 0) |
    (kinds.includes('control register') ? RULE_CONTROL_REGISTER : 0) |
    (kinds.includes('debug register') ? RULE_DEBUG_REGISTER : 0) |
    (form.encoding.vex && !usesVvvv ? RULE_VVVV_UNUSED : 0) |
    (offset ? RULE_ALWAYS_MEMORY : 0) |
    (form.attributes.requires === 'SSE' ? RULE_REQUIRES_SSE : 0) |
    (form.attributes.requires === 'MMX' ? RULE_REQUIRES_MMX : 0) |
    (form.attributes.requires === 'AVX' ? RULE_REQUIRES_AVX : 0) |
    (form.operands.some(({ text }) => text.startsWith('vm')) ? RULE_VSIB : 0) |
    (/^x87 FPU$|^State Management$/.test(form.group) ? RULE_X87 : 0)
  );
}

function immediateLayoutOf(form: InstructionForm): ImmediateLayout {
  const operand = form.operands.find((o) => o.kind === 'far pointer' || o.kind === 'memory offset');
  if (operand?.kind === 'memory offset') return ImmediateLayout.Offset;
  if (operand?.kind === 'far pointer')
    return operand.bits === 16 ? ImmediateLayout.Far16 : ImmediateLayout.Far32;
  const layout = IMMEDIATE_LAYOUTS[form.encoding.fields.join(' ')];
  assert(layout !== undefined, `unknown immediates in "${form.encoding.text}"`);
  return layout;
}
