/** Lines along an axis, told apart by colour and dashes, with their names below. */
import { frame, placeOf, SIZE, type Plot } from './frame.js';
import { COLOURS, element, hint, picture, polyline, SERIES_COLOURS, text } from './svg.js';

export interface Line {
  readonly label: string;
  readonly points: readonly { readonly x: number; readonly y: number }[];
}

const NAMES_TOP = SIZE.height + 6;
const NAME_ROW = 18;
const COLUMNS = 2;
const COLUMN_WIDTH = 330;
const LEFT = 76;
const SIGN = 28;
const DASHES = ['', '6 3', '2 3', '9 3 2 3'] as const;

/** The first line is drawn last, and thicker. */
export function lines(plot: Plot, all: readonly Line[]): string {
  const drawn = all.map(({ label, points }, index) => {
    const places = points.map((point) => placeOf(plot, point));
    const dots = places.map(({ x, y }, at) => {
      const words = `${label}: ${String(Number((points[at]?.y ?? 0).toPrecision(4)))}`;
      return element('circle', { cx: x, cy: y, r: 2, fill: colourOf(index) }, hint(words));
    });
    return [polyline(places, styleOf(index)), ...dots];
  });
  const names = all.flatMap(({ label }, index) => {
    const x = LEFT + (index % COLUMNS) * COLUMN_WIDTH;
    const y = NAMES_TOP + Math.floor(index / COLUMNS) * NAME_ROW;
    const sign = [
      { x, y },
      { x: x + SIGN, y },
    ];
    return [polyline(sign, styleOf(index)), text({ x: x + SIGN + 8, y: y + 4 }, label)];
  });
  const height = NAMES_TOP + Math.ceil(all.length / COLUMNS) * NAME_ROW;
  return picture({ width: SIZE.width, height }, plot.title, [
    ...frame(plot),
    ...drawn.reverse().flat(),
    ...names,
  ]);
}

function colourOf(index: number): string {
  return SERIES_COLOURS[index % SERIES_COLOURS.length] ?? COLOURS.ink;
}

function styleOf(index: number): Record<string, string | number> {
  const dash = DASHES[index % DASHES.length] ?? '';
  return {
    stroke: colourOf(index),
    'stroke-width': index === 0 ? 2.5 : 1.5,
    ...(dash === '' ? {} : { 'stroke-dasharray': dash }),
  };
}
