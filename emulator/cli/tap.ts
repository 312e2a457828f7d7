/** Results of runs in the Test Anything Protocol. Source: "TAP version 14 specification", testanything.org. */
import type { TestCase } from './junit.js';

/** A document with a line for each case, and why it does not pass. */
export function tapDocument(cases: readonly TestCase[]): string {
  const lines = cases.flatMap((each, index) => [
    `${each.result === 'PASS' ? 'ok' : 'not ok'} ${index + 1} - ${description(each.name)}`,
    ...diagnostic(each),
  ]);
  return ['TAP version 14', `1..${cases.length}`, ...lines, ''].join('\n');
}

/** A YAML block; JSON's texts are YAML's, too. */
function diagnostic({ result, message, details }: TestCase): string[] {
  if (result === 'PASS') return [];
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
