/**
 * A sample of what `npm run fuzz` does without end: random code in random surroundings, on the core in whole runs, the core
 * instruction by instruction, and the timed core in random cuts. Seeds are the cases' numbers.
 */
import { expect, it } from 'vitest';
import { makeCase } from '../../scripts/fuzz/cases.js';
import { execute } from '../../scripts/fuzz/execution.js';
import { createSubjects } from '../../scripts/fuzz/subjects.js';

const CASES = 500;
const FIRST_SEED = 1_000_000;

it(`processors agree on ${CASES} random cases from seed ${FIRST_SEED} on`, () => {
  const subjects = createSubjects(new URL('../../dist/emulator/', import.meta.url));
  const reasons = new Set<string>();
  for (let seed = FIRST_SEED; seed < FIRST_SEED + CASES; seed++) {
    const fuzzCase = makeCase(seed);
    const [reference, ...others] = subjects.map((subject) => execute(subject, fuzzCase));
    for (const [index, ending] of others.entries()) {
      expect(ending, `seed ${seed}, ${subjects[index + 1]?.name}`).toEqual(reference);
    }
    reasons.add(reference?.reason ?? '');
  }
  // Cases of all kinds were among them: those that go on, and those that shut the processor down.
  expect([...reasons]).toEqual(expect.arrayContaining(['all instructions', 'Halt', 'Shutdown']));
}, 120_000);
