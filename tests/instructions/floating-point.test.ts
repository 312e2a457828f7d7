/**
 * SSE and SSE2 arithmetic on operands of all kinds under every rounding mode, with DAZ and FTZ, PE clear and set, in both tiers: results and
 * MXCSR's flags against floating-point-reference.ts, and the reference against the host's numbers.
 */
import { describe, expect, it } from 'vitest';
import {
  BINARY32,
  BINARY64,
  computed,
  type Format,
  type Operation,
} from './floating-point-reference.js';
import { DATA, GuestMachine } from './guest-machine.js';
import { TIERS } from './tiers.js';

const RECORD_BYTES = 64;
const PAIRS = 1200;
const MXCSR_VALUES = [
  0x1f80, 0x1fa0, 0x3fa0, 0x5fa0, 0x7fa0, 0x9fa0, 0x1fe0, 0x9fe0, 0x3f80, 0xffc0,
];
const OPCODES: readonly (readonly [Operation, number])[] = [
  ['add', 0x58],
  ['mul', 0x59],
  ['sub', 0x5c],
  ['min', 0x5d],
  ['div', 0x5e],
  ['max', 0x5f],
  ['sqrt', 0x51],
];
const FORMS: readonly (readonly [name: string, prefix: string, format: Format, lanes: number])[] = [
  ['ps', '', BINARY32, 4],
  ['pd', '0x66,', BINARY64, 2],
  ['ss', '0xF3,', BINARY32, 1],
  ['sd', '0xF2,', BINARY64, 1],
];

/** LDMXCSR, MOVUPS twice; in a block of its own the instruction; MOVUPS, STMXCSR. */
function loop(instruction: string): string {
  return `again: db 0x0F, 0xAE, 0x56, 0x20, 0x0F, 0x10, 0x06, 0x0F, 0x10, 0x4E, 0x10
jmp next
next: db ${instruction}
db 0x0F, 0x11, 0x46, 0x30, 0x0F, 0xAE, 0x5E, 0x24
add esi, ${RECORD_BYTES}
sub ecx, 1
jnz again
hlt`;
}

/** A generator of Marsaglia's: xorshift32. */
class Random {
  constructor(private state: number) {}
  next(): number {
    this.state ^= this.state << 13;
    this.state ^= this.state >>> 17;
    this.state ^= this.state << 5;
    return this.state >>> 0;
  }
}

/** Any exponent, one near the middle, near the ends; few bits of fraction, or many; NaNs. */
function operand(random: Random, { bytes, precision, exponentMax }: Format): bigint {
  const choice = random.next();
  const fields = 2 * exponentMax + 2;
  const near = choice % 9;
  const field = [
    [0, fields - 1, 1, 2, fields - 2][choice % 5] ?? 0,
    random.next() % fields,
    exponentMax + (random.next() % 5) - 2,
  ][near < 2 ? 0 : near < 5 ? 1 : 2];
  const width = BigInt(precision - 1);
  const wide = (BigInt(random.next()) << 32n) | BigInt(random.next());
  const some = [0n, wide, wide << (width - 3n), 1n, -1n, wide << (width - 1n), wide][
    (choice >> 8) % 7
  ];
  const fraction = (some ?? 0n) & ((1n << width) - 1n);
  const sign = BigInt((choice >>> 31) & 1) << BigInt(8 * bytes - 1);
  return sign | (BigInt(field ?? 0) << width) | fraction;
}

function lanesOf(bytes: Uint8Array, at: number, size: number): bigint[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset + at, 16);
  return Array.from({ length: 16 / size }, (_, i) =>
    size === 8 ? view.getBigUint64(8 * i, true) : BigInt(view.getUint32(4 * i, true)),
  );
}

function records(format: Format, seed: number): Uint8Array {
  const random = new Random(seed);
  const bytes = new Uint8Array(PAIRS * MXCSR_VALUES.length * RECORD_BYTES);
  const view = new DataView(bytes.buffer);
  for (let at = 0; at < bytes.length; at += RECORD_BYTES) {
    // As many tame vectors as wild ones, or hardly a packed operation would stay native.
    for (let lane = 0; lane < 32; lane += format.bytes) {
      const bits = operand(random, format);
      if (format.bytes === 8) view.setBigUint64(at + lane, bits, true);
      else view.setUint32(at + lane, Number(bits), true);
    }
    view.setUint32(at + 32, MXCSR_VALUES[(at / RECORD_BYTES) % MXCSR_VALUES.length] ?? 0, true);
  }
  return bytes;
}

describe.each(TIERS)('SSE arithmetic, %s', (_, translator) => {
  describe.each(FORMS)('%s', (_name, prefix, format, lanes) => {
    it.each(OPCODES)('%s', (operation, opcode) => {
      const program = loop(`${prefix} 0x0F, 0x${opcode.toString(16)}, 0xC1`);
      const machine = new GuestMachine(64, program, {}, null, translator);
      const { processor } = machine;
      processor.setControlRegister('cr4', processor.controlRegister('cr4') | 0x600n);
      const given = records(format, 1 + opcode);
      processor.write(DATA, given);
      machine.setRegisters({ rsi: DATA, rcx: BigInt(given.length / RECORD_BYTES) });
      machine.runToHalt();
      const found = processor.read(DATA, given.length);
      const wrong: string[] = [];
      for (let at = 0; at < given.length; at += RECORD_BYTES) {
        const a = lanesOf(given, at, format.bytes);
        const b = lanesOf(given, at + 16, format.bytes);
        const before = new DataView(given.buffer).getUint32(at + 32, true);
        let mxcsr = before;
        const expected = a.map((bits, lane) => {
          if (lane >= lanes) return bits;
          const answer = computed(operation, bits, b[lane] ?? 0n, format, before);
          mxcsr |= answer.flags;
          return answer.bits;
        });
        const text = (values: bigint[], flags: number): string =>
          [...values, flags].map((value) => value.toString(16)).join(' ');
        const after = new DataView(found.buffer, found.byteOffset).getUint32(at + 36, true);
        const actual = text(lanesOf(found, at + 48, format.bytes), after);
        if (actual !== text(expected, mxcsr) && wrong.length < 5)
          wrong.push(
            `${text(a, before)} with ${text(b, 0)}: ${actual}, not ${text(expected, mxcsr)}`,
          );
      }
      expect(wrong).toEqual([]);
    });
  });
});

const HOST: Readonly<Partial<Record<Operation, (a: number, b: number) => number>>> = {
  add: (a, b) => a + b,
  sub: (a, b) => a - b,
  mul: (a, b) => a * b,
  div: (a, b) => a / b,
  sqrt: (_, b) => Math.sqrt(b),
};

describe('the reference', () => {
  it.each(Object.keys(HOST) as Operation[])('%s gives the host’s numbers', (operation) => {
    const random = new Random(7);
    const view = new DataView(new ArrayBuffer(8));
    const bitsOf = (value: number): bigint => {
      view.setFloat64(0, value);
      return view.getBigUint64(0);
    };
    const valueOf = (bits: bigint): number => {
      view.setBigUint64(0, bits);
      return view.getFloat64(0);
    };
    for (let i = 0; i < 20_000; i += 1) {
      const [a, b] = [operand(random, BINARY64), operand(random, BINARY64)];
      const value = HOST[operation]?.(valueOf(a), valueOf(b)) ?? 0;
      const { bits } = computed(operation, a, b, BINARY64, 0x1f80);
      if (Number.isNaN(value)) expect(valueOf(bits)).toBeNaN();
      else expect(bits).toBe(bitsOf(value));
    }
  });
});
