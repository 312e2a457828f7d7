/** Which loops are found to spin, and that stepping through them executes nothing twice. */
import { describe, expect, it } from 'vitest';
import { ScriptedProcessor, type ScriptedStep } from '../../tests/guests/scripted-processor.js';
import { ExitReason } from '../isa/state-layout.js';
import { SpinProof } from './spin-proof.js';

function attempt(
  script: readonly ScriptedStep[],
  { budget = 100_000, initialState = 0, pure = (): boolean => true } = {},
) {
  const processor = new ScriptedProcessor(script, initialState);
  const proof = new SpinProof(processor.asProcessor);
  const found = proof.attempt(budget, pure, () => processor.retired * 2);
  return { found, processor };
}

/** A loop of `length` instructions that ends where it began. */
const loop = (length: number): ScriptedStep[] =>
  Array.from({ length }, (_, index) => ({ state: (index + 1) % length }));

describe('SpinProof.attempt', () => {
  it.each([1, 2, 17, 2048])('finds a loop of %d instructions', (length) => {
    const { found, processor } = attempt(loop(length));
    expect(found).toEqual({ instructions: length, cycles: length * 2 });
    expect(processor.retired).toBe(length);
    expect(processor.watching).toBe(false);
  });

  it.each<[string, ReturnType<typeof attempt>]>([
    ['a loop longer than 2048', attempt(loop(2049))],
    ['a loop longer than the budget', attempt(loop(10), { budget: 9 })],
    ['a loop that stores', attempt([{ state: 1, stores: true }, { state: 0 }])],
    ['a loop that reads the time', attempt(loop(2), { pure: () => false })],
    ['a loop that never returns to where it was', attempt(loop(2), { initialState: 99 })],
  ])('does not find %s', (_, { found, processor }) => {
    expect(found).toBe(ExitReason.Budget);
    expect(processor.watching).toBe(false);
  });

  it('hands on what ended the stepping', () => {
    const { found, processor } = attempt([{ state: 1 }, { state: 2, exit: ExitReason.Halt }]);
    expect([found, processor.retired]).toEqual([ExitReason.Halt, 2]);
  });
});

describe('SpinProof.due', () => {
  it('gets rarer as tries fail: in slices 1, 3, 7, 15', () => {
    const proof = new SpinProof(new ScriptedProcessor([{ state: 0 }]).asProcessor);
    const tries = Array.from({ length: 20 }, (_, slice) => (proof.due() ? slice + 1 : 0));
    expect(tries.filter((slice) => slice > 0)).toEqual([1, 3, 7, 15]);
  });

  it('is at once again after a disturbance', () => {
    const proof = new SpinProof(new ScriptedProcessor([{ state: 0 }]).asProcessor);
    for (let slice = 0; slice < 10; slice++) proof.due();
    proof.disturb();
    expect(proof.due()).toBe(true);
  });
});
