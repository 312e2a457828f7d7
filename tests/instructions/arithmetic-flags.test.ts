/**
 * Results and flags of the 8-bit operations for every pair of operands, computed by a loop of guest code and compared
 * with the manual's definitions. Source: Intel SDM Vol. 1, "Status Flags"; Vol. 2, the instructions' pages.
 * Wider operands: the recorded vectors.
 */
import { describe, expect, it } from 'vitest';
import { GuestMachine } from './guest-machine.js';

const CF = 0x1;
const PF = 0x4;
const AF = 0x10;
const ZF = 0x40;
const SF = 0x80;
const OF = 0x800;
const ALL = CF | PF | AF | ZF | SF | OF;

interface Meaning {
  readonly result: number;
  readonly flags: number;
}

function signed(value: number): number {
  return value & 0x80 ? (value & 0xff) - 0x100 : value & 0xff;
}

function common(result: number): number {
  let ones = 0;
  for (let bit = 0; bit < 8; bit++) ones += (result >> bit) & 1;
  return (
    (ones % 2 === 0 ? PF : 0) | ((result & 0xff) === 0 ? ZF : 0) | ((result & 0x80) !== 0 ? SF : 0)
  );
}

function outOfRange(value: number): boolean {
  return value < -128 || value > 127;
}

function sum(a: number, b: number, carry: number): Meaning {
  const result = (a + b + carry) & 0xff;
  const flags =
    (a + b + carry > 0xff ? CF : 0) |
    ((a & 15) + (b & 15) + carry > 15 ? AF : 0) |
    (outOfRange(signed(a) + signed(b) + carry) ? OF : 0);
  return { result, flags: flags | common(result) };
}

function difference(a: number, b: number, borrow: number): Meaning {
  const result = (a - b - borrow) & 0xff;
  const flags =
    (a < b + borrow ? CF : 0) |
    ((a & 15) < (b & 15) + borrow ? AF : 0) |
    (outOfRange(signed(a) - signed(b) - borrow) ? OF : 0);
  return { result, flags: flags | common(result) };
}

function logical(result: number): Meaning {
  return { result, flags: common(result) };
}

/** Shifts bit by bit, as the manual's pseudo-code does; null where nothing changes. */
function shifted(kind: 'shl' | 'shr' | 'sar', a: number, count: number): Meaning | null {
  if (count === 0) return null;
  let value = a;
  let carry = 0;
  for (let step = 0; step < count; step++) {
    carry = kind === 'shl' ? (value >> 7) & 1 : value & 1;
    if (kind === 'shl') value = (value << 1) & 0xff;
    else value = kind === 'shr' ? value >> 1 : (value >> 1) | (value & 0x80);
  }
  let overflow = 0;
  if (kind === 'shl') overflow = ((value >> 7) & 1) ^ carry;
  if (kind === 'shr') overflow = (a >> 7) & 1;
  return { result: value, flags: common(value) | carry | (overflow ? OF : 0) };
}

/**
 * Runs `source` (operands in AL and DL, result in AL) for all 65 536 pairs, with CF = `carry` before; gives AL and FLAGS
 * for each pair.
 */
function sweep(source: string, carry: number): (a: number, b: number) => Meaning {
  const machine = new GuestMachine(
    64,
    `next: mov al, cl
     mov edx, ecx
     shr edx, 8
     push ${carry | 2}
     popf
     ${source}
     pushf
     pop ebx
     mov [edi], al
     mov [edi + 2], bx
     add edi, 4
     add ecx, 1
     cmp ecx, 0x10000
     jne next
     hlt`,
  );
  machine.setRegisters({ rdi: 0x10_0000n });
  machine.runToHalt(2_000_000);
  const { buffer } = machine.processor.read(0x10_0000n, 4 * 0x1_0000);
  const view = new DataView(buffer);
  return (a, b) => {
    const at = 4 * ((b << 8) | a);
    return { result: view.getUint8(at), flags: view.getUint16(at + 2, true) & ALL };
  };
}

