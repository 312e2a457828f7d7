/**
 * Random loops and random functions end in the same state, after the same number of instructions, whether their blocks are
 * interpreted or translated, however early they are translated and however the run is cut. The interpreter is the
 * expectation: the vectors of silicon hold it to the truth.
 */
import { describe, expect, it } from 'vitest';
import { CODE, DATA, type Bits } from '../instructions/guest-machine.js';
import { Scatter } from '../instructions/scatter.js';
import { TierMachine, TRANSLATING } from './tier-comparison.js';
import { randomLegacyLoop } from './random-legacy-loop.js';
import { randomCalls } from './random-calls.js';
import { randomLoop } from './random-loop.js';

const SEED = 0x7a_11_0c;
const PROGRAMS = 60;
const INSTRUCTIONS_MAX = 4000;
/** Each program has pages of its own: where code was overwritten, translation waits longer. */
const PROGRAMS_BASE = 0x20_0000n;

function registers(scatter: Scatter) {
  const word = (): bigint =>
    Array.from({ length: 8 }, () => BigInt(scatter.byte())).reduce(
      (high, byte) => (high << 8n) | byte,
    );
  const odd = [0n, 1n, 0xffff_ffff_ffff_ffffn, 0x8000_0000_0000_0000n, 0x7fff_ffffn];
  const value = (): bigint => odd[scatter.below(10)] ?? word();
  return {
    ...{ rax: value(), rcx: value(), rdx: value(), rbx: value(), r8: value(), r9: value() },
    ...{
      rsi: DATA,
      rdi: DATA + 0x1000n,
      rbp: DATA + 0x2ffcn,
      rsp: 0x7000n,
      r10: value(),
      r11: value(),
    },
    ...{ r12: value(), r13: BigInt(4 + scatter.below(40)), r14: CODE, r15: value() },
  };
}

/** 16 bits of the pointers reach this. */
const LEGACY = { rsi: 0xa000n, rdi: 0xb000n, rbp: 0xcffcn, rsp: 0x7000n };
const LEGACY_DATA = 0xa000n;
/** What 16-bit code has above them, and above its count of passes. */
const UPPER = 0x5a5a_0000n;
const KINDS: readonly Kind[] = [
  { kind: 'loops', bits: 64, write: randomLoop, bytesMax: 0x1000n },
  { kind: 'functions that call one another', bits: 64, write: randomCalls, bytesMax: 0x8000n },
  {
    kind: 'loops of 16-bit code',
    bits: 16,
    write: (scatter) => randomLegacyLoop(scatter, 16),
    bytesMax: 0x1000n,
  },
  {
    kind: 'loops of 32-bit code',
    bits: 32,
    write: (scatter) => randomLegacyLoop(scatter, 32),
    bytesMax: 0x1000n,
  },
];

function withUpper<T extends Record<string, bigint>>(registers: T, bits: Bits): T {
  if (bits !== 16) return registers;
  const upper = [...Object.keys(LEGACY), 'rcx'].map((name) => [
    name,
    (registers[name] ?? 0n) | UPPER,
  ]);
  return { ...registers, ...(Object.fromEntries(upper) as Partial<T>) };
}

interface Kind {
  readonly kind: string;
  readonly bits: Bits;
  readonly write: (scatter: Scatter, base: bigint) => Uint8Array;
  readonly bytesMax: bigint;
}

describe.each(KINDS)('random $kind', ({ bits, write, bytesMax }) => {
  const interpreted = new TierMachine(null, {}, bits);
  const translating = TRANSLATING.map(([threshold, slice]) => ({
    tier: new TierMachine(threshold, {}, bits),
    slice,
    name: `threshold ${threshold}, runs of ${slice}`,
  }));

  it('do not depend on the tier', () => {
    const scatter = new Scatter(SEED);
    let executed = 0;
    for (let number = 0; number < PROGRAMS; number++) {
      const base = PROGRAMS_BASE + BigInt(number) * bytesMax;
      const code = write(scatter, base);
      const random = registers(scatter);
      const passes = { rcx: BigInt(4 + scatter.below(40)) };
      const values = bits === 64 ? random : withUpper({ ...random, ...LEGACY, ...passes }, bits);
      const data = Uint8Array.from({ length: 0x4000 }, () => scatter.byte());
      const run = (tier: TierMachine, slice: number): string => {
        tier.machine.processor.fill(0n, 0x10_0000n, 0n);
        tier.machine.enter();
        tier.machine.processor.write(bits === 64 ? DATA : LEGACY_DATA, data);
        tier.load(base, code, values);
        return tier.finish(slice, INSTRUCTIONS_MAX);
      };
      const expected = run(interpreted, INSTRUCTIONS_MAX);
      executed += Number(expected.split(' ')[1]);
      for (const { tier, slice, name } of translating) {
        const told = `seed 0x${SEED.toString(16)}, program ${number}, ${name}: ${hex(code)}`;
        expect(withoutCounters(run(tier, slice)), told).toBe(withoutCounters(expected));
      }
    }
    expect(executed).toBeGreaterThan(PROGRAMS * 100);
    for (const { tier, name } of translating) {
      expect(tier.translator?.made ?? 0, name).toBeGreaterThan(PROGRAMS / 2);
    }
  });
});

function hex(code: Uint8Array): string {
  return Buffer.from(code.subarray(0, 0x200)).toString('hex');
}

/** Each machine has seen a different number of TLB misses before. */
function withoutCounters(figures: string): string {
  return figures.split(' ').slice(0, 5).join(' ');
}
