/** Two clicks on lines of COM1 say what passed between them (emulator/cli/report/run-page.ts). Runs in a browser. */
import { sumsBetween, type LinesData } from './line-intervals.js';

const lines = JSON.parse(
  document.querySelector('#data')?.textContent ?? 'null',
) as LinesData | null;
const lineRows = [...document.querySelectorAll<HTMLElement>('#lines tbody tr')];
const answer = document.querySelector<HTMLElement>('#answer');
const FUNCTIONS_SHOWN = 12;
const USES = ['written', 'filled', 'executed', 'read'];

const grouped = (count: number): string =>
  String(Math.round(count)).replace(/\B(?=(\d{3})+$)/g, ' ');
const duration = (ns: number): string =>
  ns >= 1e9
    ? `${(ns / 1e9).toFixed(3)} s`
    : ns >= 1e6
      ? `${(ns / 1e6).toFixed(3)} ms`
      : `${(ns / 1e3).toFixed(3)} us`;

function cellRow(...texts: readonly string[]): HTMLTableRowElement {
  const row = document.createElement('tr');
  for (const text of texts) {
    const cell = document.createElement('td');
    cell.textContent = text;
    row.append(cell);
  }
  return row;
}

function show(a: number, b: number): void {
  if (lines === null || answer === null) return;
  const sums = sumsBetween(lines, a, b);
  const all = (lines.cycles.at(-1) ?? 0) - (lines.cycles[0] ?? 0);
  const share = (cycles: number, of: number): string =>
    `${(of === 0 ? 0 : (100 * cycles) / of).toFixed(1)} %`;
  const head = document.createElement('p');
  const noted = sums.pages.map((count, use) => `${grouped(count)} ${USES[use] ?? ''}`).join(', ');
  head.textContent =
    `cycles ${grouped(sums.from)} to ${grouped(sums.to)}: ${grouped(sums.cycles)} cycles, ${duration(sums.ns)}, ` +
    `${share(sums.cycles, all)} of the whole${noted === '' ? '' : `; pages first ${noted}`}`;
  const table = document.createElement('table');
  for (const [name, cycles] of sums.functions.slice(0, FUNCTIONS_SHOWN)) {
    table.append(cellRow(share(cycles, sums.cycles), grouped(cycles), name));
  }
  answer.replaceChildren(head, table);
  answer.dataset['cycles'] = String(sums.cycles);
  answer.hidden = false;
}

let chosen: number[] = [];
for (const row of lineRows) {
  const place = Number(row.dataset['place']);
  row.addEventListener('click', () => {
    chosen = chosen.length === 1 ? [...chosen, place] : [place];
    const [a = 0, b = a] = chosen;
    for (const each of lineRows) {
      const at = Number(each.dataset['place']);
      each.classList.toggle('chosen', at >= Math.min(a, b) && at <= Math.max(a, b));
    }
    show(a, b);
  });
}
document.body.dataset['ready'] = 'yes';
