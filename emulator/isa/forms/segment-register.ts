/** Segment register instructions: far pointer loads, and MOV, PUSH and POP of segment registers. Source: SDM Vol. 1, "Segment Register Instructions". */
import { type FormDefinition, forms } from '../form.js';
import { doorOnAddress, doorUop, moveTo, recipe } from '../recipe-builders.js';
import { type Recipe, sized } from '../recipe.js';
import { Door, Op, Segment } from '../uop.js';

function loadFarPointer(segment: Segment): Recipe {
  return doorOnAddress(
    Door.LoadFarPointer,
    'w r',
    (c) => ({ constant: (segment << 8) | (c.width << 16) }),
    { dst: 'o0' },
  );
}

const moveToSegment = recipe('w r', () => [
  doorUop(Door.LoadSegmentRegister, { a: 'o1', imm: { registerNumber: true } }),
]);

/** The selector is zero-extended to the width of a register; memory gets 16 bits. */
const moveFromSegment = recipe('w r', (c) => [
  doorUop(Door.StoreSegmentRegister, { dst: 'T1', imm: { registerNumber: true } }),
  moveTo(c, 'o0', 'T1'),
]);

function pushSegment(segment: Segment): Recipe {
  return recipe('r', (c) => [
    doorUop(Door.StoreSegmentRegister, { dst: 'T0', imm: segment }),
    { op: c.size === 64 ? Op.Push64Flat : sized('Push', c.size), a: 'T0' },
  ]);
}

function popSegment(segment: Segment): Recipe {
  return recipe('w', (c) => [doorUop(Door.PopSegmentRegister, { imm: segment | (c.size << 8) })]);
}

const STACK = { size: 'any', in64: 'default 64' } as const;

export const SEGMENT_REGISTER: readonly FormDefinition[] = [
  ...forms({ recipe: loadFarPointer(Segment.DS) }, 'C5 /r | LDS r16, m16:16 | I V'),
  ...forms({ recipe: loadFarPointer(Segment.DS) }, 'C5 /r | LDS r32, m16:32 | I V'),
  ...forms({ recipe: loadFarPointer(Segment.ES) }, 'C4 /r | LES r16, m16:16 | I V'),
  ...forms({ recipe: loadFarPointer(Segment.ES) }, 'C4 /r | LES r32, m16:32 | I V'),
  ...(
    [
      ['LSS', Segment.SS, 'B2'],
      ['LFS', Segment.FS, 'B4'],
      ['LGS', Segment.GS, 'B5'],
    ] as const
  ).flatMap(([mnemonic, segment, opcode]) =>
    forms(
      { recipe: loadFarPointer(segment) },
      `
      0F ${opcode} /r         | ${mnemonic} r16, m16:16
      0F ${opcode} /r         | ${mnemonic} r32, m16:32
      REX.W + 0F ${opcode} /r | ${mnemonic} r64, m16:64
      `,
    ),
  ),
  ...forms(
    { recipe: moveFromSegment },
    `
    8C /r         | MOV r/m16, Sreg
    8C /r         | MOV r32/m16, Sreg
    REX.W + 8C /r | MOV r64/m16, Sreg
    `,
  ),
  ...forms({ recipe: moveToSegment, size: 'none' }, '8E /r | MOV Sreg, r/m16'),
  ...forms({ recipe: moveToSegment }, 'REX.W + 8E /r | MOV Sreg, r64/m16'),
  ...forms({ recipe: pushSegment(Segment.ES), ...STACK }, '06    | PUSH ES | I V'),
  ...forms({ recipe: pushSegment(Segment.CS), ...STACK }, '0E    | PUSH CS | I V'),
  ...forms({ recipe: pushSegment(Segment.SS), ...STACK }, '16    | PUSH SS | I V'),
  ...forms({ recipe: pushSegment(Segment.DS), ...STACK }, '1E    | PUSH DS | I V'),
  ...forms({ recipe: pushSegment(Segment.FS), ...STACK }, '0F A0 | PUSH FS'),
  ...forms({ recipe: pushSegment(Segment.GS), ...STACK }, '0F A8 | PUSH GS'),
  ...forms({ recipe: popSegment(Segment.ES), ...STACK }, '07    | POP ES | I V'),
  ...forms({ recipe: popSegment(Segment.SS), ...STACK }, '17    | POP SS | I V'),
  ...forms({ recipe: popSegment(Segment.DS), ...STACK }, '1F    | POP DS | I V'),
  ...forms({ recipe: popSegment(Segment.FS), ...STACK }, '0F A1 | POP FS'),
  ...forms({ recipe: popSegment(Segment.GS), ...STACK }, '0F A9 | POP GS'),
];
