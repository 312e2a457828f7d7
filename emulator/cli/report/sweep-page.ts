/** A sweep as one HTML file that carries all it needs: charts over RAM, and a table that sorts at a click. */
import { formatSize, parseSize } from '../../base/size.js';
import { formatCount, formatNs } from '../quantities.js';
import {
  keyColumns,
  recordColumns,
  sweepSummary,
  type SweepResult,
  type SweepRowResult,
} from '../sweep-result.js';
import { browserScript } from './browser-script.js';
import { escapeMarkup } from './markup.js';
import { pageHead } from './page-style.js';
import { ramChart, SERIES_COLOURS, type ChartPoint, type ChartSeries } from './ram-chart.js';

const STYLE = `
:root { --pass: #3f8f47; --fail: #c23b22; --bar: #dfe7f2;
  --s0: #3d7fc4; --s1: #d9822b; --s2: #8a6fd1; --s3: #2fa3a3; --s4: #b0407a; --s5: #7d5a3c; --s6: #8f9b1f; --s7: #5b6b7d; --s8: #b9b3a8; }
@media (prefers-color-scheme: dark) { :root { --pass: #6cc073; --fail: #f0705a; --bar: #26303d;
  --s0: #5a9ee2; --s1: #f0a24a; --s2: #a892ee; --s3: #4cc5c5; --s4: #e06aa5; --s5: #b98f6a; --s6: #c3cc4a; --s7: #9db0c4; --s8: #6a655c; } }
.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(320px, 1fr)); gap: 18px; }
.chart text { fill: var(--soft); font: 11px system-ui, "DejaVu Sans", sans-serif; }
.chart .title { fill: var(--ink); font-size: 13px; font-weight: 600; }
.chart .rule { stroke: var(--rule); }
.series polyline { fill: none; stroke-width: 1.5; stroke: var(--line); }
.series circle { fill: var(--pass); }
.series path { fill: none; stroke: var(--fail); stroke-width: 2; }
${Array.from({ length: SERIES_COLOURS + 1 }, (_, index) => `.s${index} { --line: var(--s${index}); }`).join('\n')}
.legend { list-style: none; padding: 0; display: flex; flex-wrap: wrap; gap: 4px 16px; font-size: 12px; }
.legend i { display: inline-block; width: 14px; height: 3px; margin-right: 6px; vertical-align: 3px; background: var(--line); }
.summary { margin: 14px 0; padding: 0; list-style: none; }
th button { padding: 0; border: 0; font-size: 12px; font-weight: 600; color: inherit; }
th[aria-sort="ascending"] button::after { content: " ▲"; }
th[aria-sort="descending"] button::after { content: " ▼"; }
td.figure { text-align: right; white-space: nowrap; background: linear-gradient(var(--bar), var(--bar)) no-repeat 0 50% / var(--share) 70%; }
td.pass { color: var(--pass); font-weight: 600; }
td.fail { color: var(--fail); font-weight: 600; }
`;

interface Figure {
  readonly name: string;
  readonly value: (row: SweepRowResult) => number | null;
  readonly format: (value: number) => string;
}

const FIGURES: readonly Figure[] = [
  { name: 'time', value: ({ stats }) => stats?.ns ?? null, format: formatNs },
  { name: 'cycles', value: ({ stats }) => stats?.cycles ?? null, format: shortCount },
  { name: 'instructions', value: ({ stats }) => stats?.instructions ?? null, format: shortCount },
  {
    name: 'resident',
    value: ({ stats }) => stats?.residentBytes ?? null,
    format: (bytes) => formatSize(BigInt(Math.round(bytes))),
  },
];

/** The charts: instructions follow cycles. */
const CHARTED: readonly string[] = ['time', 'cycles', 'resident'];

/** The HTML document. `title` names the image; `laws` are lines of `--fit`. */
export function sweepPage(sweep: SweepResult, title: string, laws: readonly string[] = []): string {
  const heading = `Sweep of ${title}`;
  const { tool, image, repeat, shard } = sweep;
  const facts = [
    `SHA-256 ${image.sha256.slice(0, 16)}…`,
    ...(repeat > 1 ? [`each row ${repeat} times, with the same result`] : []),
    ...(shard.count > 1 ? [`shard ${shard.index} of ${shard.count}`] : []),
    `${tool.name} ${tool.version}`,
  ];
  return `${pageHead(heading, STYLE)}
<header><h1>${escapeMarkup(heading)}</h1><p>${escapeMarkup(facts.join(' · '))}</p></header>
<ul class="summary">${[...sweepSummary(sweep), ...laws]
    .map((line) => `<li>${escapeMarkup(line)}</li>`)
    .join('')}</ul>
${charts(sweep)}
${table(sweep)}
<script>
${browserScript('sweep')}
</script>
</body>
</html>
`;
}

