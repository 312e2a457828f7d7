/** Results of runs as JUnit's XML, which CI systems read. */
import { fails, type Subtest } from './guest-tests/subtest.js';
import { escapeMarkup } from './report/markup.js';

export interface TestCase {
  readonly name: string;
  /** Guest time, nanoseconds; null where there was no run. */
  readonly ns: number | null;
  /** A failure is the guest's, an error a run that could not be made; one that is skipped was not tried. */
  readonly result: 'PASS' | 'FAIL' | 'ERROR' | 'SKIP';
  /** Why it did not pass: a sentence, and the lines behind it. */
  readonly message: string;
  readonly details: readonly string[];
  /** Figures and recorded values, by name. */
  readonly properties: Readonly<Record<string, string>>;
  /** Tests that the guest has run itself. */
  readonly subtests: readonly Subtest[];
  /** What COM1 showed. */
  readonly output: string;
}

/** Cases that belong together. */
export interface TestSuite {
  readonly name: string;
  readonly cases: readonly TestCase[];
}

/** Characters of output that a document carries for a case: the last ones. The whole is in serial.log. */
const OUTPUT_CHARACTERS = 65_536;
const NS_PER_SECOND = 1e9;

/**
 * Suites with their cases. Times are seconds of guest time, so that the same runs give the same document.
 * Source of the format: Apache Ant, "JUnitReport"; pytest's xunit2 for properties of a case.
 */
export function junitDocument(suites: readonly TestSuite[]): string {
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<testsuites>',
    ...suites.flatMap(suiteLines),
    '</testsuites>',
    '',
  ].join('\n');
}

function suiteLines({ name: suite, cases }: TestSuite): string[] {
  const count = (result: TestCase['result']): number =>
    cases.filter((each) => each.result === result).length;
  const subtests = cases.flatMap((each) => each.subtests);
  const failures = subtests.filter(fails).length;
  const skipped = subtests.filter(({ result }) => isSkipped(result)).length;
  const ns = cases.reduce((sum, each) => sum + (each.ns ?? 0), 0);
  const head = attributes({
    name: suite,
    tests: String(cases.length + subtests.length),
    failures: String(count('FAIL') + failures),
    errors: String(count('ERROR')),
    skipped: String(count('SKIP') + skipped),
    time: seconds(ns),
  });
  return [`<testsuite${head}>`, ...cases.flatMap((each) => caseLines(suite, each)), '</testsuite>'];
}

function caseLines(suite: string, each: TestCase): string[] {
  const head = attributes({ classname: suite, name: each.name, time: seconds(each.ns ?? 0) });
  const properties = Object.entries(each.properties).map(
    ([name, value]) => `<property${attributes({ name, value })}/>`,
  );
  return [
    `<testcase${head}>`,
    ...(properties.length === 0 ? [] : ['<properties>', ...properties, '</properties>']),
    ...failureLines(each),
    ...(each.output === ''
      ? []
      : [`<system-out>${content(each.output.slice(-OUTPUT_CHARACTERS))}</system-out>`]),
    '</testcase>',
    ...each.subtests.flatMap((subtest) => subtestLines(suite, each, subtest)),
  ];
}

/** A case of its own behind that of its run; a run knows no times of its parts. */
function subtestLines(suite: string, { name }: TestCase, subtest: Subtest): string[] {
  const head = attributes({ classname: suite, name: `${name}: ${subtest.name}`, time: seconds(0) });
  const [message = subtest.result, ...more] = subtest.details;
  if (isSkipped(subtest.result)) {
    return [`<testcase${head}>`, `<skipped${attributes({ message })}/>`, '</testcase>'];
  }
  if (!fails(subtest)) return [`<testcase${head}/>`];
  const body = content([message, ...more].join('\n'));
  return [
    `<testcase${head}>`,
    `<failure${attributes({ message })}>${body}</failure>`,
    '</testcase>',
  ];
}

function isSkipped(result: Subtest['result']): boolean {
  return result === 'skip' || result === 'todo';
}

function failureLines({ result, message, details }: TestCase): string[] {
  if (result === 'PASS') return [];
  if (result === 'SKIP') return [`<skipped${attributes({ message })}/>`];
  const element = result === 'FAIL' ? 'failure' : 'error';
  const body = content([message, ...details].join('\n'));
  return [`<${element}${attributes({ message })}>${body}</${element}>`];
}

function seconds(ns: number): string {
  return (ns / NS_PER_SECOND).toFixed(9);
}

function attributes(values: Readonly<Record<string, string>>): string {
  return Object.entries(values)
    .map(([name, value]) => ` ${name}="${content(value).replaceAll('\n', '&#10;')}"`)
    .join('');
}

/** Text that XML 1.0 may hold ("Characters", production 2): other control characters and lone surrogates are U+FFFD. */
function content(text: string): string {
  return escapeMarkup(
    text.replace(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, '\ufffd'),
  );
}
