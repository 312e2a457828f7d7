/** `s7x sweep [image]`: boots many machines, one a row; prints a table. */
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Argv, CommandModule, InferredOptionTypes } from 'yargs';
import { ConfigurationError } from '../../base/errors.js';
import { packageVersion } from '../artefacts.js';
import { BAIL_OPTION, failuresMax } from '../bail.js';
import {
  sayConfiguration,
  type ConfigurationArguments,
} from '../configuration/configured-commands.js';
import { EXIT_DIVERGED, EXIT_SUCCESS } from '../exit-status.js';
import { loadBootFiles, type LoadedImage } from '../boot-files.js';
import { refuseSnapshot } from '../run-start.js';
import { sha256 } from '../sha256.js';
import { hostMapInput } from '../memmap-source.js';
import { junitDocument, type TestCase } from '../junit.js';
import { openFolder, requireNoImage, requireWritable, writeText } from '../output-folder.js';
import { printableLine } from '../printable.js';
import { parseCount } from '../quantities.js';
import { fitLines } from '../sweep-fit.js';
import { withMachineOptions, type MachineArguments } from '../run-options.js';
import { sweepPage } from '../report/sweep-page.js';
import { interruptSignal, raiseAgain } from '../signals.js';
import { recordNames } from '../serial-records.js';
import { standardError } from '../standard-error.js';
import { standardOutput } from '../standard-output.js';
import { removeOldRows, rowFolder, SERIAL_FILE, SWEEP_FILE } from '../sweep-folder.js';
import { byRam, sizesBetween } from '../sweep-cliffs.js';
import {
  parseShard,
  planRows,
  planSizes,
  rowsOfShard,
  type Shard,
  type SweepRow,
} from '../sweep-plan.js';
import { defaultJobs } from '../sweep-pool.js';
import { parseView, requireFreeColumns, sweepColumns, type SweepView } from '../sweep-columns.js';
import { sweepCsv, sweepTable } from '../sweep-table.js';
import {
  keyColumns,
  mergeSweeps,
  recordColumns,
  SWEEP_SCHEMA,
  statusOfRows,
  type SweepResult,
  type SweepRowResult,
} from '../sweep-result.js';
import { exceeded, readBaseline, type Baseline } from '../sweep-baseline.js';
import { readSweep } from '../sweep-file.js';
import { runSweepRows } from '../sweep-rows.js';
import { tapDocument } from '../tap.js';
import { caseNotRun, caseOfRow, suiteName } from '../test-cases.js';

export const SWEEP_OPTIONS = {
  ram: {
    type: 'string',
    alias: 'm',
    requiresArg: true,
    describe: 'RAM sizes: 8M..1T (doubling), 8M..1T*4, 8M..64M+8M, 8M,64M,3.5G',
  },
  vary: {
    type: 'string',
    array: true,
    requiresArg: true,
    default: [] as string[],
    describe: 'OPTION=A,B,C of run, such as memmap=zoo:*; repeatable: all combinations',
  },
  jobs: {
    type: 'string',
    alias: 'j',
    requiresArg: true,
    describe: 'runs at a time  [the processors]',
  },
  repeat: {
    type: 'string',
    requiresArg: true,
    default: '1',
    describe: 'run each row so often; the results must be identical',
  },
  shard: {
    type: 'string',
    requiresArg: true,
    default: '1/1',
    describe: 'I/N: only the rows of shard I of N',
  },
  merge: {
    type: 'string',
    array: true,
    requiresArg: true,
    default: [] as string[],
    describe: 'join the sweep.json files of shards instead of running (repeatable)',
  },
  bisect: {
    type: 'boolean',
    default: false,
    describe: 'run sizes of RAM between one that passes and one that fails, down to a page',
  },
  fit: {
    type: 'boolean',
    default: false,
    describe: 'how cycles, memory, recorded values and each function grow with the RAM',
  },
  bail: { ...BAIL_OPTION, describe: 'stop when N rows have failed  [1]' },
  json: {
    type: 'string',
    describe: 'write the result as JSON to FILE, or to stdout instead of the table',
  },
  csv: {
    type: 'string',
    describe: 'write the result as CSV to FILE, or to stdout instead of the table',
  },
  columns: {
    type: 'string',
    array: true,
    requiresArg: true,
    default: [] as string[],
    describe: 'columns of table and CSV, and their order: ram,cycles,note',
  },
  sort: {
    type: 'string',
    requiresArg: true,
    describe: 'rows of table and CSV by COLUMN, or COLUMN:desc',
  },
  html: {
    type: 'string',
    requiresArg: true,
    describe: 'write the result as one HTML page to FILE: charts over RAM, a table that sorts',
  },
  baseline: {
    type: 'string',
    requiresArg: true,
    describe: 'a sweep.json: status 12 when a row costs more cycles or memory than there',
  },
  tolerance: {
    type: 'string',
    requiresArg: true,
    describe: 'how much more it may be, such as 0.5%  [0%]',
  },
  tap: {
    type: 'string',
    describe: 'write the result as TAP 14 to FILE, or to stdout instead of the table',
  },
  junit: { type: 'string', requiresArg: true, describe: "write the rows as JUnit's XML to FILE" },
  out: {
    type: 'string',
    alias: 'o',
    requiresArg: true,
    default: 's7x-sweep',
    describe: 'folder for sweep.json and the runs',
  },
} as const;

