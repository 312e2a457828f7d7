/** `s7x test [files]`: runs the cases of suite files, one machine each. */
import { join } from 'node:path';
import type { Argv, CommandModule, InferredOptionTypes } from 'yargs';
import { ConfigurationError } from '../../base/errors.js';
import { packageVersion } from '../artefacts.js';
import { BAIL_OPTION, failuresMax } from '../bail.js';
import {
  sayConfiguration,
  type ConfigurationArguments,
} from '../configuration/configured-commands.js';
import { EXIT_SUCCESS } from '../exit-status.js';
import { junitDocument } from '../junit.js';
import { hostMapInput } from '../memmap-source.js';
import {
  openFolder,
  requireNoImage,
  requireWritable,
  writeJson,
  writeText,
} from '../output-folder.js';
import { printableLine } from '../printable.js';
import { parseCount } from '../quantities.js';
import { parseExpression } from '../serial-pattern.js';
import { interruptSignal, raiseAgain } from '../signals.js';
import { standardError } from '../standard-error.js';
import { standardOutput } from '../standard-output.js';
import { suiteFiles } from '../suite/suite-files.js';
import {
  budgetComplaint,
  budgetFunctions,
  GoldenLogs,
  requireOwnGolden,
} from '../suite/suite-judge.js';
import { planCases, type CaseDefaults, type SuiteCase } from '../suite/suite-plan.js';
import {
  caseLine,
  caseResult,
  summaryLines,
  TEST_SCHEMA,
  testSuites,
  type TestResult,
} from '../suite/suite-result.js';
import { readSuite } from '../suite/suite.js';
import { removeOldRows, TEST_FILE } from '../sweep-folder.js';
import { defaultJobs } from '../sweep-pool.js';
import { statusOfRows, type SweepRowResult } from '../sweep-result.js';
import { runSweepRows } from '../sweep-rows.js';
import { tapDocument } from '../tap.js';

export const TEST_OPTIONS = {
  name: {
    type: 'string',
    alias: 't',
    requiresArg: true,
    describe: 'only cases whose name this regular expression fits',
  },
  jobs: {
    type: 'string',
    alias: 'j',
    requiresArg: true,
    describe: 'runs at a time  [the processors]',
  },
  bail: { ...BAIL_OPTION, describe: 'stop when N cases have failed  [1]' },
  list: { type: 'boolean', default: false, describe: 'print the names of the cases and end' },
  update: {
    type: 'boolean',
    default: false,
    describe: 'write the golden logs anew, of cases that pass otherwise',
  },
  json: {
    type: 'string',
    describe: 'write the result as JSON to FILE, or to stdout instead of the lines',
  },
  tap: {
    type: 'string',
    describe: 'write the result as TAP 14 to FILE, or to stdout instead of the lines',
  },
  junit: { type: 'string', requiresArg: true, describe: "write the cases as JUnit's XML to FILE" },
  out: {
    type: 'string',
    alias: 'o',
    requiresArg: true,
    default: 's7x-test',
    describe: 'folder for test.json and the runs',
  },
} as const;

type TestArguments = InferredOptionTypes<typeof TEST_OPTIONS> &
  ConfigurationArguments & { files: string[] | undefined };

/**
 * The command; `schedule` receives the work, which resolves to the exit status.
 * @param caseDefaults options of suites that do not say
 */
export function testCommand(
  schedule: (work: () => Promise<number>) => never,
  caseDefaults: () => CaseDefaults,
): CommandModule<object, TestArguments> {
  return {
    command: 'test [files..]',
    describe: 'run suites of boots, *.boot.yaml: steps on the serial port, budgets, golden logs',
    builder: (argv: Argv) =>
      argv
        .positional('files', {
          type: 'string',
          array: true,
          describe: 'suites, folders or patterns (default: **/*.boot.yaml)',
        })
        .options(TEST_OPTIONS)
        .example('s7x test', 'every suite below this folder')
        .example("s7x test boot.boot.yaml -t 'ram 4 GiB'", 'some cases of one')
        .example('s7x test --junit junit.xml', 'for CI')
        .example('s7x test --update', 'golden logs anew'),
    handler: (args) => {
      schedule(() => test(args, caseDefaults()));
    },
  };
}

