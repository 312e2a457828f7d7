/**
 * `--parse`: results of tests out of what COM1 shows. The documents are those of the specifications: KTAP version 1 (Linux's
 * documentation, "Example KTAP output"), TAP version 14 (testanything.org, "Examples"), lib/report.c of kvm-unit-tests.
 */
import { describe, expect, it } from 'vitest';
import { RECORD } from '../../../tests/profile-fixture.js';
import { testLines } from '../run-record.js';
import { GuestTests, type ParseFormat } from './guest-tests.js';
import { tallyOf, testsComplaint, type ParsedTests } from './subtest.js';

function parsed(format: ParseFormat, lines: readonly string[], end = '\n'): ParsedTests {
  const tests = new GuestTests(format);
  for (const byte of Buffer.from(lines.join('\r\n') + end)) tests.take(byte);
  return tests.end();
}

/** `pass name`, a line each. */
const shown = ({ subtests }: ParsedTests): string[] =>
  subtests.map(({ name, result }) => `${result} ${name}`);

const KTAP = [
  'KTAP version 1',
  '1..1',
  '  KTAP version 1',
  '  1..3',
  '    KTAP version 1',
  '    1..1',
  '    # test_1: initializing test_1',
  '    ok 1 test_1',
  '  ok 1 example_test_1',
  '    KTAP version 1',
  '    1..2',
  '    ok 1 test_1 # SKIP test_1 skipped',
  '    ok 2 test_2',
  '  ok 2 example_test_2',
  '    KTAP version 1',
  '    1..3',
  '    ok 1 test_1',
  '    # test_2: FAIL',
  '    not ok 2 test_2',
  '    ok 3 test_3 # SKIP test_3 skipped',
  '  not ok 3 example_test_3',
  'not ok 1 main_test',
];
const KTAP_SHOWN = [
  'pass main_test / example_test_1 / test_1',
  'skip main_test / example_test_2 / test_1',
  'pass main_test / example_test_2 / test_2',
  'pass main_test / example_test_3 / test_1',
  'fail main_test / example_test_3 / test_2',
  'skip main_test / example_test_3 / test_3',
];

