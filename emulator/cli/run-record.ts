/** `run.json`: what was run, how it ended, the figures. All but the host's part is the same on every host. */
import { readFileSync } from 'node:fs';
import { cpus } from 'node:os';
import type { RunEndKind } from '../machine/run-end.js';
import { optional, orNull } from './document-shape.js';
import type { MatchedExpectation } from './expectations.js';
import type { RecordedFinding } from './memory-checking.js';
import { fails, PARSED_TESTS_SHAPE, tallyOf, type ParsedTests } from './guest-tests/subtest.js';
import { RECORDED_REGION_SHAPE, type RecordedRegion } from './recorded-region.js';
import type { StepSpec } from './serial-steps.js';

export const RUN_RECORD_SCHEMA = 'https://system7x.dev/schema/run-1.json';

export interface RunFigures {
  readonly cycles: number;
  /** Guest time, in nanoseconds. */
  readonly ns: number;
  readonly instructions: number;
  /** Host storage behind touched guest memory, bytes. */
  readonly residentBytes: number;
  /** RAM of the machine as the memory map gives it, bytes (decimal text: more than 2^53 is possible). */
  readonly ramBytes: string;
  readonly interrupts: number;
  readonly exceptions: number;
  readonly pageFaults: number;
  readonly resets: number;
  /** What the timing engine counted, by the names of emulator/timing/counters.ts; null without one. */
  readonly timing: Readonly<Record<string, number>> | null;
}

export interface RunRecord {
  readonly schema: string;
  readonly tool: { readonly name: string; readonly version: string };
  readonly image: { readonly path: string; readonly sha256: string; readonly kind: string } | null;
  readonly config: Readonly<Record<string, string | number | boolean | readonly string[] | null>>;
  /** What the run went on from; of one that began at power-on there is none. */
  readonly snapshot?: { readonly path: string; readonly sha256: string };
  /** What a suite's case had done on COM1; of other runs there is none. */
  readonly steps?: readonly StepSpec[];
  readonly outcome: {
    readonly kind:
      | RunEndKind
      | 'expectations-met'
      | 'expectation-failed'
      | 'moment-reached'
      | 'interrupted'
      | 'quit'
      | 'wall-limit';
    /** Exit status of the command. */
    readonly code: number;
    readonly detail: string;
    /** The moment that ended the run, as it was given; only there where one did. */
    readonly moment?: string;
    readonly report: readonly string[];
  };
  readonly stats: RunFigures;
  readonly expects: readonly MatchedExpectation[];
  /** `--record`: the values that COM1 has shown, by name; null where none has come. */
  readonly records: Readonly<Record<string, string | null>>;
  /** `--check`: what it has found; without it there is none. */
  readonly checks?: readonly RecordedFinding[];
  /** `--roi`, `--magic`: the figures between marks; of other runs there is none. */
  readonly roi?: RecordedRegion;
  /** `--parse`: the tests that the guest has run; of other runs there is none. */
  readonly parsed?: ParsedTests;
  /** Hash of the final state of the machine. */
  readonly hash: string;
  readonly host: {
    readonly wallMs: number;
    readonly peakResidentBytes: number;
    readonly node: string;
    readonly cpu: string;
  };
}

/** Of RunFigures. */
export const RUN_FIGURES_SHAPE = {
  cycles: 0,
  ns: 0,
  instructions: 0,
  residentBytes: 0,
  ramBytes: /^\d+$/,
  interrupts: 0,
  exceptions: 0,
  pageFaults: 0,
  resets: 0,
  timing: orNull({ everyValue: 0 }),
};

/** What a reader of run.json needs of it. */
export const RUN_RECORD_SHAPE = {
  image: orNull({ path: '', sha256: '', kind: '' }),
  config: { memmap: '', memmapEntries: 0, cpu: '', coreHz: 0 },
  outcome: { kind: '', code: 0, detail: '', report: [''] },
  stats: RUN_FIGURES_SHAPE,
  expects: [{ pattern: '', cycle: orNull(0), line: orNull(0) }],
  records: { everyValue: orNull('') },
  roi: optional(RECORDED_REGION_SHAPE),
  parsed: optional(PARSED_TESTS_SHAPE),
  hash: '',
};

/** `name = value`, a line each. */
export function recordedValues({ records }: RunRecord): string[] {
  return Object.entries(records).map(([name, value]) => `${name} = ${value ?? '(none came)'}`);
}

/** Subtests that are named in the status block: the rest is in run.json. */
const NAMED_SUBTESTS_MAX = 10;

/** The guest's own tests: how many, those that fail, and what does not add up. */
export function testLines({ parsed }: RunRecord): string[] {
  if (parsed === undefined || parsed.format === null) return [];
  const bad = parsed.subtests.filter(fails);
  const named = bad.slice(0, NAMED_SUBTESTS_MAX).map(({ name, result, details: [detail] }) => {
    const why = detail === undefined ? '' : `: ${detail}`;
    return `${result} ${name}${why}`;
  });
  return [
    `${parsed.format}: ${tallyOf(parsed)}`,
    ...named,
    ...countOfRest(bad.length),
    ...parsed.problems.slice(0, NAMED_SUBTESTS_MAX),
    ...countOfRest(parsed.problems.length),
  ];
}

function countOfRest(count: number): string[] {
  const more = count - NAMED_SUBTESTS_MAX;
  return more > 0 ? [`and ${more} more (run.json, parsed)`] : [];
}

/** What this host contributed: never part of a comparison. */
export function hostPart(wallMs: number): RunRecord['host'] {
  return {
    wallMs: Math.round(wallMs),
    peakResidentBytes: peakResidentBytes(),
    node: process.version,
    cpu: cpus()[0]?.model ?? 'unknown',
  };
}

/**
 * The most memory that this process has had, bytes. On Linux from /proc: getrusage counts what the process that started
 * this one had, too (the maximum survives execve).
 */
function peakResidentBytes(): number {
  try {
    const kibibytes = /^VmHWM:\s*(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1];
    if (kibibytes !== undefined) return Number(kibibytes) * 1024;
  } catch {
    // Another system: its getrusage will do.
  }
  return process.resourceUsage().maxRSS * 1024;
}
