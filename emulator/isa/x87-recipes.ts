/** Recipes of x87 instructions: one door, told by the mnemonic and the operands what to do. */
import { assert } from '../base/assert.js';
import { type FormDefinition, formsByLine, mnemonicOf } from './form.js';
import type { ImmediateRule, Recipe, RecipeContext, RecipeUop } from './recipe.js';
import { doorUop, recipe, recipeWithMemory } from './recipe-builders.js';
import { Door, Op } from './uop.js';
import {
  X87,
  X87_MODRM_SHIFT,
  X87_OPCODE_SHIFT,
  X87_OPERAND_SHIFT,
  X87_OPERATION_SHIFT,
  X87_SIZE_16,
  X87Operand,
} from './x87.js';

/** Operands of the syntax by the form in which the door has them. */
const OPERANDS: Readonly<Record<string, X87Operand>> = {
  '': X87Operand.None,
  'ST(i)': X87Operand.Source,
  'ST(0), ST(i)': X87Operand.Source,
  'ST, ST(i)': X87Operand.Source,
  'ST(i), ST(0)': X87Operand.Destination,
  m32fp: X87Operand.Single,
  m64fp: X87Operand.Double,
  m80fp: X87Operand.Extended,
  m16int: X87Operand.Int16,
  m32int: X87Operand.Int32,
  m64int: X87Operand.Int64,
  m80bcd: X87Operand.Bcd,
  m2byte: X87Operand.Word,
  'm14/28byte': X87Operand.Image,
  'm94/108byte': X87Operand.Image,
  AX: X87Operand.Ax,
};

/** Instructions that write their memory operand. */
const STORES = /^(FN?ST|FIST|FBSTP|FNSAVE)/;

/** The SDM's names of operations on integers and decimals in memory are those of the same operations on real numbers. */
function operationOf(mnemonic: string): X87 {
  const sameAs: Readonly<Record<string, X87>> = {
    FIST: X87.FST,
    FISTP: X87.FSTP,
    FBLD: X87.FLD,
    FBSTP: X87.FSTP,
    FILD: X87.FLD,
  };
  const name = (
    /^FI(ADD|MUL|SUB|DIV|COM)/.test(mnemonic) ? 'F' + mnemonic.slice(2) : mnemonic
  ) as keyof typeof X87;
  const operation = sameAs[mnemonic] ?? X87[name];
  assert(typeof operation === 'number', `no x87 operation for ${mnemonic}`);
  return operation;
}

function recipeOf(encoding: string, syntax: string): Recipe {
  const mnemonic = mnemonicOf(syntax);
  const operand = OPERANDS[syntax.slice(mnemonic.length).trim()];
  assert(operand !== undefined, `no x87 operand in "${syntax}"`);
  const constant =
    ((parseInt(encoding, 16) & 7) << X87_OPCODE_SHIFT) |
    (operand << X87_OPERAND_SHIFT) |
    (operationOf(mnemonic) << X87_OPERATION_SHIFT);
  const immOf = (c: RecipeContext): ImmediateRule => ({
    constant: operand === X87Operand.Image && c.size === 16 ? constant | X87_SIZE_16 : constant,
    modrmShift: X87_MODRM_SHIFT,
  });
  if (operand >= X87Operand.Single && operand !== X87Operand.Ax) {
    const uops = (c: RecipeContext): RecipeUop[] => [
      { op: Op.Ea64, dst: 'T7' },
      doorUop(Door.X87, { a: 'T7', imm: { ...immOf(c), segmentShift: 0 } }),
    ];
    return recipeWithMemory(STORES.test(mnemonic) ? 'w' : 'r', uops, uops);
  }
  const accesses = syntax.includes(', ') ? 'rw r' : operand === X87Operand.None ? '' : 'rw';
  return recipe(accesses, (c) => [doorUop(Door.X87, { imm: immOf(c) })]);
}

/** A table of x87 instructions. The operand size matters to environment images alone. */
export function x87(feature: string, table: string): FormDefinition[] {
  return formsByLine(table, ({ encodingText, syntax }) => ({
    recipe: recipeOf(encodingText, syntax),
    size: /m(14\/28|94\/108)byte/.test(syntax) ? 'any' : 'none',
    feature,
    ...(/COMIP? /.test(syntax) && { flags: { writes: 'OF SF ZF AF PF CF' } }),
    ...(/^FCMOV/.test(syntax) && { flags: { tests: 'ZF PF CF' } }),
  }));
}