type SweepArguments = InferredOptionTypes<typeof SWEEP_OPTIONS> &
  ConfigurationArguments &
  MachineArguments & { image?: string };

/** The command; `schedule` receives the work, which resolves to the exit status. */
export function sweepCommand(
  schedule: (work: () => Promise<number>) => never,
): CommandModule<object, SweepArguments> {
  return {
    command: 'sweep [image]',
    describe: 'boot many machines, one for each RAM size or value; table out',
    builder: (argv: Argv) =>
      withMachineOptions(argv.positional('image', { type: 'string', describe: 'as for run' }))
        .options(SWEEP_OPTIONS)
        .example('s7x sweep --ram 8M..4P', 'the bundled kernel at every power of two')
        .example("s7x sweep --vary 'memmap=zoo:*' --csv zoo.csv", 'every map of the zoo')
        .example('s7x sweep kernel.elf --ram 1M..64M --bisect', 'the least RAM that it boots with')
        .example('s7x sweep --ram 8M..4P --shard 1/4 -o part1', 'a quarter of the rows'),
    handler: (args) => {
      schedule(() => sweep(args));
    },
  };
}

async function sweep(args: SweepArguments): Promise<number> {
  const { json, csv, tap, junit, html } = args;
  const toStdout = Object.entries({ json, csv, tap }).filter(([, path]) => path === '');
  if (toStdout.length > 1) {
    const options = toStdout.map(([option]) => `--${option}`);
    throw new ConfigurationError(`${options.join(' and ')} cannot both go to stdout`);
  }
  for (const [option, path] of Object.entries({ json, csv, tap, junit, html })) {
    requireNoImage(`--${option}`, path);
  }
  const baseline = baselineOf(args);
  const parts = args.merge.map((path) => ({ path, sweep: readSweep(path, '--merge') }));
  const { result, view } = parts.length > 0 ? mergedSweep(args, parts) : await runSweep(args);
  // The table first: a full disk must not take the result of an hour with it.
  printResult(args, result, view);
  writeText(join(openFolder(args.out), SWEEP_FILE), jsonText(result));
  writeFiles(args, result, view);
  await standardOutput.drained();
  if (interruptSignal() !== null) raiseAgain();
  const status = statusOfRows(result.rows);
  const lines = baseline === null ? [] : exceeded(result.rows, baseline);
  for (const line of lines) standardError.say(line);
  return status === EXIT_SUCCESS && lines.length > 0 ? EXIT_DIVERGED : status;
}

