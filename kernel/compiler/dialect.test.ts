import { describe, expect, it } from 'vitest';
import { compileProgram } from './testing/differential.js';

describe('source outside the dialect', () => {
  it.each([
    [
      'an object of a managed class',
      'class A { x: i32 = 3; }\nexport function f(a: i32): i32 {\n  return new A().x + a;\n}',
      /^program\.ts:1: function program\/A#constructor allocates managed memory; guest code may not use new, array literals or string concatenation$/,
    ],
    [
      'a string made at run time',
      "export function f(a: i32): i32 {\n  return ('x' + a.toString()).length;\n}",
      /^program\.ts:2: function program\/f allocates managed memory, through ~lib\/\S+; guest code may not use/,
    ],
    [
      'floating-point arithmetic',
      'export function f(a: i32): i32 {\n  return <i32>(<f64>a * 1.5);\n}',
      'program.ts:2: floating-point arithmetic (f32, f64) is not allowed in guest code (function program/f)',
    ],
    [
      'memory.grow',
      'export function f(): i32 {\n  return memory.grow(1);\n}',
      'program.ts:2: growing memory (memory.grow) is not allowed in guest code (function program/f)',
    ],
    [
      'a function of the host',
      'declare function now(): i32;\nexport function f(): i32 {\n  return now();\n}',
      'program.ts:3: imported function program.now does not exist on bare metal (function program/f)',
    ],
    [
      'an unknown instruction',
      'declare namespace x86 { function fsin(a: i32): i32; }\nexport function f(a: i32): i32 {\n  return x86.fsin(a);\n}',
      'program.ts:3: x86.fsin is not an instruction of this compiler (function program/f)',
    ],
    [
      'a name that does not exist',
      'export function f(): i32 {\n  return b;\n}',
      "program.ts:2:10: Cannot find name 'b'.",
    ],
    [
      'an import of a missing file',
      "import { g } from './missing';\nexport function f(): i32 { return g(); }",
      "program.ts:1:19: File 'missing.ts' not found.",
    ],
  ])('%s is refused with file, line and function', (_what, source, message) => {
    expect(() => compileProgram(source)).toThrow(message);
  });
});
