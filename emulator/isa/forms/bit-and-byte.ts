/** Bit and byte instructions. Source: SDM Vol. 1, "Bit and Byte Instructions". */
import { forEachCondition } from '../conditions.js';
import { type FormDefinition, forms } from '../form.js';
import { compare, recipe, recipeWithMemory, unaryFrom } from '../recipe-builders.js';
import { type Recipe, type RecipeContext, type RecipeUop, sized } from '../recipe.js';
import { Op } from '../uop.js';

/** ZF is unchanged by BT and its kin; so say current processors and the SDM. */
const BIT_TEST_FLAGS = { writes: 'CF', undefined: 'OF SF AF PF' };

function bitUop(c: RecipeContext, family: string, unit: 'o0' | 'T0'): RecipeUop {
  const op = sized(family, c.width);
  return family === 'Bt' ? { op, a: unit, b: 'o1' } : { op, dst: unit, a: unit, b: 'o1' };
}

/** The bit offset is an immediate: it stays within the addressed unit. */
function bitInUnit(family: string): Recipe {
  return recipe(family === 'Bt' ? 'r r' : 'rw r', (c) => [bitUop(c, family, 'o0')]);
}

/** The bit offset is a register: in memory it addresses a string of 2^width bits around the operand. */
function bitInString(family: string): Recipe {
  return recipeWithMemory(
    family === 'Bt' ? 'r r' : 'rw r',
    (c) => [bitUop(c, family, 'o0')],
    (c) => {
      const address: RecipeUop[] = [
        { op: Op.Ea64, dst: 'T7' },
        { op: sized('BitStringAddress', c.width), dst: 'T7', a: 'T7', b: 'o1' },
        { op: Op.Ea64, dst: 'T7', a: 'T7' }, // truncated to the address size
      ];
      const load = family === 'Bt' ? 'Load' : 'LoadForStore';
      const uops = [
        ...address,
        { op: sized(load, c.width), dst: 'T0', a: 'T7' } as const,
        bitUop(c, family, 'T0'),
      ];
      return family === 'Bt'
        ? uops
        : [...uops, { op: sized('Store', c.width), dst: 'T0', a: 'T7' }];
    },
  );
}

const bitStrings = (
  [
    ['BT', 'Bt', 'A3', 4],
    ['BTS', 'Bts', 'AB', 5],
    ['BTR', 'Btr', 'B3', 6],
    ['BTC', 'Btc', 'BB', 7],
  ] as const
).flatMap(([mnemonic, family, opcode, digit]) => [
  ...forms(
    { recipe: bitInString(family), flags: BIT_TEST_FLAGS, lockable: family !== 'Bt' },
    `
    0F ${opcode} /r         | ${mnemonic} r/m16, r16
    0F ${opcode} /r         | ${mnemonic} r/m32, r32
    REX.W + 0F ${opcode} /r | ${mnemonic} r/m64, r64
    `,
  ),
  ...forms(
    { recipe: bitInUnit(family), flags: BIT_TEST_FLAGS, lockable: family !== 'Bt' },
    `
    0F BA /${digit} ib         | ${mnemonic} r/m16, imm8
    0F BA /${digit} ib         | ${mnemonic} r/m32, imm8
    REX.W + 0F BA /${digit} ib | ${mnemonic} r/m64, imm8
    `,
  ),
]);

const BIT_SCAN_FLAGS = { writes: 'ZF', undefined: 'OF SF AF PF CF' };

function bitScan(family: string): Recipe {
  return recipe('rw r', (c) => [{ op: sized(family, c.width), dst: 'o0', a: 'o1' }]);
}

function checksum(): Recipe {
  return recipe('rw r', (c) => [
    { op: sized('Crc32With', c.operands[1]?.bits ?? 0), dst: 'o0', a: 'o1' },
  ]);
}

export const BIT_AND_BYTE: readonly FormDefinition[] = [
  ...bitStrings,
  ...forms(
    { recipe: bitScan('Bsf'), flags: BIT_SCAN_FLAGS },
    `
    0F BC /r         | BSF r16, r/m16
    0F BC /r         | BSF r32, r/m32
    REX.W + 0F BC /r | BSF r64, r/m64
    `,
  ),
  ...forms(
    { recipe: bitScan('Bsr'), flags: BIT_SCAN_FLAGS },
    `
    0F BD /r         | BSR r16, r/m16
    0F BD /r         | BSR r32, r/m32
    REX.W + 0F BD /r | BSR r64, r/m64
    `,
  ),
  ...forEachCondition((name, code, digit, tests) =>
    forms(
      { recipe: recipe('w', () => [{ op: Op.Setcc8, dst: 'o0', extra: code }]), flags: { tests } },
      `0F 9${digit} /r | SET${name} r/m8`,
    ),
  ),
  ...forms(
    { recipe: compare('Test'), flags: { writes: 'OF SF ZF PF CF', undefined: 'AF' } },
    `
    A8 ib            | TEST AL, imm8
    A9 iw            | TEST AX, imm16
    A9 id            | TEST EAX, imm32
    REX.W + A9 id    | TEST RAX, imm32
    F6 /0 ib         | TEST r/m8, imm8
    F7 /0 iw         | TEST r/m16, imm16
    F7 /0 id         | TEST r/m32, imm32
    REX.W + F7 /0 id | TEST r/m64, imm32
    84 /r            | TEST r/m8, r8
    85 /r            | TEST r/m16, r16
    85 /r            | TEST r/m32, r32
    REX.W + 85 /r    | TEST r/m64, r64
    `,
  ),
  // /1 is not in the SDM's tables; every processor executes it as /0.
  ...forms(
    { recipe: compare('Test'), flags: { writes: 'OF SF ZF PF CF', undefined: 'AF' } },
    `
    F6 /1 ib         | TEST r/m8, imm8
    F7 /1 iw         | TEST r/m16, imm16
    F7 /1 id         | TEST r/m32, imm32
    REX.W + F7 /1 id | TEST r/m64, imm32
    `,
  ),
  ...forms(
    { recipe: checksum(), feature: 'SSE4_2' },
    `
    F2 0F 38 F0 /r         | CRC32 r32, r/m8
    F2 REX.W 0F 38 F0 /r   | CRC32 r64, r/m8
    F2 0F 38 F1 /r         | CRC32 r32, r/m32
    F2 REX.W 0F 38 F1 /r   | CRC32 r64, r/m64
    `,
  ),
  ...forms(
    { recipe: checksum(), feature: 'SSE4_2', size: 16 },
    'F2 0F 38 F1 /r | CRC32 r32, r/m16',
  ),
  ...forms(
    { recipe: unaryFrom('Popcnt'), feature: 'POPCNT', flags: { writes: 'OF SF ZF AF PF CF' } },
    `
    F3 0F B8 /r       | POPCNT r16, r/m16
    F3 0F B8 /r       | POPCNT r32, r/m32
    F3 REX.W 0F B8 /r | POPCNT r64, r/m64
    `,
  ),
];
