/**
 * Flame graph of a profile as one SVG file: width = cycles of a calling context, callers below, those they called above.
 * After Brendan Gregg, "The Flame Graph", CACM 59(6), 2016. Readable without its script, which zooms.
 * Compared with a second profile, colour says what has become of each context's cycles: red more, blue fewer.
 */
import type { Profile } from '../../machine/profile.js';
import { formatCount } from '../quantities.js';
import { browserScript } from './browser-script.js';
import { stackOf, totalCycles } from './call-profile.js';
import { escapeMarkup } from './markup.js';

const WIDTH = 1200;
const MARGIN = 10;
const ROW_HEIGHT = 19;
const HEAD_HEIGHT = 58;
const FOOT_HEIGHT = 12;
/** Of the 12 px font that the frames are labelled in. */
const CHARACTER_WIDTH = 7.25;
/** Narrower frames are left out: nobody sees them. */
const WIDTH_MIN = 0.3;

const STYLE = `
.flame { font: 12px ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace; --paper: #fdfcfa; --ink: #23211e; --soft: #6d6860; }
.flame .paper { fill: var(--paper); }
.flame text { fill: #1d1a16; pointer-events: none; }
.flame .title { fill: var(--ink); font: 600 16px system-ui, "DejaVu Sans", sans-serif; }
.flame .note { fill: var(--soft); font: 12px system-ui, "DejaVu Sans", sans-serif; }
.flame rect.frame { stroke: var(--paper); stroke-width: 1; rx: 2; cursor: pointer; }
.flame g:hover > rect.frame { stroke: var(--ink); }
.flame g.faded > rect.frame { opacity: .45; }
@media (prefers-color-scheme: dark) { .flame { --paper: #191816; --ink: #efece6; --soft: #a29c92; } }`;

export interface FlameGraphOptions {
  readonly title: string;
  /** What its cycles are compared with. */
  readonly before?: Profile;
}

interface Frame {
  readonly number: number;
  readonly name: string;
  readonly depth: number;
  /** From 0 to 1 of the whole width. */
  readonly start: number;
  readonly share: number;
}

/** The SVG document. */
export function flameGraph(profile: Profile, options: FlameGraphOptions): string {
  const totals = totalCycles(profile);
  const all = totals[0] ?? 0;
  const frames = layOut(profile, totals);
  const depthMax = frames.reduce((most, { depth }) => Math.max(most, depth), 0);
  const height = HEAD_HEIGHT + (depthMax + 1) * ROW_HEIGHT + FOOT_HEIGHT;
  const changeOf = options.before === undefined ? null : changes(profile, options.before);
  const boxes = frames.map((frame) => {
    const y = height - FOOT_HEIGHT - (frame.depth + 1) * ROW_HEIGHT;
    const [, , self, , calls] = profile.nodes[frame.number] ?? [0, 0, 0, 0, 0];
    const change = changeOf?.(frame.number) ?? null;
    const facts = [
      `${formatCount(totals[frame.number] ?? 0)} cycles (${percent(frame.share)})`,
      `itself ${formatCount(self)}`,
      ...(frame.number === 0 ? [] : [`${formatCount(calls)} calls`]),
      ...(change === null
        ? []
        : [`${change < 0 ? '−' : '+'}${percent(Math.abs(change))} of all cycles before`]),
    ].join(', ');
    return box(
      frame,
      y,
      `${frame.name}: ${facts}`,
      change === null ? hue(frame.name) : changeColour(change),
    );
  });
  const legend =
    changeOf === null
      ? 'click a frame to zoom, the lowest one to see all'
      : 'red: more cycles than before, blue: fewer · click a frame to zoom';
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" class="flame" viewBox="0 0 ${WIDTH} ${height}" width="100%" data-width="${WIDTH - 2 * MARGIN}" data-margin="${MARGIN}" data-character="${CHARACTER_WIDTH}">`,
    `<style>${STYLE}</style>`,
    `<rect class="paper" width="${WIDTH}" height="${height}"/>`,
    `<text class="title" x="${MARGIN}" y="24">${escapeMarkup(options.title)}</text>`,
    `<text class="note" x="${WIDTH - MARGIN}" y="24" text-anchor="end">${formatCount(all)} cycles · ${legend}</text>`,
    `<text class="note details" x="${MARGIN}" y="46"> </text>`,
    ...boxes,
    `<script>//<![CDATA[\n${browserScript('flame')}\n//]]></script>`,
    '</svg>',
    '',
  ].join('\n');
}

