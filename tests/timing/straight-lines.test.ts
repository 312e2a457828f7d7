/** Straight lines of copies: how many pages of data a block touches says nothing of where its code comes from. */
import { expect, it } from 'vitest';
import { ZEN1 } from '../../emulator/timing/cores/zen1.js';
import { BlockRunner } from '../../scripts/accuracy/block-runner.js';

const NOP9 = '660f1f840000000000';
const INSTRUCTIONS = 64;

it('a block of 576 bytes runs at the rate of the decoders, whatever it touches', () => {
  const runner = new BlockRunner(
    ZEN1,
    'unrolled',
    new URL('../../dist/emulator/', import.meta.url),
  );
  const cycles = [1, 2].map((pages) => {
    const hex = NOP9.repeat(INSTRUCTIONS);
    const setup = new Map<string, bigint>();
    const block = { hex, cycles: 1, name: '', pages, loop: null, setup };
    const outcome = runner.measure(block, INSTRUCTIONS);
    return outcome.kind === 'cycles' ? outcome.cycles : Number.NaN;
  });
  // 16 bytes a cycle: of instructions of 9 bytes, one.
  for (const each of cycles) expect(each).toBeCloseTo(INSTRUCTIONS, 0);
});
