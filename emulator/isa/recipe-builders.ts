/** Recipes that many forms share. A family is the name of an `Op` less its width. */
import { VECTOR_UD, NO_ERROR_CODE } from './exceptions.js';
import { DOOR_PROPERTIES } from './door-properties.js';
import {
  type ImmediateRule,
  type Recipe,
  type RecipeContext,
  type RecipeUop,
  type Role,
  parseAccess,
  sized,
} from './recipe.js';
import type { Door } from './uop.js';
import { Op } from './uop.js';

/** A recipe of its own: operands' access, then micro-ops. */
export function recipe(access: string, uops: (context: RecipeContext) => RecipeUop[]): Recipe {
  return { access: parseAccess(access), uops };
}

/** The same, with a version of its own for a memory operand. */
export function recipeWithMemory(
  access: string,
  uops: (context: RecipeContext) => RecipeUop[],
  memoryUops: (context: RecipeContext) => RecipeUop[],
): Recipe {
  return { access: parseAccess(access), uops, memoryUops };
}

/** dst ← dst op src (ADD, AND …). */
export function binary(family: string): Recipe {
  return recipe('rw r', (c) => [{ op: sized(family, c.width), dst: 'o0', a: 'o0', b: 'o1' }]);
}

/** Flags of two operands, no destination (CMP, TEST). */
export function compare(family: string): Recipe {
  return recipe('r r', (c) => [{ op: sized(family, c.width), a: 'o0', b: 'o1' }]);
}

/** dst ← op dst (INC, NEG, NOT). */
export function unary(family: string): Recipe {
  return recipe('rw', (c) => [{ op: sized(family, c.width), dst: 'o0', a: 'o0' }]);
}

/** dst ← op src (POPCNT, TZCNT). */
export function unaryFrom(family: string): Recipe {
  return recipe('w r', (c) => [{ op: sized(family, c.width), dst: 'o0', a: 'o1' }]);
}

/** dst ← first op second (the three-operand forms). */
export function binaryFrom(family: string): Recipe {
  return recipe('w r r', (c) => [{ op: sized(family, c.width), dst: 'o0', a: 'o1', b: 'o2' }]);
}

/** dst ← dst shifted by the second operand. */
export function shift(family: string): Recipe {
  return binary(family);
}

/** dst ← src. */
export function move(): Recipe {
  return recipe('w r', (c) => [{ op: sized('Mov', c.width), dst: 'o0', a: 'o1' }]);
}

/** A fixed micro-op without operands. */
export function plain(op: Op): Recipe {
  return recipe('', () => [{ op }]);
}

/** A microcode door as one micro-op. */
export function doorUop(
  name: Exclude<Door, Door.Count>,
  fields: Omit<RecipeUop, 'op' | 'extra'> = {},
): RecipeUop {
  return {
    op: DOOR_PROPERTIES[name].ends ? Op.MicrocodeEnd : Op.Microcode,
    extra: name,
    ...fields,
  };
}

/** A form that is one door without operands. `imm` may depend on the operand size. */
export function door(
  name: Exclude<Door, Door.Count>,
  imm?: (context: RecipeContext) => number,
): Recipe {
  return recipe('', (c) => [doorUop(name, imm === undefined ? {} : { imm: imm(c) })]);
}

/** A door that is given the effective address of the memory operand in T7 and its segment in imm bits 0-7. */
export function doorOnAddress(
  name: Exclude<Door, Door.Count>,
  access: string,
  imm: (context: RecipeContext) => ImmediateRule = () => ({}),
  fields: Omit<RecipeUop, 'op' | 'extra' | 'imm' | 'a'> = {},
): Recipe {
  const uops = (c: RecipeContext): RecipeUop[] => [
    { op: Op.Ea64, dst: 'T7' },
    doorUop(name, { ...fields, a: 'T7', imm: { ...imm(c), segmentShift: 0 } }),
  ];
  return recipeWithMemory(access, uops, uops);
}

/** Raises #UD: UD0, UD1, UD2, and instructions whose feature CPUID does not report. */
export function undefinedOpcode(access = ''): Recipe {
  const uops = (): RecipeUop[] => [{ op: Op.Raise, imm: VECTOR_UD, extra: NO_ERROR_CODE }];
  return recipeWithMemory(access, uops, uops);
}

/** Does nothing; operands are not accessed. */
export function nothing(access = ''): Recipe {
  const uops = (): RecipeUop[] => [{ op: Op.Nop }];
  return recipeWithMemory(access, uops, uops);
}

/** Names a memory operand that is not accessed: nothing happens but in the caches, of which the timed core tells the engine. */
export function prefetch(): Recipe {
  const uops = (): RecipeUop[] => [
    { op: Op.Ea64, dst: 'T7' },
    { op: Op.Nop, a: 'T7', imm: { segmentShift: 0 } },
  ];
  return recipeWithMemory('-', uops, uops);
}

/** Writes `source` (zero-extended in its slot) to an operand of the context's width. */
export function moveTo(context: RecipeContext, destination: Role, source: Role): RecipeUop {
  return { op: sized('Mov', context.width), dst: destination, a: source };
}
