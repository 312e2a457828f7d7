/** `s7x report [dir] [other]`: what a run has recorded, as text, tables, pictures and other tools' formats. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import type { ArgumentsCamelCase, Argv, CommandModule, InferredOptionTypes } from 'yargs';
import { ConfigurationError, HostError } from '../../base/errors.js';
import type { Profile } from '../../machine/profile.js';
import { EXIT_SUCCESS } from '../exit-status.js';
import { parseCount } from '../quantities.js';
import { callgrindProfile } from '../report/callgrind.js';
import { chromeTrace } from '../report/chrome-trace.js';
import { speedscopeProfile } from '../report/speedscope.js';
import { TRACE_SCHEMA, TRACE_SHAPE, type TraceFile } from '../report/trace-file.js';
import { TRACE_FILE } from '../trace-recording.js';
import { packageVersion } from '../artefacts.js';
import { atlasPage } from '../report/atlas-page.js';
import { foldedStacks } from '../report/call-profile.js';
import { flameGraph } from '../report/flame-graph.js';
import { jsonReport } from '../report/json-report.js';
import { PAGES_SCHEMA, type PagesFile } from '../browser/pages-data.js';
import { readJson, readRunFolder, type RunFolder } from '../report/run-folder.js';
import { summaryLines, textReport } from '../report/text-report.js';
import { reasonOf } from '../host-file.js';
import { standardOutput } from '../standard-output.js';

const DEFAULT_FOLDER = '.s7x/last';

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
  folded: file("folded stacks, one a line (Brendan Gregg's format; value = cycles)"),
  flame: file('flame graph, SVG'),
  chrome: file("timeline of a trace, Chrome's trace-event JSON: Perfetto opens it"),
  speedscope: file('profile for speedscope'),
  callgrind: file('profile for KCachegrind and callgrind_annotate'),
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
          describe: `folder of a run (default: ${DEFAULT_FOLDER})`,
        })
        .positional('other', { type: 'string', describe: 'folder of a later run to compare with' })
        .options(REPORT_OPTIONS)
        .example('s7x report', 'the last run in words')
        .example('s7x report --flame boot.svg', 'where the cycles of a profiled run went')

        .example('s7x report --chrome boot.trace.json', 'when, for ui.perfetto.dev')
        .example('s7x report before after --flame change.svg', 'red grew, blue shrank'),
    handler: (args) => {
      schedule(() => report(args));
    },
  };
}

async function report(args: ArgumentsCamelCase<ReportArguments>): Promise<number> {
  const top = parseCount(args.top, '--top');
  const first = readRunFolder(args.dir ?? DEFAULT_FOLDER);
  const second = args.other === undefined ? null : readRunFolder(args.other);
  // With two folders the later one is shown, and the earlier one is what it is compared with.
  const shown = second ?? first;
  const before = second === null ? null : first;
  let wrote = false;
  const write = (path: string | undefined, option: string, text: () => string): void => {
    if (path === undefined) return;
    refuseResult(path, option, [first, ...(second === null ? [] : [second])]);
    writeTo(path, option, text());
    wrote = true;
  };
  write(args.folded, '--folded', () => foldedStacks(profileOf(shown, '--folded')));
  write(args.flame, '--flame', () =>
    flameGraph(profileOf(shown, '--flame'), {
      title: titleOf(shown, before),
      ...(before === null ? {} : { before: profileOf(before, '--flame') }),
    }),
  );
  const title = titleOf(shown, null);
  const exporter = `s7x ${packageVersion()}`;
  write(args.chrome, '--chrome', () => chromeTrace(traceOf(shown), title));
  write(args.speedscope, '--speedscope', () =>
    speedscopeProfile(profileOf(shown, '--speedscope'), title, exporter),
  );
  write(args.callgrind, '--callgrind', () =>
    callgrindProfile(profileOf(shown, '--callgrind'), title, exporter),
  );
  write(args.memory, '--memory', () => {
    const pages = pagesOf(shown);
    return atlasPage(pages, title, factsOf(shown));
  });
  if (args.json) {
    standardOutput.write(`${JSON.stringify(jsonReport(shown, before), null, 2)}\n`);
  } else if (!wrote) {
    standardOutput.write(textReport(shown, before, top));
  }
  await standardOutput.drained();
  return EXIT_SUCCESS;
}

/** @throws ConfigurationError when the run was not profiled */
function profileOf({ path, profile }: RunFolder, option: string): Profile {
  if (profile === null) {
    throw new ConfigurationError(`${option}: ${path} has no profile.json; run with --profile`);
  }
  return profile;
}

const PAGES_SHAPE = {
  cycles: 0,
  map: [[0, 0, '']],
  ram: [[0, 0, 0]],
  layout: [[0, 0, '']],
  functions: [''],
  uses: [[0, 0, 0, 0, 0, 0]],
  tables: [[0, 0, 0]],
  lacking: 0,
};

/** @throws ConfigurationError when the run noted no pages */
function pagesOf({ path }: RunFolder): PagesFile {
  const pages = readJson(join(path, 'pages.json'), PAGES_SCHEMA, PAGES_SHAPE);
  if (pages === null) {
    throw new ConfigurationError(`--memory: ${path} has no pages.json; run with --atlas`);
  }
  return pages as PagesFile;
}

/** @throws ConfigurationError when the run recorded no trace */
function traceOf({ path }: RunFolder): TraceFile {
  const trace = readJson(join(path, TRACE_FILE), TRACE_SCHEMA, TRACE_SHAPE);
  if (trace === null) {
    throw new ConfigurationError(`--chrome: ${path} has no trace.json; run with --trace`);
  }
  return trace as TraceFile;
}

function factsOf({ record }: RunFolder): string {
  return summaryLines(record)
    .filter(([name]) => name === 'machine' || name === 'guest time' || name === 'memory')
    .map(([, value]) => value)
    .join(' · ');
}

function titleOf({ record }: RunFolder, before: RunFolder | null): string {
  const image = record.image?.path.split('/').at(-1) ?? 'firmware';
  const title = `${image} · ${String(record.config['cpu'])}`;
  return before === null ? title : `${title}, compared with ${before.path}`;
}

/** What a run left in its folder: a report that is written over it could not be made again. */
const RESULTS = ['run.json', 'profile.json', 'pages.json', TRACE_FILE, 'serial.log', 'log.ndjson'];

function refuseResult(path: string, option: string, folders: readonly RunFolder[]): void {
  const results = folders.flatMap((folder) => RESULTS.map((name) => resolve(folder.path, name)));
  if (!results.includes(resolve(path))) return;
  throw new ConfigurationError(`${option} ${path}: this file is what the run left`);
}

/** Writes a file, making its folder. @throws HostError when that fails */
function writeTo(path: string, option: string, text: string): void {
  try {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  } catch (error) {
    throw new HostError(`${option} ${path} cannot be written: ${reasonOf(error)}`);
  }
}
