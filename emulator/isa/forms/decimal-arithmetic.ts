/** Decimal arithmetic instructions. Source: SDM Vol. 1, "Decimal Arithmetic Instructions". */
import { type FormDefinition, forms } from '../form.js';
import { door, doorUop, recipe } from '../recipe-builders.js';
import type { Recipe } from '../recipe.js';
import { Door } from '../uop.js';

function onBase(name: Door.Aam | Door.Aad): Recipe {
  return recipe('r', () => [doorUop(name, { imm: { values: [{ operand: 0, bits: 8 }] } })]);
}

const DECIMAL_ADJUST = { writes: 'SF ZF AF PF CF', undefined: 'OF', tests: 'AF CF' };
const ASCII_ADJUST = { writes: 'AF CF', undefined: 'OF SF ZF PF', tests: 'AF' };
const ASCII_MULTIPLY = { writes: 'SF ZF PF', undefined: 'OF AF CF' };

export const DECIMAL_ARITHMETIC: readonly FormDefinition[] = [
  ...forms({ recipe: door(Door.Daa), flags: DECIMAL_ADJUST }, '27 | DAA | I V'),
  ...forms({ recipe: door(Door.Das), flags: DECIMAL_ADJUST }, '2F | DAS | I V'),
  ...forms({ recipe: door(Door.Aaa), flags: ASCII_ADJUST }, '37 | AAA | I V'),
  ...forms({ recipe: door(Door.Aas), flags: ASCII_ADJUST }, '3F | AAS | I V'),
  ...forms({ recipe: onBase(Door.Aam), flags: ASCII_MULTIPLY }, 'D4 ib | AAM imm8 | I V'),
  ...forms({ recipe: onBase(Door.Aad), flags: ASCII_MULTIPLY }, 'D5 ib | AAD imm8 | I V'),
];
