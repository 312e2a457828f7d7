/** Shift and rotate instructions. Source: SDM Vol. 1, "Shift and Rotate Instructions". */
import { type FormDefinition, forms } from '../form.js';
import { recipe, shift } from '../recipe-builders.js';
import { sized } from '../recipe.js';

// A count of 0 changes no flag. OF is defined for a count of 1 only, AF never.
const SHIFT_FLAGS = { writes: 'SF ZF PF CF', undefined: 'OF AF' };
const ROTATE_FLAGS = { writes: 'CF', undefined: 'OF' };
const ROTATE_THROUGH_CARRY_FLAGS = { ...ROTATE_FLAGS, tests: 'CF' };

/** SHLD, SHRD: the first operand shifted, filled from the second, by the third. */
function doubleShift(family: string): ReturnType<typeof recipe> {
  return recipe('rw r r', (c) => [
    { op: sized(family, c.width), dst: 'o0', a: 'o0', b: 'o1', extra: 'o2' },
  ]);
}

export const SHIFT_AND_ROTATE: readonly FormDefinition[] = [
  ...forms(
    { recipe: shift('Sar'), flags: SHIFT_FLAGS },
    `
    D0 /7             | SAR r/m8, 1
    D1 /7             | SAR r/m16, 1
    D1 /7             | SAR r/m32, 1
    REX.W + D1 /7     | SAR r/m64, 1
    D2 /7             | SAR r/m8, CL
    D3 /7             | SAR r/m16, CL
    D3 /7             | SAR r/m32, CL
    REX.W + D3 /7     | SAR r/m64, CL
    C0 /7 ib          | SAR r/m8, imm8
    C1 /7 ib          | SAR r/m16, imm8
    C1 /7 ib          | SAR r/m32, imm8
    REX.W + C1 /7 ib  | SAR r/m64, imm8
    `,
  ),
  ...forms(
    { recipe: shift('Shr'), flags: SHIFT_FLAGS },
    `
    D0 /5             | SHR r/m8, 1
    D1 /5             | SHR r/m16, 1
    D1 /5             | SHR r/m32, 1
    REX.W + D1 /5     | SHR r/m64, 1
    D2 /5             | SHR r/m8, CL
    D3 /5             | SHR r/m16, CL
    D3 /5             | SHR r/m32, CL
    REX.W + D3 /5     | SHR r/m64, CL
    C0 /5 ib          | SHR r/m8, imm8
    C1 /5 ib          | SHR r/m16, imm8
    C1 /5 ib          | SHR r/m32, imm8
    REX.W + C1 /5 ib  | SHR r/m64, imm8
    `,
  ),
  ...forms(
    { recipe: shift('Shl'), flags: SHIFT_FLAGS },
    `
    D0 /4             | SHL r/m8, 1
    D1 /4             | SHL r/m16, 1
    D1 /4             | SHL r/m32, 1
    REX.W + D1 /4     | SHL r/m64, 1
    D2 /4             | SHL r/m8, CL
    D3 /4             | SHL r/m16, CL
    D3 /4             | SHL r/m32, CL
    REX.W + D3 /4     | SHL r/m64, CL
    C0 /4 ib          | SHL r/m8, imm8
    C1 /4 ib          | SHL r/m16, imm8
    C1 /4 ib          | SHL r/m32, imm8
    REX.W + C1 /4 ib  | SHL r/m64, imm8
    `,
  ),
  // /6 is not in the SDM's tables; every processor executes it as /4.
  ...forms(
    { recipe: shift('Shl'), flags: SHIFT_FLAGS },
    `
    D0 /6             | SAL r/m8, 1
    D1 /6             | SAL r/m16, 1
    D1 /6             | SAL r/m32, 1
    REX.W + D1 /6     | SAL r/m64, 1
    D2 /6             | SAL r/m8, CL
    D3 /6             | SAL r/m16, CL
    D3 /6             | SAL r/m32, CL
    REX.W + D3 /6     | SAL r/m64, CL
    C0 /6 ib          | SAL r/m8, imm8
    C1 /6 ib          | SAL r/m16, imm8
    C1 /6 ib          | SAL r/m32, imm8
    REX.W + C1 /6 ib  | SAL r/m64, imm8
    `,
  ),
  ...forms(
    { recipe: shift('Ror'), flags: ROTATE_FLAGS },
    `
    D0 /1             | ROR r/m8, 1
    D1 /1             | ROR r/m16, 1
    D1 /1             | ROR r/m32, 1
    REX.W + D1 /1     | ROR r/m64, 1
    D2 /1             | ROR r/m8, CL
    D3 /1             | ROR r/m16, CL
    D3 /1             | ROR r/m32, CL
    REX.W + D3 /1     | ROR r/m64, CL
    C0 /1 ib          | ROR r/m8, imm8
    C1 /1 ib          | ROR r/m16, imm8
    C1 /1 ib          | ROR r/m32, imm8
    REX.W + C1 /1 ib  | ROR r/m64, imm8
    `,
  ),
  ...forms(
    { recipe: shift('Rol'), flags: ROTATE_FLAGS },
    `
    D0 /0             | ROL r/m8, 1
    D1 /0             | ROL r/m16, 1
    D1 /0             | ROL r/m32, 1
    REX.W + D1 /0     | ROL r/m64, 1
    D2 /0             | ROL r/m8, CL
    D3 /0             | ROL r/m16, CL
    D3 /0             | ROL r/m32, CL
    REX.W + D3 /0     | ROL r/m64, CL
    C0 /0 ib          | ROL r/m8, imm8
    C1 /0 ib          | ROL r/m16, imm8
    C1 /0 ib          | ROL r/m32, imm8
    REX.W + C1 /0 ib  | ROL r/m64, imm8
    `,
  ),
  ...forms(
    { recipe: shift('Rcr'), flags: ROTATE_THROUGH_CARRY_FLAGS },
    `
    D0 /3             | RCR r/m8, 1
    D1 /3             | RCR r/m16, 1
    D1 /3             | RCR r/m32, 1
    REX.W + D1 /3     | RCR r/m64, 1
    D2 /3             | RCR r/m8, CL
    D3 /3             | RCR r/m16, CL
    D3 /3             | RCR r/m32, CL
    REX.W + D3 /3     | RCR r/m64, CL
    C0 /3 ib          | RCR r/m8, imm8
    C1 /3 ib          | RCR r/m16, imm8
    C1 /3 ib          | RCR r/m32, imm8
    REX.W + C1 /3 ib  | RCR r/m64, imm8
    `,
  ),
  ...forms(
    { recipe: shift('Rcl'), flags: ROTATE_THROUGH_CARRY_FLAGS },
    `
    D0 /2             | RCL r/m8, 1
    D1 /2             | RCL r/m16, 1
    D1 /2             | RCL r/m32, 1
    REX.W + D1 /2     | RCL r/m64, 1
    D2 /2             | RCL r/m8, CL
    D3 /2             | RCL r/m16, CL
    D3 /2             | RCL r/m32, CL
    REX.W + D3 /2     | RCL r/m64, CL
    C0 /2 ib          | RCL r/m8, imm8
    C1 /2 ib          | RCL r/m16, imm8
    C1 /2 ib          | RCL r/m32, imm8
    REX.W + C1 /2 ib  | RCL r/m64, imm8
    `,
  ),
  ...forms(
    { recipe: doubleShift('Shrd'), flags: SHIFT_FLAGS },
    `
    0F AC /r ib         | SHRD r/m16, r16, imm8
    0F AC /r ib         | SHRD r/m32, r32, imm8
    REX.W + 0F AC /r ib | SHRD r/m64, r64, imm8
    0F AD /r            | SHRD r/m16, r16, CL
    0F AD /r            | SHRD r/m32, r32, CL
    REX.W + 0F AD /r    | SHRD r/m64, r64, CL
    `,
  ),
  ...forms(
    { recipe: doubleShift('Shld'), flags: SHIFT_FLAGS },
    `
    0F A4 /r ib         | SHLD r/m16, r16, imm8
    0F A4 /r ib         | SHLD r/m32, r32, imm8
    REX.W + 0F A4 /r ib | SHLD r/m64, r64, imm8
    0F A5 /r            | SHLD r/m16, r16, CL
    0F A5 /r            | SHLD r/m32, r32, CL
    REX.W + 0F A5 /r    | SHLD r/m64, r64, CL
    `,
  ),
];
