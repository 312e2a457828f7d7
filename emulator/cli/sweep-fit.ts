/** `sweep --fit`: how what a boot costs grows with the RAM: the simplest law that the sizes bear out, and what it says of a larger machine. */
import { formatSize, parseSize } from '../base/size.js';
import { formatCount, formatNs } from './quantities.js';
import type { SweepResult, SweepRowResult } from './sweep-result.js';

/** A figure of the machine with so many bytes of RAM. */
interface Point {
  readonly bytes: number;
  readonly value: number;
}

export interface GrowthLaw {
  readonly name: string;
  /** Most that a point is off, relative to its value. */
  readonly error: number;
  readonly at: (bytes: number) => number;
  /** Growth for each byte, of the law `n`. */
  readonly slope: number;
}

/** From the simplest on. */
const LAWS: readonly (readonly [name: string, growth: (bytes: number) => number])[] = [
  ['log n', (bytes) => Math.log2(bytes)],
  ['n', (bytes) => bytes],
  ['n log n', (bytes) => bytes * Math.log2(bytes)],
  ['n²', (bytes) => bytes * bytes],
];
/** A law is borne out when no point is off by more. */
const ERROR_MAX = 0.1;
/** Two sizes are on every line. */
const SIZES_MIN = 3;
/** Where a law's word is asked for: the first that is larger than what was run. */
const LARGER_MACHINES: readonly bigint[] = [1n << 40n, 16n << 40n, 1n << 52n];
/** Of the whole boot there, below which a function is not worth a line. */
const SHARE_MIN = 0.01;
/** A function that costs less than so much more there than with the least RAM does not grow. */
const GROWTH_MIN = 1.5;
const FUNCTIONS_MAX = 12;

/** The simplest law that all points bear out; null where none does, or there are too few. */
export function growthLaw(points: readonly Point[]): GrowthLaw | null {
  const sizes = new Set(points.map(({ bytes }) => bytes));
  if (sizes.size < SIZES_MIN) return null;
  const values = points.map(({ value }) => value);
  const [least, most] = [Math.min(...values), Math.max(...values)];
  const middle = (least + most) / 2;
  const constant = law('constant', () => middle, 0, points);
  if (constant.error <= ERROR_MAX) return constant;
  for (const [name, growth] of LAWS) {
    const { base, slope } = line(points, growth);
    const found = law(name, (bytes) => base + slope * growth(bytes), slope, points);
    if (slope > 0 && found.error <= ERROR_MAX) return found;
  }
  return null;
}

function law(
  name: string,
  at: (bytes: number) => number,
  slope: number,
  points: readonly Point[],
): GrowthLaw {
  const errors = points.map(({ bytes, value }) =>
    value === 0
      ? at(bytes) === 0
        ? 0
        : Number.POSITIVE_INFINITY
      : Math.abs(at(bytes) / value - 1),
  );
  return { name, at, slope, error: Math.max(...errors) };
}

/** The line through value over growth with the least squares of relative errors. */
function line(
  points: readonly Point[],
  growth: (bytes: number) => number,
): { readonly base: number; readonly slope: number } {
  let [w, x, y, xx, xy] = [0, 0, 0, 0, 0];
  // Scaled, so that the squares of petabytes keep their digits.
  const scale = Math.max(...points.map(({ bytes }) => growth(bytes)));
  for (const { bytes, value } of points) {
    const weight = 1 / Math.max(value, 1) ** 2;
    const at = growth(bytes) / scale;
    w += weight;
    x += weight * at;
    y += weight * value;
    xx += weight * at * at;
    xy += weight * at * value;
  }
  const determinant = w * xx - x * x;
  const slope = determinant === 0 ? 0 : (w * xy - x * y) / determinant;
  return { base: (y - slope * x) / w, slope: slope / scale };
}