describe('KTAP', () => {
  it('has tests inside of tests', () => {
    const tests = parsed('ktap', KTAP);
    expect(shown(tests)).toEqual(KTAP_SHOWN);
    expect(tests.problems).toEqual([]);
    expect(tests.subtests[4]).toEqual({
      name: 'main_test / example_test_3 / test_2',
      result: 'fail',
      details: ['test_2: FAIL'],
      line: 19,
    });
    expect(tallyOf(tests)).toBe('6 subtests: 3 pass, 1 fail, 2 skipped');
    expect(testsComplaint(tests)).toBe(
      '6 subtests: 3 pass, 1 fail, 2 skipped; main_test / example_test_3 / test_2 fails',
    );
  });

  it('stands among lines of the kernel, with the times of printk', () => {
    const noise = (line: string, index: number): string[] => [
      `[    ${index}.123456] ${line}`,
      `[    ${index}.123457][   T12] random: crng init done`,
      'not ok, says another program',
    ];
    const tests = parsed('auto', KTAP.flatMap(noise));
    expect([tests.format, shown(tests), tests.problems]).toEqual(['ktap', KTAP_SHOWN, []]);
  });

  it('is named by # Subtest, as KUnit does', () => {
    const tests = parsed('ktap', [
      'KTAP version 1',
      '1..1',
      '    KTAP version 1',
      '    # Subtest: list',
      '    # module: list_test',
      '    1..2',
      '    ok 1 add',
      '        KTAP version 1',
      '        # Subtest: sizes',
      '        1..2',
      '        ok 1 8',
      '        # sizes: EXPECTATION FAILED at lib/list-test.c:33',
      '        #     Expected 1 == 2',
      '        not ok 2 16',
      '    not ok 2 sizes',
      '# list: pass:1 fail:1 skip:0 total:2',
      'not ok 1 list',
    ]);
    expect(shown(tests)).toEqual([
      'pass list / add',
      'pass list / sizes / 8',
      'fail list / sizes / 16',
    ]);
    expect(tests.subtests[2]?.details).toEqual([
      'sizes: EXPECTATION FAILED at lib/list-test.c:33',
      '    Expected 1 == 2',
    ]);
    expect(tests.problems).toEqual([]);
  });

  it.each<[what: string, line: string, result: string, details: string[]]>([
    ['a skipped test', 'ok 1 a # SKIP no device', 'skip', ['no device']],
    ['a skipped test that is not ok', 'not ok 1 a # SKIP no device', 'skip', ['no device']],
    ['one that is known to be broken', 'not ok 1 a # TODO later', 'todo', ['later']],
    ['one that is expected to fail', 'not ok 1 a # XFAIL by design', 'todo', ['by design']],
    ['one that was, and passes', 'ok 1 a # TODO later', 'pass', []],
    ['one that took too long', 'not ok 1 a # TIMEOUT 45 seconds', 'fail', ['45 seconds']],
    ['one that could not be run', 'not ok 1 - a # ERROR no memory', 'fail', ['no memory']],
    ['a directive that nobody knows', 'ok 1 - a # FOO bar', 'pass', []],
    ['one with data only', 'not ok 1 a # 4 != 5', 'fail', ['4 != 5']],
  ])('%s', (_, line, result, details) => {
    const { subtests, problems } = parsed('ktap', ['KTAP version 1', '1..1', line]);
    expect(subtests.map((each) => [each.name, each.result, each.details])).toEqual([
      ['a', result, details],
    ]);
    expect(problems).toEqual([]);
  });

  it('a whole that fails without a part that does is a test that fails', () => {
    const tests = parsed('ktap', [...KTAP.slice(0, 8), '  not ok 1 example_test_1']);
    expect(shown(tests).slice(0, 2)).toEqual([
      'pass test 1 / example_test_1 / test_1',
      'fail test 1 / example_test_1',
    ]);
  });

  it.each<[lines: number, bad: string, problems: string[]]>([
    // In the last of main_test's parts: it has not ended, and neither have those that it is part of.
    [
      18,
      'unfinished test 1 / test 3 / test 2',
      ['planned 3 tests, 1 came', 'planned 3 tests, 2 came', 'planned 1 tests, 0 came'],
    ],
    [20, 'unfinished test 1 / test 3', ['planned 3 tests, 2 came', 'planned 1 tests, 0 came']],
    [21, 'unfinished test 1', ['planned 1 tests, 0 came']],
    [2, 'unfinished test 1', ['planned 1 tests, 0 came']],
  ])('that ends behind %i lines has a test without a result', (count, bad, problems) => {
    const tests = parsed('ktap', KTAP.slice(0, count));
    expect(shown(tests).filter((line) => line.startsWith('unfinished'))).toEqual([bad]);
    expect(tests.problems).toEqual(problems);
    expect(testsComplaint(tests)).toMatch(/has no result|test_2 fails/);
  });

  it.each<[what: string, lines: string[], problems: string[]]>([
    ['a test too few', ['1..2', 'ok 1 a'], ['planned 2 tests, 1 came']],
    ['a test too many', ['1..1', 'ok 1 a', 'ok 2 b'], ['planned 1 tests, 2 came']],
    ['a number twice', ['1..2', 'ok 1 a', 'ok 1 b'], ['test 1 where 2 was due']],
    ['a number left out', ['1..2', 'ok 1 a', 'ok 3 b'], ['test 3 where 2 was due']],
    ['two plans', ['1..1', '1..1', 'ok 1 a'], ['a second plan, 1..1']],
    ['no plan, which may be', ['ok 1 a'], []],
    [
      'a part without its result',
      [
        '1..1',
        '  KTAP version 1',
        '  # Subtest: x',
        '  1..1',
        '  ok 1 a',
        'KTAP version 1',
        '1..1',
        'ok 1 b',
      ],
      ['planned 1 tests, 0 came'],
    ],
    ['the end that the guest says', ['1..2', 'ok 1 a', 'Bail out! no disk'], ['Bail out! no disk']],
  ])('does not add up with %s', (_, lines, problems) => {
    expect(parsed('ktap', ['KTAP version 1', ...lines]).problems).toEqual(problems);
  });

  it('is none without its first line', () => {
    const tests = parsed('ktap', ['1..1', 'ok 1 a']);
    expect(tests).toEqual({ format: null, subtests: [], problems: [] });
    expect(testsComplaint(tests)).toBe('COM1 has shown no results of tests (--parse)');
  });
});

