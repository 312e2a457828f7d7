/**
 * Moments come between the same two instructions whatever the run loop does to be fast, and watching for them changes nothing.
 * What is right is told by other means: by limits of instructions, and by a debugger's steps.
 */
import { describe, expect, it } from 'vitest';
import { loadArtefacts } from '../../emulator/cli/artefacts.js';
import type { MachineConfig } from '../../emulator/machine/machine.js';
import { Moments, type MachineMoment } from '../../emulator/machine/moments.js';
import { NO_LIMITS } from '../../emulator/machine/run-end.js';
import { RunLoop } from '../../emulator/machine/run-loop.js';
import { DEFAULT_TUNING } from '../../emulator/machine/run-tuning.js';
import { createTimingModel } from '../../emulator/timing/models.js';
import { DEFAULT_TRANSLATION } from '../../emulator/translator/translator.js';
import { RandomWords } from '../boots/random-words.js';
import { guestImage, guestImageOf } from '../guests/guest.js';
import { bundledKernel, TestMachine } from '../guests/test-machine.js';

/** Interrupts while strings of a megabyte are copied in the middle of blocks, of which no branch tells. */
const COPIES = `
    call com1_init
    call counted_ticks_init
    mov ebp, 6
copy:
    mov esi, 0x400000
    mov edi, 0x600000
    mov ecx, 0x48000
    rep movsd
    add ebx, ecx
    mov edi, 0x500000
    mov ecx, 0x3000
    mov eax, ebp
    rep stosd
    add ebx, eax
    call com1_byte
    dec ebp
    jnz copy
    cli
    mov eax, [TICK_COUNT]
    call put_hex
    jmp power_off
com1_byte:
    mov eax, ebx
    call put_hex
    ret
    %include "counted-ticks.asm"
`;

const UNIT: Partial<MachineConfig> = { timing: createTimingModel('unit', 2e8) };
const ZEN1: Partial<MachineConfig> = {
  timing: createTimingModel('zen1'),
  timed: loadArtefacts().timed,
};
const GUESTS: readonly (readonly [string, Uint8Array])[] = [
  ['ticks', guestImage('ticks')],
  ['two-ports', guestImage('two-ports')],
  ['floods-transmitter', guestImage('floods-transmitter')],
  ['apic', guestImage('apic')],
  ['modifies-itself', guestImage('modifies-itself')],
  ['copies of strings', guestImageOf(COPIES)],
  ['spins-masked', guestImage('spins-masked')],
];
const CASES = GUESTS.flatMap(([name, image]) => [
  { name, cpu: 'unit', image, config: UNIT },
  { name, cpu: 'zen1', image, config: ZEN1 },
]);

interface Figures {
  readonly cycles: number;
  readonly instructions: number;
  readonly hash: string;
  readonly serial: string;
}

function figures(test: TestMachine): Figures {
  const { machine, serial } = test;
  const [cycles, instructions] = [machine.nowCycles, machine.processor.retired];
  return { cycles, instructions, hash: machine.stateHash(), serial };
}

/** Runs to a moment, or the limit, or the end. */
function runTo(
  image: Uint8Array,
  config: Partial<MachineConfig>,
  at: MachineMoment | null,
  instructions = Infinity,
  tuning = DEFAULT_TUNING,
): Figures & { readonly end: string } {
  const test = new TestMachine(image, config);
  const watched = at === null ? [] : [{ at, reached: () => loop.stop('moment') }];
  const limits = { ...NO_LIMITS, instructions };
  const loop = new RunLoop(test.machine, limits, 'fail', tuning, new Moments(watched));
  let end = loop.runSlice();
  while (end === null) end = loop.runSlice();
  return { ...figures(test), end: end.kind };
}

describe.each(CASES)('$name with $cpu', ({ name, image, config }) => {
  const whole = runTo(image, config, null);

  it('ends by itself', () => {
    expect(whole.end).toBe(name === 'spins-masked' ? 'hang' : 'power-off');
  });

  it.each([1, 2])(
    'a cycle ends the run at the first boundary that has come to it (seed %i)',
    (seed) => {
      const cycle = 1 + new RandomWords(seed).below(whole.cycles);
      const there = runTo(image, config, { kind: 'cycle', cycle });
      expect(there.end).toBe('stopped');
      expect(there.cycles).toBeGreaterThanOrEqual(cycle);
      const same = runTo(image, config, null, there.instructions);
      // In HLT time goes on without instructions.
      if (same.cycles < cycle) expect(there.cycles).toBe(cycle);
      else {
        const before = runTo(image, config, null, there.instructions - 1);
        expect(before.cycles).toBeLessThan(cycle);
      }
    },
  );

  it.each([11])('a number of instructions ends it behind as many (seed %i)', (seed) => {
    const count = 1 + new RandomWords(seed).below(whole.instructions - 1);
    const there = runTo(image, config, { kind: 'instruction', count });
    expect(there.instructions).toBe(count);
    expect(there.cycles).toBe(runTo(image, config, null, count).cycles);
  });

  it.each([21, 22])('watching for moments changes nothing of it (seed %i)', (seed) => {
    const draw = new RandomWords(seed);
    const test = new TestMachine(image, config);
    let came = 0;
    const reached = (): void => void came++;
    const addresses = addressesOf(image, config, draw);
    const moments = new Moments([
      ...Array.from({ length: 5 }, () => {
        const cycle = 1 + draw.below(whole.cycles);
        return { at: { kind: 'cycle', cycle } as const, reached };
      }),
      ...Array.from({ length: 5 }, () => {
        const count = 1 + draw.below(whole.instructions);
        return { at: { kind: 'instruction', count } as const, reached };
      }),
      ...addresses.map((address) => ({
        at: { kind: 'address', address, pass: 1 + draw.below(200) } as const,
        reached,
      })),
    ]);
    const loop = new RunLoop(test.machine, NO_LIMITS, 'fail', DEFAULT_TUNING, moments);
    while (loop.runSlice() === null);
    expect({ ...figures(test), end: loop.ended?.kind }).toEqual(whole);
    expect(came).toBeGreaterThanOrEqual(10);
  });
});

