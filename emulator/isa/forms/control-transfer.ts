/** Control transfer instructions. Source: SDM Vol. 1, "Control Transfer Instructions". */
import { forEachCondition } from '../conditions.js';
import { type FormDefinition, forms } from '../form.js';
import { door, doorOnAddress, doorUop, recipe, recipeWithMemory } from '../recipe-builders.js';
import { type Recipe, type RecipeContext, type RecipeUop, sized } from '../recipe.js';
import { Door, Op } from '../uop.js';

const TARGET = { target: true };

const jump = recipe('r', () => [{ op: Op.Jmp, imm: TARGET }]);

/** A near target from register or memory: in 64-bit mode as it is, else zero-extended into a temporary. */
function indirect(make: (c: RecipeContext, target: 'o0' | 'T1') => RecipeUop): Recipe {
  return recipe('r', (c) => {
    if (c.size === 64) return [make(c, 'o0')];
    const extend = c.size === 16 ? Op.MovZx16To32 : Op.Mov32;
    return [{ op: extend, dst: 'T1', a: 'o0' }, make(c, 'T1')];
  });
}

const jumpIndirect = indirect((_, target) => ({ op: Op.JmpIndirect, a: target }));

const call = recipe('r', (c) => [
  c.size === 64
    ? { op: Op.CallFlat, imm: TARGET }
    : { op: Op.CallNear, imm: TARGET, extra: c.size },
]);

const callIndirect = indirect((c, target) =>
  c.size === 64
    ? { op: Op.CallIndirectFlat, a: target }
    : { op: Op.CallIndirectNear, a: target, extra: c.size },
);

function returnNear(access: string): Recipe {
  const imm = access === '' ? 0 : { values: [{ operand: 0, bits: 16 as const }] };
  return recipe(access, (c) => [
    c.size === 64 ? { op: Op.RetFlat, imm } : { op: Op.RetNear, imm, extra: c.size },
  ]);
}

function countedJump(op: Op): Recipe {
  return recipe('r', () => [{ op, imm: TARGET, extra: 'address size' }]);
}

/** Far pointer in the instruction, or in memory: offset first, then the selector. */
function far(name: Door.JmpFar | Door.CallFar): Recipe {
  const transfer = (c: RecipeContext): RecipeUop =>
    doorUop(name, { a: 'T0', b: 'T1', imm: c.size });
  return recipeWithMemory(
    'r',
    (c) => [
      { op: Op.Mov64, dst: 'T0', a: 'imm', imm: { values: [{ operand: 0 }] } },
      { op: Op.Mov64, dst: 'T1', a: 'imm', imm: { selector: true } },
      transfer(c),
    ],
    (c) => [
      { op: c.size === 16 ? Op.LoadZx16To32 : sized('Load', c.size), dst: 'T0' },
      { op: Op.LoadZx16To32, dst: 'T1', imm: c.size / 8 },
      transfer(c),
    ],
  );
}

function returnFar(access: string): Recipe {
  return recipe(access, (c) => [
    doorUop(Door.RetFar, {
      imm: { constant: c.size, values: access === '' ? [] : [{ operand: 0, bits: 16, shift: 16 }] },
    }),
  ]);
}

const interrupt = recipe('r', () => [
  doorUop(Door.Int, { imm: { values: [{ operand: 0, bits: 8 }] } }),
]);
const interruptReturn = door(Door.Iret, (c) => c.size);
const bound = (bits: 16 | 32): Recipe =>
  doorOnAddress(Door.Bound, 'r r', () => ({ constant: bits << 16 }), { b: 'o0' });

const EVERY_FLAG = 'OF SF ZF AF PF CF DF IF TF IOPL NT RF AC ID';

