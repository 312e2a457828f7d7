/** A LEA of three parts, or with a factor: what an address port computes passes through an ALU. Cycles measured on Zen 1 (docs/accuracy.md, "`zen1` against silicon"). */
import { describe, expect, it } from 'vitest';
import { ZEN1 } from '../../emulator/timing/cores/zen1.js';
import { BlockRunner } from '../../scripts/accuracy/block-runner.js';
import { disassemble } from '../../scripts/accuracy/disassembly.js';

const BINARIES = new URL('../../dist/emulator/', import.meta.url);
const runner = new BlockRunner(ZEN1, 'loop', BINARIES);
const TOLERANCE = 0.07;
/** In words in docs/accuracy.md: how far off the model may be; what is within the tolerance must go. */
const KNOWN_GAP = 0.09;

describe('a LEA with a factor', () => {
  // Without the second step the model takes 1.0 and 1.35, and 1.23 for the known gap.
  it.each([
    ['sub eax, 1; xor r14d, r14d; lea rbp, [rax*8+8]', '83e8014531f6488d2cc508000000', 1.252],
    [
      'add rbx, 8; shr rax, 1; lea r13, [rbx+rax*8]; cmp r13, rbx',
      '4883c30848d1e84c8d2cc34939dd',
      1.713,
    ],
  ])('takes a cycle of an ALU: %s', (_what, hex, measured) => {
    expect(errorOf(hex, measured)).toBeLessThan(TOLERANCE);
  });

  it('is a known gap in shl r8, 4; lea rdx, [r13+r8]; cmp rdx, r13', () => {
    const error = errorOf('49c1e0044b8d5405004c39ea', 1.558);
    expect(error).toBeLessThan(KNOWN_GAP);
    expect(error, 'no longer a gap').toBeGreaterThan(TOLERANCE);
  });
});

function errorOf(hex: string, measured: number): number {
  return Math.abs(cyclesOf(hex) / measured - 1);
}

function cyclesOf(hex: string): number {
  const loop = { register: 15, copies: 11 };
  const block = { hex, cycles: 1, name: '', pages: 0, loop, setup: new Map<string, bigint>() };
  const outcome = runner.measure(block, disassemble(hex).instructions.length);
  if (outcome.kind === 'uncovered') throw new Error(outcome.reason);
  return outcome.cycles;
}