/** Nothing where fewer than two sizes of RAM were run. */
function charts(sweep: SweepResult): string {
  const rows = sweep.rows.flatMap((row) => {
    const ram = ramOf(row);
    return ram === null ? [] : [{ row, ram }];
  });
  if (new Set(rows.map(({ ram }) => ram)).size < 2) return '';
  rows.sort((a, b) => a.ram - b.ram);
  const byName = new Map<string, typeof rows>();
  for (const each of rows) {
    const name = otherKeys(each.row);
    const same = byName.get(name) ?? [];
    same.push(each);
    byName.set(name, same);
  }
  const drawn = FIGURES.filter(({ name }) => CHARTED.includes(name)).map((figure) => {
    const series = [...byName].map(([name, own]): ChartSeries => ({
      name,
      points: own.flatMap(({ row, ram }) => pointOf(figure, row, ram)),
    }));
    return ramChart(figure.name, series, figure.format, figure.name === 'resident' ? 1024 : 1);
  });
  const names = [...byName.keys()];
  return `<section class="charts">${drawn.join('\n')}</section>${legend(names)}`;
}

function pointOf(figure: Figure, row: SweepRowResult, ram: number): ChartPoint[] {
  const value = figure.value(row);
  if (value === null) return [];
  const what = `${Object.values(row.key).join(', ')}: ${figure.format(value)}, ${row.result}`;
  const label = row.note === '' ? what : `${what}: ${row.note}`;
  return [{ ram, value, passes: row.result === 'PASS', label }];
}

function legend(names: readonly string[]): string {
  if (names.length < 2) return '';
  const items = names.map(
    (name, index) =>
      `<li class="s${Math.min(index, SERIES_COLOURS)}"><i></i>${escapeMarkup(name)}</li>`,
  );
  return `<ul class="legend">${items.join('')}</ul>`;
}

/** All that tells a row from others but its RAM. */
function otherKeys({ key }: SweepRowResult): string {
  const others = Object.entries(key).filter(([name]) => name !== 'ram');
  return others.map(([name, value]) => `${name} ${value}`).join(', ');
}

/** Bytes, or null where a row's RAM is not what varies. */
function ramOf({ key }: SweepRowResult): number | null {
  const text = key['ram'];
  if (text === undefined) return null;
  try {
    return Number(parseSize(text));
  } catch {
    return null;
  }
}

function table(sweep: SweepResult): string {
  const keys = keyColumns(sweep);
  const recorded = recordColumns(sweep);
  const names = [...keys, 'result', ...FIGURES.map(({ name }) => name), ...recorded, 'note'];
  const head = names.map((name) => `<th><button>${escapeMarkup(name)}</button></th>`).join('');
  const most = FIGURES.map(({ value }) =>
    sweep.rows.reduce((largest, row) => Math.max(largest, value(row) ?? 0), 1),
  );
  const rows = sweep.rows.map((row) => {
    const cells = [
      ...keys.map((name) => keyCell(row, name)),
      `<td class="${row.result === 'PASS' ? 'pass' : 'fail'}">${row.result}</td>`,
      ...FIGURES.map((figure, index) => figureCell(figure, row, most[index] ?? 1)),
      ...recorded.map((name) => `<td>${escapeMarkup(row.records[name] ?? '')}</td>`),
      `<td>${escapeMarkup(row.note)}</td>`,
    ];
    return `<tr>${cells.join('')}</tr>`;
  });
  return `<table id="rows"><thead><tr>${head}</tr></thead><tbody>\n${rows.join('\n')}\n</tbody></table>`;
}

function keyCell(row: SweepRowResult, name: string): string {
  const ram = name === 'ram' ? ramOf(row) : null;
  const order = ram === null ? '' : ` data-order="${ram}"`;
  return `<td${order}>${escapeMarkup(row.key[name] ?? '')}</td>`;
}

/** A figure with a bar behind it, as long as its part of the column's largest. */
function figureCell(figure: Figure, row: SweepRowResult, most: number): string {
  const value = figure.value(row);
  if (value === null) return '<td class="figure"></td>';
  const share = ((100 * value) / most).toFixed(1);
  const text = Number.isInteger(value) && figure.format === shortCount ? formatCount(value) : null;
  return `<td class="figure" data-order="${value}" style="--share: ${share}%">${escapeMarkup(text ?? figure.format(value))}</td>`;
}

/** `14.4 M`. */
function shortCount(value: number): string {
  const units: readonly [number, string][] = [
    [1e12, 'T'],
    [1e9, 'G'],
    [1e6, 'M'],
    [1e3, 'k'],
  ];
  const [size, unit] = units.find(([least]) => value >= least) ?? [1, ''];
  return `${Number((value / size).toPrecision(3))} ${unit}`.trim();
}
