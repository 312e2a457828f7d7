/** String instructions: SDM Vol. 1 "String Instructions", with every repeat prefix, both directions, both address sizes. */
import { widthOpcode, ALL_WIDTHS, type Author } from './author.js';
import { RAX, RCX, RDI, RSI } from './encoder.js';
import { FixupKind, ImageProfile, type Fixup } from './initial-state.js';
import {
  DATA_BASE,
  DATA_END,
  GS_BASE,
  MIDDLE,
  middleImageOffset,
  READ_ONLY_BASE,
} from './layout.js';
import { copied, range } from './memory-operand.js';

const MOVS = 0xa4;
const CMPS = 0xa6;
const STOS = 0xaa;
const LODS = 0xac;
const SCAS = 0xae;
/** Room on either side of a pointer into the middle part. */
const REACH = 88;

type Width = 8 | 16 | 32 | 64;

export function writeStringForms(author: Author): void {
  for (const operandBits of ALL_WIDTHS) {
    for (const opcode of [MOVS, CMPS, STOS, LODS, SCAS]) {
      for (const repeat of [[], [0xf3], [0xf2]]) {
        const weight = repeat.length === 0 ? 14 : 24;
        author.times(weight, () => {
          inside(author, opcode, operandBits, repeat);
        });
        author.times(4, () => {
          faulting(author, opcode, operandBits, repeat);
        });
      }
    }
  }
}

function inside(
  author: Author,
  opcode: number,
  operandBits: Width,
  repeat: readonly number[],
): void {
  const { random } = author;
  const short = random.chance(0.2);
  const gs = random.chance(0.15);
  const keepBits = short ? 32 : 64;
  const pointer = (register: number, base: number): Fixup =>
    range(register, base + 88 + random.below(30), { count: 30, keepBits });
  const fixups = [pointer(RDI, MIDDLE), pointer(RSI, gs ? MIDDLE - GS_BASE : MIDDLE)];
  const most = Math.floor(REACH / (operandBits / 8));
  // With 32-bit addresses the upper half of RCX is not a part of the count; zero so that no processor differs.
  if (repeat.length > 0) fixups.push(range(RCX, 0, { count: random.chance(0.3) ? 3 : most }));
  const uniform = opcode === CMPS || opcode === SCAS ? random.chance(0.7) : random.chance(0.2);
  if (uniform) fixups.push(accumulatorFromMemory());
  author.add(instruction(opcode, operandBits, repeat, { short, gs }), {
    fixups,
    image: uniform ? ImageProfile.Uniform : ImageProfile.Mixed,
  });
}

/** Runs into a page that is not present, or read-only, after some iterations. */
function faulting(
  author: Author,
  opcode: number,
  operandBits: Width,
  repeat: readonly number[],
): void {
  const { random } = author;
  const size = operandBits / 8;
  const direction = random.chance(0.5) ? 1 : 0;
  const edge = direction === 0 ? DATA_END - random.below(40) : DATA_BASE + random.below(40);
  const bad = random.pick([edge, edge, edge, READ_ONLY_BASE + 512]);
  const good = MIDDLE + 100 + random.below(40);
  const both = random.chance(0.5);
  const fixups = [range(RDI, both ? bad : good), range(RSI, both ? good : bad)];
  if (repeat.length > 0) fixups.push(range(RCX, 0, { count: Math.floor(REACH / size) }));
  const uniform = opcode === CMPS || opcode === SCAS;
  if (uniform) fixups.push(accumulatorFromMemory());
  author.add(instruction(opcode, operandBits, repeat, { short: false, gs: false }), {
    fixups,
    direction,
    image: uniform ? ImageProfile.Uniform : ImageProfile.Mixed,
    cases: 3,
  });
}

function instruction(
  opcode: number,
  operandBits: Width,
  repeat: readonly number[],
  { short, gs }: { readonly short: boolean; readonly gs: boolean },
) {
  const prefixes = [...(gs ? [0x65] : []), ...(short ? [0x67] : []), ...repeat];
  return { prefixes, opcode: [widthOpcode(opcode, operandBits)], operandBits };
}

function accumulatorFromMemory(): Fixup {
  return copied(RAX, FixupKind.Memory, middleImageOffset(MIDDLE));
}
