import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { canRunNatively, compileProgram, DifferentialRunner } from './testing/differential.js';
import {
  binaryProgram,
  constantProgram,
  unaryProgram,
  type Program,
} from './testing/operation-programs.js';

let runner: DifferentialRunner | undefined;
beforeAll(() => {
  runner = new DifferentialRunner();
});
afterAll(() => runner?.dispose());

/** Lines on which the two executions differ. */
function differences(program: Program): string[] {
  if (runner === undefined) throw new Error('no harness');
  const { native, wasm, titles } = runner.run(compileProgram(program.source), program.calls);
  expect(native).toHaveLength(wasm.length);
  return titles.flatMap((title, index) =>
    native[index] === wasm[index]
      ? []
      : [`${title}: native ${native[index]}, WebAssembly ${wasm[index]}`],
  );
}

describe.skipIf(!canRunNatively())(
  'compiled code gives the results of its WebAssembly module (needs gcc on x86-64)',
  () => {
    it('for every two-operand operation on edge values', () => {
      expect(differences(binaryProgram()).slice(0, 20)).toEqual([]);
    });
    it('for every one-operand operation and conversion on edge values', () => {
      expect(differences(unaryProgram()).slice(0, 20)).toEqual([]);
    });
    it('for every operation with a constant operand', () => {
      expect(differences(constantProgram()).slice(0, 20)).toEqual([]);
    });
  },
);
