/**
 * The physical memory atlas (emulator/cli/report/atlas-page.ts draws the page around it). Runs in a browser.
 * Cells lie along a Hilbert curve, so that neighbours in memory are neighbours on the map, at every scale.
 */
import {
  data,
  CELLS_ORDER,
  SIDE,
  KINDS,
  type Kind,
  type Span,
  written,
  executed,
  read,
  tables,
  storage,
  reserved,
  lastPage,
  wholeOrder,
  spansIn,
  endAt,
  type Summary,
  summary,
  hilbert,
} from './atlas-model.js';

const CELL_PIXELS = 10;
const RIBBON_HEIGHT = 44;

// ── state and drawing ───────────────────────────────────────────────────────────────────────────────────────────

type Mode = 'what' | 'who' | 'when';
const wishes = new URLSearchParams(location.hash.slice(1));
const state = {
  base: 0,
  order: wholeOrder,
  mode: (wishes.get('mode') ?? 'what') as Mode,
  now: data.cycles,
};
/** Number of the cell at each place of the map, counted from the view's base. */
const cellAt = new Int32Array(SIDE * SIDE);

const element = <T extends Element>(selector: string): T => {
  const found = document.querySelector<T>(selector);
  if (found === null) throw new Error(`the page lacks ${selector}`);
  return found;
};
const map = element<HTMLCanvasElement>('#map');
const ribbon = element<HTMLCanvasElement>('#ribbon');
const tip = element<HTMLElement>('#tip');
const clock = element<HTMLInputElement>('#clock');
const colours = (): CSSStyleDeclaration => getComputedStyle(document.documentElement);

/** Functions by pages first used, most first: they get the palette's colours. */
const pagesBy = data.functions.map(() => 0);
for (const { by, first, end } of [...written, ...executed, ...read]) {
  pagesBy[by] = (pagesBy[by] ?? 0) + end - first;
}
const PALETTE_SIZE = 10;
const ranked = data.functions
  .map((name, number) => ({ name, number, pages: pagesBy[number] ?? 0 }))
  .sort((a, b) => b.pages - a.pages);
const rankOf = new Map(ranked.map(({ number }, rank) => [number, rank]));

function colourOf(what: Summary, style: CSSStyleDeclaration): string {
  const variable = (name: string): string => style.getPropertyValue(`--${name}`).trim();
  if (what.span === null || state.mode === 'what') return variable(what.kind);
  if (state.mode === 'who') {
    const rank = rankOf.get(what.span.by) ?? PALETTE_SIZE;
    return variable(rank < PALETTE_SIZE ? `who${rank}` : 'other');
  }
  const share = Math.sqrt(what.cycle / Math.max(1, data.cycles));
  return `hsl(${265 - 215 * share} ${62 + 20 * share}% ${38 + 24 * share}%)`;
}

const size = (pages: number): string => {
  let [value, unit] = [pages * 4, 0];
  const units = ['KiB', 'MiB', 'GiB', 'TiB', 'PiB'];
  for (; value >= 1024 && unit < units.length - 1; unit++) value /= 1024;
  return `${Number.isInteger(value) ? value : value.toFixed(value < 10 ? 2 : 1)} ${units[unit]}`;
};
const grouped = (value: number): string =>
  Math.round(value)
    .toString()
    .replace(/\B(?=(\d{3})+$)/g, '\u202f');
const address = (page: number): string => `0x${(BigInt(page) << 12n).toString(16)}`;
const rangeText = (first: number, end: number): string =>
  `${address(first)} – 0x${((BigInt(end) << 12n) - 1n).toString(16)}`;

const cellPages = (): number => 4 ** (state.order - CELLS_ORDER);

function drawMap(): void {
  const pen = map.getContext('2d');
  if (pen === null) return;
  const style = colours();
  map.width = map.height = SIDE * CELL_PIXELS;
  pen.fillStyle = style.getPropertyValue('--hole');
  pen.fillRect(0, 0, map.width, map.height);
  const pages = cellPages();
  const levels = wholeOrder - state.order + CELLS_ORDER;
  const firstCell = state.base / pages;
  const [cornerX, cornerY] = hilbert(firstCell, levels).map((at) => at - (at % SIDE)) as [
    number,
    number,
  ];
  for (let cell = 0; cell < SIDE * SIDE; cell++) {
    const [x, y] = hilbert(firstCell + cell, levels);
    const [column, row] = [x - cornerX, y - cornerY];
    cellAt[row * SIDE + column] = cell;
    const first = state.base + cell * pages;
    const what = summary(first, first + pages, state.now);
    if (what.kind === 'hole') continue;
    const [left, top] = [column * CELL_PIXELS, row * CELL_PIXELS];
    pen.fillStyle = style.getPropertyValue(`--${what.ground}`);
    pen.fillRect(left, top, CELL_PIXELS - 1, CELL_PIXELS - 1);
    if (what.span === null) continue;
    // Area says which part of the cell is used, not linearly: a single page must be seen.
    const side = Math.max(4, Math.round((CELL_PIXELS - 1) * (what.pages / what.all) ** 0.15));
    const inset = (CELL_PIXELS - 1 - side) / 2;
    pen.fillStyle = colourOf(what, style);
    pen.fillRect(left + inset, top + inset, side, side);
  }
}

