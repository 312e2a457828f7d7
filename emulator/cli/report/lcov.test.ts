/** `report --lcov` of images without lines of source. Line by line as geninfo(1), "FILES", has it. */
import { expect, it } from 'vitest';
import { COVERAGE_SCHEMA } from './coverage-file.js';
import { lcovTrace } from './lcov.js';

const COVERAGE = { schema: COVERAGE_SCHEMA, ranges: [['0x1000', 16]] as const };

it('names stay in their lines', () => {
  const symbols = [
    { name: 'work\nDA:1,1', address: 0x1000n, sizeBytes: 8n },
    { name: 'pair<a,b>', address: 0x2000n, sizeBytes: 8n },
  ];
  expect(lcovTrace(COVERAGE, { path: 'my\nSF:kernel', elf: null, symbols }).split('\n')).toEqual([
    'TN:',
    'SF:my SF:kernel',
    'FN:0,work DA:1;1',
    'FN:0,pair<a;b>',
    'FNDA:1,work DA:1;1',
    'FNDA:0,pair<a;b>',
    'FNF:2',
    'FNH:1',
    'LF:0',
    'LH:0',
    'end_of_record',
    '',
  ]);
});

it('an image that names nothing is refused', () => {
  expect(() => lcovTrace(COVERAGE, { path: 'boot.img', elf: null, symbols: [] })).toThrow(
    '--lcov: boot.img names no lines of source and no functions; run with --symbols FILE',
  );
});
