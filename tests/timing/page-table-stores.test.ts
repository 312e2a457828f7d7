/**
 * A timing engine hears of accesses when their block ends, and of stores to page tables among them: it is to charge each access to the line
 * that it went to. So a run that is cut between an access and such a store has the same cycles, counters and state as one that is not.
 */
import { describe, expect, it } from 'vitest';
import type { AttachTranslator } from '../../emulator/cpu/core-module.js';
import { ExitReason } from '../../emulator/isa/state-layout.js';
import { SKYLAKE } from '../../emulator/timing/cores/skylake.js';
import { ZEN1 } from '../../emulator/timing/cores/zen1.js';
import type { CoreModel } from '../../emulator/timing/core-model.js';
import { translatorWith } from '../../emulator/translator/translator.js';
import { RandomWords } from '../boots/random-words.js';
import { pagingProgram } from './paging-program.js';
import { TimedProgram } from './timed-program.js';

const MODELS: readonly (readonly [string, CoreModel])[] = [
  ['zen1', ZEN1],
  ['skylake', SKYLAKE],
];
const EAGER = translatorWith({ thresholdEntries: 2, regionsMax: 1000, bytesMax: 16 << 20 });
const SEEDS = Array.from({ length: 8 }, (_, index) => index + 1);

/** What the program has come to, run in pieces of so many instructions, behind each of which `between` says what goes on. */
function figures(
  model: CoreModel,
  source: string,
  piece: () => number,
  between = (program: TimedProgram): TimedProgram => program,
  translator: AttachTranslator | null = null,
): object {
  let program = new TimedProgram(model, source, true, 64, translator);
  for (;;) {
    const reason = program.run(piece(), 0);
    if (reason === ExitReason.Halt) {
      expect(program.vector).toBeNull();
      return program.figures();
    }
    expect([ExitReason.Budget, ExitReason.Io, ExitReason.Pause]).toContain(reason);
    program = between(program);
  }
}

describe.each(MODELS)('a program that changes its page tables, with %s', (_name, model) => {
  it.each(SEEDS)('takes the same cycles wherever it is cut (seed %i)', (seed) => {
    const draw = new RandomWords(seed);
    const source = pagingProgram(draw, 8, 6);
    const whole = figures(model, source, () => 1_000_000);
    expect(figures(model, source, () => 1)).toEqual(whole);
    expect(figures(model, source, () => 1 + draw.below(9))).toEqual(whole);
  });

  it.each(SEEDS)('and in each tier (seed %i)', (seed) => {
    const draw = new RandomWords(seed);
    const source = pagingProgram(draw, 8, 6);
    const whole = figures(model, source, () => 1_000_000);
    const translated = (piece: () => number): object =>
      figures(model, source, piece, undefined, EAGER);
    expect(translated(() => 1_000_000)).toEqual(whole);
    expect(translated(() => 30 + draw.below(60))).toEqual(whole);
  });

  it.each(SEEDS.slice(0, 4))('and wherever it is saved and goes on (seed %i)', (seed) => {
    const draw = new RandomWords(seed);
    const source = pagingProgram(draw, 8, 6);
    const whole = figures(model, source, () => 1_000_000);
    const piece = (): number => 40 + draw.below(60);
    expect(figures(model, source, piece, (program) => program.continued())).toEqual(whole);
  });
});