const OPERATIONS: readonly (readonly [
  string,
  string,
  number,
  (a: number, b: number) => Meaning,
])[] = [
  ['ADD', 'add al, dl', 1, (a, b) => sum(a, b, 0)],
  ['ADC with CF = 0', 'adc al, dl', 0, (a, b) => sum(a, b, 0)],
  ['ADC with CF = 1', 'adc al, dl', 1, (a, b) => sum(a, b, 1)],
  ['SUB', 'sub al, dl', 1, (a, b) => difference(a, b, 0)],
  ['SBB with CF = 0', 'sbb al, dl', 0, (a, b) => difference(a, b, 0)],
  ['SBB with CF = 1', 'sbb al, dl', 1, (a, b) => difference(a, b, 1)],
  ['CMP', 'cmp al, dl', 1, (a, b) => ({ ...difference(a, b, 0), result: a })],
  ['NEG', 'neg al', 0, (a) => difference(0, a, 0)],
  [
    'INC, which keeps CF',
    'inc al',
    1,
    (a) => ({ ...sum(a, 1, 0), flags: (sum(a, 1, 0).flags & ~CF) | CF }),
  ],
  [
    'DEC, which keeps CF',
    'dec al',
    0,
    (a) => ({ ...difference(a, 1, 0), flags: difference(a, 1, 0).flags & ~CF }),
  ],
];

describe('8-bit arithmetic, all pairs of operands', () => {
  it.each(OPERATIONS)('%s', (_, source, carry, meaning) => {
    const actual = sweep(source, carry);
    for (let pair = 0; pair < 0x1_0000; pair++) {
      const [a, b] = [pair & 0xff, pair >> 8];
      const expected = meaning(a, b);
      const { result, flags } = actual(a, b);
      if (result !== expected.result || flags !== expected.flags) {
        expect({ a, b, result, flags }).toEqual({ a, b, ...expected });
      }
    }
  });

  it.each([
    ['AND', 'and al, dl', (a: number, b: number) => logical(a & b)],
    ['OR', 'or al, dl', (a: number, b: number) => logical(a | b)],
    ['XOR', 'xor al, dl', (a: number, b: number) => logical(a ^ b)],
    ['TEST', 'test al, dl', (a: number, b: number) => ({ ...logical(a & b), result: a })],
  ])('%s (AF is undefined)', (_, source, meaning) => {
    const actual = sweep(source, 1);
    for (let pair = 0; pair < 0x1_0000; pair++) {
      const [a, b] = [pair & 0xff, pair >> 8];
      const expected = meaning(a, b);
      const { result, flags } = actual(a, b);
      if (result !== expected.result || (flags & ~AF) !== expected.flags) {
        expect({ a, b, result, flags: flags & ~AF }).toEqual({ a, b, ...expected });
      }
    }
  });
});

describe('8-bit shifts, all operands and all counts', () => {
  it.each(['shl', 'shr', 'sar'] as const)('%s', (kind) => {
    // The count is DL; the upper three of its bits are ignored.
    const actual = sweep(`mov ebp, ecx\nmov cl, dl\n${kind} al, cl\nmov ecx, ebp`, 1);
    for (let pair = 0; pair < 0x1_0000; pair++) {
      const [a, b] = [pair & 0xff, pair >> 8];
      const count = b & 31;
      const expected = shifted(kind, a, count);
      const { result, flags } = actual(a, b);
      // CF is undefined for counts from 8 on (SHL, SHR), OF for counts other than 1, AF always.
      let defined = PF | ZF | SF;
      if (count < 8 || kind === 'sar') defined |= CF;
      if (count === 1) defined |= OF;
      if (expected === null) {
        if (result !== a || flags !== CF)
          expect({ a, b, result, flags }).toEqual({ a, b, result: a, flags: CF });
      } else if (result !== expected.result || (flags & defined) !== (expected.flags & defined)) {
        expect({ a, b, result, flags: flags & defined }).toEqual({
          a,
          b,
          result: expected.result,
          flags: expected.flags & defined,
        });
      }
    }
  });
});
