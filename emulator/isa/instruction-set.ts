/** All instruction forms, numbered, in the order of the SDM's groups. */
import { type FormDefinition, InstructionForm, linesOf } from './form.js';
import { AVX } from './forms/avx.js';
import { AVX2 } from './forms/avx2.js';
import { BINARY_ARITHMETIC } from './forms/binary-arithmetic.js';
import { BIT_AND_BYTE } from './forms/bit-and-byte.js';
import { BMI } from './forms/bmi.js';
import { CIPHERS } from './forms/ciphers.js';
import { CONTROL_TRANSFER } from './forms/control-transfer.js';
import { DATA_TRANSFER } from './forms/data-transfer.js';
import { DECIMAL_ARITHMETIC } from './forms/decimal-arithmetic.js';
import { ENTER_AND_LEAVE } from './forms/enter-and-leave.js';
import { FLAG_CONTROL } from './forms/flag-control.js';
import { FMA } from './forms/fma.js';
import { IO } from './forms/io.js';
import { LOGICAL } from './forms/logical.js';
import { MISCELLANEOUS } from './forms/miscellaneous.js';
import { MMX } from './forms/mmx.js';
import { NOT_IMPLEMENTED } from './forms/not-implemented.js';
import { SEGMENT_REGISTER } from './forms/segment-register.js';
import { SHIFT_AND_ROTATE } from './forms/shift-and-rotate.js';
import { SSE2_INTEGER } from './forms/sse2-integer.js';
import { SSE2 } from './forms/sse2.js';
import { SSE3 } from './forms/sse3.js';
import { SSE4_1 } from './forms/sse4-1.js';
import { SSE4_2 } from './forms/sse4-2.js';
import { SSE } from './forms/sse.js';
import { SSSE3 } from './forms/ssse3.js';
import { STATE_MANAGEMENT } from './forms/state-management.js';
import { STRING } from './forms/string.js';
import { SYSTEM } from './forms/system.js';
import { X87_FPU } from './forms/x87.js';

/** Groups by their names in SDM Vol. 1, "Instruction Set Summary". */
const GROUPS: readonly (readonly [string, readonly FormDefinition[]])[] = [
  ['Data Transfer', DATA_TRANSFER],
  ['Binary Arithmetic', BINARY_ARITHMETIC],
  ['Decimal Arithmetic', DECIMAL_ARITHMETIC],
  ['Logical', LOGICAL],
  ['Shift and Rotate', SHIFT_AND_ROTATE],
  ['Bit and Byte', BIT_AND_BYTE],
  ['BMI', BMI],
  ['Control Transfer', CONTROL_TRANSFER],
  ['String', STRING],
  ['I/O', IO],
  ['Enter and Leave', ENTER_AND_LEAVE],
  ['Flag Control', FLAG_CONTROL],
  ['Segment Register', SEGMENT_REGISTER],
  ['Miscellaneous', MISCELLANEOUS],
  ['System', SYSTEM],
  ['x87 FPU', X87_FPU],
  ['State Management', STATE_MANAGEMENT],
  ['MMX', MMX],
  ['SSE', SSE],
  ['SSE2', SSE2],
  ['SSE2 128-Bit SIMD Integer', SSE2_INTEGER],
  ['SSE3', SSE3],
  ['SSSE3', SSSE3],
  ['SSE4.1', SSE4_1],
  ['SSE4.2', SSE4_2],
  ['AESNI, PCLMULQDQ and SHA', CIPHERS],
  ['AVX', AVX],
  ['AVX2', AVX2],
  ['FMA and F16C', FMA],
  ['Not Implemented', NOT_IMPLEMENTED],
];

/** A line of a table that is not a form yet. */
interface Place {
  readonly definition: FormDefinition;
  readonly line: string;
  readonly group: string;
}

let places: readonly Place[] | null = null;
const made: InstructionForm[] = [];

/** Form number n is at index n - 1. */
function formPlaces(): readonly Place[] {
  return (places ??= GROUPS.flatMap(([group, definitions]) =>
    definitions.flatMap((definition) =>
      linesOf(definition).map((line) => ({ definition, line, group })),
    ),
  ));
}

/** All forms: number n (as in a decoded block's list) is at index n - 1. */
export function instructionForms(): readonly InstructionForm[] {
  const { length } = formPlaces();
  for (let number = 1; number <= length; number++) formByNumber(number);
  return made;
}

/** The form with this number; undefined for numbers of no form (0: an undefined opcode). */
export function formByNumber(number: number): InstructionForm | undefined {
  const known = made[number - 1];
  if (known !== undefined) return known;
  const place = formPlaces()[number - 1];
  if (place === undefined) return undefined;
  return (made[number - 1] = new InstructionForm(
    place.definition,
    place.line,
    number,
    place.group,
  ));
}
