/** Binary arithmetic instructions. Source: SDM Vol. 1, "Binary Arithmetic Instructions". */
import { type FormDefinition, forms } from '../form.js';
import { binary, compare, recipe, unary } from '../recipe-builders.js';
import { type Recipe, sized } from '../recipe.js';

const STATUS = 'OF SF ZF AF PF CF';
/** INC and DEC keep CF. */
const STATUS_WITHOUT_CARRY = 'OF SF ZF AF PF';

/** rDX:rAX ← rAX * source, and division of rDX:rAX by it; the accumulator is implied. */
function onAccumulator(family: string): Recipe {
  return recipe('r', (c) => [{ op: sized(family, c.width), a: 'o0' }]);
}

const multiplyTwo = recipe('rw r', (c) => [
  { op: sized('ImulTwo', c.width), dst: 'o0', a: 'o0', b: 'o1' },
]);
const multiplyThree = recipe('w r r', (c) => [
  { op: sized('ImulTwo', c.width), dst: 'o0', a: 'o1', b: 'o2' },
]);

// Opcode 82 is that of the SDM's opcode map (Vol. 2, Appendix A), outside 64-bit mode the same as 80.
export const BINARY_ARITHMETIC: readonly FormDefinition[] = [
  ...forms(
    { recipe: binary('Adcx'), feature: 'ADX', flags: { writes: 'CF', tests: 'CF' } },
    `
    66 0F 38 F6 /r         | ADCX r32, r/m32
    66 REX.W 0F 38 F6 /r   | ADCX r64, r/m64
    `,
  ),
  ...forms(
    { recipe: binary('Adox'), feature: 'ADX', flags: { writes: 'OF', tests: 'OF' } },
    `
    F3 0F 38 F6 /r         | ADOX r32, r/m32
    F3 REX.W 0F 38 F6 /r   | ADOX r64, r/m64
    `,
  ),
  ...forms(
    { recipe: binary('Add'), lockable: true, flags: { writes: STATUS } },
    `
    04 ib              | ADD AL, imm8
    05 iw              | ADD AX, imm16
    05 id              | ADD EAX, imm32
    REX.W + 05 id      | ADD RAX, imm32
    80 /0 ib           | ADD r/m8, imm8
    82 /0 ib           | ADD r/m8, imm8 | N.E. V
    81 /0 iw           | ADD r/m16, imm16
    81 /0 id           | ADD r/m32, imm32
    REX.W + 81 /0 id   | ADD r/m64, imm32
    83 /0 ib           | ADD r/m16, imm8
    83 /0 ib           | ADD r/m32, imm8
    REX.W + 83 /0 ib   | ADD r/m64, imm8
    00 /r              | ADD r/m8, r8
    01 /r              | ADD r/m16, r16
    01 /r              | ADD r/m32, r32
    REX.W + 01 /r      | ADD r/m64, r64
    02 /r              | ADD r8, r/m8
    03 /r              | ADD r16, r/m16
    03 /r              | ADD r32, r/m32
    REX.W + 03 /r      | ADD r64, r/m64
    `,
  ),
  ...forms(
    { recipe: binary('Adc'), lockable: true, flags: { writes: STATUS, tests: 'CF' } },
    `
    14 ib              | ADC AL, imm8
    15 iw              | ADC AX, imm16
    15 id              | ADC EAX, imm32
    REX.W + 15 id      | ADC RAX, imm32
    80 /2 ib           | ADC r/m8, imm8
    82 /2 ib           | ADC r/m8, imm8 | N.E. V
    81 /2 iw           | ADC r/m16, imm16
    81 /2 id           | ADC r/m32, imm32
    REX.W + 81 /2 id   | ADC r/m64, imm32
    83 /2 ib           | ADC r/m16, imm8
    83 /2 ib           | ADC r/m32, imm8
    REX.W + 83 /2 ib   | ADC r/m64, imm8
    10 /r              | ADC r/m8, r8
    11 /r              | ADC r/m16, r16
    11 /r              | ADC r/m32, r32
    REX.W + 11 /r      | ADC r/m64, r64
    12 /r              | ADC r8, r/m8
    13 /r              | ADC r16, r/m16
    13 /r              | ADC r32, r/m32
    REX.W + 13 /r      | ADC r64, r/m64
    `,
  ),
  ...forms(
    { recipe: binary('Sub'), lockable: true, flags: { writes: STATUS } },
    `
    2C ib              | SUB AL, imm8
    2D iw              | SUB AX, imm16
    2D id              | SUB EAX, imm32
    REX.W + 2D id      | SUB RAX, imm32
    80 /5 ib           | SUB r/m8, imm8
    82 /5 ib           | SUB r/m8, imm8 | N.E. V
    81 /5 iw           | SUB r/m16, imm16
    81 /5 id           | SUB r/m32, imm32
    REX.W + 81 /5 id   | SUB r/m64, imm32
    83 /5 ib           | SUB r/m16, imm8
    83 /5 ib           | SUB r/m32, imm8
    REX.W + 83 /5 ib   | SUB r/m64, imm8
    28 /r              | SUB r/m8, r8
    29 /r              | SUB r/m16, r16
    29 /r              | SUB r/m32, r32
    REX.W + 29 /r      | SUB r/m64, r64
    2A /r              | SUB r8, r/m8
    2B /r              | SUB r16, r/m16
    2B /r              | SUB r32, r/m32
    REX.W + 2B /r      | SUB r64, r/m64
    `,
  ),
  ...forms(
    { recipe: binary('Sbb'), lockable: true, flags: { writes: STATUS, tests: 'CF' } },
    `
    1C ib              | SBB AL, imm8
    1D iw              | SBB AX, imm16
    1D id              | SBB EAX, imm32
    REX.W + 1D id      | SBB RAX, imm32
    80 /3 ib           | SBB r/m8, imm8
    82 /3 ib           | SBB r/m8, imm8 | N.E. V
    81 /3 iw           | SBB r/m16, imm16
    81 /3 id           | SBB r/m32, imm32
    REX.W + 81 /3 id   | SBB r/m64, imm32
    83 /3 ib           | SBB r/m16, imm8
    83 /3 ib           | SBB r/m32, imm8
    REX.W + 83 /3 ib   | SBB r/m64, imm8
    18 /r              | SBB r/m8, r8
    19 /r              | SBB r/m16, r16
    19 /r              | SBB r/m32, r32
    REX.W + 19 /r      | SBB r/m64, r64
    1A /r              | SBB r8, r/m8
    1B /r              | SBB r16, r/m16
    1B /r              | SBB r32, r/m32
    REX.W + 1B /r      | SBB r64, r/m64
    `,
  ),
  ...forms(
    { recipe: compare('Cmp'), flags: { writes: STATUS } },
    `
    3C ib              | CMP AL, imm8
    3D iw              | CMP AX, imm16
    3D id              | CMP EAX, imm32
    REX.W + 3D id      | CMP RAX, imm32
    80 /7 ib           | CMP r/m8, imm8
    82 /7 ib           | CMP r/m8, imm8 | N.E. V
    81 /7 iw           | CMP r/m16, imm16
    81 /7 id           | CMP r/m32, imm32
    REX.W + 81 /7 id   | CMP r/m64, imm32
    83 /7 ib           | CMP r/m16, imm8
    83 /7 ib           | CMP r/m32, imm8
    REX.W + 83 /7 ib   | CMP r/m64, imm8
    38 /r              | CMP r/m8, r8
    39 /r              | CMP r/m16, r16
    39 /r              | CMP r/m32, r32
    REX.W + 39 /r      | CMP r/m64, r64
    3A /r              | CMP r8, r/m8
    3B /r              | CMP r16, r/m16
    3B /r              | CMP r32, r/m32
    REX.W + 3B /r      | CMP r64, r/m64
    `,
  ),
  ...forms(
    { recipe: onAccumulator('Imul'), flags: { writes: 'OF CF', undefined: 'SF ZF AF PF' } },
    `
    F6 /5          | IMUL r/m8
    F7 /5          | IMUL r/m16
    F7 /5          | IMUL r/m32
    REX.W + F7 /5  | IMUL r/m64
    `,
  ),
  ...forms(
    { recipe: multiplyTwo, flags: { writes: 'OF CF', undefined: 'SF ZF AF PF' } },
    `
    0F AF /r         | IMUL r16, r/m16
    0F AF /r         | IMUL r32, r/m32
    REX.W + 0F AF /r | IMUL r64, r/m64
    `,
  ),
  ...forms(
    { recipe: multiplyThree, flags: { writes: 'OF CF', undefined: 'SF ZF AF PF' } },
    `
    6B /r ib         | IMUL r16, r/m16, imm8
    6B /r ib         | IMUL r32, r/m32, imm8
    REX.W + 6B /r ib | IMUL r64, r/m64, imm8
    69 /r iw         | IMUL r16, r/m16, imm16
    69 /r id         | IMUL r32, r/m32, imm32
    REX.W + 69 /r id | IMUL r64, r/m64, imm32
    `,
  ),
  ...forms(
    { recipe: onAccumulator('Mul'), flags: { writes: 'OF CF', undefined: 'SF ZF AF PF' } },
    `
    F6 /4          | MUL r/m8
    F7 /4          | MUL r/m16
    F7 /4          | MUL r/m32
    REX.W + F7 /4  | MUL r/m64
    `,
  ),
  ...forms(
    { recipe: onAccumulator('Idiv'), flags: { undefined: STATUS } },
    `
    F6 /7          | IDIV r/m8
    F7 /7          | IDIV r/m16
    F7 /7          | IDIV r/m32
    REX.W + F7 /7  | IDIV r/m64
    `,
  ),
  ...forms(
    { recipe: onAccumulator('Div'), flags: { undefined: STATUS } },
    `
    F6 /6          | DIV r/m8
    F7 /6          | DIV r/m16
    F7 /6          | DIV r/m32
    REX.W + F7 /6  | DIV r/m64
    `,
  ),
  ...forms(
    { recipe: unary('Inc'), lockable: true, flags: { writes: STATUS_WITHOUT_CARRY } },
    `
    FE /0          | INC r/m8
    FF /0          | INC r/m16
    FF /0          | INC r/m32
    REX.W + FF /0  | INC r/m64
    40+ rw         | INC r16 | N.E. V
    40+ rd         | INC r32 | N.E. V
    `,
  ),
  ...forms(
    { recipe: unary('Dec'), lockable: true, flags: { writes: STATUS_WITHOUT_CARRY } },
    `
    FE /1          | DEC r/m8
    FF /1          | DEC r/m16
    FF /1          | DEC r/m32
    REX.W + FF /1  | DEC r/m64
    48+ rw         | DEC r16 | N.E. V
    48+ rd         | DEC r32 | N.E. V
    `,
  ),
  ...forms(
    { recipe: unary('Neg'), lockable: true, flags: { writes: STATUS } },
    `
    F6 /3          | NEG r/m8
    F7 /3          | NEG r/m16
    F7 /3          | NEG r/m32
    REX.W + F7 /3  | NEG r/m64
    `,
  ),
];