/** Octaves of addresses, each as wide: the first is page 0. */
const octaves = Math.ceil(Math.log2(lastPage)) + 1;
const pageAt = (share: number): number => {
  const at = Math.min(0.999999, Math.max(0, share)) * octaves;
  const octave = Math.floor(at);
  return octave === 0 ? 0 : 2 ** (octave - 1) * (1 + at - octave);
};
const shareOf = (page: number): number => {
  if (page < 1) return page / octaves;
  const octave = Math.floor(Math.log2(page));
  return (octave + page / 2 ** octave) / octaves;
};

function drawRibbon(): void {
  const pen = ribbon.getContext('2d');
  if (pen === null) return;
  const style = colours();
  const width = (ribbon.width = ribbon.clientWidth * 2);
  ribbon.height = RIBBON_HEIGHT * 2;
  for (let x = 0; x < width; x++) {
    const first = Math.floor(pageAt(x / width));
    const end = Math.max(first + 1, Math.floor(pageAt((x + 1) / width)));
    const what = summary(first, end, state.now);
    pen.fillStyle = colourOf(what, style);
    pen.fillRect(x, 0, 1, 52);
  }
  pen.fillStyle = pen.strokeStyle = style.getPropertyValue('--soft');
  pen.font = '20px system-ui, sans-serif';
  for (let octave = 1; octave < octaves; octave++) {
    const x = (octave / octaves) * width;
    pen.globalAlpha = 0.35;
    pen.fillRect(x, 0, 1, 58);
    pen.globalAlpha = 1;
    const every = octaves > 24 ? 4 : 2;
    if ((octave - 1) % every === 0) pen.fillText(size(2 ** (octave - 1)), x + 4, 78);
  }
  pen.strokeStyle = style.getPropertyValue('--ink');
  pen.lineWidth = 4;
  const left = shareOf(state.base) * width;
  const right = Math.min(1, shareOf(state.base + 4 ** state.order)) * width;
  pen.strokeRect(left + 2, 2, Math.max(6, right - left - 4), 50);
}

function drawCrumbs(): void {
  const crumbs: HTMLElement[] = [];
  for (let order = wholeOrder; order >= state.order; order--) {
    const base = state.base - (state.base % 4 ** order);
    const crumb = document.createElement('button');
    crumb.textContent = order === wholeOrder ? `all, ${size(4 ** order)}` : size(4 ** order);
    crumb.disabled = order === state.order;
    crumb.addEventListener('click', () => show(base, order));
    crumbs.push(crumb);
  }
  element('#crumbs').replaceChildren(...crumbs);
  const cell = cellPages();
  element('#scale').textContent =
    `${rangeText(state.base, state.base + 4 ** state.order)} · a cell is ${cell === 1 ? 'one page, 4 KiB' : size(cell)}`;
}

/** Pages of each kind at the present cycle, each page counted once. */
function totals(): Map<Kind, number> {
  const counts = new Map<Kind, number>(KINDS.map(([kind]) => [kind, 0]));
  const add = (kind: Kind, pages: number): void =>
    void counts.set(kind, (counts.get(kind) ?? 0) + pages);
  const overlap = (lists: readonly (readonly Span[])[], first: number, end: number): number =>
    covered(
      lists
        .flatMap((list) => spansIn(list, first, end))
        .map((span) => [Math.max(first, span.first), Math.min(end, endAt(span, state.now))]),
    );
  const above: Span[][] = [];
  for (const list of [tables, executed, written, read]) {
    for (const span of list) {
      const end = endAt(span, state.now);
      if (end > span.first) add(span.kind, end - span.first - overlap(above, span.first, end));
    }
    above.push(list);
  }
  for (const { kind, first, end } of storage) add(kind, end - first - overlap(above, first, end));
  const holes = covered(reserved.map(({ first, end }) => [first, end]));
  const both = reserved.flatMap(({ first, end }) =>
    spansIn(storage, first, end).map(
      (span) => [Math.max(first, span.first), Math.min(end, span.end)] as [number, number],
    ),
  );
  add('reserved', holes - covered(both));
  return counts;
}