/** Some addresses of instructions that are executed, in the middle of blocks, too. */
function addressesOf(
  image: Uint8Array,
  config: Partial<MachineConfig>,
  draw: RandomWords,
): bigint[] {
  const test = new TestMachine(image, config);
  const loop = new RunLoop(test.machine, NO_LIMITS, 'fail');
  const { debug } = test.machine.processor;
  debug.addBreakpoint(0x10_0000n);
  while (loop.debugStop === null) loop.runSlice();
  const executed = Array.from({ length: 400 }, () => {
    loop.stepInstruction();
    return debug.instructionAddress;
  });
  return Array.from({ length: 3 }, () => executed[draw.below(executed.length)] ?? 0n);
}

describe('an instruction about to be executed', () => {
  const image = guestImage('ticks');

  it.each([
    ['unit', UNIT],
    ['zen1', ZEN1],
  ])('is counted as a debugger that steps does: %s', (_, config) => {
    const test = new TestMachine(image, config);
    const loop = new RunLoop(test.machine, NO_LIMITS, 'fail');
    const { processor } = test.machine;
    processor.debug.addBreakpoint(0x10_0000n);
    while (loop.debugStop === null) loop.runSlice();
    const seen = new Map<bigint, number[]>();
    for (let step = 0; step < 1500 && loop.ended === null; step++) {
      const address = processor.debug.instructionAddress;
      const before = processor.retired;
      loop.stepInstruction();
      if (processor.retired > before) seen.set(address, [...(seen.get(address) ?? []), before]);
    }
    const often = [...seen].filter(([, at]) => at.length > 3);
    expect(often.length).toBeGreaterThan(3);
    for (const [address, at] of often.slice(0, 3)) {
      for (const pass of [2, at.length]) {
        const there = runTo(image, config, { kind: 'address', address, pass });
        expect([address, pass, there.instructions]).toEqual([address, pass, at[pass - 1]]);
      }
    }
  });
});

it('an interrupt comes where it comes without it, under a timing engine: at the end of a block', () => {
  const divisions = 'xor edx, edx\nmov eax, 1000\ndiv ecx\n';
  const image = guestImageOf(`
    call com1_init
    call timer_init
    mov al, 0x34
    out 0x43, al
    mov al, 100
    out 0x40, al
    mov al, 0
    out 0x40, al
    mov ebp, 8
    xor esi, esi
    mov ecx, 7
    sti
tick:
    xor edi, edi
waiting:
    ${divisions.repeat(4)}
middle:
    ${divisions.repeat(4)}
    test edi, edi
    jz waiting
    rol esi, 5
    xor esi, edi
    dec ebp
    jnz tick
    cli
    mov eax, esi
    call put_hex
    jmp power_off
    %include "timer.asm"
`);
  const address = new TestMachine(image).machine.symbols.addressOf('middle') ?? 0n;
  const whole = runTo(image, ZEN1, null);
  const passed = new TestMachine(image, ZEN1);
  const watched = {
    at: { kind: 'address', address, pass: 1e9 } as const,
    reached: () => undefined,
  };
  const moments = new Moments([watched]);
  const loop = new RunLoop(passed.machine, NO_LIMITS, 'fail', DEFAULT_TUNING, moments);
  while (loop.runSlice() === null);
  expect({ ...figures(passed), end: loop.ended?.kind }).toEqual(whole);
});

describe('the kernel', () => {
  const kernel = bundledKernel();
  const TIERS: readonly (readonly [string, Partial<MachineConfig>])[] = [
    ['interpreted', { translation: null }],
    [
      'translated from the first on',
      { translation: { ...DEFAULT_TRANSLATION, thresholdEntries: 1 } },
    ],
    ['translated soon', { translation: { ...DEFAULT_TRANSLATION, thresholdEntries: 50 } }],
  ];
  const MOMENTS: readonly MachineMoment[] = [
    { kind: 'cycle', cycle: 7_654_321 },
    { kind: 'instruction', count: 345_678 },
    { kind: 'address', address: 0x10_1220n, pass: 2 },
  ];

  it.each(TIERS)('is at the same moment where it is %s', (_, tier) => {
    const options: Partial<MachineConfig> = { commandLine: 'quiet' };
    for (const moment of MOMENTS) {
      const usual = runTo(kernel, options, moment);
      expect(runTo(kernel, { ...options, ...tier }, moment)).toEqual(usual);
    }
  });
});
