/** Data transfer instructions. Source: SDM Vol. 1, "Data Transfer Instructions". */
import { forEachCondition } from '../conditions.js';
import { type FormDefinition, forms } from '../form.js';
import { move, moveTo, recipe, recipeWithMemory } from '../recipe-builders.js';
import { type RecipeContext, type RecipeUop, sized } from '../recipe.js';
import { Op } from '../uop.js';

const STATUS = 'OF SF ZF AF PF CF';

/**
 * With a memory operand, the store comes before the register changes: it may be the base or index of the address.
 */
const exchange = recipeWithMemory(
  'rw rw',
  (c) => [{ op: sized('Xchg', c.width), dst: 'o0', a: 'o1' }],
  (c) => [
    { op: sized('LoadForStore', c.width), dst: 'T0' },
    { op: sized('Store', c.width), dst: 'o1' },
    { op: sized('Mov', c.width), dst: 'o1', a: 'T0' },
  ],
);

const exchangeAdd = recipeWithMemory(
  'rw rw',
  (c) => [
    { op: sized('Add', c.width), dst: 'T1', a: 'o0', b: 'o1' },
    { op: sized('Mov', c.width), dst: 'o1', a: 'o0' },
    { op: sized('Mov', c.width), dst: 'o0', a: 'T1' },
  ],
  (c) => [
    { op: sized('LoadForStore', c.width), dst: 'T0' },
    { op: sized('Add', c.width), dst: 'T1', a: 'T0', b: 'o1' },
    { op: sized('Store', c.width), dst: 'T1' },
    { op: sized('Mov', c.width), dst: 'o1', a: 'T0' },
  ],
);

/** Likewise the accumulator; here the address is kept in T2. */
const compareExchange = recipeWithMemory(
  'rw r',
  (c) => [{ op: sized('CmpXchg', c.width), dst: 'o0', a: 'o0', b: 'o1' }],
  (c) => [
    { op: Op.Ea64, dst: 'T2' },
    { op: sized('LoadForStore', c.width), dst: 'T0' },
    { op: sized('CmpXchg', c.width), dst: 'T0', a: 'T0', b: 'o1' },
    { op: sized('Store', c.width), dst: 'T0', a: 'T2' },
  ],
);

const push = recipe('r', (c) => [
  { op: c.size === 64 ? Op.Push64Flat : sized('Push', c.size), a: 'o0' },
]);

/** POP to memory: the address uses the stack pointer after the pop; it moves only once the store is done. */
const pop = recipeWithMemory(
  'w',
  (c) => [{ op: c.size === 64 ? Op.Pop64Flat : sized('Pop', c.size), dst: 'o0' }],
  (c) => [
    { op: sized('Peek', c.size), dst: 'T0' },
    { op: sized('Store', c.size), dst: 'T0', imm: { popAdjustment: c.size / 8 } },
    { op: Op.Drop, imm: c.size / 8 },
  ],
);

/** MOVZX, MOVSX, MOVSXD. Zero extension to 32 bits fills the 64-bit register. */
function extend(kind: 'MovZx' | 'MovSx'): (c: RecipeContext) => RecipeUop[] {
  return (c) => {
    const from = c.operands[1]?.bits ?? 0;
    if (from === c.width) return [moveTo(c, 'o0', 'o1')];
    const to = kind === 'MovZx' && c.width === 64 ? 32 : c.width;
    return [{ op: sized(`${kind}${from}To`, to), dst: 'o0', a: 'o1' }];
  };
}

/** For 16 bits, a 32-bit reversal leaves the two bytes in its upper half. */
const byteSwapMove = recipe('w r', (c) => {
  if (c.width !== 16) return [{ op: sized('Bswap', c.width), dst: 'o0', a: 'o1' }];
  return [
    { op: Op.Bswap32, dst: 'T1', a: 'o1' },
    { op: Op.Rorx32, dst: 'T1', a: 'T1', b: 'imm', imm: 16 },
    { op: Op.Mov16, dst: 'o0', a: 'T1' },
  ];
});

/** CBW, CWDE, CDQE: rAX ← its sign-extended lower half. */
const widenAccumulator = recipe('', (c) => [
  { op: sized(`MovSx${c.size / 2}To`, c.size), dst: 'RAX', a: 'RAX' },
]);

/** CWD, CDQ, CQO: rDX ← the sign of rAX. */
const signToData = recipe('', (c) => [{ op: sized('SignFill', c.size), dst: 'RDX', a: 'RAX' }]);

