/** A run as one HTML file that carries all it needs: how it ended, its figures, the lines of COM1 with what passed between them, flame graph, functions. */
import { formatCount, formatNs } from '../quantities.js';
import { regionLines } from '../recorded-region.js';
import { findingLines } from '../memory-checking.js';
import { recordedValues, testLines } from '../run-record.js';
import { browserScript } from './browser-script.js';
import { functionRows } from './call-profile.js';
import { comparisonLines } from './comparison.js';
import { flameGraph } from './flame-graph.js';
import { linesData } from './lines-data.js';
import { embeddedJson, escapeMarkup } from './markup.js';
import { pageHead } from './page-style.js';
import type { RunFiles } from './run-files.js';
import { expectationLines, summaryLines } from './text-report.js';
import { missRates, topDown, type Figure } from './timing-figures.js';

const STYLE = `
:root { --pass: #3f8f47; --fail: #c23b22; --bar: #dfe7f2; --chosen: #f3e3c3; }
@media (prefers-color-scheme: dark) { :root { --pass: #6cc073; --fail: #f0705a; --bar: #26303d; --chosen: #4a3c1e; } }
.pass { color: var(--pass); font-weight: 600; }
.fail { color: var(--fail); font-weight: 600; }
#summary th { width: 9em; vertical-align: top; }
.figures { display: grid; grid-template-columns: repeat(auto-fit, minmax(320px, 1fr)); gap: 18px; }
td.figure { text-align: right; white-space: nowrap; background: linear-gradient(var(--bar), var(--bar)) no-repeat 0 50% / var(--share) 70%; }
#lines { font: 12px/1.45 ui-monospace, "DejaVu Sans Mono", Consolas, monospace; }
#lines tbody tr { cursor: pointer; }
#lines td:last-child { white-space: pre-wrap; width: 70%; }
#lines tr.chosen td { background-color: var(--chosen); }
#answer { position: sticky; top: 0; padding: 6px 12px; background: var(--paper); border: 1px solid var(--rule); border-radius: 6px; }
#answer p { margin: 0 0 4px; }
pre { overflow-x: auto; font: 12px/1.45 ui-monospace, "DejaVu Sans Mono", Consolas, monospace; }
th button { padding: 0; border: 0; font-size: 12px; font-weight: 600; color: inherit; }
th[aria-sort="ascending"] button::after { content: " ▲"; }
th[aria-sort="descending"] button::after { content: " ▼"; }
`;

/** The HTML document. `title` names the run, `serialText` is what COM1 showed; `before` is compared with. */
export function runPage(
  shown: RunFiles,
  before: RunFiles | null,
  {
    title,
    serialText,
    tool,
  }: { readonly title: string; readonly serialText: string; readonly tool: string },
): string {
  const { record } = shown.folder;
  const verdict = record.outcome.code === 0 ? 'pass' : 'fail';
  const part = shown.interval === null ? '' : `, ${shown.interval.text}`;
  return `${pageHead(title, STYLE)}
<header><h1>${escapeMarkup(title)}</h1><p><span class="${verdict}">${verdict.toUpperCase()}</span> ${escapeMarkup(`${record.outcome.detail}${part}`)} · ${escapeMarkup(tool)}</p></header>
<table id="summary">${summaryLines(record)
    .map(
      ([name, value]) => `<tr><th>${escapeMarkup(name)}</th><td>${escapeMarkup(value)}</td></tr>`,
    )
    .join('')}</table>
${textSections(shown, before)}
<section class="figures">${figureTable('top-down, share of dispatch slots', shown.span === null ? (topDown(record) ?? []) : [])}${figureTable('misses', shown.span === null ? missRates(record) : [])}</section>
${serialSection(shown, serialText)}
${profileSections(shown, before, title)}
<script>
${browserScript('report')}
</script>
</body>
</html>
`;
}

