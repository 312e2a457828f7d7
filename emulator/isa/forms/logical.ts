/** Logical instructions. Source: SDM Vol. 1, "Logical Instructions". */
import { type FormDefinition, forms } from '../form.js';
import { binary, unary } from '../recipe-builders.js';

/** OF and CF are cleared. */
const LOGICAL_FLAGS = 'OF SF ZF PF CF';

export const LOGICAL: readonly FormDefinition[] = [
  ...forms(
    { recipe: binary('And'), lockable: true, flags: { writes: LOGICAL_FLAGS, undefined: 'AF' } },
    `
    24 ib              | AND AL, imm8
    25 iw              | AND AX, imm16
    25 id              | AND EAX, imm32
    REX.W + 25 id      | AND RAX, imm32
    80 /4 ib           | AND r/m8, imm8
    82 /4 ib           | AND r/m8, imm8 | N.E. V
    81 /4 iw           | AND r/m16, imm16
    81 /4 id           | AND r/m32, imm32
    REX.W + 81 /4 id   | AND r/m64, imm32
    83 /4 ib           | AND r/m16, imm8
    83 /4 ib           | AND r/m32, imm8
    REX.W + 83 /4 ib   | AND r/m64, imm8
    20 /r              | AND r/m8, r8
    21 /r              | AND r/m16, r16
    21 /r              | AND r/m32, r32
    REX.W + 21 /r      | AND r/m64, r64
    22 /r              | AND r8, r/m8
    23 /r              | AND r16, r/m16
    23 /r              | AND r32, r/m32
    REX.W + 23 /r      | AND r64, r/m64
    `,
  ),
  ...forms(
    { recipe: binary('Or'), lockable: true, flags: { writes: LOGICAL_FLAGS, undefined: 'AF' } },
    `
    0C ib              | OR AL, imm8
    0D iw              | OR AX, imm16
    0D id              | OR EAX, imm32
    REX.W + 0D id      | OR RAX, imm32
    80 /1 ib           | OR r/m8, imm8
    82 /1 ib           | OR r/m8, imm8 | N.E. V
    81 /1 iw           | OR r/m16, imm16
    81 /1 id           | OR r/m32, imm32
    REX.W + 81 /1 id   | OR r/m64, imm32
    83 /1 ib           | OR r/m16, imm8
    83 /1 ib           | OR r/m32, imm8
    REX.W + 83 /1 ib   | OR r/m64, imm8
    08 /r              | OR r/m8, r8
    09 /r              | OR r/m16, r16
    09 /r              | OR r/m32, r32
    REX.W + 09 /r      | OR r/m64, r64
    0A /r              | OR r8, r/m8
    0B /r              | OR r16, r/m16
    0B /r              | OR r32, r/m32
    REX.W + 0B /r      | OR r64, r/m64
    `,
  ),
  ...forms(
    { recipe: binary('Xor'), lockable: true, flags: { writes: LOGICAL_FLAGS, undefined: 'AF' } },
    `
    34 ib              | XOR AL, imm8
    35 iw              | XOR AX, imm16
    35 id              | XOR EAX, imm32
    REX.W + 35 id      | XOR RAX, imm32
    80 /6 ib           | XOR r/m8, imm8
    82 /6 ib           | XOR r/m8, imm8 | N.E. V
    81 /6 iw           | XOR r/m16, imm16
    81 /6 id           | XOR r/m32, imm32
    REX.W + 81 /6 id   | XOR r/m64, imm32
    83 /6 ib           | XOR r/m16, imm8
    83 /6 ib           | XOR r/m32, imm8
    REX.W + 83 /6 ib   | XOR r/m64, imm8
    30 /r              | XOR r/m8, r8
    31 /r              | XOR r/m16, r16
    31 /r              | XOR r/m32, r32
    REX.W + 31 /r      | XOR r/m64, r64
    32 /r              | XOR r8, r/m8
    33 /r              | XOR r16, r/m16
    33 /r              | XOR r32, r/m32
    REX.W + 33 /r      | XOR r64, r/m64
    `,
  ),
  ...forms(
    { recipe: unary('Not'), lockable: true },
    `
    F6 /2          | NOT r/m8
    F7 /2          | NOT r/m16
    F7 /2          | NOT r/m32
    REX.W + F7 /2  | NOT r/m64
    `,
  ),
];