/** Pages in any of the ranges. */
function covered(ranges: readonly (readonly [number, number])[]): number {
  let [pages, at] = [0, 0];
  for (const [first, end] of [...ranges].sort(([a], [b]) => a - b)) {
    pages += Math.max(0, end - Math.max(at, first));
    at = Math.max(at, end);
  }
  return pages;
}

function legendRow(variable: string, name: string, pages: number): HTMLElement {
  const row = document.createElement('tr');
  row.innerHTML = `<td><i></i></td><td></td><td></td><td></td>`;
  const [swatch, label, count, bytes] = [...row.children] as HTMLElement[];
  swatch?.querySelector('i')?.style.setProperty('background', variable);
  label?.append(name);
  count?.append(grouped(pages));
  bytes?.append(size(pages));
  return row;
}

function drawLegend(): void {
  const counts = totals();
  const rows =
    state.mode === 'who'
      ? ranked
          .slice(0, PALETTE_SIZE)
          .map(({ name, pages }, rank) => legendRow(`var(--who${rank})`, name, pages))
      : KINDS.filter(([kind]) => (counts.get(kind) ?? 0) > 0).map(([kind, name]) =>
          legendRow(`var(--${kind})`, name, counts.get(kind) ?? 0),
        );
  if (state.mode === 'who') {
    const rest = ranked.slice(PALETTE_SIZE).reduce((sum, { pages }) => sum + pages, 0);
    if (rest > 0)
      rows.push(legendRow('var(--other)', `${ranked.length - PALETTE_SIZE} others`, rest));
  }
  element('#legend tbody').replaceChildren(...rows);
  element<HTMLElement>('#ramp').hidden = state.mode !== 'when';
  element<HTMLElement>('#legend').hidden = state.mode === 'when';
}

/** The kernel's own ranges, the firmware's, the page tables: a click goes there. */
function drawRegions(): void {
  const regions: [string, number, number][] = [
    ...data.layout.map(([first, count, name]): [string, number, number] => [name, first, count]),
    ...data.map.map(([first, count, type]): [string, number, number] => [
      `map: ${type}`,
      first,
      count,
    ]),
    ...data.tables
      .slice(0, 8)
      .map(([page, level]): [string, number, number] => [`page table, level ${level}`, page, 1]),
  ];
  const rows = regions.map(([name, first, count]) => {
    const used = [executed, written, read].flatMap((list) => spansIn(list, first, first + count));
    const pages = covered(
      used.map((span) => [Math.max(first, span.first), Math.min(first + count, span.end)]),
    );
    const earliest = used.reduce<Span | null>(
      (best, span) => (best === null || span.from < best.from ? span : best),
      null,
    );
    const row = document.createElement('tr');
    const texts = [
      name,
      address(first),
      size(count),
      grouped(pages),
      earliest === null ? '' : (data.functions[earliest.by] ?? ''),
    ];
    for (const text of texts) row.insertCell().textContent = text;
    row.addEventListener('click', () => goTo(first, count));
    return row;
  });
  element('#regions tbody').replaceChildren(...rows);
}

function draw(): void {
  drawMap();
  drawRibbon();
  drawCrumbs();
  drawLegend();
  for (const button of document.querySelectorAll<HTMLElement>('[data-mode]')) {
    button.setAttribute('aria-pressed', String(button.dataset['mode'] === state.mode));
  }
  const share = state.now / Math.max(1, data.cycles);
  element('#cycle').textContent = `cycle ${grouped(state.now)} (${(100 * share).toFixed(1)} %)`;
}

function show(base: number, order: number): void {
  state.order = Math.min(wholeOrder, Math.max(CELLS_ORDER, order));
  state.base = base - (base % 4 ** state.order);
  draw();
}

/** The smallest view that has these pages in it. */
function goTo(first: number, count: number): void {
  let order = CELLS_ORDER;
  while (
    order < wholeOrder &&
    Math.floor(first / 4 ** order) !== Math.floor((first + count - 1) / 4 ** order)
  )
    order++;
  show(first, order);
}

// ── the reader's hands ──────────────────────────────────────────────────────────────────────────────────────────

