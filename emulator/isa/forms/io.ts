/** I/O instructions. Source: SDM Vol. 1, "I/O Instructions". */
import { type FormDefinition, forms } from '../form.js';
import { doorUop, recipe } from '../recipe-builders.js';
import type { Recipe } from '../recipe.js';
import { Door, Op, StringKind } from '../uop.js';
import { stringDescription } from './string.js';

/** An immediate port number is zero-extended into a temporary, so that both forms give the door a 16-bit number. */
const inImmediate = recipe('w r', (c) => [
  { op: Op.Mov32, dst: 'T0', a: 'imm', imm: { values: [{ operand: 1, bits: 8 }] } },
  doorUop(Door.In, { dst: 'o0', a: 'T0', imm: c.width }),
]);
const inRegister = recipe('w r', (c) => [doorUop(Door.In, { dst: 'o0', a: 'o1', imm: c.width })]);

const outImmediate = recipe('r r', (c) => [
  { op: Op.Mov32, dst: 'T0', a: 'imm', imm: { values: [{ operand: 0, bits: 8 }] } },
  doorUop(Door.Out, { a: 'T0', b: 'o1', imm: c.operands[1]?.bits ?? 0 }),
]);
const outRegister = recipe('r r', (c) => [
  doorUop(Door.Out, { a: 'o0', b: 'o1', imm: c.operands[1]?.bits ?? 0 }),
]);

function stringIo(kind: StringKind, elementBytes: number): Recipe {
  return recipe('', () => [doorUop(Door.String, { imm: stringDescription(kind, elementBytes) })]);
}

const STRING_IO = { repeat: true, flags: { tests: 'DF' } };

export const IO: readonly FormDefinition[] = [
  ...forms(
    { recipe: inImmediate },
    `
    E4 ib | IN AL, imm8
    E5 ib | IN AX, imm8
    E5 ib | IN EAX, imm8
    `,
  ),
  ...forms(
    { recipe: inRegister },
    `
    EC | IN AL, DX
    ED | IN AX, DX
    ED | IN EAX, DX
    `,
  ),
  ...forms(
    { recipe: outImmediate },
    `
    E6 ib | OUT imm8, AL
    E7 ib | OUT imm8, AX
    E7 ib | OUT imm8, EAX
    `,
  ),
  ...forms(
    { recipe: outRegister },
    `
    EE | OUT DX, AL
    EF | OUT DX, AX
    EF | OUT DX, EAX
    `,
  ),
  ...forms({ recipe: stringIo(StringKind.Ins, 1), ...STRING_IO }, '6C | INSB'),
  ...forms({ recipe: stringIo(StringKind.Ins, 2), ...STRING_IO, size: 16 }, '6D | INSW'),
  ...forms({ recipe: stringIo(StringKind.Ins, 4), ...STRING_IO, size: 32 }, '6D | INSD'),
  ...forms({ recipe: stringIo(StringKind.Outs, 1), ...STRING_IO }, '6E | OUTSB'),
  ...forms({ recipe: stringIo(StringKind.Outs, 2), ...STRING_IO, size: 16 }, '6F | OUTSW'),
  ...forms({ recipe: stringIo(StringKind.Outs, 4), ...STRING_IO, size: 32 }, '6F | OUTSD'),
];
