/** Sorts the table of a sweep's page (emulator/cli/report/sweep-page.ts). Runs in a browser. */
import { compareCells, type SortCell } from './row-order.js';

const table = document.querySelector('#rows');
const body = table?.querySelector('tbody');
const heads = [...(table?.querySelectorAll('th') ?? [])];

function cellOf(row: Element, column: number): SortCell {
  const cell = row.children[column];
  const order = cell?.getAttribute('data-order') ?? null;
  return { order: order === null ? null : Number(order), text: cell?.textContent ?? '' };
}

heads.forEach((head, column) => {
  head.addEventListener('click', () => {
    const descending = head.getAttribute('aria-sort') === 'ascending';
    for (const each of heads) each.removeAttribute('aria-sort');
    head.setAttribute('aria-sort', descending ? 'descending' : 'ascending');
    const rows = [...(body?.children ?? [])];
    rows.sort((a, b) => compareCells(cellOf(a, column), cellOf(b, column), descending));
    body?.append(...rows);
  });
});
