/** Files of a run's folder that somebody has changed: a sentence that names the place, before any figure is made of them. */
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { emptyFolder } from '../../../tests/cli/s7x.js';
import { RECORD, writeRunFolder } from '../../../tests/profile-fixture.js';
import { parseInterval } from '../interval.js';
import { COVERAGE_SCHEMA } from './coverage-file.js';
import { RunFiles } from './run-files.js';
import { TRACE_SCHEMA } from './trace-file.js';

const TRACE = {
  schema: TRACE_SCHEMA,
  categories: ['call'],
  coreHz: 1e9,
  cycles: 300,
  endCycle: null,
  functions: ['kmain'],
  ports: [],
  lines: [],
};

const folderWith = (files: Readonly<Record<string, unknown>>): string =>
  writeRunFolder(join(emptyFolder(), 'run'), { 'run.json': RECORD, ...files });

it.each([
  ['half a frame', [30, 1.5, 0, 0]],
  ['more frames than there are', [30, 1e9, 0, 0]],
  ['a function that the trace does not name', [30, 2, 1, 0]],
])('a trace with %s is refused', (_, row) => {
  const folder = folderWith({ 'trace.json': { ...TRACE, stack: [[20, 1, 0, 0], row] } });
  const profile = (): unknown => new RunFiles(folder, parseInterval('..100cyc', '')).profileIfAny;
  expect(profile).toThrow(`${join(folder, 'trace.json')}: stack[1] is not what s7x run writes`);
});

it('coverage with half a byte is refused', () => {
  const ranges = [
    ['0x1000', 16],
    ['0x2000', 1.5],
  ];
  const folder = folderWith({ 'coverage.json': { schema: COVERAGE_SCHEMA, ranges } });
  expect(() => new RunFiles(folder).coverage('--lcov')).toThrow(
    `${join(folder, 'coverage.json')}: ranges[1] is not what s7x run writes`,
  );
});
