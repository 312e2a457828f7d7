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

const core = readFileSync(join(projectRoot, 'dist/emulator/cpu/core-timed.wasm'));

function engineFile(name: string): Uint8Array {
  return readFileSync(join(projectRoot, `dist/emulator/timing/${name}.wasm`));
}

interface Outcome {
  readonly serial: string;
  readonly cycles: number;
  readonly instructions: number;
  readonly hash: bigint;
  readonly counters: unknown;
}

function boot(
  model: string,
  runInstructionsMax = 100_000,
  engine = model === 'unit' ? 'engine' : `engine-${model}`,
): Outcome {
  const machine = new TestMachine(bundledKernel(), {
    timing: createTimingModel(model),
    timed: { core, engines: { [model]: engineFile(engine) } },
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
    counters: machine.machine.time.counters(),
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

  it('takes the same cycles, and counts the same, with the engine that reads its parameters from memory', () => {
    expect(boot(model, 100_000, 'engine')).toEqual(first);
  });

  it('refuses the engine that was built for another model', () => {
    const other = model === 'zen1' ? 'engine-skylake' : 'engine-zen1';
    expect(() => boot(model, 100_000, other)).toThrow(/built for other parameters/);
  });

  it('dispatches no more instructions a cycle than the core is wide', () => {
    const timing = createTimingModel(model);
    const width = timing.kind === 'engine' ? timing.core.parameters.DispatchWidth.value : 0;
    // A fused pair, CMP or TEST with its branch, is one macro-op: at most two instructions a slot.
    expect(first.cycles).toBeGreaterThan(first.instructions / (2 * width));
  });
});
