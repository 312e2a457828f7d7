/** Engines with a model's parameters as constants: what the build makes of their sources, and what it refuses. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ZEN1 } from '../../emulator/timing/cores/zen1.js';
import { Parameter } from '../../emulator/timing/engine-layout.js';
import { parameterChecksum } from '../../emulator/timing/parameter-checksum.js';
import { withConstants } from '../../scripts/build-engine.js';
import { projectRoot } from '../cli/s7x.js';

function sourcesIn(folder: string): string[] {
  return readdirSync(join(projectRoot, folder))
    .filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts'))
    .map((name) => readFileSync(join(projectRoot, folder, name), 'utf8'));
}

const engine = sourcesIn('emulator/timing/engine');
const { LoadLatency } = ZEN1.parameters;

describe('a source of the engine', () => {
  it.each([
    ['at + cycles(Parameter.LoadLatency)', `at + (<i64>${LoadLatency.value})`],
    ['parameter(\n  Parameter.LoadLatency,\n)', `(<u32>${LoadLatency.value})`],
    ['const BUILT_FOR: u32 = 0;', `const BUILT_FOR: u32 = ${parameterChecksum(ZEN1)};`],
  ])('%j becomes %j', (text, built) => {
    expect(withConstants(text, ZEN1)).toBe(built);
  });

  it.each([
    ['cycles(Parameter.LoadLatancy)', "zen1 has no parameter 'LoadLatancy'"],
    ['cycles(Parameter.toString)', "zen1 has no parameter 'toString'"],
    ['cycles(level)', "'cycles(level)' names no parameter"],
    ['parameter(far ? Parameter.L3Latency : Parameter.L2Latency)', 'names no parameter'],
    ['import { parameter as p } from "./parameters";\nparameter(<u32>8)', 'names no parameter'],
  ])('%j does not build', (text, message) => {
    expect(() => withConstants(text, ZEN1)).toThrow(message);
  });

  it('has no parameter left when it is built', () => {
    const built = engine.map((text) => withConstants(text, ZEN1));
    expect(built.filter((text) => /[^{,] *Parameter\.\w+/.test(text))).toEqual([]);
  });
});

it('every parameter is read, by the engine or by the describer', () => {
  const texts = [...engine, ...sourcesIn('emulator/timing')].join('\n');
  const read = new Set(
    [...texts.matchAll(/\bParameter\.(\w+)|\bparameters\.(\w+)/g)].map(
      (found) => found[1] ?? found[2],
    ),
  );
  const names = Object.keys(Parameter).filter((name) => !/^\d+$/.test(name) && name !== 'Count');
  expect(names.filter((name) => !read.has(name))).toEqual([]);
});
