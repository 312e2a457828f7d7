/** Stores that leave a word of the first level written in part cost NarrowStore cycles; those that fill it never do. */
import { describe, expect, it } from 'vitest';
import { ZEN1 } from '../../emulator/timing/cores/zen1.js';
import { BlockRunner, withParameters } from '../../scripts/accuracy/block-runner.js';
import { disassemble } from '../../scripts/accuracy/disassembly.js';

const BINARIES = new URL('../../dist/emulator/', import.meta.url);
const costly = new BlockRunner(ZEN1, 'loop', BINARIES);
const free = new BlockRunner(withParameters(ZEN1, new Map([['NarrowStore', 0]])), 'loop', BINARIES);

/** Where all registers begin lies at the start of a page. */
const ELSEWHERE = '48894740'; // MOV [RDI+64], RAX
const BYTE_AT_16 = '884710'; // MOV [RDI+16], AL
const BYTE_AT_32 = '884720'; // MOV [RDI+32], AL
const BYTE_AT_48 = '884730'; // MOV [RDI+48], AL

function cyclesOf(runner: BlockRunner, hex: string): number {
  const loop = { register: 15, copies: 20 };
  const block = { hex, cycles: 1, name: '', pages: 1, loop, setup: new Map<string, bigint>() };
  const outcome = runner.measure(block, disassemble(hex).instructions.length);
  if (outcome.kind === 'uncovered') throw new Error(outcome.reason);
  return outcome.cycles;
}

describe('a byte stored', () => {
  it.each([
    ['into 16 bytes that a store before has filled', `0f114710${BYTE_AT_16}${ELSEWHERE}`], // MOVUPS [RDI+16], XMM0
    ['into the second half of such 32 bytes', `c5fc1107${BYTE_AT_16}${ELSEWHERE}`], // VMOVUPS [RDI], YMM0
    ['where 32 bytes end that begin in between', `c5fc114704${BYTE_AT_32}${ELSEWHERE}`], // VMOVUPS [RDI+4], YMM0
  ])('%s leaves no word in part', (_what, hex) => {
    expect(cyclesOf(costly, hex)).toBe(cyclesOf(free, hex));
  });

  it('where nothing else was stored leaves a word in part', () => {
    const hex = `0f114710${BYTE_AT_48}${ELSEWHERE}`;
    expect(cyclesOf(costly, hex)).toBeGreaterThan(cyclesOf(free, hex));
  });
});