/** Lines below the table of a sweep over RAM alone. Rows that do not pass say nothing of costs. */
export function fitLines({ rows }: SweepResult): string[] {
  const passed = rows.filter(({ result, stats }) => result === 'PASS' && stats !== null);
  if (new Set(passed.map(bytesOf)).size < SIZES_MIN) {
    return [`fit: fewer than ${SIZES_MIN} sizes pass, which is too few for a law`];
  }
  const next = LARGER_MACHINES.find((bytes) => passed.every((row) => bytesOf(row) < Number(bytes)));
  const of = (name: string, unit: string, figure: (row: SweepRowResult) => number | null): string =>
    fitLine(name, unit, passed, figure, next);
  const recorded = [...new Set(passed.flatMap(({ records }) => Object.keys(records)))];
  return [
    of('cycles', ' cycles', ({ stats }) => stats?.cycles ?? null),
    of('resident', ' B', ({ stats }) => stats?.residentBytes ?? null),
    ...recorded.flatMap((name) => {
      const isNumber = passed.every((row) => numberOf(row.records[name]) !== null);
      return isNumber ? [of(name, '', (row) => numberOf(row.records[name]))] : [];
    }),
    ...growingFunctions(passed).map((name) =>
      of(name, ' cycles', (row) => row.functions?.[name] ?? 0),
    ),
  ];
}

/** Those whose cycles grow and are a part of the largest machine's, the dearest there first. */
function growingFunctions(passed: readonly SweepRowResult[]): string[] {
  const sorted = [...passed].sort((a, b) => bytesOf(a) - bytesOf(b));
  const [smallest, largest] = [sorted[0], sorted.at(-1)];
  const all = largest?.stats?.cycles ?? 0;
  return Object.entries(largest?.functions ?? {})
    .filter(([, cycles]) => cycles >= all * SHARE_MIN)
    .filter(([name, cycles]) => cycles >= GROWTH_MIN * (smallest?.functions?.[name] ?? 0))
    .sort(([, a], [, b]) => b - a)
    .slice(0, FUNCTIONS_MAX)
    .map(([name]) => name);
}

function fitLine(
  name: string,
  unit: string,
  rows: readonly SweepRowResult[],
  figure: (row: SweepRowResult) => number | null,
  next: bigint | undefined,
): string {
  const points = pointsOf(rows, figure);
  const found = growthLaw(points);
  if (found === null) return `fit: ${name}: no law within ${percent(ERROR_MAX)}; ${span(points)}`;
  const perByte = found.name === 'n' ? `, ${found.slope.toPrecision(3)}${unit} a byte` : '';
  const borneOut = `${rows.length} rows within ${percent(found.error)}`;
  const there = next === undefined ? '' : predicted(found, unit, rows, next);
  return `fit: ${name} ~ ${found.name}${perByte} (${borneOut})${there}`;
}

function predicted(
  { name, at }: GrowthLaw,
  unit: string,
  rows: readonly SweepRowResult[],
  next: bigint,
): string {
  if (name === 'constant') return '';
  const value = Math.round(at(Number(next)));
  const stats = rows[0]?.stats;
  const ns = unit === ' cycles' && stats ? Math.round((value * stats.ns) / stats.cycles) : null;
  const time = ns === null ? '' : ` (${formatNs(ns)})`;
  const figure = Number.isSafeInteger(value) ? formatCount(value) : value.toExponential(2);
  return ` → ${figure}${unit}${time} at ${formatSize(next)}`;
}

function pointsOf(
  rows: readonly SweepRowResult[],
  figure: (row: SweepRowResult) => number | null,
): Point[] {
  return rows.map((row) => ({ bytes: bytesOf(row), value: figure(row) ?? 0 }));
}

function bytesOf({ key }: SweepRowResult): number {
  return Number(parseSize(key['ram'] ?? ''));
}

/** A recorded text as a number, digits in groups or not. */
function numberOf(text: string | null | undefined): number | null {
  return text !== null && text !== undefined && /^\d+(\.\d+)?$/.test(text) ? Number(text) : null;
}

/** `100 with 8 MiB, 128 with 4 TiB`. */
function span(points: readonly Point[]): string {
  const sorted = [...points].sort((a, b) => a.bytes - b.bytes);
  return [sorted[0], sorted.at(-1)]
    .flatMap((point) =>
      point === undefined
        ? []
        : [`${formatCount(point.value)} with ${formatSize(BigInt(point.bytes))}`],
    )
    .join(', ');
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}