function textSections({ folder, span }: RunFiles, before: RunFiles | null): string {
  const { record } = folder;
  const parts: readonly (readonly [string, readonly string[]])[] = [
    ['Expectations', expectationLines(record)],
    ['Values', recordedValues(record)],
    ['Tests', testLines(record)],
    ['Checks', findingLines(record.checks ?? [])],
    [
      'Region of interest',
      record.roi === undefined ? [] : regionLines(record.roi, record.stats.cycles),
    ],
    ['Where it was', record.outcome.report],
    [
      'Comparison',
      before === null || span !== null ? [] : comparisonLines(before.folder, folder, COMPARED),
    ],
  ];
  return parts
    .filter(([, lines]) => lines.length > 0)
    .map(([name, lines]) => `<h2>${name}</h2><pre>${escapeMarkup(lines.join('\n'))}</pre>`)
    .join('\n');
}

/** Functions that a comparison names. */
const COMPARED = 20;

function figureTable(title: string, figures: readonly Figure[]): string {
  if (figures.length === 0) return '';
  const most = Math.max(...figures.map(({ value }) => value), Number.MIN_VALUE);
  const rows = figures.map(({ name, value, unit }) => {
    const share = ((100 * Math.max(value, 0)) / most).toFixed(1);
    return `<tr><td>${escapeMarkup(name)}</td><td class="figure" style="--share: ${share}%">${value.toFixed(2)}</td><td>${escapeMarkup(unit)}</td></tr>`;
  });
  return `<div><h2>${title}</h2><table>${rows.join('')}</table></div>`;
}

function serialSection(files: RunFiles, serialText: string): string {
  const trace = files.traceIfAny;
  if (trace === null || trace.lines.length === 0) {
    const hint = 'With --trace call, two clicks on lines say what passed between them.';
    const text = serialText === '' ? '' : `<pre id="serial">${escapeMarkup(serialText)}</pre>`;
    return text === '' ? '' : `<h2>COM1</h2><p class="note">${hint}</p>${text}`;
  }
  const data = linesData(files, trace);
  const ns = (cycle: number): number => Math.round((cycle / trace.coreHz) * 1e9);
  const longest = data.cycles.reduce(
    (most, cycle, gap) => Math.max(most, cycle - (data.cycles[gap - 1] ?? cycle)),
    1,
  );
  const rows = trace.lines.map(([cycle, text], index) => {
    const behind = (data.cycles[index + 2] ?? cycle) - cycle;
    const share = ((100 * behind) / longest).toFixed(1);
    return `<tr data-place="${index + 1}"><td>${formatNs(ns(cycle))}</td><td>${formatCount(cycle)}</td><td class="figure" style="--share: ${share}%">${formatNs(ns(behind))}</td><td>${escapeMarkup(text)}</td></tr>`;
  });
  const head = ['time', 'cycle', 'to the next', 'line'].map((name) => `<th>${name}</th>`).join('');
  return `<h2>COM1</h2><p class="note">Click two lines for what passed between them, one for what passed up to the next.</p>
<div id="answer" hidden></div>
<table id="lines"><thead><tr>${head}</tr></thead><tbody>
${rows.join('\n')}
</tbody></table>
<script type="application/json" id="data">${embeddedJson(data)}</script>`;
}

function profileSections(shown: RunFiles, before: RunFiles | null, title: string): string {
  const profile = shown.profileIfAny;
  if (profile === null)
    return '<p class="note">With --profile there are a flame graph and the functions.</p>';
  const earlier = before?.profileIfAny ?? null;
  const flame = flameGraph(profile, { title, ...(earlier === null ? {} : { before: earlier }) });
  const functions = functionRows(profile);
  const all = functions.reduce((sum, { selfCycles }) => sum + selfCycles, 0);
  const cell = (value: number): string => {
    const share = (all === 0 ? 0 : (100 * value) / all).toFixed(1);
    return `<td class="figure" data-order="${value}" style="--share: ${share}%">${formatCount(value)}</td>`;
  };
  const rows = functions.map(
    (row) =>
      `<tr><td>${escapeMarkup(row.name)}</td>${cell(row.selfCycles)}${cell(row.totalCycles)}<td class="figure" data-order="${row.calls}">${formatCount(row.calls)}</td></tr>`,
  );
  const head = ['function', 'own cycles', 'with all that it calls', 'calls']
    .map((name) => `<th><button>${name}</button></th>`)
    .join('');
  return `<h2>Where the cycles went</h2>${flame}
<h2>Functions</h2><table id="rows"><thead><tr>${head}</tr></thead><tbody>
${rows.join('\n')}
</tbody></table>
<script>
${browserScript('sweep')}
</script>`;
}
