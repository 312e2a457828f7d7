import type { BuildSpeed } from './build-comparison.js';
import type { AbsentEmulator, Emulator } from './emulator.js';
import { BOOT_LIMITS, type Boot } from './kernel-boot.js';
import type { SpeedRow } from './speed.js';
import { geometricMean, median } from './statistics.js';
import type { WholeRunRow } from './whole-runs.js';
import type { Workload } from './workloads.js';

const MEGA = 1e6;
const NANOSECONDS = 1e9;
const MIB = 1 << 20;

/** A table in Markdown; all columns but the first `textColumns` are numbers. */
function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = header.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, column) => pad(cell, widths[column] ?? 0, column)).join(' | ')} |`;
  const rule = `|${widths
    .map((width, column) => (column === 0 ? '-'.repeat(width + 2) : `${'-'.repeat(width + 1)}:`))
    .join('|')}|`;
  return [line(header), rule, ...rows.map(line)].join('\n');
}

function pad(cell: string, width: number, column: number): string {
  return column === 0 ? cell.padEnd(width) : cell.padStart(width);
}

/** Three significant digits, without an exponent. */
function figure(value: number): string {
  if (value >= 100) return Math.round(value).toString();
  return value.toFixed(value >= 10 ? 1 : 2);
}

/** Speeds of all emulators and the ratios of the first to each other one. */
export function speedTable(emulators: readonly Emulator[], rows: readonly SpeedRow[]): string {
  const [ours, ...peers] = emulators;
  if (ours === undefined) return '';
  const header = [
    'workload',
    ...emulators.map(({ name }) => name),
    ...peers.map(({ name }) => `${ours.name} / ${name}`),
  ];
  const body = rows.map((row) => {
    const unit = unitOf(row.workload);
    const speeds = emulators.map(({ name }) => median(unitsPerSecond(row, name)) / unit);
    const ratios = peers.map(({ name }) => withRange(roundRatios(row, ours.name, name)));
    return [titleOf(row.workload), ...speeds.map(figure), ...ratios];
  });
  for (const kinds of [['computation'], ['compiled'], ['system'], ['computation', 'system']]) {
    const ofKinds = rows.filter(({ workload }) => kinds.includes(workload.kind));
    if (ofKinds.length < 2) continue;
    const means = peers.map(({ name }) =>
      geometricMean(ofKinds.map((row) => median(roundRatios(row, ours.name, name)))),
    );
    const label = `geometric mean: ${kinds.join(' and ')}`;
    body.push([label, ...emulators.map(() => ''), ...means.map(figure)]);
  }
  return table(header, body);
}

/** Nanoseconds of CPU time for each row's code, its part of the loop included, and how often faster the first emulator is. */
export function instructionTable(
  emulators: readonly Emulator[],
  rows: readonly SpeedRow[],
): string {
  const [ours = '', ...peers] = emulators.map(({ name }) => name);
  const body = rows.map((row) => {
    const instructions = row.workload.copies?.instructions ?? 1;
    const times = [ours, ...peers].map(
      (name) => (instructions * NANOSECONDS) / median(unitsPerSecond(row, name)),
    );
    const ratios = peers.map((name) => withRange(roundRatios(row, ours, name)));
    return [row.workload.title, ...times.map(figure), ...ratios];
  });
  const means = peers.map((name) =>
    figure(geometricMean(rows.map((row) => median(roundRatios(row, ours, name))))),
  );
  body.push(['geometric mean', ...[ours, ...peers].map(() => ''), ...means]);
  const header = [ours, ...peers].map((name) => `${name} (ns)`);
  return table(['instruction', ...header, ...peers.map((name) => `${name} / ${ours}`)], body);
}

/** CPU time of each emulator before the guest's work begins, median over all workloads and rounds. */
export function startUpTable(emulators: readonly Emulator[], rows: readonly SpeedRow[]): string {
  const body = emulators.map(({ name, version }) => {
    const seconds = rows.flatMap((row) =>
      (row.speeds.get(name) ?? []).map(({ startUpSeconds }) => startUpSeconds),
    );
    return [`${name} (${version})`, figure(median(seconds))];
  });
  return table(['start-up', 'CPU seconds'], body);
}

/** Whole runs: CPU seconds, and how often faster the first emulator is. */
export function wholeRunTable(
  emulators: readonly Emulator[],
  rows: readonly WholeRunRow[],
): string {
  const [ours, ...peers] = emulators.map(({ name }) => name);
  const body = rows.map(({ title, seconds }) => {
    const of = (name = ''): readonly number[] => seconds.get(name) ?? [];
    const ratios = peers.map((peer) =>
      withRange(of(peer).map((time, round) => time / (of(ours)[round] ?? NaN))),
    );
    return [title, ...[ours, ...peers].map((name) => figure(median(of(name)))), ...ratios];
  });
  const header = [ours ?? '', ...peers].map((name) => `${name} (s)`);
  return table(['whole run', ...header, ...peers.map((peer) => `${peer} / ${ours}`)], body);
}

export function absentLines(absent: readonly AbsentEmulator[]): string {
  return absent.map(({ name, absent: reason }) => `${name} is not compared: ${reason}.`).join('\n');
}

export interface ComparisonRow {
  readonly workload: Workload;
  readonly speeds: readonly BuildSpeed[];
}

/** Two columns of speeds and their ratio. */
export function comparisonTable(
  names: readonly [string, string],
  rows: readonly ComparisonRow[],
): string {
  const body = rows.map((row) => {
    const [ours = NaN, other = NaN] = undisturbed(row);
    return [titleOf(row.workload), figure(ours), figure(other), (ours / other).toFixed(3)];
  });
  return table(['workload', ...names, 'ratio'], body);
}

/** A column of speeds for each timing model, and the means of what is no string. */
export function timingTable(models: readonly string[], rows: readonly ComparisonRow[]): string {
  const body = rows.map((row) => [titleOf(row.workload), ...undisturbed(row).map(figure)]);
  for (const kind of ['computation', 'compiled', 'system'] as const) {
    const ofKind = rows.filter(({ workload }) => workload.kind === kind).map(undisturbed);
    if (ofKind.length < 2) continue;
    const means = models.map((_, place) =>
      geometricMean(ofKind.map((speeds) => speeds[place] ?? NaN)),
    );
    body.push([`geometric mean: ${kind}`, ...means.map(figure)]);
  }
  return table(['workload', ...models], body);
}

function undisturbed({ workload, speeds }: ComparisonRow): number[] {
  return speeds.map((speed) => speed.undisturbed / unitOf(workload));
}

function titleOf({ title, kind }: Workload): string {
  return kind === 'string' ? `${title} (MiB/s)` : title;
}

function unitOf({ kind }: Workload): number {
  return kind === 'string' ? MIB : MEGA;
}

/** The kernel's boots, and whether the limits hold. */
export function bootTable(boots: readonly Boot[]): string {
  const [smallest] = boots;
  if (smallest === undefined) return '';
  const body = boots.map(({ ram, wallSeconds, cpuSeconds, peakResidentBytes }) => [
    ram,
    wallSeconds.toFixed(3),
    cpuSeconds.toFixed(3),
    Math.round(peakResidentBytes / MIB).toString(),
    (wallSeconds / smallest.wallSeconds).toFixed(2),
    isWithinLimits(wallSeconds, wallSeconds / smallest.wallSeconds, peakResidentBytes)
      ? 'yes'
      : 'NO',
  ]);
  const { wallRatio, wallSeconds, peakResidentBytes } = BOOT_LIMITS;
  const limits = `${wallSeconds} s, ${peakResidentBytes / MIB} MiB, ratio ${wallRatio}`;
  return table(
    ['RAM', 'wall (s)', 'CPU (s)', 'peak RSS (MiB)', `to ${smallest.ram}`, `within ${limits}`],
    body,
  );
}

function isWithinLimits(wallSeconds: number, ratio: number, peakResidentBytes: number): boolean {
  return (
    wallSeconds < BOOT_LIMITS.wallSeconds &&
    ratio <= BOOT_LIMITS.wallRatio &&
    peakResidentBytes < BOOT_LIMITS.peakResidentBytes
  );
}

function unitsPerSecond(row: SpeedRow, name: string): number[] {
  return (row.speeds.get(name) ?? []).map((speed) => speed.unitsPerSecond);
}

/** Each round has its own ratio, because the host's speed changes between rounds. */
function roundRatios(row: SpeedRow, name: string, peer: string): number[] {
  const peerSpeeds = unitsPerSecond(row, peer);
  return unitsPerSecond(row, name).map((speed, round) => speed / (peerSpeeds[round] ?? NaN));
}

/** The median with the least and the largest value: how much the host was disturbed. */
function withRange(values: readonly number[]): string {
  const range = [Math.min(...values), Math.max(...values)].map(figure).join('–');
  return `${figure(median(values))} (${range})`;
}
