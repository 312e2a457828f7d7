/**
 * String instructions in translated loops: wherever their operands lie and whatever ends them, the state is the interpreter's, which
 * long-strings.test.ts and the recorded vectors hold to the manual.
 * Source: Intel SDM Vol. 2, MOVS, CMPS, STOS, LODS, SCAS, "REP/REPE/REPZ/REPNE/REPNZ".
 */
import { afterAll, describe, expect, it } from 'vitest';
import { assemble } from '../../firmware/assembler/assemble.js';
import { RAM_BYTES, UNMAPPED } from '../instructions/guest-machine.js';
import { Scatter } from '../instructions/scatter.js';
import { TierMachine, TRANSLATING } from './tier-comparison.js';

const SEED = 0x51_71;
const PASSES = 40;
/** An instruction that pauses after 65536 iterations counts again when it goes on. */
const INSTRUCTIONS_MAX = 10_000;

const TABLE = 0x10_0000n;
const RESULTS = 0x11_0000n;
const AREA = 0x20_0000n;
const AREA_BYTES = 0x8000;
const FS_BASE = 0x1230n;

/** Each pass takes rCX, rSI, rDI and rAX from the table and writes them, and RFLAGS, to the results. */
const loop = (direction: string, instruction: readonly number[]): string => `
    ${direction}
  next:
    db 0x48
    mov ecx, [ebx]
    db 0x48
    mov esi, [ebx + 8]
    db 0x48
    mov edi, [ebx + 16]
    db 0x48
    mov eax, [ebx + 24]
    db 0x48
    add ebx, 32
    db ${instruction.join(', ')}
    pushfd
    db 0x48
    mov [ebp], ecx
    db 0x48
    mov [ebp + 8], esi
    db 0x48
    mov [ebp + 16], edi
    db 0x48
    mov [ebp + 24], eax
    pop eax
    db 0x48
    mov [ebp + 32], eax
    db 0x48
    add ebp, 40
    sub edx, 1
    jnz next
    hlt`;

type Pass = readonly [count: bigint, source: bigint, target: bigint, accumulator: bigint];

/** Counts around those from which a region goes another way, and around the ends of pages. */
const COUNTS = [0, 1, 2, 3, 7, 8, 9, 31, 32, 33, 63, 64, 65, 200, 511, 513, 1024, 4095, 4097];
const OFFSETS = [0, 1, 5, 8, 0xff8, 0xff9, 0xffc, 0xfff, 0x1000, 0x1001, 0x1ffe, 0x2000, 0x2abc];

function passes(scatter: Scatter, lowest: bigint): Pass[] {
  const pick = (list: readonly number[]): number => list[scatter.below(list.length)] ?? 0;
  return Array.from({ length: PASSES }, () => {
    const source = pick(OFFSETS);
    const near = scatter.below(2) === 0 ? pick([-9, -8, -3, -1, 0, 1, 2, 8, 9, 64]) : 0;
    const target = near === 0 ? pick(OFFSETS) : Math.max(0, source + near);
    const upper = scatter.below(4) === 0 ? 0x5a5a_0000_0000_0000n : 0n;
    return [
      BigInt(pick(COUNTS)),
      lowest + BigInt(source),
      lowest + BigInt(target),
      upper | BigInt(scatter.below(3)),
    ];
  });
}

interface Case {
  readonly direction: string;
  readonly instruction: readonly number[];
  readonly passes: readonly Pass[];
  readonly deviceAt?: bigint;
}

/** Each program has a page of its own: where code was overwritten, translation waits longer. */
const PROGRAMS_BASE = 0x40_0000n;
const PAGE = 0x1000n;
let programs = 0n;

const interpreted = new TierMachine(null);
const translating = TRANSLATING.map(([threshold, slice]) => ({
  tier: new TierMachine(threshold),
  slice,
  name: `threshold ${threshold}, runs of ${slice}`,
}));

function outcome(tier: TierMachine, slice: number, at: bigint, test: Case): string {
  const { machine } = tier;
  const { processor } = machine;
  const device = test.deviceAt ?? RAM_BYTES;
  processor.setRamRanges([
    { base: 0n, end: device, rom: false },
    { base: device, end: device + PAGE, rom: false, device: true },
    { base: device + PAGE, end: RAM_BYTES + 2n * PAGE, rom: false },
  ]);
  machine.enter();
  // Few values, so that comparisons go on for a while.
  const bytes = Uint8Array.from({ length: AREA_BYTES }, (_, at) => (at % 700 === 699 ? 1 : 2));
  processor.write(AREA, bytes);
  processor.fill(RESULTS, 0x4000n, 0n);
  const table = test.passes.flatMap((pass) => [...pass]);
  processor.write(TABLE, new Uint8Array(BigUint64Array.from(table).buffer));
  const fs = processor.segment('fs');
  processor.setSegment('fs', { ...fs, base: FS_BASE });
  const text = `bits 32\norg 0\n${loop(test.direction, test.instruction)}\n`;
  const code = assemble('test.asm', () => text).bytes;
  const registers = { rbx: TABLE, rbp: RESULTS, rdx: BigInt(test.passes.length) };
  tier.load(at, code, registers);
  return tier.finish(slice, INSTRUCTIONS_MAX).split(' ').slice(0, 5).join(' ');
}

