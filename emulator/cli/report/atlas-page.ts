/** The physical memory atlas of a run: one HTML file that carries its data (pages.json) and its script. */
import { browserScript } from './browser-script.js';
import { embeddedJson, escapeMarkup } from './markup.js';
import { PAGE_STYLE } from './page-style.js';
import type { PagesFile } from '../browser/pages-data.js';

const STYLE = `
:root { --hole: #f1eee8; --reserved: #d5cfc4; --ram: #e6ecdf; --rom: #b9a58a; --read: #a8d3c8;
  --filled: #8fbce6; --written: #3d7fc4; --code: #d9622b; --pt: #b79be0; --pd: #9a72d2; --pdpt: #7c4dbd; --pml4: #5d2f9c; --pml5: #411a78;
  --who0: #3d7fc4; --who1: #d9622b; --who2: #4f9d55; --who3: #b0407a; --who4: #8a6fd1; --who5: #c79a1c; --who6: #2fa3a3; --who7: #7d5a3c; --who8: #6c8a1f; --who9: #e07f9a; --other: #9c978d; }
@media (prefers-color-scheme: dark) { :root { --hole: #211f1c; --reserved: #3d3932; --ram: #2b352b; --rom: #7d6a50; --read: #3d7f72;
  --filled: #2f5f8f; --written: #5a9ee2; --code: #f0824a; --pt: #6b4fa0; --pd: #8a63cc; --pdpt: #a57ee6; --pml4: #c3a4f7; --pml5: #ddc9ff;
  --who0: #5a9ee2; --who1: #f0824a; --who2: #6cc073; --who3: #e06aa5; --who4: #a892ee; --who5: #e0b63f; --who6: #4cc5c5; --who7: #b98f6a; --who8: #a3c24a; --who9: #f3a3b8; --other: #7d786f; } }
.atlas { display: grid; grid-template-columns: minmax(320px, 640px) minmax(300px, 1fr); gap: 28px; align-items: start; }
@media (max-width: 860px) { .atlas { grid-template-columns: 1fr; } }
#map { width: 100%; aspect-ratio: 1; border-radius: 6px; cursor: zoom-in; image-rendering: auto; }
#ribbon { width: 100%; height: 44px; display: block; cursor: pointer; }
.bar { display: flex; flex-wrap: wrap; gap: 6px 14px; align-items: center; margin: 12px 0; }
.bar span { color: var(--soft); }
#clock { flex: 1; min-width: 160px; accent-color: var(--written); }
#cycle { min-width: 19em; text-align: right; font-variant-numeric: tabular-nums; }
#crumbs { display: flex; flex-wrap: wrap; gap: 4px; }
#scale { margin: 6px 0 10px; color: var(--soft); font-size: 12px; }
#legend i { display: inline-block; width: 14px; height: 14px; border-radius: 3px; vertical-align: -2px; }
#regions tr { cursor: pointer; }
#regions td:nth-child(n+2):nth-child(-n+4) { white-space: nowrap; overflow-wrap: normal; }
#regions tbody tr:hover { background: var(--rule); }
#ramp { height: 16px; border-radius: 4px; margin: 10px 0 4px; background: linear-gradient(90deg, hsl(265 62% 38%), hsl(193 69% 46%), hsl(122 75% 54%), hsl(50 82% 62%)); }
#ramp + small { color: var(--soft); }
#tip { position: fixed; pointer-events: none; white-space: pre; padding: 7px 10px; border-radius: 6px; background: var(--ink); color: var(--paper); font: 12px/1.5 ui-monospace, "DejaVu Sans Mono", Consolas, monospace; }
`;

/** The HTML document. `title` names the run, `facts` says what it was. */
export function atlasPage(pages: PagesFile, title: string, facts: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeMarkup(title)}: physical memory</title>
<style>${PAGE_STYLE}${STYLE}</style>
</head>
<body>
<header><h1>Physical memory of ${escapeMarkup(title)}</h1><p>${escapeMarkup(facts)}</p></header>
<canvas id="ribbon" role="img" aria-label="All addresses on a logarithmic scale"></canvas>
<div class="bar">
<div class="choice" role="group" aria-label="colour"><button data-mode="what">what it is</button><button data-mode="who">who was first</button><button data-mode="when">when</button></div>
<button id="play" title="from power-on to the end">▶ play</button><input id="clock" type="range" min="0" value="0" aria-label="cycle"><span id="cycle"></span>
</div>
<main class="atlas">
<section>
<div id="crumbs"></div>
<div id="scale"></div>
<canvas id="map" role="img" aria-label="Map of the pages"></canvas>
</section>
<section>
<table id="legend"><thead><tr><th></th><th>pages</th><th>number</th><th>size</th></tr></thead><tbody></tbody></table>
<div id="ramp" hidden></div><small>${lackingText(pages)}</small>
<h2>Regions</h2>
<table id="regions"><thead><tr><th>what</th><th>from</th><th>size</th><th>pages used</th><th>first by</th></tr></thead><tbody></tbody></table>
<p class="note">Click a cell to zoom in, a step above the map to zoom out; the wheel does both. Cells follow a Hilbert curve: what is near in memory is near on the map. A cell that stands for many pages shows its most telling kind, the larger the more pages there are of it. Times are exact to 1000 instructions. Page tables are those that CR3 led to at the end; reads and fetches are seen where they miss the TLB.</p>
</section>
</main>
<div id="tip" hidden></div>
<noscript><p>The map is drawn by a script, which is not allowed to run here.</p></noscript>
<script type="application/json" id="data">${embeddedJson(pages)}</script>
<script>
${browserScript('atlas')}
</script>
</body>
</html>
`;
}

function lackingText({ lacking }: PagesFile): string {
  return lacking === 0 ? '' : `${lacking} first uses had no room in the record.`;
}