function cellUnder(event: MouseEvent): number {
  const box = map.getBoundingClientRect();
  const column = Math.floor(((event.clientX - box.left) / box.width) * SIDE);
  const row = Math.floor(((event.clientY - box.top) / box.height) * SIDE);
  return (
    cellAt[Math.min(SIDE - 1, Math.max(0, row)) * SIDE + Math.min(SIDE - 1, Math.max(0, column))] ??
    0
  );
}

function describe(first: number, end: number): string[] {
  const what = summary(first, end, state.now);
  const name = KINDS.find(([kind]) => kind === what.kind)?.[1] ?? '';
  const lines = [
    rangeText(first, end),
    what.all === 1 ? name : `${name}: ${grouped(what.pages)} of ${grouped(what.all)} pages`,
  ];
  if (what.span !== null) {
    lines.push(
      `first by ${data.functions[what.span.by] ?? 'nobody known'}, cycle ${grouped(what.cycle)}`,
    );
  }
  const table = data.tables.find(([page]) => page >= first && page < end);
  if (table !== undefined) lines.push(`level ${table[1]}, ${table[2]} entries present`);
  for (const [from, count, label] of [...data.layout, ...data.map]) {
    if (from < end && from + count > first) lines.push(`in: ${label}`);
  }
  return lines.slice(0, 7);
}

function showTip(event: MouseEvent, first: number, end: number): void {
  tip.textContent = describe(first, end).join('\n');
  tip.hidden = false;
  tip.style.left = `${Math.min(event.clientX + 14, innerWidth - tip.offsetWidth - 8)}px`;
  tip.style.top = `${Math.min(event.clientY + 14, innerHeight - tip.offsetHeight - 8)}px`;
}

const pageUnder = (event: MouseEvent): number => state.base + cellUnder(event) * cellPages();
map.addEventListener('mousemove', (event) =>
  showTip(event, pageUnder(event), pageUnder(event) + cellPages()),
);
map.addEventListener('mouseleave', () => (tip.hidden = true));
map.addEventListener('click', (event) => show(pageUnder(event), state.order - 1));
map.addEventListener('wheel', (event) => {
  event.preventDefault();
  show(event.deltaY < 0 ? pageUnder(event) : state.base, state.order + (event.deltaY < 0 ? -1 : 1));
});
const ribbonPage = (event: MouseEvent): number => {
  const box = ribbon.getBoundingClientRect();
  return Math.floor(pageAt((event.clientX - box.left) / box.width));
};
ribbon.addEventListener('click', (event) => {
  const page = ribbonPage(event);
  show(page, Math.max(CELLS_ORDER, Math.ceil(Math.log2(page + 1) / 2)));
});
ribbon.addEventListener('mousemove', (event) =>
  showTip(event, ribbonPage(event), ribbonPage(event) + 1),
);
ribbon.addEventListener('mouseleave', () => (tip.hidden = true));
for (const button of document.querySelectorAll<HTMLElement>('[data-mode]')) {
  button.addEventListener('click', () => {
    state.mode = (button.dataset['mode'] ?? 'what') as Mode;
    draw();
  });
}

/** The slider's places are the times at which something happened, so that no part of it is dead. */
const moments = [
  ...new Set([
    0,
    ...[...written, ...executed, ...read].flatMap(({ from, to }) => [from, to]),
    data.cycles,
  ]),
].sort((a, b) => a - b);
clock.max = String(moments.length - 1);
const setMoment = (place: number): void => {
  clock.value = String(place);
  state.now = moments[place] ?? data.cycles;
  draw();
};
clock.addEventListener('input', () => setMoment(Number(clock.value)));
let playing = 0;
element('#play').addEventListener('click', () => {
  clearInterval(playing);
  let place = 0;
  playing = setInterval(() => {
    setMoment(place);
    place += Math.max(1, Math.floor(moments.length / 200));
    if (place < moments.length) return;
    clearInterval(playing);
    setMoment(moments.length - 1);
  }, 40);
});
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', draw);
addEventListener('resize', draw);

setMoment(Math.round(Number(wishes.get('time') ?? 1) * (moments.length - 1)));
drawRegions();
// The smallest square from address 0 that has most of what the run has made; the rest is on the ribbon.
const made = [...written, ...executed].map(({ first, end }) => [first, end] as const);
let firstOrder = CELLS_ORDER;
const madeWithin = (order: number): number => made.filter(([, end]) => end <= 4 ** order).length;
while (firstOrder < wholeOrder && madeWithin(firstOrder) < 0.8 * made.length) firstOrder++;
show(0, firstOrder);
document.body.dataset['ready'] = 'yes';
