/**
 * Random bytes as programs: however a run is cut into slices, state and memory are the same after each of the cuts that
 * two runs have in common, and with a core model they are what they are without. Faults, self-modifying code, port
 * accesses and repeated instructions all occur.
 */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { GENERAL_REGISTERS } from '../../emulator/cpu/register-slots.js';
import { ExitReason } from '../../emulator/isa/state-layout.js';
import { createTimingModel } from '../../emulator/timing/models.js';
import { TimingEngine } from '../../emulator/timing/timing-engine.js';
import { type Bits, CODE, DATA, GuestMachine, RAM_BYTES } from './guest-machine.js';
import { Scatter } from './scatter.js';

const PROGRAM_BYTES = 96;
const PROGRAMS = 150;
const INSTRUCTIONS_MAX = 60;
const SEED = 0x53_37_58;
const engineWasm = readFileSync(new URL('../../dist/emulator/timing/engine.wasm', import.meta.url));

/** Opcodes that end a program at once, or that take it out of the area, are made rarer. */
function randomProgram(scatter: Scatter): Uint8Array {
  return Uint8Array.from({ length: PROGRAM_BYTES }, () => {
    const byte = scatter.byte();
    return byte === 0xf4 || byte === 0x0f || byte >= 0xe0 ? scatter.byte() : byte;
  });
}

function start(machine: GuestMachine, program: Uint8Array): void {
  const { processor } = machine;
  processor.fill(0n, RAM_BYTES, 0n);
  processor.reset();
  processor.write(CODE, program);
  machine.enter();
  GENERAL_REGISTERS.forEach((name, index) => {
    const value = machine.bits === 16 ? 0x6400n + BigInt(32 * index) : DATA + BigInt(256 * index);
    processor.setRegister(name, value);
  });
  processor.setRegister('rsp', 0x7000n);
  processor.rip = CODE;
}

/** Runs up to INSTRUCTIONS_MAX instructions in slices; a hash of everything, and how it ended. */
function run(machine: GuestMachine, program: Uint8Array, slice: number): string {
  start(machine, program);
  const { processor } = machine;
  const first = processor.retired;
  let reason = ExitReason.Budget;
  const goesOn = [ExitReason.Budget, ExitReason.Io, ExitReason.Pause];
  let rounds = 0;
  while (
    goesOn.includes(reason) &&
    processor.retired - first < INSTRUCTIONS_MAX &&
    rounds++ < 1000
  ) {
    const left = INSTRUCTIONS_MAX - (processor.retired - first);
    reason = processor.run(Math.min(slice, left));
  }
  const state = [processor.retired - first, processor.rip.toString(16), processor.hash('')];
  return `${ExitReason[reason] ?? ''} ${state.join(' ')}`;
}

describe('random programs', () => {
  it.each([16, 32, 64] as const)('in %i-bit code do not depend on slices', (bits: Bits) => {
    const whole = new GuestMachine(bits, 'hlt');
    const sliced = new GuestMachine(bits, 'hlt');
    const scatter = new Scatter(SEED + bits);
    let executed = 0;
    for (let number = 0; number < PROGRAMS; number++) {
      const program = randomProgram(scatter);
      const expected = run(whole, program, INSTRUCTIONS_MAX);
      executed += Number(expected.split(' ')[1]);
      for (const slice of [1, 3]) {
        const hex = Buffer.from(program).toString('hex');
        expect(run(sliced, program, slice), `program ${number}: ${hex}`).toBe(expected);
      }
    }
    expect(executed).toBeGreaterThan(PROGRAMS);
  });

  it.each(['zen1', 'skylake'])('end in the same state with --cpu %s and without', (name) => {
    const model = createTimingModel(name);
    if (model.kind !== 'engine') throw new Error(`${name} has no engine`);
    for (const bits of [16, 32, 64] as const) {
      const plain = new GuestMachine(bits, 'hlt');
      const engine = new TimingEngine(engineWasm, model.core);
      const timed = new GuestMachine(bits, 'hlt', {}, engine.attach);
      const scatter = new Scatter(SEED ^ (bits << 8));
      for (let number = 0; number < PROGRAMS; number++) {
        const program = randomProgram(scatter);
        const expected = run(plain, program, INSTRUCTIONS_MAX);
        const hex = Buffer.from(program).toString('hex');
        const told = `seed 0x${SEED.toString(16)}, ${bits} bits, program ${number}: ${hex}`;
        expect(run(timed, program, INSTRUCTIONS_MAX), told).toBe(expected);
      }
    }
  });
});
