/**
 * A sample of what `npm run fuzz` does without end: random code in random surroundings, on the core in whole runs, the core
 * instruction by instruction, and the timed core in random cuts, in both tiers. Seeds are the cases' numbers.
 */
import { expect, it } from 'vitest';
import { makeCase } from '../../scripts/fuzz/cases.js';
import { disagreement, execute } from '../../scripts/fuzz/execution.js';
import { createSubjects } from '../../scripts/fuzz/subjects.js';

const CASES = 500;
const FIRST_SEED = 1_000_000;

it(`processors agree on ${CASES} random cases from seed ${FIRST_SEED} on`, () => {
  const subjects = createSubjects(new URL('../../dist/emulator/', import.meta.url));
  const reasons = new Set<string>();
  for (let seed = FIRST_SEED; seed < FIRST_SEED + CASES; seed++) {
    const fuzzCase = makeCase(seed);
    const endings = subjects.map((subject) => execute(subject, fuzzCase));
    const other = disagreement(endings);
    const told = `seed ${seed}, ${subjects[other]?.name}: ${JSON.stringify(endings, null, 1)}`;
    expect(other, told).toBe(-1);
    reasons.add(endings[0]?.reason ?? '');
  }
  // Cases of all kinds were among them: those that go on, and those that shut the processor down.
  expect([...reasons]).toEqual(expect.arrayContaining(['all instructions', 'Halt', 'Shutdown']));
}, 120_000);
