/**
 * SVG as text. Colours and letters are written into each element, on a white ground, so that a page shows the same in light
 * and in dark. Coordinates have one decimal: the same figures give the same bytes.
 */

export const COLOURS = { ink: '#1f2328', grid: '#d8dee4', faint: '#656d76' } as const;
/** The first three, blue, orange, green, are told apart by those who do not see red and green; more lines have dashes, too. */
export const SERIES_COLOURS = [
  ...['#0969da', '#bc4c00', '#1a7f37'],
  ...['#8250df', '#9a6700', '#cf222e', '#57606a', '#0b7285'],
] as const;

type Attributes = Readonly<Record<string, string | number>>;

export function element(name: string, attributes: Attributes, content?: string): string {
  const text = Object.entries(attributes)
    .map(([key, value]) => ` ${key}="${typeof value === 'number' ? coordinate(value) : value}"`)
    .join('');
  return content === undefined ? `<${name}${text}/>` : `<${name}${text}>${content}</${name}>`;
}

export function text(
  at: { readonly x: number; readonly y: number },
  words: string,
  attributes: Attributes = {},
): string {
  return element('text', { ...at, fill: COLOURS.ink, ...attributes }, escaped(words));
}

/** What a reader sees who points at the element. */
export function hint(words: string): string {
  return element('title', {}, escaped(words));
}

export function polyline(
  points: readonly { readonly x: number; readonly y: number }[],
  attributes: Attributes,
): string {
  const places = points.map(({ x, y }) => `${coordinate(x)},${coordinate(y)}`).join(' ');
  return element('polyline', { points: places, fill: 'none', ...attributes });
}

/** A picture of so many pixels; `description` is for those who do not see it. */
export function picture(
  size: { readonly width: number; readonly height: number },
  description: string,
  parts: readonly string[],
): string {
  const { width, height } = size;
  const ground = element('rect', { width, height, fill: '#ffffff' });
  const head = {
    xmlns: 'http://www.w3.org/2000/svg',
    viewBox: `0 0 ${String(width)} ${String(height)}`,
    width,
    height,
    'font-family': 'sans-serif',
    'font-size': 12,
    role: 'img',
  };
  const content = [hint(description), ground, ...parts].join('\n');
  return element('svg', head, `\n${content}\n`) + '\n';
}

function coordinate(value: number): string {
  return String(Number(value.toFixed(1)));
}

function escaped(words: string): string {
  return words.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
