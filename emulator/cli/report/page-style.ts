import { escapeMarkup } from './markup.js';

/** What all HTML pages of reports share: type, light and dark. */
export const PAGE_STYLE = `
:root { color-scheme: light dark; --paper: #fdfcfa; --ink: #23211e; --soft: #6d6860; --rule: #e5e0d7; }
@media (prefers-color-scheme: dark) { :root { --paper: #191816; --ink: #efece6; --soft: #a29c92; --rule: #34312c; } }
* { box-sizing: border-box; }
[hidden] { display: none !important; }
body { margin: 0 auto; padding: 24px 28px 40px; max-width: 1320px; background: var(--paper); color: var(--ink); font: 14px/1.5 system-ui, "DejaVu Sans", sans-serif; }
h1 { font-size: 20px; margin: 0 0 2px; }
h2 { font-size: 15px; margin: 26px 0 6px; }
header p { margin: 0 0 16px; color: var(--soft); }
.note { color: var(--soft); font-size: 12px; max-width: 70em; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th { text-align: left; font-weight: 600; color: var(--soft); font-size: 12px; }
th, td { padding: 3px 10px 3px 0; border-bottom: 1px solid var(--rule); }
td { overflow-wrap: anywhere; }
button { font: inherit; font-size: 13px; padding: 2px 9px; border: 1px solid var(--rule); border-radius: 6px; background: transparent; color: inherit; cursor: pointer; }
button:hover:enabled { border-color: var(--soft); }
button:disabled, button[aria-pressed="true"] { background: var(--ink); color: var(--paper); cursor: default; }
.choice { display: inline-flex; gap: 4px; }
`;

/** The beginning of a page that needs nothing else, up to its body. `style` is its own. */
export function pageHead(title: string, style: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'">
<title>${escapeMarkup(title)}</title>
<style>${PAGE_STYLE}${style}</style>
</head>
<body>`;
}
