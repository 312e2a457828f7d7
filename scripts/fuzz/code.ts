/** Random machine code: raw bytes, and sequences that have the shape of instructions, with the rarer ones made likely. */
import type { Random } from '../vectors/random.js';

const PREFIXES = [0x66, 0x67, 0xf0, 0xf2, 0xf3, 0x2e, 0x36, 0x3e, 0x26, 0x64, 0x65] as const;
/** Opcodes of system instructions and control transfers, as bytes. */
const SYSTEM: readonly (readonly number[])[] = [
  [0x0f, 0x00],
  [0x0f, 0x01],
  [0x0f, 0x02],
  [0x0f, 0x03],
  [0x0f, 0x05],
  [0x0f, 0x06],
  [0x0f, 0x07],
  [0x0f, 0x20],
  [0x0f, 0x21],
  [0x0f, 0x22],
  [0x0f, 0x23],
  [0x0f, 0x30],
  [0x0f, 0x32],
  [0x0f, 0x34],
  [0x0f, 0x35],
  [0x0f, 0xa1],
  [0x0f, 0xae],
  [0x0f, 0xb2],
  [0x0f, 0xc7],
  [0x8e],
  [0x8c],
  [0x9a],
  [0xca],
  [0xcb],
  [0xcc],
  [0xcd],
  [0xcf],
  [0xea],
  [0xff],
  [0xe8],
  [0xeb],
  [0xe9],
  [0xc3],
  [0x9c],
  [0x9d],
  [0xfa],
  [0xfb],
  [0xf4],
  [0xe4],
  [0xec],
  [0xa4],
  [0xa5],
  [0xaa],
  [0xab],
  [0xc8],
  [0xc9],
];
const HIGH_MAPS: readonly (readonly number[])[] = [[0x0f], [0x0f, 0x38], [0x0f, 0x3a]];
const REX = 0x40;
const OPERAND_BYTES_MAX = 6;
/** Opcode maps in a three-byte VEX prefix, the bits R, X and B set. */
const VEX_MAPS = [0xe1, 0xe2, 0xe3] as const;
const SHORT_JUMP = 0xeb;
const SHORT_JUMP_BYTES = 2;
const SHORT_JUMP_BACK_MAX = 128;

/** `length` bytes of code for 16-, 32- or 64-bit mode. */
export function randomCode(random: Random, length: number, long: boolean): Uint8Array {
  const code: number[] = [];
  while (code.length < length) {
    if (random.chance(0.15)) code.push(random.below(256));
    else appendInstruction(code, random, long);
  }
  code.length = length - SHORT_JUMP_BYTES;
  // What comes to the end goes round again: blocks get hot.
  code.push(SHORT_JUMP, 0x100 - random.between(SHORT_JUMP_BYTES, SHORT_JUMP_BACK_MAX));
  return Uint8Array.from(code);
}

/** Jcc, LOOPNE, LOOPE, LOOP or JCXZ, mostly backwards. */
function shortBranch(random: Random): readonly number[] {
  const opcode = random.chance(0.7) ? 0x70 + random.below(16) : 0xe0 + random.below(4);
  return [opcode, random.chance(0.7) ? 0x100 - random.below(64) : random.below(16)];
}

/** A two- or three-byte VEX prefix; in 64-bit mode its registers are any, else it would be LES or LDS. */
function vexPrefix(random: Random, long: boolean): readonly number[] {
  const last = random.below(256);
  if (random.chance(0.4)) return [0xc5, long ? last : last | 0xc0];
  return [0xc4, random.pick(VEX_MAPS) ^ (long ? random.below(8) << 5 : 0), last];
}

function appendInstruction(code: number[], random: Random, long: boolean): void {
  if (random.chance(0.05)) {
    code.push(...shortBranch(random));
    return;
  }
  while (random.chance(0.2)) code.push(random.pick(PREFIXES));
  if (long && random.chance(0.4)) code.push(REX | random.below(16));
  if (random.chance(0.1)) code.push(...vexPrefix(random, long), random.below(256));
  else if (random.chance(0.25)) code.push(...random.pick(SYSTEM));
  else {
    if (random.chance(0.45)) code.push(...random.pick(HIGH_MAPS));
    code.push(random.below(256));
  }
  const operandBytes = random.below(OPERAND_BYTES_MAX);
  // Small numbers reach tables, selectors and the code itself more often than large ones.
  for (let index = 0; index < operandBytes; index++)
    code.push(random.chance(0.4) ? random.pick([0, 1, 3, 8, 0x10, 0xc0, 0xff]) : random.below(256));
}
