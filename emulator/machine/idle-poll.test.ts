/** When passes of a polling loop may be counted instead of executed: never one too early, never a loop that does something. */
import { describe, expect, it } from 'vitest';
import { ScriptedProcessor, type ScriptedStep } from '../../tests/guests/scripted-processor.js';
import { IdlePoll, type IdlePass } from './idle-poll.js';

const PASSES = 12;

/** Runs passes of `script`, each ending in a status read that costs `waitCycles`; tells in which pass a proof came. */
function watch(
  script: readonly ScriptedStep[],
  options: { waitCycles?: number; before?: (pass: number, poll: IdlePoll) => void } = {},
): { proof: IdlePass | null; inPass: number; processor: ScriptedProcessor } {
  const processor = new ScriptedProcessor(script);
  const poll = new IdlePoll(processor.asProcessor);
  let waited = 0;
  for (let pass = 1; pass <= PASSES; pass++) {
    options.before?.(pass, poll);
    processor.run(script.length);
    waited += options.waitCycles ?? 0;
    const proof = poll.passEnded(processor.retired, processor.retired + waited);
    if (proof !== null) return { proof, inPass: pass, processor };
  }
  return { proof: null, inPass: PASSES, processor };
}

describe('IdlePoll', () => {
  it('proves a loop that comes back to its state without a store, and says how long a pass is', () => {
    const { proof, processor } = watch([{ state: 1 }, { state: 2 }, { state: 3 }], {
      waitCycles: 1000,
    });
    expect(proof).toEqual({ instructions: 3, cycles: 1003 });
    expect(processor.watching).toBe(false);
  });

  it('proves only what it has watched: at least one whole pass without stores', () => {
    const { inPass, processor } = watch([{ state: 1 }]);
    expect(processor.watchesBegun).toBe(1);
    expect(inPass).toBeGreaterThan(3);
  });

  it.each<[string, readonly ScriptedStep[]]>([
    ['stores in each pass', [{ state: 1, stores: true }, { state: 2 }]],
    ['stores where the state was read', [{ state: 1 }, { state: 2, stores: true }]],
  ])('never proves a loop that %s', (_, script) => {
    const { proof, processor } = watch(script);
    expect(proof).toBeNull();
    expect(processor.watchesBegun).toBeGreaterThan(0);
  });

  it('never proves a loop that counts', () => {
    const processor = new ScriptedProcessor(Array.from({ length: 50 }, (_, state) => ({ state })));
    const poll = new IdlePoll(processor.asProcessor);
    for (let pass = 0; pass < 50; pass++) {
      processor.run(1);
      expect(poll.passEnded(processor.retired, processor.retired)).toBeNull();
    }
    expect(processor.watchesBegun).toBe(0);
  });

  it('never proves a loop that counts outside the general-purpose registers', () => {
    const script = Array.from({ length: PASSES }, (_, state) => ({ state, registers: 0 }));
    const processor = new ScriptedProcessor(script);
    const poll = new IdlePoll(processor.asProcessor);
    for (let pass = 0; pass < PASSES; pass++) {
      processor.run(1);
      expect(poll.passEnded(processor.retired, processor.retired)).toBeNull();
    }
    expect(processor.watchesBegun).toBeGreaterThan(0);
  });

  it('starts over when something disturbs the loop, and leaves no watch behind', () => {
    const { proof, processor } = watch([{ state: 1 }], {
      before: (pass, poll) => {
        if (pass % 3 === 0) poll.disturb();
      },
    });
    expect(proof).toBeNull();
    expect(processor.watching).toBe(false);
  });

  it('watches at once where it has proved a pass before, and no more once that has proved nothing', () => {
    const processor = new ScriptedProcessor([{ state: 1 }]);
    const poll = new IdlePoll(processor.asProcessor);
    const passesToProof = (): number => {
      for (let pass = 1; pass <= PASSES; pass++) {
        processor.run(1);
        if (poll.passEnded(processor.retired, processor.retired) !== null) return pass;
      }
      return Number.POSITIVE_INFINITY;
    };
    const first = passesToProof();
    expect(passesToProof()).toBe(2);
    processor.run(1);
    expect(poll.passEnded(processor.retired, processor.retired)).toBeNull();
    processor.storeSeen = true;
    processor.run(1);
    expect(poll.passEnded(processor.retired, processor.retired)).toBeNull();
    expect(passesToProof()).toBe(first);
  });
});
