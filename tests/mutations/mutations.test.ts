/**
 * The mechanism of the mutation tests, and two of the defects; all of them are in tests/long/mutations.test.ts.
 */
import { describe, expect, it } from 'vitest';
import { DEFECTS } from './defects.js';
import { expectSeen } from './defect-test.js';
import { editedSources } from './mutant.js';

const CANARIES = ['H1 ', 'H21 '];
/** Each compiles a kernel. */
const TIMEOUT_MS = 300_000;

describe('a defect put back into the kernel is seen', () => {
  it.each(DEFECTS.filter(({ name }) => CANARIES.some((word) => name.startsWith(word))))(
    '$name',
    expectSeen,
    TIMEOUT_MS,
  );
});

it.each(DEFECTS)('$name: its text is in the sources exactly once', ({ edits }) => {
  expect(() => editedSources(edits)).not.toThrow();
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
