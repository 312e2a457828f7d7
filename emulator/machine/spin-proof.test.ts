/** Which loops are found to spin, and that stepping through them executes nothing twice. */
import { describe, expect, it } from 'vitest';
import { ScriptedProcessor, type ScriptedStep } from '../../tests/guests/scripted-processor.js';
import { ExitReason } from '../isa/state-layout.js';
import { SpinProof } from './spin-proof.js';

function attempt(
  script: readonly ScriptedStep[],
  {
    budget = 100_000,
    initialState = 0,
    pure = (): boolean => true,
    between = (): boolean => false,
  } = {},
) {
  const processor = new ScriptedProcessor(script, initialState);
  const proof = new SpinProof(processor.asProcessor);
  const found = proof.attempt(budget, pure, () => processor.retired * 2, between);
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
    ['a loop in the midst of which it is to end', attempt(loop(5), { between: () => true })],
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
  const SLOT = 100_000;
  const slotsOf = (proof: SpinProof, count: number, from = 1): number[] =>
    Array.from({ length: count }, (_, slot) => slot + from).filter((slot) =>
      proof.due(slot * SLOT),
    );
  const newProof = (): SpinProof =>
    new SpinProof(new ScriptedProcessor([{ state: 0 }]).asProcessor);

  it('gets rarer as tries fail: 2, 4, 8 and 16 slots behind the one before power-on', () => {
    expect(slotsOf(newProof(), 20)).toEqual([1, 3, 7, 15]);
  });

  it.each([
    ['in the middle of a slot', 10.5 * SLOT, 12],
    ['by the first instruction of a slot', 10 * SLOT + 1, 12],
    ['by the last of one', 10 * SLOT, 11],
  ])('is again behind a slot without a disturbance: %s', (_, retired, slot) => {
    const proof = newProof();
    slotsOf(proof, 9);
    proof.disturb(retired);
    expect(slotsOf(proof, 5, 10)[0]).toBe(slot);
  });

  it('is only where a slot ends, and once there', () => {
    const proof = newProof();
    expect([proof.due(SLOT - 1), proof.due(SLOT), proof.due(SLOT)]).toEqual([false, true, false]);
    expect(proof.instructionsToNextSlot(SLOT + 1)).toBe(SLOT - 1);
  });
});