/** @throws HostError, ConfigurationError: before anything is run, or written over */
function baselineOf({ baseline, tolerance, out }: SweepArguments): Baseline | null {
  if (baseline === undefined) {
    if (tolerance === undefined) return null;
    throw new ConfigurationError(`--tolerance ${tolerance} is of a --baseline, and there is none`);
  }
  if (resolve(baseline) === resolve(out, SWEEP_FILE)) {
    throw new ConfigurationError(
      `--baseline ${baseline}: this sweep would write over it; -o names another folder`,
    );
  }
  return readBaseline(baseline, tolerance ?? '0%');
}

interface ViewedSweep {
  readonly result: SweepResult;
  readonly view: SweepView;
}

function mergedSweep(args: SweepArguments, parts: Parameters<typeof mergeSweeps>[0]): ViewedSweep {
  const result = mergeSweeps(parts);
  return { result, view: viewOf(args, keyColumns(result), recordColumns(result)) };
}

async function runSweep(args: SweepArguments): Promise<ViewedSweep> {
  refuseSnapshot(args.image);
  const image = loadBootFiles(args);
  const rows = planRows(args, args.ram, args.vary, image, hostMapInput);
  const keys = Object.keys(rows[0]?.key ?? {});
  requireFreeColumns(keys, recordNames(args.record));
  const view = viewOf(args, keys, recordNames(args.record));
  const shard = parseShard(args.shard);
  if (args.bisect) requireBisectable(args, shard);
  if (args.fit) requireFittable(args);
  const repeat = parseCount(args.repeat, '--repeat');
  const jobs = args.jobs === undefined ? defaultJobs() : parseCount(args.jobs, '--jobs');
  const folder = openFolder(args.out);
  requireWritable([args.json, args.csv, args.tap, args.junit, args.html]);
  removeOldRows(folder, SWEEP_FILE);
  sayConfiguration(args);
  const how = {
    repeat,
    jobs,
    folder,
    failuresMax: failuresMax(args.bail),
    finished: progress,
    ...(args.fit ? { functionsOf: () => 'all' as const } : {}),
  };
  const ownRows = rowsOfShard(rows, shard);
  let results = await runSweepRows(ownRows, how);
  let planned = rows.length;
  for (;;) {
    const sizes = args.bisect && interruptSignal() === null ? sizesBetween(results) : [];
    if (sizes.length === 0) break;
    const between = planSizes(args, sizes, planned, image, hostMapInput);
    planned += between.length;
    results = byRam([...results, ...(await runSweepRows(between, how))]);
  }
  const result: SweepResult = {
    schema: SWEEP_SCHEMA,
    tool: { name: 's7x', version: packageVersion() },
    image: { path: image.image.path, sha256: image.sha256 },
    plan: { rows: planned, digest: planDigest(image, rows) },
    shard,
    repeat,
    rows: results,
    ...notRun(ownRows, results),
  };
  return { result, view };
}

/** What of the plan has no result, where a failure or a signal ended the sweep. */
function notRun(
  rows: readonly SweepRow[],
  results: readonly SweepRowResult[],
): Pick<SweepResult, 'notRun'> {
  const ran = new Set(results.map(({ index }) => index));
  const left = rows.filter(({ index }) => !ran.has(index));
  return left.length === 0 ? {} : { notRun: left.map(({ index, key }) => ({ index, key })) };
}

/** @throws ConfigurationError for a column that the sweep has not */
function viewOf(
  args: SweepArguments,
  keys: readonly string[],
  recorded: readonly string[],
): SweepView {
  return parseView(args, [...sweepColumns(keys, recorded).keys()]);
}

/** One line for a finished row: in place on a terminal, one after another elsewhere. */
function progress(result: SweepRowResult, done: number, all: number): void {
  const line = `[${done}/${all}] ${Object.values(result.key).join(' ')} ${result.result}`;
  if (process.stderr.isTTY) {
    process.stderr.write(`\r\x1b[2K${printableLine(line)}${done === all ? '\r\x1b[2K' : ''}`);
  } else {
    standardError.say(line);
  }
}

