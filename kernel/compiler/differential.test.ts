/**
 * Expectations come from Node: the WebAssembly module that the compiler starts from, run by another engine.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Compilation } from './compile.js';
import { canRunNatively, compilePrograms, DifferentialRunner } from './testing/differential.js';
import { DECISIONS } from './testing/decision-program.js';
import * as features from './testing/feature-programs.js';
import { randomProgram } from './testing/random-programs.js';
import {
  binaryProgram,
  constantProgram,
  unaryProgram,
  type Program,
} from './testing/operation-programs.js';

const SEED = Number(process.env['KERNEL_COMPILER_SEED'] ?? 1);
const RANDOM_PROGRAMS = 6;

const programs: Readonly<Record<string, Program>> = {
  'every two-operand operation on edge values': binaryProgram(),
  'every one-operand operation and conversion on edge values': unaryProgram(),
  'every operation with a constant operand': constantProgram(),
  'loads, stores and overlays of every width': features.MEMORY,
  'memory.fill and memory.copy of every overlap': features.BULK_MEMORY,
  'loops, switches and recursion': features.CONTROL,
  'answers that decide at once, conditions in parts, and single bits': DECISIONS,
  'direct and indirect calls, globals and more live values than registers': features.CALLS,
  'sorting, bitmaps, checksums and strings': features.ALGORITHMS,
  'divisions by zero, assertions and other traps': features.TRAPS,
  ...Object.fromEntries(
    Array.from({ length: RANDOM_PROGRAMS }, (_, index) => [
      `the random program of seed ${SEED + index}`,
      randomProgram(SEED + index, 10),
    ]),
  ),
};

describe.skipIf(!canRunNatively())(
  'compiled code gives the results of its WebAssembly module (skipped without gcc on x86-64)',
  () => {
    let runner: DifferentialRunner | undefined;
    let compilation: Compilation | undefined;

    beforeAll(() => {
      runner = new DifferentialRunner();
      const files = Object.values(programs).map(({ source }, index) => [`part${index}`, source]);
      compilation = compilePrograms(Object.fromEntries(files) as Record<string, string>);
    }, 120_000);
    afterAll(() => runner?.dispose());

    it.each(Object.keys(programs))('for %s', (title) => {
      const program = programs[title];
      if (!runner || !compilation || !program) throw new Error('no program');
      const { native, wasm, titles } = runner.run(compilation, program.calls);
      expect(native).toHaveLength(program.calls.length + 1);
      const differences = titles.flatMap((name, index) =>
        native[index] === wasm[index]
          ? []
          : [`${name}: native ${native[index]}, WebAssembly ${wasm[index]}`],
      );
      expect(differences.slice(0, 20)).toEqual([]);
    });

    it.each([
      ['a wrong result', [0xb8, 4, 0, 0, 0, 0xc3], '0000000000000004'], // mov eax, 4; ret
      ['a lost register', [0xbb, 5, 0, 0, 0, 0xc3], 'broken calling convention'], // mov ebx, 5; ret
      ['a trap', [0x0f, 0x0b], 'trap'], // ud2
    ])('and the harness sees %s', (_what, code, line) => {
      if (!runner || !compilation) throw new Error('no program');
      const text = spoilt(compilation, 'add_i64', code);
      const broken = { ...compilation, image: { ...compilation.image, text } };
      const { native, wasm } = runner.run(broken, [{ name: 'add_i64', args: [1n, 2n] }]);
      expect(wasm[0]).toBe('0000000000000003');
      expect(native[0]).toBe(line);
    });
  },
);

/** The text with `code` in the place of one function. */
function spoilt(
  { image }: Compilation,
  name: string,
  code: readonly number[],
): Compilation['image']['text'] {
  const bytes = image.text.bytes.slice();
  bytes.set(code, image.addressOf(name) - image.text.address);
  return { ...image.text, bytes };
}
