/** Thousands of pairs at once: the plane in cells, the darker the more pairs lie there. On the diagonal both agree. */
import { frame, legend, placeOf, SIZE } from './frame.js';
import { decades } from './scale.js';
import { COLOURS, element, hint, picture, polyline } from './svg.js';
import type { Pair } from '../accuracy/statistics.js';

const LOW = 0.2;
const HIGH = 500;
const CELLS = 100;
const STEP = Math.log(HIGH / LOW) / CELLS;
const SHADES = ['#b6d4f5', '#6aa8ea', '#2f7bd1', '#0b4f9e', '#062a5a'] as const;
const TOLERANCE = 0.1;

/** Pairs outside the plane are drawn at its edge. */
export function density(title: string, pairs: readonly Pair[]): string {
  const plot = {
    title,
    x: decades('measured, cycles of one copy', LOW, HIGH),
    y: decades('modelled, cycles of one copy', LOW, HIGH),
  };
  const counts = new Map<number, number>();
  for (const { measured, modelled } of pairs) {
    const cell = cellOf(measured) * CELLS + cellOf(modelled);
    counts.set(cell, (counts.get(cell) ?? 0) + 1);
  }
  const cells = [...counts]
    .sort(([a], [b]) => a - b)
    .map(([cell, count]) => {
      const column = Math.floor(cell / CELLS);
      const row = cell % CELLS;
      const low = placeOf(plot, { x: edgeOf(column), y: edgeOf(row) });
      const high = placeOf(plot, { x: edgeOf(column + 1), y: edgeOf(row + 1) });
      const size = { width: high.x - low.x, height: low.y - high.y };
      const fill = SHADES[shadeOf(count)] ?? SHADES[0];
      return element('rect', { x: low.x, y: high.y, ...size, fill }, hint(`${String(count)}`));
    });
  const guides = [1, 1 - TOLERANCE, 1 + TOLERANCE].map((ratio) =>
    polyline(
      [Math.max(LOW, LOW / ratio), Math.min(HIGH, HIGH / ratio)].map((x) =>
        placeOf(plot, { x, y: x * ratio }),
      ),
      { stroke: COLOURS.faint, ...(ratio === 1 ? {} : { 'stroke-dasharray': '2 4' }) },
    ),
  );
  const entries = SHADES.map((fill, shade) => ({
    label: shade === 0 ? '1 block' : `${String(4 ** shade)} blocks or more`,
    sign: (x: number, y: number) =>
      element('rect', { x: x - 6, y: y - 6, width: 12, height: 12, fill }),
  }));
  const dotted = {
    label: 'equal; 10 % more or less',
    sign: (x: number, y: number) =>
      polyline(
        [
          { x: x - 8, y },
          { x: x + 8, y },
        ],
        { stroke: COLOURS.faint, 'stroke-dasharray': '2 4' },
      ),
  };
  return picture(SIZE, title, [
    ...frame(plot),
    ...cells,
    ...guides,
    ...legend([...entries, dotted]),
  ]);
}

function cellOf(cycles: number): number {
  return Math.min(CELLS - 1, Math.max(0, Math.floor(Math.log(cycles / LOW) / STEP)));
}

function edgeOf(cell: number): number {
  return LOW * Math.exp(cell * STEP);
}

/** 1, 4, 16, 64, 256 blocks. */
function shadeOf(count: number): number {
  return Math.min(SHADES.length - 1, Math.floor(Math.log(count) / Math.log(4) + 1e-9));
}
