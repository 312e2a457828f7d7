/** Random programs of every kind for comparisons of tiers: what they start with, and where they lie. */
import { CODE, DATA, type Bits } from '../instructions/guest-machine.js';
import type { Scatter } from '../instructions/scatter.js';
import { randomCalls } from './random-calls.js';
import { randomLegacyLoop } from './random-legacy-loop.js';
import { randomLoop } from './random-loop.js';
import type { TierMachine } from './tier-comparison.js';

/** Each program has pages of its own: where code was overwritten, translation waits longer. */
const PROGRAMS_BASE = 0x20_0000n;

export interface ProgramKind {
  readonly kind: string;
  readonly bits: Bits;
  readonly write: (scatter: Scatter, base: bigint) => Uint8Array;
  readonly bytesMax: bigint;
}

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
export const KINDS: readonly ProgramKind[] = [
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

/** A program and its data. */
export interface RandomProgram {
  readonly base: bigint;
  readonly code: Uint8Array;
  readonly data: Uint8Array;
  readonly registers: ReturnType<typeof registers>;
}

/** The next program, the `number`th. */
export function nextProgram(
  { bits, write, bytesMax }: ProgramKind,
  scatter: Scatter,
  number: number,
): RandomProgram {
  const base = PROGRAMS_BASE + BigInt(number) * bytesMax;
  const code = write(scatter, base);
  const random = registers(scatter);
  const passes = { rcx: BigInt(4 + scatter.below(40)) };
  const values = bits === 64 ? random : withUpper({ ...random, ...LEGACY, ...passes }, bits);
  const data = Uint8Array.from({ length: 0x4000 }, () => scatter.byte());
  return { base, code, data, registers: values };
}

/** Runs it on the machine in runs of `slice` instructions: TierMachine.finish. */
export function runProgram(
  tier: TierMachine,
  { base, code, data, registers: values }: RandomProgram,
  slice: number,
  instructionsMax: number,
): string {
  const { machine } = tier;
  machine.processor.fill(0n, 0x10_0000n, 0n);
  machine.enter();
  machine.processor.write(machine.bits === 64 ? DATA : LEGACY_DATA, data);
  tier.load(base, code, values);
  return tier.finish(slice, instructionsMax);
}

/** How a failure names a program. */
export function toldOf({ code }: RandomProgram, seed: number, number: number): string {
  const bytes = Buffer.from(code.subarray(0, 0x200)).toString('hex');
  return `seed 0x${seed.toString(16)}, program ${number}: ${bytes}`;
}