describe('TAP', () => {
  it('has its plan at the end, and blocks of YAML, in which no results are', () => {
    const tests = parsed('tap', [
      'TAP version 14',
      'ok 1 - retrieving servers from the database',
      '# need to ping 6 servers',
      'ok 2 - pinged diamond',
      'not ok 3 - pinged saphire',
      '  ---',
      '  message: \'hostname "saphire" unknown\'',
      '  ok 4 - no result',
      '',
      '  ...',
      'ok 4 - pinged onyx',
      '1..4',
    ]);
    expect(shown(tests)).toEqual([
      'pass retrieving servers from the database',
      'pass pinged diamond',
      'fail pinged saphire',
      'pass pinged onyx',
    ]);
    expect(tests.problems).toEqual([]);
  });

  it('has subtests of four columns', () => {
    const tests = parsed('auto', [
      'TAP version 14',
      '1..2',
      '# Subtest: foo.tap',
      '    1..2',
      '    ok 1',
      '    ok 2 - this is fine',
      'ok 1 - foo.tap',
      '# Subtest: bar.tap',
      '    ok 1 - object should be a Bar',
      '    not ok 2 - object.isBar should return true',
      '      ---',
      '      found: false',
      '      ...',
      '    ok 3 - object can bar bears # TODO',
      '    1..3',
      'not ok 2 - bar.tap',
    ]);
    expect(shown(tests)).toEqual([
      'pass foo.tap / test 1',
      'pass foo.tap / this is fine',
      'pass bar.tap / object should be a Bar',
      'fail bar.tap / object.isBar should return true',
      'pass bar.tap / object can bar bears',
    ]);
    expect([tests.format, tests.problems]).toEqual(['tap', []]);
  });

  it('parts of what is expected to fail are expected to', () => {
    const lines = ['1..1', '    1..1', '    not ok 1 - b', 'not ok 1 - a # TODO later'];
    const tests = parsed('tap', lines);
    expect(shown(tests)).toEqual(['todo a / b']);
    expect(testsComplaint(tests)).toBeNull();
  });

  it.each<[what: string, lines: string[], subtests: string[], problems: string[]]>([
    ['nothing to do', ["1..0 # skip because English-to-French translator isn't installed"], [], []],
    ['no version and no numbers', ['1..2', 'ok - a', 'not ok'], ['pass a', 'fail test 2'], []],
    ['escapes', ['1..1', 'ok 1 - a \\# TODO b \\\\ c'], ['pass a # TODO b \\ c'], []],
    [
      'characters that mean nothing here',
      ['1..1', 'ok 1 - a\u0001b\u0002 \\#\u{10000}\u{10400}\\\\\u{10ffff}'],
      ['pass a\u0001b\u0002 #\u{10000}\u{10400}\\\u{10ffff}'],
      [],
    ],
    ['no plan', ['ok 1 - a'], ['pass a'], ['there is no plan, such as 1..1']],
    [
      'an end that the guest says',
      ['1..573', 'not ok 1 - database handle', "Bail out! Couldn't connect to database."],
      ['fail database handle'],
      ["Bail out! Couldn't connect to database."],
    ],
  ])('%s', (_, lines, subtests, problems) => {
    const tests = parsed('tap', lines);
    expect([shown(tests), tests.problems]).toEqual([subtests, problems]);
  });
});

describe('kvm-unit-tests', () => {
  const LINES = [
    'enabling apic',
    'PASS: apic: xapic id matches cpuid',
    'XFAIL: svm: known',
    'SKIP: x2apic: not supported',
    'FAIL: pmu: counters: 8 != 4',
    'XPASS: tsc: surprise',
  ];

  it('has results, and a summary that says the same', () => {
    const summary = 'SUMMARY: 5 tests, 2 unexpected failures, 1 expected failures, 1 skipped';
    const tests = parsed('auto', [...LINES, summary]);
    expect(tests.format).toBe('kvm-unit-tests');
    expect(shown(tests)).toEqual([
      'pass apic: xapic id matches cpuid',
      'todo svm: known',
      'skip x2apic: not supported',
      'fail pmu: counters: 8 != 4',
      'fail tsc: surprise',
    ]);
    expect(tests.problems).toEqual([]);
  });

  it.each<[summary: string | null, problems: string[]]>([
    [null, ['there is no SUMMARY behind the last 5 results: the tests have not ended']],
    ['SUMMARY: 4 tests, 2 unexpected failures', ['SUMMARY says 4 tests, and 5 came']],
    ['SUMMARY: 6 tests, 2 unexpected failures', []], // one that passed has no name
    ['SUMMARY: 5 tests', ['SUMMARY says 0 unexpected failures, and 2 came']],
  ])('%s', (summary, problems) => {
    const lines = summary === null ? LINES : [...LINES, summary];
    expect(parsed('kvm-unit-tests', lines).problems).toEqual(problems);
  });
});

