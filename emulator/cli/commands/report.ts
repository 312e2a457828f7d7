/** `s7x report [dir] [other]`: what a run has recorded, as text, tables, pictures and other tools' formats. */
import { existsSync, statSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { ArgumentsCamelCase, Argv, CommandModule, InferredOptionTypes } from 'yargs';
import { ConfigurationError, HostError } from '../../base/errors.js';
import { EXIT_SUCCESS } from '../exit-status.js';
import { reasonOf } from '../host-file.js';
import { makeFolder } from '../output-folder.js';
import { parseCount } from '../quantities.js';
import { REPORT_DOCUMENTS } from '../report/documents.js';
import { COVERAGE_FILE } from '../report/coverage-file.js';
import { csvReport } from '../report/csv-report.js';
import { intervalJson, intervalText } from '../report/interval-report.js';
import { parseInterval } from '../interval.js';
import { jsonReport } from '../report/json-report.js';
import { PAGES_FILE, RunFiles } from '../report/run-files.js';
import { textReport } from '../report/text-report.js';
import { standardOutput } from '../standard-output.js';
import { TRACE_FILE } from '../trace-recording.js';

const DEFAULT_FOLDER = '.s7x/last';
const DOCUMENT_NAMES = Object.keys(REPORT_DOCUMENTS) as (keyof typeof REPORT_DOCUMENTS)[];

function file(describe: string) {
  return { type: 'string', requiresArg: true, describe, group: 'Files:' } as const;
}

export const REPORT_OPTIONS = {
  top: {
    type: 'string',
    requiresArg: true,
    default: '20',
    describe: 'functions in the table',
  },
  json: { type: 'boolean', default: false, describe: 'print JSON instead of text' },
  csv: { type: 'boolean', default: false, describe: 'print all functions as CSV' },
  between: {
    type: 'string',
    requiresArg: true,
    describe: 'A..B: only what lies between two moments, such as serial:/kheap_init/..end',
  },
  html: file('all of it as one page: figures, lines of COM1, flame graph, functions'),
  folded: file("folded stacks, one a line (Brendan Gregg's format; value = cycles)"),
  flame: file('flame graph, SVG'),
  chrome: file("timeline of a trace, Chrome's trace-event JSON: Perfetto opens it"),
  speedscope: file('profile for speedscope'),
  callgrind: file('profile for KCachegrind and callgrind_annotate'),
  massif: file('memory over time by first writer, for ms_print and massif-visualizer'),
  lcov: file('coverage of lines and functions, for genhtml'),
  memory: file('physical memory atlas, HTML: what each page is and who used it first'),
} as const;

type ReportArguments = InferredOptionTypes<typeof REPORT_OPTIONS> & {
  dir: string | undefined;
  other: string | undefined;
};

export function reportCommand(
  schedule: (work: () => Promise<number>) => never,
): CommandModule<object, ReportArguments> {
  return {
    command: 'report [dir] [other]',
    describe: 'show what a run recorded: text, tables, flame graph; two folders: compare them',
    builder: (argv: Argv) =>
      argv
        .positional('dir', {
          type: 'string',
          describe: `folder of a run, or its run.json (default: ${DEFAULT_FOLDER})`,
        })
        .positional('other', { type: 'string', describe: 'folder of a later run to compare with' })
        .options(REPORT_OPTIONS)
        .example('s7x report', 'the last run in words')
        .example('s7x report --flame boot.svg', 'where the cycles of a profiled run went')
        .example(
          's7x report --between serial:/kheap_init/..end --flame part.svg',
          'of a part of it',
        )
        .example('s7x report --chrome boot.trace.json', 'when, for ui.perfetto.dev')
        .example('s7x report before after --flame change.svg', 'red grew, blue shrank'),
    handler: (args) => {
      schedule(() => report(args));
    },
  };
}

async function report(args: ArgumentsCamelCase<ReportArguments>): Promise<number> {
  if (args.json && args.csv) {
    throw new ConfigurationError('--json and --csv cannot both go to stdout');
  }
  const top = parseCount(args.top, '--top');
  const interval = args.between === undefined ? null : parseInterval(args.between, '--between');
  const first = new RunFiles(args.dir ?? DEFAULT_FOLDER, interval);
  const second = args.other === undefined ? null : new RunFiles(args.other, interval);
  // With two folders the later one is shown, and the earlier one is what it is compared with.
  const shown = second ?? first;
  const before = second === null ? null : first;
  const folders = [first, ...(second === null ? [] : [second])];
  const asked = DOCUMENT_NAMES.flatMap((name) => {
    const path = args[name];
    return path === undefined ? [] : [{ name, path }];
  });
  const nameless = asked.find(({ path }) => path === '');
  if (nameless !== undefined) {
    throw new ConfigurationError(`--${nameless.name}: no file is named`);
  }
  refuseSameFile(asked);
  const csv = args.csv ? csvReport(shown.profile('--csv'), before?.profile('--csv') ?? null) : null;
  for (const { name, path } of asked) {
    refuseResult(path, `--${name}`, folders);
    writeTo(path, `--${name}`, REPORT_DOCUMENTS[name](shown, before));
  }
  if (args.json) {
    const document =
      interval === null
        ? jsonReport(shown.folder, before?.folder ?? null)
        : intervalJson(shown, before);
    standardOutput.writeText(`${JSON.stringify(document, null, 2)}\n`);
  } else if (csv !== null) {
    standardOutput.writeText(csv);
  } else if (asked.length === 0) {
    standardOutput.writeText(
      interval === null
        ? textReport(shown.folder, before?.folder ?? null, top)
        : intervalText(shown, before, top),
    );
  }
  await standardOutput.drained();
  return EXIT_SUCCESS;
}

/** What a run left in its folder: a report that is written over it could not be made again. */
const RESULTS = [
  'run.json',
  'profile.json',
  PAGES_FILE,
  COVERAGE_FILE,
  TRACE_FILE,
  'serial.log',
  'log.ndjson',
];

/** Before anything is written. */
function refuseSameFile(asked: readonly { readonly name: string; readonly path: string }[]): void {
  const options = new Map<string, string>();
  for (const { name, path } of asked) {
    const place = resolve(path);
    const other = options.get(place);
    if (other !== undefined && !isDevice(place)) {
      throw new ConfigurationError(`--${name} ${path}: this file is needed already (${other})`);
    }
    options.set(place, `--${name} ${path}`);
  }
}

/** Terminals, pipes and /dev/null are everybody's. */
function isDevice(path: string): boolean {
  return existsSync(path) && !statSync(path).isFile();
}

function refuseResult(path: string, option: string, folders: readonly RunFiles[]): void {
  const results = folders.flatMap(({ folder }) =>
    RESULTS.map((name) => resolve(folder.path, name)),
  );
  if (!results.includes(resolve(path))) return;
  throw new ConfigurationError(`${option} ${path}: this file is what the run left`);
}

/** Writes a file, making its folder. @throws HostError when that fails */
function writeTo(path: string, option: string, text: string): void {
  try {
    makeFolder(dirname(path));
    writeFileSync(path, text);
  } catch (error) {
    throw new HostError(`${option} ${path} cannot be written: ${reasonOf(error)}`);
  }
}
