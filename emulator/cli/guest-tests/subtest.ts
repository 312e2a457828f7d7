/** What a guest says of tests that it runs itself. */

import { orNull } from '../document-shape.js';

/** `todo`: it fails, and was expected to. `unfinished`: it has begun, and there is no result. */
export type SubtestResult = 'pass' | 'fail' | 'skip' | 'todo' | 'unfinished';

export interface Subtest {
  /** With the names of the tests that it is part of before it. */
  readonly name: string;
  readonly result: SubtestResult;
  /** What the guest says of it besides, a line each; none for most. */
  readonly details: readonly string[];
  /** Line of COM1, from 1; null where there is no result. */
  readonly line: number | null;
}

export type TestFormat = 'ktap' | 'tap' | 'kvm-unit-tests';

/** Part of run.json. */
export interface ParsedTests {
  /** Null where COM1 has shown nothing of the kind. */
  readonly format: TestFormat | null;
  readonly subtests: readonly Subtest[];
  /** What does not add up: plans, numbers, summaries. */
  readonly problems: readonly string[];
}

/** What a reader of ParsedTests needs of it. */
export const PARSED_TESTS_SHAPE = {
  format: orNull(/^(ktap|tap|kvm-unit-tests)$/),
  subtests: [
    {
      name: '',
      result: /^(pass|fail|skip|todo|unfinished)$/,
      details: [''],
      line: orNull(0),
    },
  ],
  problems: [''],
};

/** Takes the lines of COM1, without what ends them. */
export interface TestReader {
  /** Whether anything of the format has come. */
  readonly hasBegun: boolean;
  take(text: string, line: number): void;
  /** No more will come. */
  end(): Pick<ParsedTests, 'subtests' | 'problems'>;
}

/** A guest that prints without end must not fill the host's memory. */
const SUBTESTS_MAX = 100_000;
const PROBLEMS_MAX = 100;

/** Subtests and problems, up to so many. */
export class Findings {
  readonly subtests: Subtest[] = [];
  private readonly kept: string[] = [];
  private problemCount = 0;
  private left = SUBTESTS_MAX;

  /** Whether there is room for one more; the first time that there is none is a problem. */
  hasRoom(): boolean {
    if (this.left === 0) this.problem(`more than ${SUBTESTS_MAX} subtests: the rest is left out`);
    return this.left-- > 0;
  }

  problem(sentence: string): void {
    this.problemCount++;
    if (this.kept.length < PROBLEMS_MAX) this.kept.push(sentence);
  }

  /** With a last one that counts those for which there was no room. */
  get problems(): string[] {
    const more = this.problemCount - this.kept.length;
    return more === 0 ? [...this.kept] : [...this.kept, `and ${more} more`];
  }
}

/** A subtest that makes its run fail. */
export function fails({ result }: Subtest): boolean {
  return result === 'fail' || result === 'unfinished';
}

/** `12 subtests: 10 pass, 1 fails, 1 skipped`. */
export function tallyOf({ subtests }: Pick<ParsedTests, 'subtests'>): string {
  const words = [
    ['pass', 'pass'],
    ['fail', 'fail'],
    ['unfinished', 'unfinished'],
    ['todo', 'expected to fail'],
    ['skip', 'skipped'],
  ] as const;
  const counts = words.flatMap(([result, word]) => {
    const count = subtests.filter((each) => each.result === result).length;
    return count === 0 && result !== 'pass' ? [] : [`${count} ${word}`];
  });
  return `${subtests.length} subtest${subtests.length === 1 ? '' : 's'}: ${counts.join(', ')}`;
}

/** Why a run with these does not pass, or null. */
export function testsComplaint({ format, subtests, problems }: ParsedTests): string | null {
  if (format === null) return 'COM1 has shown no results of tests (--parse)';
  const bad = subtests.find(fails);
  const [problem] = problems;
  if (bad === undefined) return problem ?? null;
  const tally = tallyOf({ subtests });
  const what = bad.result === 'fail' ? 'fails' : 'has no result';
  return `${tally}; ${bad.name} ${what}`;
}
