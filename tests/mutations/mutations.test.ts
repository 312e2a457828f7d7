/**
 * The mechanism of the mutation tests, and some of the defects; all of them are in tests/long/mutations.test.ts.
 */
import { describe, expect, it } from 'vitest';
import { DEFECTS } from './defects.js';
import { expectSeen } from './defect-test.js';
import { editedSources } from './mutant.js';

const CANARIES = ['H1 ', 'H21 ', 'D6 '];
/** Each compiles a kernel. */
const TIMEOUT_MS = 300_000;

const NAMED = DEFECTS.map((defect) => [defect.name, defect] as const);

describe('a defect put back into the kernel is seen', () => {
  it.each(NAMED.filter(([name]) => CANARIES.some((word) => name.startsWith(word))))(
    '%s',
    (_, defect) => {
      expectSeen(defect);
    },
    TIMEOUT_MS,
  );
});

it.each(NAMED)('%s: its text is in the sources exactly once', (_, { edits }) => {
  expect(() => editedSources(edits)).not.toThrow();
});

it('all 45 recorded defects are there', () => {
  const numbers = (letter: string, count: number): string[] =>
    Array.from({ length: count }, (_, index) => `${letter}${index + 1}`);
  const recorded = [...numbers('H', 23), ...numbers('P', 11), ...numbers('D', 11)];
  const missing = recorded.filter(
    (number) => !DEFECTS.some(({ name }) => name.startsWith(`${number} `)),
  );
  expect([recorded.length, missing]).toEqual([45, []]);
});

it.each([
  ['is not there', 'no such text', 0],
  ['is there twice', 'export function', 2],
])('an edit whose text %s is refused', (_, replace, count) => {
  const sources = (path: string): string | null =>
    path === 'a.ts' ? 'export function a() {}\nexport function b() {}\n' : null;
  expect(() => editedSources([{ file: 'a.ts', replace, by: '' }], sources)).toThrow(
    `has the text to replace ${count} times`,
  );
});
