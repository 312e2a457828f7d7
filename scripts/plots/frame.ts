/** What all plots have: a title, two axes with a grid, a legend, and the field between them. */
import type { Axis } from './scale.js';
import { COLOURS, element, text } from './svg.js';

export const SIZE = { width: 760, height: 440 } as const;
const FIELD = { left: 72, top: 44, right: 740, bottom: 380 } as const;
const TITLE_Y = 24;
const LEGEND_ROW = 18;

export interface LegendEntry {
  readonly label: string;
  /** The sign, drawn around this place. */
  readonly sign: (x: number, y: number) => string;
}

export interface Plot {
  readonly title: string;
  readonly x: Axis;
  readonly y: Axis;
}

export function placeOf({ x, y }: Plot, at: { x: number; y: number }): { x: number; y: number } {
  return {
    x: FIELD.left + x.position(at.x) * (FIELD.right - FIELD.left),
    y: FIELD.bottom - y.position(at.y) * (FIELD.bottom - FIELD.top),
  };
}

export function frame(plot: Plot): string[] {
  const vertical = plot.x.ticks.flatMap(({ value, label }) => {
    const x = FIELD.left + plot.x.position(value) * (FIELD.right - FIELD.left);
    return [
      line({ x1: x, y1: FIELD.top, x2: x, y2: FIELD.bottom }),
      text({ x, y: FIELD.bottom + 18 }, label, { 'text-anchor': 'middle' }),
    ];
  });
  const horizontal = plot.y.ticks.flatMap(({ value, label }) => {
    const y = FIELD.bottom - plot.y.position(value) * (FIELD.bottom - FIELD.top);
    return [
      line({ x1: FIELD.left, y1: y, x2: FIELD.right, y2: y }),
      text({ x: FIELD.left - 8, y: y + 4 }, label, { 'text-anchor': 'end' }),
    ];
  });
  const middle = (FIELD.left + FIELD.right) / 2;
  const height = (FIELD.top + FIELD.bottom) / 2;
  return [
    text({ x: FIELD.left, y: TITLE_Y }, plot.title, { 'font-size': 15, 'font-weight': 'bold' }),
    ...vertical,
    ...horizontal,
    element('rect', {
      x: FIELD.left,
      y: FIELD.top,
      width: FIELD.right - FIELD.left,
      height: FIELD.bottom - FIELD.top,
      fill: 'none',
      stroke: COLOURS.faint,
    }),
    text({ x: middle, y: FIELD.bottom + 42 }, plot.x.title, { 'text-anchor': 'middle' }),
    text({ x: 18, y: height }, plot.y.title, {
      'text-anchor': 'middle',
      transform: `rotate(-90 18 ${String(height)})`,
    }),
  ];
}

/** In the upper left corner of the field. */
export function legend(entries: readonly LegendEntry[]): string[] {
  const width = 46 + 7 * Math.max(...entries.map(({ label }) => label.length));
  const box = element('rect', {
    x: FIELD.left + 10,
    y: FIELD.top + 10,
    width,
    height: entries.length * LEGEND_ROW + 10,
    fill: '#ffffff',
    stroke: COLOURS.grid,
  });
  const rows = entries.flatMap(({ label, sign }, index) => {
    const y = FIELD.top + 24 + index * LEGEND_ROW;
    return [sign(FIELD.left + 28, y), text({ x: FIELD.left + 46, y: y + 4 }, label)];
  });
  return [box, ...rows];
}

function line(ends: Readonly<Record<'x1' | 'y1' | 'x2' | 'y2', number>>): string {
  return element('line', { ...ends, stroke: COLOURS.grid });
}
