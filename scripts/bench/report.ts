import type { BuildSpeed } from './build-comparison.js';
import type { AbsentEmulator, Emulator } from './emulator.js';
import { BOOT_LIMITS, type Boot } from './kernel-boot.js';
import type { SpeedRow } from './speed.js';
import { geometricMean, median } from './statistics.js';
import type { WholeRunRow } from './whole-runs.js';
import type { Workload } from './workloads.js';

const MEGA = 1e6;
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
    const isString = row.workload.kind === 'string';
    const unit = isString ? MIB : MEGA;
    const speeds = emulators.map(({ name }) => median(unitsPerSecond(row, name)) / unit);
    const ratios = peers.map(({ name }) => withRange(roundRatios(row, ours.name, name)));
    const title = row.workload.title + (isString ? ' (MiB/s)' : '');
    return [title, ...speeds.map(figure), ...ratios];
  });
  for (const kinds of [['computation'], ['system'], ['computation', 'system']]) {
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

/** Speeds of this build and another one. A repeated string instruction counts once. */
export function comparisonTable(
  names: readonly [string, string],
  rows: readonly { readonly workload: Workload; readonly speeds: readonly BuildSpeed[] }[],
): string {
  const body = rows.map(({ workload, speeds: [ours, other] }) => {
    const [speed, otherSpeed] = [ours?.undisturbed ?? NaN, other?.undisturbed ?? NaN];
    return [workload.title, figure(speed), figure(otherSpeed), (speed / otherSpeed).toFixed(3)];
  });
  return table(['workload', ...names, 'ratio'], body);
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
