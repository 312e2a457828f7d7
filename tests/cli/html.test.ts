/** `report --html` in a browser: two clicks on lines of COM1 say what passed between them. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { browser, openedPage } from './browser.js';
import { s7x } from './s7x.js';

const CLICKS = `<script>
const rows = document.querySelectorAll('#lines tbody tr');
rows[2].click();
rows[5].click();
</script></body>`;

it.skipIf(browser === null)('a page of the kernel answers clicks in Chromium', async () => {
  const run = await s7x([
    'run',
    '-m',
    '8M',
    '--append',
    'quiet',
    '--functional',
    '--trace',
    'call',
  ]);
  const words = ['report', '--html', 'run.html', '--json'];
  expect((await s7x(words, { folder: run.folder })).status).toBe(0);
  const html = readFileSync(join(run.folder, 'run.html'), 'utf8');
  const cycles = [...html.matchAll(/<tr data-place="\d+"><td>[^<]*<\/td><td>([\d ]+)</g)].map(
    ([, cycle = '']) => Number(cycle.replaceAll(' ', '')),
  );
  const path = join(run.folder, 'clicked.html');
  writeFileSync(path, html.replace('</body>', CLICKS));
  const document = await openedPage(path);
  expect(document).toContain('data-ready="yes"');
  expect(document).toContain(`data-cycles="${(cycles[5] ?? 0) - (cycles[2] ?? 0)}"`);
  expect(document.match(/class="chosen"/g)).toHaveLength(4);
});

it('is refused where its file is what the run left, and needs no profile', async () => {
  const run = await s7x(['run', '-m', '8M', '--append', 'quiet', '--functional']);
  const report = await s7x(['report', '--html', 'run.html'], { folder: run.folder });
  expect([report.status, report.stdout, report.stderr]).toEqual([0, '', '']);
  expect(readFileSync(join(run.folder, 'run.html'), 'utf8')).toContain(
    '<pre id="serial">System 7X',
  );
  const refused = await s7x(['report', '--html', '.s7x/last/run.json'], { folder: run.folder });
  expect(refused.status).toBe(2);
});

it('is refused where another document goes to the same file, before any is written', async () => {
  const run = await s7x(['run', '-m', '8M', '--append', 'quiet', '--functional', '--profile']);
  const report = await s7x(['report', '--html', 'x', '--flame', './x'], { folder: run.folder });
  expect([report.status, report.stderr]).toEqual([
    2,
    's7x: --html x: this file is needed already (--flame ./x)\n',
  ]);
  expect(existsSync(join(run.folder, 'x'))).toBe(false);
  const nowhere = await s7x(['report', '--html', '/dev/null', '--flame', '/dev/null'], {
    folder: run.folder,
  });
  expect([nowhere.status, nowhere.stderr]).toEqual([0, '']);
});