async function test(args: TestArguments, defaults: CaseDefaults): Promise<number> {
  requireOutputs(args);
  const cases = chosenCases(args, defaults);
  if (args.list) {
    standardOutput.writeText(
      [...cases.values()].map(({ name }) => `${printableLine(name)}\n`).join(''),
    );
    await standardOutput.drained();
    return EXIT_SUCCESS;
  }
  const jobs = args.jobs === undefined ? defaultJobs() : parseCount(args.jobs, '--jobs');
  const folder = openFolder(args.out);
  requireWritable([args.json, args.tap, args.junit]);
  removeOldRows(folder, TEST_FILE);
  sayConfiguration(args);
  const print = lineWriter(args);
  const golden = new GoldenLogs(args.update, folder);
  const rows = await runCases(
    cases,
    { jobs, folder, failuresMax: failuresMax(args.bail) },
    golden,
    print,
  );
  const result: TestResult = {
    schema: TEST_SCHEMA,
    tool: { name: 's7x', version: packageVersion() },
    chosen: cases.size,
    cases: rows.map((row) => caseResult(caseOf(cases, row), row)),
  };
  for (const path of golden.written) print(`written: ${path}`);
  for (const line of summaryLines(result, folder)) print(line);
  writeResult(args, result, folder);
  await standardOutput.drained();
  if (interruptSignal() !== null) raiseAgain();
  return statusOfRows(rows);
}

function runCases(
  cases: Cases,
  how: { readonly jobs: number; readonly folder: string; readonly failuresMax: number },
  golden: GoldenLogs,
  print: (line: string) => void,
): Promise<SweepRowResult[]> {
  const rows = [...cases.values()].map(({ row }) => row);
  return runSweepRows(rows, {
    ...how,
    repeat: 1,
    functionsOf: (row) => budgetFunctions(caseOf(cases, row).suite.budgets),
    judge: (row, record, functions) => {
      const each = caseOf(cases, row);
      return budgetComplaint(each.suite.budgets, record, functions) ?? golden.complaint(each);
    },
    finished: (result) => print(caseLine(caseResult(caseOf(cases, result), result))),
  });
}

/** By the number that a case and its row have among all. */
type Cases = ReadonlyMap<number, SuiteCase>;

function caseOf(cases: Cases, { index }: { readonly index: number }): SuiteCase {
  return cases.get(index) as SuiteCase;
}

/** @throws ConfigurationError where nothing would be run */
function chosenCases({ files, name, update }: TestArguments, defaults: CaseDefaults): Cases {
  const suites = suiteFiles(files ?? []).map(readSuite);
  const cases = planCases(suites, defaults, hostMapInput);
  const expression = name === undefined ? null : nameExpression(name);
  const chosen = cases.filter((each) => expression?.test(each.name) !== false);
  if (chosen.length === 0) {
    throw new ConfigurationError(`--name ${name}: no case of ${cases.length} has such a name`);
  }
  if (update) chosen.forEach(requireOwnGolden);
  return new Map(chosen.map((each) => [each.row.index, each]));
}

/** `RE` or `/RE/flags`. @throws ConfigurationError */
function nameExpression(text: string): RegExp {
  return parseExpression(text, '--name') ?? (parseExpression(`/${text}/`, '--name') as RegExp);
}

/** Lines go to standard output, or out of the way of the document that goes there. */
function lineWriter({ json, tap }: TestArguments): (line: string) => void {
  if (json === '' || tap === '') {
    return (line) => {
      if (line !== '') standardError.say(line);
    };
  }
  return (line) => standardOutput.write(`${printableLine(line)}\n`);
}

/** @throws ConfigurationError where a document would go to the other's place, or over a suite or an image */
function requireOutputs({ json, tap, junit }: TestArguments): void {
  if (json === '' && tap === '') {
    throw new ConfigurationError('--json and --tap cannot both go to stdout');
  }
  for (const [option, path] of Object.entries({ json, tap, junit })) {
    requireNoImage(`--${option}`, path);
    if (path === undefined || !/\.ya?ml$/.test(path)) continue;
    throw new ConfigurationError(
      `--${option} ${path}: this would write over a suite; suites are named before the options`,
    );
  }
}

function writeResult(
  { json, tap, junit }: TestArguments,
  result: TestResult,
  folder: string,
): void {
  writeJson(join(folder, TEST_FILE), result);
  const suites = testSuites(result, folder);
  const put = (path: string | undefined, text: () => string): void => {
    if (path === '') standardOutput.writeText(text());
    else if (path !== undefined) writeText(path, text());
  };
  put(json, () => `${JSON.stringify(result, null, 2)}\n`);
  put(tap, () => tapDocument(suites.flatMap(({ cases }) => cases)));
  put(junit, () => junitDocument(suites));
}