describe('results that are none', () => {
  it.each<[ParseFormat, string[], string[]]>([
    ['kvm-unit-tests', ['PASS: a', 'ABORT: no memory', 'SUMMARY: 1 tests'], ['ABORT: no memory']],
    ['kvm-unit-tests', ['SUMMARY: 0 tests'], ['SUMMARY says that there were no tests']],
    ['ktap', ['KTAP version 1'], ['no result has come, and no plan']],
    ['tap', ['TAP version 14', '1..0 # SKIP no hardware'], []],
  ])('%s: %j', (format, lines, problems) => {
    expect(parsed(format, lines)).toEqual({ format, subtests: [], problems, ...tested(lines) });
  });

  const tested = (lines: readonly string[]): object =>
    lines[0] === 'PASS: a'
      ? { subtests: [{ name: 'a', result: 'pass', details: [], line: 1 }] }
      : {};
});

describe('what stands behind #', () => {
  it('in TAP is part of the name, unless it is a directive', () => {
    const lines = [
      '1..4',
      'ok 1 - issue #5 works',
      'ok 2 - issue # 6 works',
      'not ok 3 - handles #skipped entries',
      'not ok 4 - later # TODO soon',
    ];
    expect(shown(parsed('tap', lines))).toEqual([
      'pass issue #5 works',
      'pass issue # 6 works',
      'fail handles #skipped entries',
      'todo later',
    ]);
  });

  it('on lines of its own is about the test before it in TAP, about the one behind it in KTAP', () => {
    const details = (format: ParseFormat, lines: readonly string[]): unknown =>
      parsed(format, lines).subtests.map((each) => each.details);
    const [first, second] = ['not ok 1 - a', 'not ok 2 - b'];
    expect(details('tap', ['1..2', first, '# got 3', second, '# got 4'])).toEqual([
      ['got 3'],
      ['got 4'],
    ]);
    const ktap = ['KTAP version 1', '1..2', '# got 3', first, '# got 4', second];
    expect(details('ktap', ktap)).toEqual([['got 3'], ['got 4']]);
  });
});

describe('what a guest prints without end', () => {
  it.each<[string, ParseFormat, string, (n: number) => string]>([
    ['results', 'ktap', 'KTAP version 1', (n) => `ok ${n + 1} a`],
    ['parts', 'ktap', 'KTAP version 1', (n) => `  ok ${n + 1} a`],
    ['kvm-unit-tests', 'kvm-unit-tests', '', () => 'PASS: a'],
  ])('%s: the first 100 000 are kept', (_, format, head, line) => {
    const lines = Array.from({ length: 100_010 }, (__, n) => line(n));
    const tests = parsed(format, [head, ...lines]);
    const results = tests.subtests.filter(({ result }) => result === 'pass');
    expect(results).toHaveLength(100_000);
    expect(tests.problems).toContain('more than 100000 subtests: the rest is left out');
  });

  it.each([
    [100, 'test 101 where 2 was due', 100],
    [101, 'and 1 more', 101],
    [250, 'and 150 more', 101],
  ])('%i things that do not add up: the last line is %s', (count, last, lines) => {
    const tests = parsed('ktap', [
      'KTAP version 1',
      ...Array.from({ length: count }, () => [`ok 1 a`, `ok 101 b`, `KTAP version 1`]).flat(),
    ]);
    expect(tests.problems).toHaveLength(lines);
    expect(tests.problems.at(-1)).toBe(last);
    const told = testLines({ ...RECORD, parsed: tests });
    expect(told.at(-1)).toBe(`and ${lines - 10} more (run.json, parsed)`);
  });

  it('levels: 16 of them, and lines of 4096 characters', () => {
    const deep = Array.from({ length: 40 }, (_, depth) => `${' '.repeat(2 * depth)}KTAP version 1`);
    const tests = parsed('ktap', [...deep, `${' '.repeat(80)}ok 1 ${'x'.repeat(10_000)}`]);
    expect(tests.subtests[0]?.name.split(' / ')).toHaveLength(16);
    expect(tests.subtests[0]?.name.length).toBeLessThan(5000);
  });
});

it('a last line that does not end is a line', () => {
  expect(shown(parsed('ktap', ['KTAP version 1', '1..1', 'ok 1 a'], ''))).toEqual(['pass a']);
});