export const DATA_TRANSFER: readonly FormDefinition[] = [
  ...forms(
    { recipe: move() },
    `
    88 /r             | MOV r/m8, r8
    89 /r             | MOV r/m16, r16
    89 /r             | MOV r/m32, r32
    REX.W + 89 /r     | MOV r/m64, r64
    8A /r             | MOV r8, r/m8
    8B /r             | MOV r16, r/m16
    8B /r             | MOV r32, r/m32
    REX.W + 8B /r     | MOV r64, r/m64
    A0                | MOV AL, moffs8
    A1                | MOV AX, moffs16
    A1                | MOV EAX, moffs32
    REX.W + A1        | MOV RAX, moffs64
    A2                | MOV moffs8, AL
    A3                | MOV moffs16, AX
    A3                | MOV moffs32, EAX
    REX.W + A3        | MOV moffs64, RAX
    B0+ rb ib         | MOV r8, imm8
    B8+ rw iw         | MOV r16, imm16
    B8+ rd id         | MOV r32, imm32
    REX.W + B8+ rd io | MOV r64, imm64
    C6 /0 ib          | MOV r/m8, imm8
    C7 /0 iw          | MOV r/m16, imm16
    C7 /0 id          | MOV r/m32, imm32
    REX.W + C7 /0 id  | MOV r/m64, imm32
    `,
  ),
  ...forEachCondition((name, code, digit, tests) =>
    forms(
      {
        recipe: recipe('rw r', (c) => [
          { op: sized('Cmov', c.width), dst: 'o0', a: 'o1', extra: code },
        ]),
        feature: 'CMOV',
        flags: { tests },
      },
      `
      0F 4${digit} /r         | CMOV${name} r16, r/m16
      0F 4${digit} /r         | CMOV${name} r32, r/m32
      REX.W + 0F 4${digit} /r | CMOV${name} r64, r/m64
      `,
    ),
  ),
  // Without LOCK, too, XCHG with memory is locked; one line per opcode, the SDM also lists the operands swapped.
  ...forms(
    { recipe: exchange, lockable: true },
    `
    86 /r         | XCHG r/m8, r8
    87 /r         | XCHG r/m16, r16
    87 /r         | XCHG r/m32, r32
    REX.W + 87 /r | XCHG r/m64, r64
    `,
  ),
  ...forms(
    { recipe: exchange },
    `
    90+ rw         | XCHG r16, AX
    90+ rd         | XCHG r32, EAX
    REX.W + 90+ rd | XCHG r64, RAX
    `,
  ),
  ...forms(
    { recipe: recipe('rw', (c) => [{ op: sized('Bswap', c.width), dst: 'o0', a: 'o0' }]) },
    `
    0F C8+ rd         | BSWAP r32
    REX.W + 0F C8+ rd | BSWAP r64
    `,
  ),
  ...forms(
    { recipe: exchangeAdd, lockable: true, flags: { writes: STATUS } },
    `
    0F C0 /r         | XADD r/m8, r8
    0F C1 /r         | XADD r/m16, r16
    0F C1 /r         | XADD r/m32, r32
    REX.W + 0F C1 /r | XADD r/m64, r64
    `,
  ),
  ...forms(
    { recipe: compareExchange, lockable: true, flags: { writes: STATUS } },
    `
    0F B0 /r         | CMPXCHG r/m8, r8
    0F B1 /r         | CMPXCHG r/m16, r16
    0F B1 /r         | CMPXCHG r/m32, r32
    REX.W + 0F B1 /r | CMPXCHG r/m64, r64
    `,
  ),
  ...forms(
    { recipe: push, in64: 'default 64' },
    `
    FF /6  | PUSH r/m16
    FF /6  | PUSH r/m32 | N.E. V
    FF /6  | PUSH r/m64 | V N.E.
    50+ rw | PUSH r16
    50+ rd | PUSH r32   | N.E. V
    50+ rd | PUSH r64   | V N.E.
    68 iw  | PUSH imm16
    68 id  | PUSH imm32
    `,
  ),
  ...forms({ recipe: push, in64: 'default 64', size: 'any' }, '6A ib | PUSH imm8'),
  ...forms(
    { recipe: pop, in64: 'default 64' },
    `
    8F /0  | POP r/m16
    8F /0  | POP r/m32 | N.E. V
    8F /0  | POP r/m64 | V N.E.
    58+ rw | POP r16
    58+ rd | POP r32   | N.E. V
    58+ rd | POP r64   | V N.E.
    `,
  ),
  ...forms({ recipe: widenAccumulator, size: 16 }, '98 | CBW'),
  ...forms({ recipe: widenAccumulator, size: 32 }, '98 | CWDE'),
  ...forms({ recipe: widenAccumulator, size: 64 }, 'REX.W + 98 | CDQE'),
  ...forms({ recipe: signToData, size: 16 }, '99 | CWD'),
  ...forms({ recipe: signToData, size: 32 }, '99 | CDQ'),
  ...forms({ recipe: signToData, size: 64 }, 'REX.W + 99 | CQO'),
  ...forms(
    { recipe: recipe('w r', extend('MovSx')) },
    `
    0F BE /r         | MOVSX r16, r/m8
    0F BE /r         | MOVSX r32, r/m8
    REX.W + 0F BE /r | MOVSX r64, r/m8
    0F BF /r         | MOVSX r16, r/m16
    0F BF /r         | MOVSX r32, r/m16
    REX.W + 0F BF /r | MOVSX r64, r/m16
    63 /r            | MOVSXD r16, r/m16 | V N.E.
    63 /r            | MOVSXD r32, r/m32 | V N.E.
    REX.W + 63 /r    | MOVSXD r64, r/m32
    `,
  ),
  ...forms(
    { recipe: recipe('w r', extend('MovZx')) },
    `
    0F B6 /r         | MOVZX r16, r/m8
    0F B6 /r         | MOVZX r32, r/m8
    REX.W + 0F B6 /r | MOVZX r64, r/m8
    0F B7 /r         | MOVZX r16, r/m16
    0F B7 /r         | MOVZX r32, r/m16
    REX.W + 0F B7 /r | MOVZX r64, r/m16
    `,
  ),
  // "#UD if REP (F3H) prefix is used"; with F2 these are CRC32.
  ...forms(
    { recipe: byteSwapMove, feature: 'MOVBE' },
    `
    NFx 0F 38 F0 /r       | MOVBE r16, m16
    NFx 0F 38 F0 /r       | MOVBE r32, m32
    NFx REX.W 0F 38 F0 /r | MOVBE r64, m64
    NFx 0F 38 F1 /r       | MOVBE m16, r16
    NFx 0F 38 F1 /r       | MOVBE m32, r32
    NFx REX.W 0F 38 F1 /r | MOVBE m64, r64
    `,
  ),
];