/** @throws ConfigurationError where there is nothing to bisect, or not all of it */
function requireBisectable(args: SweepArguments, shard: Shard): void {
  const { vary, memmap, bail } = args;
  const refusals: readonly (readonly [refused: boolean, words: string])[] = [
    [vary.length > 0, '--vary'],
    [memmap !== 'pc', `--memmap ${memmap}`],
    [failuresMax(bail) < Infinity, '--bail'],
    [shard.count > 1, '--shard'],
  ];
  const words = refusals.find(([refused]) => refused)?.[1];
  if (words === undefined) return;
  throw new ConfigurationError(
    `--bisect looks for sizes of RAM at which the result changes: it cannot go with ${words}`,
  );
}

/** @throws ConfigurationError where anything but the RAM of the map pc varies: laws are of one size */
function requireFittable({ vary, memmap, ram }: SweepArguments): void {
  const words = vary.length > 0 ? '--vary' : memmap === 'pc' ? null : `--memmap ${memmap}`;
  if (words === null && ram !== undefined) return;
  throw new ConfigurationError(
    `--fit is of sizes of RAM (--ram): it cannot go with ${words ?? 'none of them'}`,
  );
}

/** The table, or the document that was asked for in its place. */
function printResult(args: SweepArguments, result: SweepResult, view: SweepView): void {
  if (args.json === '') standardOutput.writeText(jsonText(result));
  else if (args.csv === '') standardOutput.writeText(sweepCsv(result, view));
  else if (args.tap === '') standardOutput.writeText(tapDocument(casesOf(result, args)));
  else standardOutput.writeText(`${tableLines(args, result, view).join('\n')}\n`);
}

function tableLines({ fit }: SweepArguments, result: SweepResult, view: SweepView): string[] {
  const laws = fit ? fitLines(result).map((text) => ` ${text}`) : [];
  const lines = sweepTable(result, view);
  // The tally ends it.
  return [...lines.slice(0, -1), ...laws, ...lines.slice(-1)];
}

function writeFiles(args: SweepArguments, result: SweepResult, view: SweepView): void {
  if (args.json) writeText(args.json, jsonText(result));
  if (args.csv) writeText(args.csv, sweepCsv(result, view));
  if (args.tap) writeText(args.tap, tapDocument(casesOf(result, args)));
  const name = suiteName(result.image.path);
  if (args.html !== undefined)
    writeText(args.html, sweepPage(result, name, args.fit ? fitLines(result) : []));
  if (args.junit === undefined) return;
  writeText(args.junit, junitDocument([{ name, cases: casesOf(result, args) }]));
}

/** All rows, in the plan's order. Those that do not pass have what COM1 showed: where they ran is known to who ran them. */
function casesOf(result: SweepResult, { merge, out }: SweepArguments): TestCase[] {
  const ran = result.rows.map((row) => {
    const wanted = merge.length === 0 && row.result !== 'PASS';
    return { row, testCase: caseOfRow(row, wanted ? serialOf(rowFolder(out, row)) : '') };
  });
  const left = (result.notRun ?? []).map((row) => ({ row, testCase: caseNotRun(row) }));
  // Rows of --bisect stand by their RAM.
  const all = left.length === 0 ? ran : [...ran, ...left].sort((a, b) => a.row.index - b.row.index);
  return all.map(({ testCase }) => testCase);
}

/** What a row's serial.log says; nothing where it has none. */
function serialOf(folder: string): string {
  const path = join(folder, SERIAL_FILE);
  return existsSync(path) ? readFileSync(path, 'utf8') : '';
}

function jsonText(result: SweepResult): string {
  return `${JSON.stringify(result, null, 2)}\n`;
}

function planDigest(image: LoadedImage, rows: readonly SweepRow[]): string {
  const plan = rows.map((row) => [row.key, { ...row.options, imagePath: '' }]);
  const files = [image.sha256, ...image.moduleSha256, ...image.loadSha256];
  if (image.disk !== null) files.push(image.disk.sha256);
  if (image.symbolsSha256 !== null) files.push(image.symbolsSha256);
  const text = JSON.stringify([files, plan], (_, value: unknown) =>
    typeof value === 'bigint' ? value.toString() : value,
  );
  return sha256(text);
}