export const CONTROL_TRANSFER: readonly FormDefinition[] = [
  ...forms({ recipe: jump, size: 'any', in64: 'forced 64' }, 'EB cb | JMP rel8'),
  ...forms(
    { recipe: jump, in64: 'forced 64' },
    `
    E9 cw | JMP rel16 | N.S. V
    E9 cd | JMP rel32
    `,
  ),
  ...forms(
    { recipe: jumpIndirect, in64: 'forced 64' },
    `
    FF /4 | JMP r/m16 | N.S. V
    FF /4 | JMP r/m32 | N.S. V
    FF /4 | JMP r/m64
    `,
  ),
  ...forms(
    { recipe: far(Door.JmpFar) },
    `
    EA cd         | JMP ptr16:16 | I V
    EA cp         | JMP ptr16:32 | I V
    FF /5         | JMP m16:16
    FF /5         | JMP m16:32
    REX.W + FF /5 | JMP m16:64
    `,
  ),
  ...forEachCondition((name, code, digit, tests) => {
    const recipeOfJcc = recipe('r', () => [{ op: Op.Jcc, imm: TARGET, extra: code }]);
    const attributes = { recipe: recipeOfJcc, in64: 'forced 64', flags: { tests } } as const;
    return [
      ...forms({ ...attributes, size: 'any' }, `7${digit} cb | J${name} rel8`),
      ...forms(
        attributes,
        `
        0F 8${digit} cw | J${name} rel16 | N.S. V
        0F 8${digit} cd | J${name} rel32
        `,
      ),
    ];
  }),
  // The SDM's three lines (JCXZ, JECXZ, JRCXZ) differ in address size only.
  ...forms(
    {
      recipe: countedJump(Op.Jcxz),
      size: 'any',
      in64: 'forced 64',
      mnemonicByAddressSize: ['JCXZ', 'JECXZ', 'JRCXZ'],
    },
    'E3 cb | JRCXZ rel8 | V V',
  ),
  ...forms({ recipe: countedJump(Op.Loop), size: 'any', in64: 'forced 64' }, 'E2 cb | LOOP rel8'),
  ...forms(
    { recipe: countedJump(Op.Loope), size: 'any', in64: 'forced 64', flags: { tests: 'ZF' } },
    'E1 cb | LOOPE rel8',
  ),
  ...forms(
    { recipe: countedJump(Op.Loopne), size: 'any', in64: 'forced 64', flags: { tests: 'ZF' } },
    'E0 cb | LOOPNE rel8',
  ),
  ...forms(
    { recipe: call, in64: 'forced 64' },
    `
    E8 cw | CALL rel16 | N.S. V
    E8 cd | CALL rel32
    `,
  ),
  ...forms(
    { recipe: callIndirect, in64: 'forced 64' },
    `
    FF /2 | CALL r/m16 | N.E. V
    FF /2 | CALL r/m32 | N.E. V
    FF /2 | CALL r/m64
    `,
  ),
  ...forms(
    { recipe: far(Door.CallFar) },
    `
    9A cd         | CALL ptr16:16 | I V
    9A cp         | CALL ptr16:32 | I V
    FF /3         | CALL m16:16
    FF /3         | CALL m16:32
    REX.W + FF /3 | CALL m16:64
    `,
  ),
  ...forms({ recipe: returnNear(''), size: 'any', in64: 'forced 64' }, 'C3 | RET'),
  ...forms({ recipe: returnNear('r'), size: 'any', in64: 'forced 64' }, 'C2 iw | RET imm16'),
  ...forms({ recipe: returnFar(''), size: 'any' }, 'CB | RETF'),
  ...forms({ recipe: returnFar('r'), size: 'any' }, 'CA iw | RETF imm16'),
  ...forms({ recipe: interruptReturn, size: 16, flags: { writes: EVERY_FLAG } }, 'CF | IRET'),
  ...forms({ recipe: interruptReturn, size: 32, flags: { writes: EVERY_FLAG } }, 'CF | IRETD'),
  ...forms({ recipe: interruptReturn, flags: { writes: EVERY_FLAG } }, 'REX.W + CF | IRETQ'),
  ...forms({ recipe: interrupt }, 'CD ib | INT imm8'),
  ...forms({ recipe: door(Door.Int3) }, 'CC | INT3'),
  ...forms({ recipe: door(Door.Int1) }, 'F1 | INT1'),
  ...forms({ recipe: door(Door.Into), flags: { tests: 'OF' } }, 'CE | INTO | I V'),
  ...forms({ recipe: bound(16) }, '62 /r | BOUND r16, m16&16 | I V'),
  ...forms({ recipe: bound(32) }, '62 /r | BOUND r32, m32&32 | I V'),
];
