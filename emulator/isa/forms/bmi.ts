/** BMI1, BMI2 and LZCNT. Source: SDM Vol. 1, "BMI1 and BMI2 Instructions". */
import { type FormDefinition, forms } from '../form.js';
import { binaryFrom, recipe, unaryFrom } from '../recipe-builders.js';
import { sized } from '../recipe.js';

const COUNT_FLAGS = { writes: 'ZF CF', undefined: 'OF SF AF PF' };
const FIELD_FLAGS = { writes: 'OF SF ZF CF', undefined: 'AF PF' };

/** The low half is written before the high one: with one register for both, it holds the high half. */
const multiplyWithoutFlags = recipe('w w r', (c) => [
  { op: sized('Mulx', c.width), dst: 'o0', a: 'o2', extra: 'o1' },
]);

export const BMI: readonly FormDefinition[] = [
  ...forms(
    { recipe: binaryFrom('Andn'), feature: 'BMI1', flags: FIELD_FLAGS },
    `
    VEX.LZ.0F38.W0 F2 /r | ANDN r32a, r32b, r/m32
    VEX.LZ.0F38.W1 F2 /r | ANDN r64a, r64b, r/m64
    `,
  ),
  ...forms(
    {
      recipe: binaryFrom('Bextr'),
      feature: 'BMI1',
      flags: { writes: 'OF ZF CF', undefined: 'SF AF PF' },
    },
    `
    VEX.LZ.0F38.W0 F7 /r | BEXTR r32a, r/m32, r32b
    VEX.LZ.0F38.W1 F7 /r | BEXTR r64a, r/m64, r64b
    `,
  ),
  ...forms(
    { recipe: unaryFrom('Blsi'), feature: 'BMI1', flags: FIELD_FLAGS },
    `
    VEX.LZ.0F38.W0 F3 /3 | BLSI r32, r/m32
    VEX.LZ.0F38.W1 F3 /3 | BLSI r64, r/m64
    `,
  ),
  ...forms(
    { recipe: unaryFrom('Blsmsk'), feature: 'BMI1', flags: FIELD_FLAGS },
    `
    VEX.LZ.0F38.W0 F3 /2 | BLSMSK r32, r/m32
    VEX.LZ.0F38.W1 F3 /2 | BLSMSK r64, r/m64
    `,
  ),
  ...forms(
    { recipe: unaryFrom('Blsr'), feature: 'BMI1', flags: FIELD_FLAGS },
    `
    VEX.LZ.0F38.W0 F3 /1 | BLSR r32, r/m32
    VEX.LZ.0F38.W1 F3 /1 | BLSR r64, r/m64
    `,
  ),
  ...forms(
    { recipe: unaryFrom('Tzcnt'), feature: 'BMI1', flags: COUNT_FLAGS },
    `
    F3 0F BC /r       | TZCNT r16, r/m16
    F3 0F BC /r       | TZCNT r32, r/m32
    F3 REX.W 0F BC /r | TZCNT r64, r/m64
    `,
  ),
  ...forms(
    { recipe: unaryFrom('Lzcnt'), feature: 'LZCNT', flags: COUNT_FLAGS },
    `
    F3 0F BD /r       | LZCNT r16, r/m16
    F3 0F BD /r       | LZCNT r32, r/m32
    F3 REX.W 0F BD /r | LZCNT r64, r/m64
    `,
  ),
  ...forms(
    { recipe: binaryFrom('Bzhi'), feature: 'BMI2', flags: FIELD_FLAGS },
    `
    VEX.LZ.0F38.W0 F5 /r | BZHI r32a, r/m32, r32b
    VEX.LZ.0F38.W1 F5 /r | BZHI r64a, r/m64, r64b
    `,
  ),
  ...forms(
    { recipe: multiplyWithoutFlags, feature: 'BMI2' },
    `
    VEX.LZ.F2.0F38.W0 F6 /r | MULX r32a, r32b, r/m32
    VEX.LZ.F2.0F38.W1 F6 /r | MULX r64a, r64b, r/m64
    `,
  ),
  ...forms(
    { recipe: binaryFrom('Pdep'), feature: 'BMI2' },
    `
    VEX.LZ.F2.0F38.W0 F5 /r | PDEP r32a, r32b, r/m32
    VEX.LZ.F2.0F38.W1 F5 /r | PDEP r64a, r64b, r/m64
    `,
  ),
  ...forms(
    { recipe: binaryFrom('Pext'), feature: 'BMI2' },
    `
    VEX.LZ.F3.0F38.W0 F5 /r | PEXT r32a, r32b, r/m32
    VEX.LZ.F3.0F38.W1 F5 /r | PEXT r64a, r64b, r/m64
    `,
  ),
  ...forms(
    { recipe: binaryFrom('Rorx'), feature: 'BMI2' },
    `
    VEX.LZ.F2.0F3A.W0 F0 /r ib | RORX r32, r/m32, imm8
    VEX.LZ.F2.0F3A.W1 F0 /r ib | RORX r64, r/m64, imm8
    `,
  ),
  ...forms(
    { recipe: binaryFrom('Sarx'), feature: 'BMI2' },
    `
    VEX.LZ.F3.0F38.W0 F7 /r | SARX r32a, r/m32, r32b
    VEX.LZ.F3.0F38.W1 F7 /r | SARX r64a, r/m64, r64b
    `,
  ),
  ...forms(
    { recipe: binaryFrom('Shlx'), feature: 'BMI2' },
    `
    VEX.LZ.66.0F38.W0 F7 /r | SHLX r32a, r/m32, r32b
    VEX.LZ.66.0F38.W1 F7 /r | SHLX r64a, r/m64, r64b
    `,
  ),
  ...forms(
    { recipe: binaryFrom('Shrx'), feature: 'BMI2' },
    `
    VEX.LZ.F2.0F38.W0 F7 /r | SHRX r32a, r/m32, r32b
    VEX.LZ.F2.0F38.W1 F7 /r | SHRX r64a, r/m64, r64b
    `,
  ),
];
