/** What a run has recorded, for one report: whole, or what lies between two moments (`--between`). */
import { join } from 'node:path';
import { ConfigurationError } from '../../base/errors.js';
import type { Profile } from '../../machine/profile.js';
import { PAGES_SCHEMA, type PagesFile } from '../browser/pages-data.js';
import { TRACE_FILE } from '../trace-recording.js';
import type { Interval } from '../interval.js';
import { isElf } from '../../machine/elf.js';
import { misshapenPart } from '../document-shape.js';
import { readHostFile } from '../host-file.js';
import { loadRecordedFiles, REPLAYED_CONFIG_SHAPE, type ReplayedConfig } from '../recorded-run.js';
import {
  COVERAGE_FILE,
  COVERAGE_SCHEMA,
  COVERAGE_SHAPE,
  type CoverageFile,
} from './coverage-file.js';
import type { CoveredImage } from './lcov.js';
import { cyclesOfInterval } from './recorded-interval.js';
import { readJson, readRunFolder, type RunFolder } from './run-folder.js';
import { TRACE_SCHEMA, TRACE_SHAPE, type CycleSpan, type TraceFile } from './trace-file.js';
import { cutTrace, profileOfTrace } from './trace-stack.js';

export const PAGES_FILE = 'pages.json';

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

export class RunFiles {
  readonly folder: RunFolder;
  /** Null: the whole run. */
  readonly span: CycleSpan | null;
  private traceRead: TraceFile | null | undefined;

  /** @throws ConfigurationError, HostError */
  constructor(
    path: string,
    readonly interval: Interval | null = null,
  ) {
    this.folder = readRunFolder(path);
    this.span = interval === null ? null : cyclesOfInterval(interval, this.folder, this.wholeTrace);
  }

  private get wholeTrace(): TraceFile | null {
    if (this.traceRead === undefined) this.traceRead = readTrace(this.folder.path);
    return this.traceRead;
  }

  /** The profile, or what the trace's calls say of the interval; null where neither is there. */
  get profileIfAny(): Profile | null {
    if (this.span === null) return this.folder.profile;
    if (this.wholeTrace?.categories.includes('call') !== true) return null;
    return profileOfTrace(this.coveringTrace(this.wholeTrace, this.span), this.span);
  }

  get traceIfAny(): TraceFile | null {
    const { wholeTrace, span } = this;
    if (wholeTrace === null || span === null) return wholeTrace;
    return cutTrace(this.coveringTrace(wholeTrace, span), span);
  }

  get pagesIfAny(): PagesFile | null {
    const path = join(this.folder.path, PAGES_FILE);
    const pages = readJson(path, PAGES_SCHEMA, PAGES_SHAPE) as PagesFile | null;
    return pages === null || this.span === null ? pages : cutPages(pages, this.span);
  }

  /** @throws ConfigurationError when the run has none */
  profile(option: string): Profile {
    const { path } = this.folder;
    if (this.profileIfAny !== null) return this.profileIfAny;
    throw new ConfigurationError(
      this.span === null
        ? `${option}: ${path} has no profile.json; run with --profile`
        : `${option}: ${path} has no trace of calls, which --between cuts; run with --trace call`,
    );
  }

  /** @throws ConfigurationError when the run has none */
  trace(option: string): TraceFile {
    const trace = this.traceIfAny;
    if (trace !== null) return trace;
    const { path } = this.folder;
    throw new ConfigurationError(`${option}: ${path} has no trace.json; run with --trace`);
  }

  /** @throws ConfigurationError when the run has none */
  pages(option: string): PagesFile {
    const pages = this.pagesIfAny;
    if (pages !== null) return pages;
    const { path } = this.folder;
    throw new ConfigurationError(`${option}: ${path} has no pages.json; run with --atlas`);
  }

  /** @throws ConfigurationError when the run has none */
  coverage(option: string): CoverageFile {
    const { path } = this.folder;
    if (this.span !== null) {
      throw new ConfigurationError(`${option} cannot go with --between: coverage has no times`);
    }
    const place = join(path, COVERAGE_FILE);
    const coverage = readJson(place, COVERAGE_SCHEMA, COVERAGE_SHAPE) as CoverageFile | null;
    const broken = coverage?.ranges.findIndex(([, bytes]) => !Number.isInteger(bytes)) ?? -1;
    if (broken >= 0) throw misshapen(place, `ranges[${broken}]`);
    if (coverage !== null) return coverage;
    throw new ConfigurationError(`${option}: ${path} has no ${COVERAGE_FILE}; run with --coverage`);
  }

  /** The files that the run had, which must be the same now. @throws ConfigurationError, HostError */
  image(option: string): CoveredImage {
    const { path, record } = this.folder;
    const wrong = misshapenPart(record, REPLAYED_CONFIG_SHAPE);
    if (wrong !== null) {
      throw new ConfigurationError(
        `${option}: ${path}/run.json: ${wrong} is not as s7x run writes it`,
      );
    }
    const config = record.config as unknown as ReplayedConfig;
    const { image } = loadRecordedFiles(record, config);
    const { symbols } = image;
    const named = config.symbols === undefined ? null : readHostFile(config.symbols);
    const [elf, from] =
      named !== null && isElf(named) ? [named, config.symbols ?? ''] : [image.file, image.path];
    return { path: from, elf: isElf(elf) ? elf : null, symbols };
  }

  /** @throws ConfigurationError where the trace does not have all of the interval */
  private coveringTrace(trace: TraceFile, { from, to }: CycleSpan): TraceFile {
    const { beginCycle = 0, endCycle } = trace;
    if (beginCycle <= from && (endCycle === null || to <= endCycle)) return trace;
    const what = `cycles ${beginCycle} to ${endCycle ?? trace.cycles}`;
    throw new ConfigurationError(
      `--between ${this.interval?.text ?? ''}: the trace of ${this.folder.path} has ${what} only, not ${from} to ${to}`,
    );
  }
}

/** More frames than any stack has that a trace's events could have made. */
const FRAMES_MAX = 1_000_000;

function readTrace(folder: string): TraceFile | null {
  const path = join(folder, TRACE_FILE);
  const trace = readJson(path, TRACE_SCHEMA, TRACE_SHAPE) as TraceFile | null;
  if (trace === null) return null;
  const strayed = trace.stack.findIndex(
    ([, frames, name]) =>
      !Number.isInteger(frames) || frames > FRAMES_MAX || trace.functions[name] === undefined,
  );
  if (strayed >= 0) throw misshapen(path, `stack[${strayed}]`);
  return trace;
}

function misshapen(path: string, part: string): ConfigurationError {
  return new ConfigurationError(`${path}: ${part} is not what s7x run writes`);
}

/** Pages whose first use lies between. A record of several pages says when the first and the last of them were used: the others are taken to lie evenly between. */
function cutPages(pages: PagesFile, { from, to }: CycleSpan): PagesFile {
  const uses = pages.uses.flatMap(([use, first, count, by, begins, ends]) => {
    const cycleOf = (page: number): number =>
      count === 1 ? begins : begins + ((ends - begins) * page) / (count - 1);
    const firstAt = (cycle: number): number => {
      if (cycle <= begins) return 0;
      if (cycle > ends) return count;
      return Math.ceil(((cycle - begins) * (count - 1)) / (ends - begins));
    };
    const [low, high] = [firstAt(from), firstAt(to)];
    if (low >= high) return [];
    const times = [Math.round(cycleOf(low)), Math.round(cycleOf(high - 1))] as const;
    return [[use, first + low, high - low, by, ...times] as const];
  });
  return { ...pages, uses };
}
