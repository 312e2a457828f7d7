/** Measured against modelled, a pair of bars for each name; the figures are written at the ends. */
import type { CurvePoint } from './curves.js';
import { COLOURS, element, picture, SERIES_COLOURS, text } from './svg.js';

type Bar = Omit<CurvePoint, 'x'>;

const WIDTH = 760;
const LEFT = 170;
const RIGHT = 680;
const TOP = 70;
const BAR = 11;
const PAIR = 2 * BAR + 14;

export function bars(title: string, unit: string, members: readonly Bar[]): string {
  const longest = Math.max(...members.flatMap(({ measured, modelled }) => [measured, modelled]));
  const drawn = members.flatMap(({ name, measured, modelled }, index) => {
    const y = TOP + index * PAIR;
    const pair = [measured, modelled].flatMap((value, which) => {
      const width = (value / longest) * (RIGHT - LEFT);
      const at = y + which * BAR;
      const fill = SERIES_COLOURS[which] ?? COLOURS.ink;
      return [
        element('rect', { x: LEFT, y: at, width, height: BAR - 1, fill }),
        text({ x: LEFT + width + 5, y: at + BAR - 2 }, value.toFixed(2), { 'font-size': 10 }),
      ];
    });
    return [text({ x: LEFT - 8, y: y + BAR + 3 }, name, { 'text-anchor': 'end' }), ...pair];
  });
  const legend = ['measured', 'modelled'].flatMap((label, which) => {
    const x = LEFT + which * 110;
    return [
      element('rect', { x, y: 44, width: 12, height: 12, fill: SERIES_COLOURS[which] ?? '' }),
      text({ x: x + 18, y: 54 }, label),
    ];
  });
  const height = TOP + members.length * PAIR + 24;
  return picture({ width: WIDTH, height }, title, [
    text({ x: 20, y: 24 }, title, { 'font-size': 15, 'font-weight': 'bold' }),
    ...legend,
    ...drawn,
    text({ x: (LEFT + RIGHT) / 2, y: height - 10 }, unit, { 'text-anchor': 'middle' }),
  ]);
}
