/**
 * A machine that is driven by the timing engine: time decides when things happen and never what they are, and the cycles
 * are the same however often and in whatever pieces the run is made.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createTimingModel } from '../../emulator/timing/models.js';
import { projectRoot } from '../cli/s7x.js';
import { bundledKernel, TestMachine } from '../guests/test-machine.js';

const timed = {
  core: readFileSync(join(projectRoot, 'dist/emulator/cpu/core-timed.wasm')),
  engine: readFileSync(join(projectRoot, 'dist/emulator/timing/engine.wasm')),
};

interface Outcome {
  readonly serial: string;
  readonly cycles: number;
  readonly instructions: number;
  readonly hash: bigint;
}

function boot(model: string, runInstructionsMax = 100_000): Outcome {
  const machine = new TestMachine(bundledKernel(), {
    timing: createTimingModel(model),
    timed,
    uartMode: 'instant',
    commandLine: 'notests',
  });
  const end = machine.run({ countsPasses: true, runInstructionsMax });
  expect(end.kind).toBe('power-off');
  const { processor, nowCycles } = machine.machine;
  return {
    serial: machine.serial,
    cycles: nowCycles,
    instructions: processor.retired,
    hash: processor.hash(''),
  };
}

describe.each(['zen1', 'skylake'])('the kernel under --cpu %s', (model) => {
  const first = boot(model);

  it('ends in the state, and prints the lines, that it does without a core model', () => {
    const { serial, hash } = boot('unit');
    expect([first.serial, first.hash]).toEqual([serial, hash]);
  });

  it('takes the same cycles a second time', () => {
    expect(boot(model)).toEqual(first);
  });

  it.each([1, 7, 1000])('takes the same cycles in pieces of %i instructions', (pieces) => {
    expect(boot(model, pieces)).toEqual(first);
  });

  it('dispatches no more instructions a cycle than the core is wide', () => {
    const timing = createTimingModel(model);
    const width = timing.kind === 'engine' ? timing.core.parameters.DispatchWidth.value : 0;
    // A fused pair, CMP or TEST with its branch, is one macro-op: at most two instructions a slot.
    expect(first.cycles).toBeGreaterThan(first.instructions / (2 * width));
  });
});