function expectTiersAlike(test: Case, end: RegExp): void {
  const at = PROGRAMS_BASE + PAGE * programs++;
  const expected = outcome(interpreted, 1_000_000, at, test);
  expect(expected).toMatch(end);
  for (const { tier, slice, name } of translating)
    expect(outcome(tier, slice, at, test), name).toBe(expected);
}

const KINDS = [
  ['MOVS', 0xa4],
  ['CMPS', 0xa6],
  ['STOS', 0xaa],
  ['LODS', 0xac],
  ['SCAS', 0xae],
] as const;
const PREFIXES = [
  ['single', []],
  ['REP or REPE', [0xf3]],
  ['REPNE', [0xf2]],
] as const;
const SIZES = [
  ['bytes', [], 0],
  ['words', [0x66], 1],
  ['doublewords', [], 1],
  ['quadwords', [0x48], 1],
] as const;

const COMPARING: readonly string[] = ['CMPS', 'SCAS'];
const INSTRUCTIONS = KINDS.flatMap(([kind, opcode]) =>
  PREFIXES.filter(([name]) => name !== 'REPNE' || COMPARING.includes(kind)).flatMap(
    ([repeated, repeat]) =>
      SIZES.map(([size, prefix, add]) => ({
        told: `${kind} of ${size}, ${repeated}`,
        bytes: [...repeat, ...prefix, opcode + add],
      })),
  ),
);

describe('string instructions in a translated loop', () => {
  const scatter = new Scatter(SEED);
  it.each(INSTRUCTIONS)('$told', ({ bytes }) => {
    for (const direction of ['cld', 'std']) {
      const test = { direction, instruction: bytes, passes: passes(scatter, AREA) };
      expectTiersAlike(test, /^Halt 642 /);
    }
  });

  it.each([
    ['addresses of 32 bits', [0x67]],
    ['the source in FS', [0x64]],
  ])('with %s', (_, prefix) => {
    for (const [, opcode] of KINDS)
      for (const repeat of [[], [0xf3], [0xf2]]) {
        const instruction = [...prefix, ...repeat, opcode + 1];
        const test = { direction: 'cld', instruction, passes: passes(scatter, AREA) };
        expectTiersAlike(test, /^Halt 642 /);
      }
  });

  it.each(KINDS)('%s: a fault in the middle of the last pass', (_, opcode) => {
    for (const repeat of [[], [0xf3]])
      for (const [source, target] of [
        [UNMAPPED - 0x22n, AREA],
        [AREA, UNMAPPED - 0x22n],
        [UNMAPPED - 2n, UNMAPPED - 2n],
        [1n << 47n, (1n << 47n) - 1n],
      ] as const) {
        const before = passes(scatter, AREA).slice(1);
        const test = {
          direction: 'cld',
          instruction: [...repeat, opcode + 1],
          passes: [...before, [40n, source, target, 2n] as const],
        };
        expectTiersAlike(test, /^Halt \d+ /);
      }
  });

  it.each(KINDS)('%s: operands in a device', (_, opcode) => {
    const deviceAt = AREA + 0x1000n;
    for (const repeat of [[], [0xf3]]) {
      const some = passes(scatter, AREA).map(([count, ...others]): Pass => [
        count > 64n ? 5n : count,
        ...others,
      ]);
      const test = {
        direction: 'cld',
        instruction: [...repeat, opcode],
        passes: some,
        deviceAt,
      };
      expectTiersAlike(test, /^Halt \d+ /);
    }
  });

  it.each([
    ['MOVS', 0xa5],
    ['STOS', 0xab],
  ])('%s over the program itself', (_, opcode) => {
    for (const repeat of [[], [0xf3]]) {
      const before = passes(scatter, AREA).slice(1);
      // NOPs, or the same bytes, upon the loop.
      const test = {
        direction: 'cld',
        instruction: [...repeat, opcode],
        passes: [
          ...before,
          [
            16n,
            PROGRAMS_BASE + PAGE * programs,
            PROGRAMS_BASE + PAGE * programs,
            0x9090_9090n,
          ] as const,
        ],
      };
      expectTiersAlike(test, /^\w+ \d+ /);
    }
  });

  afterAll(() => {
    for (const { tier, name } of translating)
      expect(tier.translator?.made ?? 0, name).toBeGreaterThan(Number(programs));
  });
});