function layOut(profile: Profile, totals: readonly number[]): Frame[] {
  const all = totals[0] ?? 0;
  const children: number[][] = profile.nodes.map(() => []);
  profile.nodes.forEach(([parent], number) => {
    if (number !== 0) children[parent]?.push(number);
  });
  const frames: Frame[] = [];
  const place = (number: number, depth: number, start: number): void => {
    const share = all === 0 ? 1 : (totals[number] ?? 0) / all;
    if (share * (WIDTH - 2 * MARGIN) < WIDTH_MIN) return;
    const name = profile.frames[profile.nodes[number]?.[1] ?? 0] ?? '';
    frames.push({ number, name, depth, start, share });
    let at = start;
    const called = [...(children[number] ?? [])].sort((a, b) => compareNames(profile, a, b));
    for (const child of called) {
      place(child, depth + 1, at);
      at += all === 0 ? 0 : (totals[child] ?? 0) / all;
    }
  };
  place(0, 0, 0);
  return frames;
}

/** By name, so that the graphs of two runs can be laid side by side. */
function compareNames({ nodes, frames }: Profile, a: number, b: number): number {
  const [first = '', second = ''] = [a, b].map((number) => frames[nodes[number]?.[1] ?? 0]);
  return first < second ? -1 : 1;
}

function box(frame: Frame, y: number, title: string, fill: string): string {
  const width = frame.share * (WIDTH - 2 * MARGIN);
  const x = MARGIN + frame.start * (WIDTH - 2 * MARGIN);
  return (
    `<g data-start="${frame.start.toFixed(7)}" data-share="${frame.share.toFixed(7)}" data-name="${escapeMarkup(frame.name)}">` +
    `<title>${escapeMarkup(title)}</title>` +
    `<rect class="frame" x="${x.toFixed(2)}" y="${y}" width="${width.toFixed(2)}" height="${ROW_HEIGHT - 1}" fill="${fill}"/>` +
    `<text x="${(x + 4).toFixed(2)}" y="${y + 13.5}">${escapeMarkup(label(frame.name, width))}</text></g>`
  );
}

/** As much of the name as fits. */
function label(name: string, width: number): string {
  const room = Math.floor((width - 8) / CHARACTER_WIDTH);
  if (room < 2) return '';
  return name.length <= room ? name : `${name.slice(0, room - 1)}…`;
}

/** Warm colours for functions, cool ones for interrupts and exceptions, grey for firmware: the same name, the same colour. */
function hue(name: string): string {
  let hash = 0;
  for (const character of name) hash = (Math.imul(hash, 31) + character.charCodeAt(0)) >>> 0;
  if (name === 'all') return 'hsl(40 12% 80%)';
  if (name === '[firmware]') return 'hsl(215 12% 74%)';
  if (name.startsWith('[')) return `hsl(${200 + (hash % 24)} 58% 72%)`;
  return `hsl(${16 + (hash % 36)} ${72 + (hash % 17)}% ${66 + ((hash >> 8) % 9)}%)`;
}

/** From blue over pale grey to red: full colour at a tenth of the run. */
function changeColour(change: number): string {
  const strength = Math.min(1, Math.sqrt(Math.abs(change) / 0.1));
  if (strength < 0.02) return 'hsl(40 8% 86%)';
  return `hsl(${change > 0 ? 8 : 215} ${Math.round(30 + 60 * strength)}% ${Math.round(88 - 24 * strength)}%)`;
}

/** What has become of each context, as a share of all cycles before. */
function changes(profile: Profile, before: Profile): (number: number) => number {
  const [now, then] = [totalCycles(profile), totalCycles(before)];
  const earlier = new Map(then.map((total, number) => [stackOf(before, number).join(';'), total]));
  const all = Math.max(1, then[0] ?? 0);
  return (number) => {
    const stack = stackOf(profile, number).join(';');
    return ((now[number] ?? 0) - (earlier.get(stack) ?? 0)) / all;
  };
}

function percent(share: number): string {
  return `${(100 * share).toFixed(2)} %`;
}
