import { describe, expect, it } from 'vitest';
import { writeListing } from './listing.js';
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
      'a number in a template, which the library converts',
      'function take(text: string): i32 { return text.length; }\nexport function f(a: u64): i32 {\n  return take(`v ${a}`);\n}',
      /^program\.ts:3: function program\/f allocates managed memory, through ~lib\/\S+; guest code may not use/,
    ],
    [
      'a variable of floating point',
      'let ratio: f32 = 0.5;\nlet other: f64 = 2;\nexport function f(a: i32): i32 {\n  ratio = <f32>a;\n  other = <f64>ratio;\n  return a;\n}',
      'program.ts: floating point (f32, f64) is not allowed in guest code (variable program/ratio)\n' +
        'program.ts: floating point (f32, f64) is not allowed in guest code (variable program/other)',
    ],
    [
      'static data of 128 MiB',
      'const table: usize = memory.data(0x8000000);\nexport function f(a: i32): i32 {\n  return load<u8>(table + a);\n}',
      'program.ts: static data (memory.data, string literals) of it and what it imports take 134217728 bytes; at most 16777216',
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
    [
      'a word at the end of a comment that says nothing',
      '/** Seldom.\n * @Cold */\nexport function f(): i32 { return 1; }',
      'program.ts:2: @Cold is none of @inline, @cold and @whole',
    ],
    [
      'a word that is not the last of its comment',
      '\n/**\n * Seldom. @cold\n */\nexport function f(): i32 { return 1; }',
      "program.ts:3: @cold is not the end of a function's comment",
    ],
    [
      'a word on what is no function',
      '/** @inline */\nlet a: i32 = 1;\nexport function f(): i32 { return a; }',
      "program.ts:1: @inline is not the end of a function's comment",
    ],
    [
      'a whole function that calls another one',
      '/** @cold */\nexport function g(): void {}\n/** @whole */\nexport function f(): i32 { g(); return 1; }',
      'f is @whole, but calls or keeps something on the stack',
    ],
  ])('%s is refused with file, line and function', (_what, source, message) => {
    expect(() => compileProgram(source)).toThrow(message);
  });
});

const COLD = `
/** @cold */
export function seldom(a: i32): i32 {
  return a * 3;
}
export function usual(a: i32): i32 {
  if (a == 7) return seldom(a) + 1;
  return a + 5;
}`;

describe('a cold function', () => {
  // In front of the usual way the call would need a jump around it; behind, the code before the call ends in a return.
  it('that is exported, too, is called, and behind the usual way', () => {
    const listing = writeListing(compileProgram(COLD).image, () => undefined);
    const usual = listing.slice(listing.indexOf('usual:'));
    expect(usual.indexOf('call')).toBeGreaterThan(usual.indexOf('ret'));
  });
});
