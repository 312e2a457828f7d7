/** Switches of the core as they are built: one jump, not a comparison for each case. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import binaryen from 'assemblyscript/binaryen';
import { describe, expect, it } from 'vitest';
import { webAssembly } from '../../emulator/base/web-assembly.js';
import { SpecialOp } from '../../emulator/isa/uop.js';
import { withJumpTables } from '../../scripts/jump-tables.js';

const rootDir = join(import.meta.dirname, '../..');

/** A function that returns 100 for the argument 3, 101 for 5, and so on by the numbers, and 99 for all others. */
function switchOf(numbers: readonly number[]): binaryen.Module {
  const cases = numbers.map(
    (number, place) => `(br_if $case${place} (i32.eq (local.get $x) (i32.const ${number})))`,
  );
  let body = `${cases.join('')}(br $others)`;
  numbers.forEach((_, place) => {
    body = `(block $case${place} ${body}) (return (i32.const ${100 + place}))`;
  });
  return binaryen.parseText(
    `(module (func (export "run") (param $x i32) (result i32)
      (block $others ${body}) (i32.const 99)))`,
  );
}

function runOf(module: binaryen.Module): (x: number) => number {
  const instance = new webAssembly.Instance(new webAssembly.Module(module.emitBinary()), {});
  return instance.exports['run'] as (x: number) => number;
}

describe('jump tables', () => {
  const numbers = [7, 3, 40, 12, 13, 7, 60, 22, 30];

  it('lead where the comparisons do, the first of two that are the same included', () => {
    const chain = runOf(switchOf(numbers));
    const module = withJumpTables(switchOf(numbers));
    expect(module.emitText()).toContain('br_table');
    const table = runOf(module);
    const arguments_ = [...Array.from({ length: 70 }, (_, x) => x - 2), 0x7fff_ffff, -0x8000_0000];
    for (const x of arguments_) {
      const first = numbers.indexOf(x);
      expect(chain(x)).toBe(first < 0 ? 99 : 100 + first);
      expect(table(x)).toBe(chain(x));
    }
  });

  it('are not made of few cases, or of cases far apart', () => {
    for (const others of [numbers.slice(0, 5), [...numbers, 4000]]) {
      const text = withJumpTables(switchOf(others)).emitText();
      expect(text).not.toContain('br_table');
    }
  });

  it.each(['core', 'core-timed'])('%s: one leads to every micro-op of the interpreter', (name) => {
    const wasm = readFileSync(join(rootDir, `dist/emulator/cpu/${name}.wasm`));
    const text = binaryen.readBinary(wasm).emitText();
    const from = text.indexOf('(func $cpu/core/interpreter/run ');
    const run = text.slice(from, text.indexOf('\n (func ', from));
    const sizes = [...run.matchAll(/br_table((?: \$\S+)+)/g)].map(
      ([, labels = '']) => labels.trim().split(' ').length,
    );
    expect(Math.max(...sizes)).toBeGreaterThan(SpecialOp.JmpFlat - 2);
  });
});
