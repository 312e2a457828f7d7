/** A run in words and tables, for a terminal. */
import { formatSize } from '../../base/size.js';
import type { Profile } from '../../machine/profile.js';
import { formatCount, formatNs } from '../quantities.js';
import { regionLines } from '../recorded-region.js';
import { recordedValues, testLines, type RunRecord } from '../run-record.js';
import { functionRows } from './call-profile.js';
import { comparisonLines } from './comparison.js';
import type { RunFolder } from './run-folder.js';
import { estimatedShare, missRates, topDown, type Figure } from './timing-figures.js';

const BAR_WIDTH = 32;
const NAME_WIDTH = 24;

/** The whole report; `top` functions where the run was profiled. */
export function textReport(folder: RunFolder, before: RunFolder | null, top: number): string {
  const { record } = folder;
  const sections = [
    summaryLines(record).map(([name, value]) => `${name.padEnd(14)}${value}`),
    expectationLines(record),
    recordedValues(record),
    testLines(record),
    barLines('top-down, share of dispatch slots', topDown(record) ?? []),
    rateLines(missRates(record)),
    record.roi === undefined ? [] : regionLines(record.roi, record.stats.cycles),
    folder.profile === null ? [] : functionLines(folder.profile, top),
    [...record.outcome.report],
    before === null ? [] : comparisonLines(before, folder, top),
  ];
  return sections
    .filter((lines) => lines.length > 0)
    .map((lines) => `${lines.join('\n')}\n`)
    .join('\n');
}

/** Name and value of each figure of the summary. */
export function summaryLines(record: RunRecord): [name: string, value: string][] {
  const { image, config, outcome, stats } = record;
  const verdict = outcome.code === 0 ? 'PASS' : 'FAIL';
  const ipc = stats.cycles === 0 ? 0 : stats.instructions / stats.cycles;
  const estimated = estimatedShare(record);
  const size = (bytes: number | string): string => roundedSize(BigInt(bytes));
  return [
    [
      'image',
      image === null
        ? 'none'
        : `${image.path} (${image.kind}, sha256 ${image.sha256.slice(0, 12)})`,
    ],
    [
      'machine',
      `ram ${size(stats.ramBytes)} · map ${String(config['memmap'])} (${String(config['memmapEntries'])} entries) · ` +
        `cpu ${String(config['cpu'])} at ${Number(config['coreHz']) / 1e9} GHz`,
    ],
    ['outcome', `${verdict}: ${outcome.detail} (exit status ${outcome.code})`],
    ['guest time', `${formatNs(stats.ns)}, ${formatCount(stats.cycles)} cycles`],
    ['instructions', `${formatCount(stats.instructions)}, ${ipc.toFixed(2)} a cycle`],
    [
      'events',
      `${formatCount(stats.interrupts)} interrupts, ${formatCount(stats.exceptions)} exceptions, ` +
        `${formatCount(stats.pageFaults)} page faults, ${formatCount(stats.resets)} resets`,
    ],
    [
      'memory',
      `${size(stats.residentBytes)} of host storage behind ${size(stats.ramBytes)} of RAM`,
    ],
    ...(estimated === null
      ? []
      : [
          ['estimates', `${estimated.toFixed(1)} % of the cycles rest on estimated figures`] as [
            string,
            string,
          ],
        ]),
    ['state', record.hash],
  ];
}

/** As formatSize where that is short, else with two decimals of the largest unit: for reading. */
export function roundedSize(bytes: bigint): string {
  const exact = formatSize(bytes);
  if (exact.length <= 9) return exact;
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];
  const power = Math.min(units.length - 1, Math.floor((bytes.toString(2).length - 1) / 10));
  return `${(Number(bytes) / 2 ** (10 * power)).toFixed(2)} ${units[power]}`;
}

export function expectationLines({ expects }: RunRecord): string[] {
  return expects.map(({ pattern, cycle, line }) =>
    cycle === null
      ? `not matched: ${pattern}`
      : `matched ${pattern} in line ${line} at cycle ${formatCount(cycle)}`,
  );
}

function barLines(title: string, figures: readonly Figure[]): string[] {
  if (figures.length === 0) return [];
  const lines = figures.map(({ name, value }) => {
    const bar = '█'.repeat(Math.round((Math.min(Math.max(value, 0), 100) / 100) * BAR_WIDTH));
    return `  ${name.padEnd(NAME_WIDTH)}${value.toFixed(1).padStart(6)} %  ${bar}`.trimEnd();
  });
  return [title, ...lines];
}

function rateLines(figures: readonly Figure[]): string[] {
  if (figures.length === 0) return [];
  const lines = figures.map(
    ({ name, value, unit }) =>
      `  ${name.padEnd(NAME_WIDTH)}${value.toFixed(2).padStart(8)} ${unit}`,
  );
  return ['misses', ...lines];
}

/** The table of the `top` dearest functions. */
export function functionLines(profile: Profile, top: number): string[] {
  const rows = functionRows(profile);
  const all = rows.reduce((sum, { selfCycles }) => sum + selfCycles, 0);
  const share = (cycles: number): string =>
    (all === 0 ? 0 : (100 * cycles) / all).toFixed(1).padStart(6);
  const count = (value: number, width: number): string => formatCount(value).padStart(width);
  const lines = rows
    .slice(0, top)
    .map(
      (row) =>
        `${share(row.selfCycles)} ${share(row.totalCycles)} ${count(row.selfCycles, 17)} ` +
        `${count(row.totalCycles, 17)} ${count(row.calls, 12)}  ${row.name}`,
    );
  const head = `self %  total %        self cycles      total cycles        calls  function`;
  const more = rows.length - lines.length;
  const notes = more > 0 ? [`and ${more} more functions (--top)`] : [];
  if (profile.nodesLacking > 0) {
    notes.push(
      `${formatCount(profile.nodesLacking)} calls found the call tree full: charged to their callers`,
    );
  }
  if (profile.framesLacking > 0) {
    notes.push(
      `${formatCount(profile.framesLacking)} calls were nested too deeply: charged to the deepest frame`,
    );
  }
  return [head, ...lines, ...notes];
}
