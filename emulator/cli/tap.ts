/** Results of runs in the Test Anything Protocol. Source: "TAP version 14 specification", testanything.org. */
import { fails } from './guest-tests/subtest.js';
import type { TestCase } from './junit.js';

/** A document with a line for each case, and why it does not pass; the tests of its guest are its subtests. */
export function tapDocument(cases: readonly TestCase[]): string {
  const lines = cases.flatMap((each, index) => [
    ...subtestLines(each),
    testPoint(each, index + 1),
    ...diagnostic(each),
  ]);
  return ['TAP version 14', `1..${cases.length}`, ...lines, ''].join('\n');
}

function testPoint({ result, name, message }: TestCase, place: number): string {
  const isOk = result === 'PASS' || result === 'SKIP';
  const directive = result === 'SKIP' ? ` # SKIP ${description(message)}` : '';
  return `${isOk ? 'ok' : 'not ok'} ${place} - ${description(name)}${directive}`;
}

const DIRECTIVES: Readonly<Record<string, string>> = { skip: ' # SKIP ', todo: ' # TODO ' };

/** Before their case, four columns deeper. [TAP 14 "Subtests"] */
function subtestLines({ name, subtests }: TestCase): string[] {
  if (subtests.length === 0) return [];
  const lines = subtests.flatMap((each, index) => {
    const [reason = ''] = each.details;
    const directive = DIRECTIVES[each.result];
    const end = directive === undefined ? '' : directive + description(reason);
    const isOk = each.result === 'pass' || each.result === 'skip';
    const line = `${isOk ? 'ok' : 'not ok'} ${index + 1} - ${description(each.name)}${end}`;
    const shown = fails(each) ? each.details : [];
    return [line.trimEnd(), ...shown.map((text) => `# ${text.replace(/\s+/g, ' ')}`.trimEnd())];
  });
  const all = [`# Subtest: ${description(name)}`, `1..${subtests.length}`, ...lines];
  return all.map((line) => `    ${line}`);
}

/** A YAML block; JSON's texts are YAML's, too. */
function diagnostic({ result, message, details }: TestCase): string[] {
  if (result === 'PASS' || result === 'SKIP') return [];
  const severity = result === 'FAIL' ? 'fail' : 'error';
  const about = [
    `message: ${JSON.stringify(message)}`,
    `severity: ${severity}`,
    ...(details.length === 0
      ? []
      : ['details:', ...details.map((line) => `  - ${JSON.stringify(line)}`)]),
  ];
  return ['  ---', ...about.map((line) => `  ${line}`), '  ...'];
}

/** One line, in which neither a directive nor an escape begins. */
function description(name: string): string {
  return name.replace(/\s+/g, ' ').replace(/[\\#]/g, '\\$&');
}
