/** What a run's recordings say of a part of it (`report --between`), in words and as one JSON document. */
import { PAGE_USES } from '../browser/pages-data.js';
import { formatCount, formatNs } from '../quantities.js';
import type { RunRecord } from '../run-record.js';
import { functionRows, type FunctionRow } from './call-profile.js';
import { changedFunctions, changeHead, changeRow } from './comparison.js';
import type { RunFiles } from './run-files.js';
import type { CycleSpan } from './trace-file.js';
import { functionLines, summaryLines } from './text-report.js';

/** Of events; a kind that was not recorded is not there. */
type Counts = Readonly<Record<string, number>>;

interface IntervalPart extends CycleSpan {
  readonly text: string;
  readonly cycles: number;
  readonly ns: number;
  /** Of calls, interrupts, exceptions, accesses to ports: what was traced of them. */
  readonly events: Counts;
  /** Pages by their first use, where they were noted (`--atlas`). */
  readonly pages: Counts | null;
  /** Lines of COM1 that began, where something was traced. */
  readonly lines: readonly (readonly [cycle: number, text: string])[] | null;
  /** Null where no calls were traced; a trace does not tell instructions. */
  readonly functions: readonly Omit<FunctionRow, 'instructions'>[] | null;
}

interface IntervalDocument {
  readonly folder: string;
  readonly between: IntervalPart;
  readonly run: RunRecord;
}

export function intervalJson(
  files: RunFiles,
  before: RunFiles | null,
): IntervalDocument & { readonly before?: IntervalDocument } {
  const document = documentOf(files);
  return before === null ? document : { ...document, before: documentOf(before) };
}

function documentOf(files: RunFiles): IntervalDocument {
  const { folder } = files;
  return { folder: folder.path, between: partOf(files), run: folder.record };
}

function partOf(files: RunFiles): IntervalPart {
  const { folder, interval, profileIfAny: profile, traceIfAny: trace, pagesIfAny: pages } = files;
  const span = files.span ?? { from: 0, to: folder.record.stats.cycles };
  const cycles = span.to - span.from;
  return {
    text: interval?.text ?? '',
    ...span,
    cycles,
    ns: Math.round((cycles / Number(folder.record.config['coreHz'])) * 1e9),
    events: eventsOf(files),
    pages: pages === null ? null : pageCounts(pages.uses),
    lines: trace?.lines ?? null,
    functions:
      profile === null
        ? null
        : functionRows(profile).map(({ name, selfCycles, totalCycles, calls }) => ({
            name,
            selfCycles,
            totalCycles,
            calls,
          })),
  };
}

function eventsOf({ profileIfAny: profile, traceIfAny: trace }: RunFiles): Counts {
  const calls = profile === null ? [] : functionRows(profile);
  const entered = (names: RegExp, wanted: boolean): number =>
    calls.reduce((sum, { name, calls: n }) => sum + (names.test(name) === wanted ? n : 0), 0);
  return {
    ...(profile === null
      ? {}
      : {
          calls: entered(/^\[(?:#|int)/, false),
          interrupts: entered(/^\[int/, true),
          exceptions: entered(/^\[#/, true),
        }),
    ...(trace?.categories.includes('io') === true ? { 'port accesses': trace.ports.length } : {}),
  };
}

/** A page may be of several kinds: what is written may be executed, too. */
function pageCounts(uses: readonly (readonly [number, number, number, ...number[]])[]): Counts {
  const counts = PAGE_USES.map((name, use): [string, number] => {
    const own = uses.filter(([kind]) => kind === use);
    return [name, own.reduce((sum, [, , pages]) => sum + pages, 0)];
  });
  return Object.fromEntries(counts);
}

/** The whole report; `top` functions. */
export function intervalText(files: RunFiles, before: RunFiles | null, top: number): string {
  const { record } = files.folder;
  const part = partOf(files);
  const profile = files.profileIfAny;
  const sections = [
    [
      ...summaryLines(record).filter(([name]) => name === 'image' || name === 'machine'),
      ...intervalLines(part, record),
    ].map(([name, value]) => `${name.padEnd(14)}${value}`),
    lineLines(part),
    profile === null ? [] : functionLines(profile, top),
    before === null ? [] : comparison(before, files, top),
  ];
  return sections
    .filter((lines) => lines.length > 0)
    .map((lines) => `${lines.join('\n')}\n`)
    .join('\n');
}

function intervalLines(part: IntervalPart, { config, stats }: RunRecord): [string, string][] {
  const coreHz = Number(config['coreHz']);
  const at = (cycle: number): string =>
    `${formatNs(Math.round((cycle / coreHz) * 1e9))}, cycle ${formatCount(cycle)}`;
  const share = stats.cycles === 0 ? 0 : (100 * part.cycles) / stats.cycles;
  const counted = (counts: Counts): string =>
    Object.entries(counts)
      .map(([name, count]) => `${formatCount(count)} ${name}`)
      .join(', ');
  const lines: [string, string][] = [
    ['between', part.text],
    ['from', at(part.from)],
    ['to', at(part.to)],
    [
      'guest time',
      `${formatNs(part.ns)}, ${formatCount(part.cycles)} cycles, ${share.toFixed(1)} % of the run`,
    ],
  ];
  const events = counted(part.events);
  if (events !== '') lines.push(['events', events]);
  if (part.pages !== null) lines.push(['pages', `first ${counted(part.pages)}`]);
  return lines;
}

function lineLines({ lines }: IntervalPart): string[] {
  if (lines === null || lines.length === 0) return [];
  return [
    `${'cycle'.padStart(17)}  line of COM1`,
    ...lines.map(([cycle, text]) => `${formatCount(cycle).padStart(17)}  ${text}`),
  ];
}

function comparison(before: RunFiles, after: RunFiles, top: number): string[] {
  return [
    ...changeHead(before.folder.path),
    changeRow('cycles', partOf(before).cycles, partOf(after).cycles),
    ...changedFunctions(before.profileIfAny, after.profileIfAny, top),
  ];
}
