/** Measured against modelled along an axis: full circles on a line, and hollow squares on a dashed one of the same colour. */
import { frame, legend, placeOf, SIZE, type Plot } from './frame.js';
import { element, hint, picture, polyline, SERIES_COLOURS } from './svg.js';

export interface CurvePoint {
  readonly name: string;
  readonly x: number;
  readonly measured: number;
  readonly modelled: number;
}

export interface Curve {
  readonly label: string;
  readonly points: readonly CurvePoint[];
}

export function curves(plot: Plot, lines: readonly Curve[]): string {
  const drawn = lines.flatMap(({ points }, index) => {
    const colour = SERIES_COLOURS[index] ?? SERIES_COLOURS[0];
    const measured = points.map((point) => placeOf(plot, { x: point.x, y: point.measured }));
    const modelled = points.map((point) => placeOf(plot, { x: point.x, y: point.modelled }));
    return [
      polyline(measured, { stroke: colour, 'stroke-width': 1.5 }),
      polyline(modelled, { stroke: colour, 'stroke-width': 1.5, 'stroke-dasharray': '5 4' }),
      ...points.map((point, at) =>
        element(
          'g',
          {},
          hint(wordsOf(point)) +
            circle(measured[at] ?? { x: 0, y: 0 }, colour) +
            square(modelled[at] ?? { x: 0, y: 0 }, colour),
        ),
      ),
    ];
  });
  const entries = lines.flatMap(({ label }, index) => {
    const colour = SERIES_COLOURS[index] ?? SERIES_COLOURS[0];
    return [
      { label: `${label}, measured`, sign: (x: number, y: number) => circle({ x, y }, colour) },
      { label: `${label}, modelled`, sign: (x: number, y: number) => square({ x, y }, colour) },
    ];
  });
  return picture(SIZE, plot.title, [...frame(plot), ...drawn, ...legend(entries)]);
}

export function wordsOf({ name, measured, modelled }: CurvePoint): string {
  return `${name}: measured ${measured.toFixed(2)}, modelled ${modelled.toFixed(2)} cycles`;
}

function circle({ x, y }: { x: number; y: number }, colour: string): string {
  return element('circle', { cx: x, cy: y, r: 4, fill: colour });
}

function square({ x, y }: { x: number; y: number }, colour: string): string {
  const half = 4.5;
  return element('rect', {
    x: x - half,
    y: y - half,
    width: 2 * half,
    height: 2 * half,
    fill: 'none',
    stroke: colour,
    'stroke-width': 1.5,
  });
}
