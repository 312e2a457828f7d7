/** A figure over sizes of RAM as inline SVG: a line for each combination of the other options, a mark for each row. */
import { formatSize } from '../../base/size.js';
import { escapeMarkup } from './markup.js';

export interface ChartPoint {
  /** Bytes of RAM. */
  readonly ram: number;
  /** The figure, 0 or more. */
  readonly value: number;
  readonly passes: boolean;
  /** What the mark says when it is pointed at. */
  readonly label: string;
}

export interface ChartSeries {
  readonly name: string;
  readonly points: readonly ChartPoint[];
}

const WIDTH = 420;
const HEIGHT = 260;
const LEFT = 66;
const RIGHT = 14;
const TOP = 30;
const BOTTOM = 30;
const RAM_LABELS_MAX = 6;
/** Figures that differ by more are on a logarithmic scale. */
const LINEAR_FACTOR_MAX = 20;
/** Colours that can be told apart; further series are grey. */
export const SERIES_COLOURS = 8;

/** From a value to its place on an axis, 0 to 1, and the values that have a line with a label. */
interface Scale {
  place(value: number): number;
  readonly ticks: readonly number[];
}

/** The picture; `format` writes the figure on its axis, whose labels are whole multiples of a power of `base` if there is one. */
export function ramChart(
  title: string,
  series: readonly ChartSeries[],
  format: (value: number) => string,
  base = 1,
): string {
  const points = series.flatMap((each) => each.points);
  const x = ramScale(points.map(({ ram }) => ram));
  const y = valueScale(
    points.map(({ value }) => value),
    base,
  );
  const across = (ram: number): string => round(LEFT + x.place(ram) * (WIDTH - LEFT - RIGHT));
  const down = (value: number): string =>
    round(HEIGHT - BOTTOM - y.place(value) * (HEIGHT - TOP - BOTTOM));
  const lines = y.ticks.map(
    (value) =>
      `<line class="rule" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${down(value)}" y2="${down(value)}"/>` +
      `<text x="${LEFT - 6}" y="${down(value)}" dy="4" text-anchor="end">${escapeMarkup(shortened(format(value)))}</text>`,
  );
  const sizes = x.ticks.map(
    (ram) =>
      `<text x="${across(ram)}" y="${HEIGHT - 10}" text-anchor="middle">${escapeMarkup(formatSize(BigInt(ram)))}</text>`,
  );
  const drawn = series.map((each, index) => {
    const path = each.points.map(({ ram, value }) => `${across(ram)},${down(value)}`).join(' ');
    const marks = each.points.map((point) => mark(point, across(point.ram), down(point.value)));
    return `<g class="series s${Math.min(index, SERIES_COLOURS)}"><polyline points="${path}"/>${marks.join('')}</g>`;
  });
  return [
    `<svg class="chart" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${escapeMarkup(title)} over RAM">`,
    `<text class="title" x="${LEFT}" y="18">${escapeMarkup(title)}</text>`,
    ...lines,
    ...sizes,
    ...drawn,
    '</svg>',
  ].join('\n');
}

/** A disc for a row that passes and a cross for one that does not: colour alone does not reach everybody. */
function mark({ passes, label }: ChartPoint, x: string, y: string): string {
  const title = `<title>${escapeMarkup(label)}</title>`;
  return passes
    ? `<circle class="pass" cx="${x}" cy="${y}" r="3.5">${title}</circle>`
    : `<path class="fail" d="M${x} ${y}m-4 -4l8 8m0 -8l-8 8">${title}</path>`;
}

/** Powers of two are at equal distances. */
function ramScale(sizes: readonly number[]): Scale {
  const different = [...new Set(sizes)].sort((a, b) => a - b);
  const [least, most] = [Math.log2(different[0] ?? 1), Math.log2(different.at(-1) ?? 1)];
  const step = Math.ceil(different.length / RAM_LABELS_MAX);
  // Counted from the largest, which is always there.
  const ticks = different.filter((_, index) => (different.length - 1 - index) % step === 0);
  const span = most - least;
  return { place: (ram) => (span === 0 ? 0.5 : (Math.log2(ram) - least) / span), ticks };
}

function valueScale(values: readonly number[], base: number): Scale {
  const most = values.reduce((largest, value) => Math.max(largest, value), 1);
  const least = values.reduce((smallest, value) => Math.min(smallest, value), most);
  if (least <= 0 || most / least <= LINEAR_FACTOR_MAX) {
    return linearScale(most, powerWithin(base, most / 4));
  }
  const unit = powerWithin(base, least);
  const low = Math.floor(Math.log10(least / unit));
  const high = Math.ceil(Math.log10(most / unit));
  const ticks = Array.from({ length: high - low + 1 }, (_, index) => unit * 10 ** (low + index));
  return { place: (value) => (Math.log10(value / unit) - low) / (high - low), ticks };
}

/** The largest power of `base` up to `limit`; 1 where there is none. */
function powerWithin(base: number, limit: number): number {
  if (base <= 1 || limit < 1) return 1;
  return base ** Math.floor(Math.log(limit) / Math.log(base));
}

/** From 0, in steps of 1, 2 or 5 times a power of ten, times `unit`. */
function linearScale(most: number, unit: number): Scale {
  const power = unit * 10 ** Math.floor(Math.log10(most / unit));
  const step = [0.2, 0.5, 1, 2].map((factor) => factor * power).find((each) => most / each <= 5);
  const width = step ?? 2 * power;
  const count = Math.ceil(most / width);
  const ticks = Array.from({ length: count + 1 }, (_, index) => index * width);
  return { place: (value) => value / (count * width), ticks };
}

/** `200 ms` for `200.000 ms`: there is little room beside an axis. */
function shortened(figure: string): string {
  return figure.replace(/\.(\d*?)0*(?= )/, (_, digits: string) =>
    digits === '' ? '' : `.${digits}`,
  );
}

function round(pixels: number): string {
  return pixels.toFixed(1);
}
