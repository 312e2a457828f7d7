/**
 * The lines of kvm-unit-tests. Source: its lib/report.c: `PASS: name`, `FAIL:`, `XPASS:` (counted as a failure), `XFAIL:` and `KFAIL:`
 * (expected), `SKIP:`, and at the end `SUMMARY: N tests, M unexpected failures, …`.
 */
import { Findings, type ParsedTests, type SubtestResult, type TestReader } from './subtest.js';

const RESULT = /^(PASS|FAIL|XPASS|XFAIL|KFAIL|SKIP): (.*)$/;
const SUMMARY = /^SUMMARY: (\d+) tests?(?:, (\d+) unexpected failures?)?(?:,.*)?$/;

const RESULTS: Readonly<Record<string, SubtestResult>> = {
  PASS: 'pass',
  FAIL: 'fail',
  XPASS: 'fail',
  XFAIL: 'todo',
  KFAIL: 'todo',
  SKIP: 'skip',
};

export class KvmUnitTests implements TestReader {
  private readonly findings = new Findings();
  /** Of results since the last summary: a guest may run several programs. */
  private tests = 0;
  private failures = 0;
  private isSummed = false;

  get hasBegun(): boolean {
    return this.isSummed || this.tests > 0;
  }

  take(text: string, line: number): void {
    const [, word = '', name = ''] = RESULT.exec(text) ?? [];
    const result = RESULTS[word];
    if (result !== undefined) this.result(word, result, name.trim(), line);
    const [summary, tests, failures = '0'] = SUMMARY.exec(text) ?? [];
    if (summary !== undefined) this.summary(Number(tests), Number(failures));
  }

  end(): Pick<ParsedTests, 'subtests' | 'problems'> {
    if (this.tests > 0) {
      this.findings.problem(
        `there is no SUMMARY behind the last ${this.tests} results: the tests have not ended`,
      );
    }
    return this.findings;
  }

  private result(word: string, result: SubtestResult, name: string, line: number): void {
    this.tests++;
    if (result === 'fail') this.failures++;
    const details = word === 'XPASS' ? ['it passes, and was expected to fail'] : [];
    if (this.findings.hasRoom()) this.findings.subtests.push({ name, result, details, line });
  }

  private summary(tests: number, failures: number): void {
    this.isSummed = true;
    const differs = (what: string, said: number, came: number): void => {
      if (said !== came) this.findings.problem(`SUMMARY says ${said} ${what}, and ${came} came`);
    };
    differs('tests', tests, this.tests);
    differs('unexpected failures', failures, this.failures);
    this.tests = 0;
    this.failures = 0;
  }
}
