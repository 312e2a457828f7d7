/** String instructions. Source: SDM Vol. 1, "String Instructions". */
import { type FormDefinition, forms } from '../form.js';
import { doorUop, recipe } from '../recipe-builders.js';
import { type ImmediateRule, type Recipe, type RecipeUop } from '../recipe.js';
import { Door, StringKind } from '../uop.js';

const STATUS = 'OF SF ZF AF PF CF';

/** The description that `Door.String` takes in imm. */
export function stringDescription(kind: StringKind, elementBytes: number): ImmediateRule {
  return {
    constant: kind | (Math.log2(elementBytes) << 4),
    repeat: { shift: 6, conditional: kind === StringKind.Cmps || kind === StringKind.Scas },
    segmentShift: 8,
    addressLog2Shift: 12,
  };
}

/** Elements of 8 bits, or of the operand size. */
function string(kind: StringKind, bits: 8 | 'operand size'): Recipe {
  return recipe('', (c): RecipeUop[] => [
    doorUop(Door.String, { imm: stringDescription(kind, bits === 8 ? 1 : c.size / 8) }),
  ]);
}

/** The four lines of one instruction; the letter for the element completes the mnemonic. */
function family(
  name: string,
  kind: StringKind,
  opcode: number,
  flags: { writes?: string; tests: string },
): FormDefinition[] {
  const code = (value: number): string => value.toString(16).toUpperCase();
  const sized = { recipe: string(kind, 'operand size'), repeat: true, flags };
  return [
    ...forms({ recipe: string(kind, 8), repeat: true, flags }, `${code(opcode)} | ${name}B`),
    ...forms({ ...sized, size: 16 }, `${code(opcode + 1)} | ${name}W`),
    ...forms({ ...sized, size: 32 }, `${code(opcode + 1)} | ${name}D`),
    ...forms({ ...sized, size: 64 }, `REX.W + ${code(opcode + 1)} | ${name}Q`),
  ];
}

export const STRING: readonly FormDefinition[] = [
  ...family('MOVS', StringKind.Movs, 0xa4, { tests: 'DF' }),
  ...family('CMPS', StringKind.Cmps, 0xa6, { writes: STATUS, tests: 'DF' }),
  ...family('SCAS', StringKind.Scas, 0xae, { writes: STATUS, tests: 'DF' }),
  ...family('LODS', StringKind.Lods, 0xac, { tests: 'DF' }),
  ...family('STOS', StringKind.Stos, 0xaa, { tests: 'DF' }),
];
