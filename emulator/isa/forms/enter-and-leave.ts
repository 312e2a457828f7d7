/** Enter and leave instructions, and the frames of all registers. Source: SDM Vol. 1, "Enter and Leave Instructions". */
import { type FormDefinition, forms } from '../form.js';
import { door, doorUop, recipe } from '../recipe-builders.js';
import { Door } from '../uop.js';

const enter = recipe('r r', (c) => [
  doorUop(Door.Enter, {
    imm: {
      constant: c.size << 24,
      values: [
        { operand: 0, bits: 16 },
        { operand: 1, bits: 8, shift: 16 },
      ],
    },
  }),
]);

const leave = door(Door.Leave, (c) => c.size);
const pushAll = door(Door.Pusha, (c) => c.size);
const popAll = door(Door.Popa, (c) => c.size);

export const ENTER_AND_LEAVE: readonly FormDefinition[] = [
  ...forms({ recipe: enter, size: 'any', in64: 'default 64' }, 'C8 iw ib | ENTER imm16, imm8'),
  ...forms({ recipe: leave, size: 'any', in64: 'default 64' }, 'C9 | LEAVE'),
  ...forms({ recipe: pushAll, size: 16 }, '60 | PUSHA  | I V'),
  ...forms({ recipe: pushAll, size: 32 }, '60 | PUSHAD | I V'),
  ...forms({ recipe: popAll, size: 16 }, '61 | POPA   | I V'),
  ...forms({ recipe: popAll, size: 32 }, '61 | POPAD  | I V'),
];
