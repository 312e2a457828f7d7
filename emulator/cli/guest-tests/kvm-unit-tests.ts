/**
 * The lines of kvm-unit-tests. Source: its lib/report.c: `PASS: name`, `FAIL:`, `XPASS:` (counted as a failure), `XFAIL:` and `KFAIL:`
 * (expected), `SKIP:`, `ABORT:` where a program gives up, and at the end `SUMMARY: N tests, M unexpected failures, …`. A test that passes without a name has no
 * line, so there may be fewer lines than tests.
 */
import { Findings, type ParsedTests, type SubtestResult, type TestReader } from './subtest.js';

const RESULT = /^(PASS|FAIL|XPASS|XFAIL|KFAIL|SKIP): (.*)$/;
const ABORT = /^ABORT: ?(.*)$/;
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
  private isAborted = false;

  get hasBegun(): boolean {
    return this.isSummed || this.isAborted || this.tests > 0;
  }

  take(text: string, line: number): void {
    const [, word = '', name = ''] = RESULT.exec(text) ?? [];
    const result = RESULTS[word];
    if (result !== undefined) this.result(word, result, name.trim(), line);
    const [abort, why = ''] = ABORT.exec(text) ?? [];
    if (abort !== undefined) this.abort(why);
    const [summary, tests, failures = '0'] = SUMMARY.exec(text) ?? [];
    if (summary !== undefined) this.summary(Number(tests), Number(failures));
  }

  end(): Pick<ParsedTests, 'subtests' | 'problems'> {
    if (this.tests > 0) {
      this.findings.problem(
        `there is no SUMMARY behind the last ${this.tests} results: the tests have not ended`,
      );
    }
    const { subtests, problems } = this.findings;
    return { subtests, problems };
  }

  private result(word: string, result: SubtestResult, name: string, line: number): void {
    this.tests++;
    if (result === 'fail') this.failures++;
    const details = word === 'XPASS' ? ['it passes, and was expected to fail'] : [];
    if (this.findings.hasRoom()) this.findings.subtests.push({ name, result, details, line });
  }

  private abort(why: string): void {
    this.isAborted = true;
    this.findings.problem(`ABORT: ${why}`.trim());
  }

  private summary(tests: number, failures: number): void {
    this.isSummed = true;
    const complain = (what: string, said: number, came: number): void => {
      this.findings.problem(`SUMMARY says ${said} ${what}, and ${came} came`);
    };
    if (tests === 0 && this.tests === 0)
      this.findings.problem('SUMMARY says that there were no tests');
    if (tests < this.tests) complain('tests', tests, this.tests);
    if (failures !== this.failures) complain('unexpected failures', failures, this.failures);
    this.tests = 0;
    this.failures = 0;
  }
}
