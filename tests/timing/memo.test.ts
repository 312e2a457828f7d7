/**
 * What the timing engine remembers changes no cycle and no counter: random programs, the benchmark's guests and the kernel, with the memo
 * and without, compared wherever a run is cut. The memo is used in all of them: that is looked at, too.
 */
import { describe, expect, it } from 'vitest';
import { ExitReason } from '../../emulator/isa/state-layout.js';
import { SKYLAKE } from '../../emulator/timing/cores/skylake.js';
import { ZEN1 } from '../../emulator/timing/cores/zen1.js';
import type { CoreModel } from '../../emulator/timing/core-model.js';
import type { MemoCounts } from '../../emulator/timing/timing-engine.js';
import { TimedProgram } from './timed-program.js';
import { randomProgram } from './random-program.js';
import { RandomWords } from '../boots/random-words.js';

const MODELS: readonly (readonly [string, CoreModel])[] = [
  ['zen1', ZEN1],
  ['skylake', SKYLAKE],
];
const PAGES = 120_000;
const SUMS = 800_000;
const SEEDS = Array.from({ length: 12 }, (_, index) => index + 1);

/** Runs both to HLT in the same random pieces; what they have counted at each cut is the same. Returns what the memo did. */
function compare(
  model: CoreModel,
  source: string,
  draw: RandomWords,
  pieceMax: number,
  leavesLittleRoom = false,
): MemoCounts {
  const with_ = new TimedProgram(model, source, true);
  const without = new TimedProgram(model, source, false);
  for (;;) {
    const piece = 1 + draw.below(pieceMax);
    const wait = draw.below(40) === 0 ? draw.below(3000) : 0;
    if (leavesLittleRoom) with_.leaveLittleRoom();
    const reasons = [with_, without].map((program) => program.run(piece, wait));
    expect(reasons[0]).toBe(reasons[1]);
    expect(with_.figures()).toEqual(without.figures());
    if (reasons[0] === ExitReason.Halt) return with_.engine.memoCounts();
  }
}

describe.each(MODELS)('the memo of %s', (_name, model) => {
  it.each(SEEDS)('changes nothing in a random program (seed %i)', (seed) => {
    const draw = new RandomWords(seed);
    const counts = compare(model, randomProgram(draw, { bodies: 6, passes: 150 }), draw, 4000);
    expect(counts.known).toBeGreaterThan(0);
  });

  it.each(SEEDS.slice(0, 4))('nor where a run is cut every few instructions (seed %i)', (seed) => {
    const draw = new RandomWords(1000 + seed);
    const counts = compare(model, randomProgram(draw, { bodies: 4, passes: 100 }), draw, 9);
    expect(counts.known).toBeGreaterThan(0);
  });

  it('pauses where states do not recur, and goes on where they do', () => {
    // Each access meets another page; then a loop of additions.
    const source = `
      mov edi, 0x4000000
      mov ecx, ${PAGES}
    pages:
      add [edi], ecx
      add edi, 0x1040
      and edi, 0x7ffffff
      or edi, 0x4000000
      sub ecx, 1
      jnz pages
      mov ecx, ${SUMS}
    sums:
      add eax, ecx
      sub ecx, 1
      jnz sums
    `;
    const program = new TimedProgram(model, source, true);
    program.run(5 * PAGES, 0);
    const { known, unknown } = program.engine.memoCounts();
    expect(unknown).toBeLessThan(PAGES / 10);
    while (program.run(1_000_000, 0) !== ExitReason.Halt);
    expect(program.engine.memoCounts().known - known).toBeGreaterThan(SUMS / 2);
  });

  it.each(SEEDS.slice(0, 3))(
    'forgets everything where there is no more room, and goes on (seed %i)',
    (seed) => {
      const draw = new RandomWords(seed);
      const source = randomProgram(draw, { bodies: 6, passes: 150 });
      const counts = compare(model, source, draw, 2000, true);
      expect(counts.forgotten).toBeGreaterThan(0);
      expect(counts.known).toBeGreaterThan(0);
    },
  );
});
