/** `run --atlas` and `report --memory`: what each page is, who used it first; and the page that draws it, in a browser. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import type { PagesFile } from '../../emulator/cli/browser/pages-data.js';
import { kernelLayout } from '../../emulator/cli/report/pages-file.js';
import { guestOf } from '../guests/guest.js';
import { browser, openedPage } from './browser.js';
import { runRecord, s7x, type Finished } from './s7x.js';

const WRITTEN = 0;
const FILLED = 1;
const EXECUTED = 2;
const READ = 3;

const text = ({ folder }: Finished): string =>
  readFileSync(join(folder, '.s7x/last/pages.json'), 'utf8');
const pagesOf = (run: Finished): PagesFile => JSON.parse(text(run)) as PagesFile;

/** Uses from `first` on, by the functions of the guest, without the loader's and the firmware's. */
function usesBy(pages: PagesFile, name: string): number[][] {
  return pages.uses
    .filter(([, , , by]) => pages.functions[by] === name)
    .map(([use, first, count]) => [use, first, count]);
}

const USES = `
  call writer
  call filler
  call reader
  mov eax, 0x2000
  mov dx, 0x604
  out dx, ax
  hlt
writer:
  mov byte [0x300fff], 1     ; page 0x300
  mov byte [0x301000], 1     ; page 0x301
  mov byte [0x300800], 1     ; again
  ret
filler:
  mov edi, 0x400000          ; pages 0x400 to 0x4ff
  mov ecx, 0x40000
  mov eax, 0x11111111
  cld
  rep stosd
  ret
reader:
  mov eax, [0x500000]        ; page 0x500, never written
  mov eax, [0x300000]        ; written before
  ret
`;

describe('run --atlas', () => {
  it('names who used a page first and in what way', async () => {
    const run = await s7x(['run', guestOf(USES), '-m', '8M', '--atlas']);
    const pages = pagesOf(run);
    expect(usesBy(pages, 'writer')).toEqual([[WRITTEN, 0x300, 2]]);
    expect(usesBy(pages, 'filler')).toEqual([[FILLED, 0x400, 0x100]]);
    expect(usesBy(pages, 'reader')).toEqual([[READ, 0x500, 1]]);
    // The code lies at 1 MiB: the loader wrote it, the firmware's jump fetched it.
    const loaded = usesBy(pages, '[loader]').filter(
      ([use = 0, first = 0, count = 0]) =>
        use === WRITTEN && first <= 0x100 && 0x100 < first + count,
    );
    expect(loaded).toHaveLength(1);
    expect(usesBy(pages, '[firmware]')).toContainEqual([EXECUTED, 0x100, 1]);
    expect(pages.tables).toEqual([]);
    expect(pages.cycles).toBe(runRecord(run).stats.cycles);
  });

  it('changes nothing of the run, and is the same twice', async () => {
    const words = ['run', '-m', '16M', '--uart', 'instant'];
    const [plain, first, second] = await Promise.all([
      s7x(words),
      s7x([...words, '--atlas']),
      s7x([...words, '--atlas']),
    ]);
    expect({ ...runRecord(first), host: null }).toEqual({ ...runRecord(plain), host: null });
    expect(text(first)).toBe(text(second));
  });

  it('reads the ranges that the kernel prints', () => {
    const lines = [
      '[nk_boot]   [mem 0x0000000000001000-0x000000000009efff] 158 pages (0.61 MiB)',
      '[nk_boot] memory layout, reserved:',
      '[nk_boot]   [mem 0x0000000000000000-0x00000000000fffff] low memory, not used, 1 MiB',
      '[nk_boot]   [mem 0x0000000000167000-0x0000000000766fff] kernel heap, 6 MiB\r',
    ];
    expect(kernelLayout(lines.join('\n'))).toEqual([
      [0, 0x100, 'low memory, not used'],
      [0x167, 0x600, 'kernel heap'],
    ]);
  });
});

describe.each(['8M', '4P'])('the atlas of %s of RAM', (ram) => {
  let pages: PagesFile;
  let html = '';
  let path = '';

  beforeAll(async () => {
    const run = await s7x(['run', '-m', ram, '--uart', 'instant', '--atlas']);
    pages = pagesOf(run);
    const report = await s7x(['report', '--memory', 'a.html'], { folder: run.folder });
    expect([report.status, report.stderr]).toEqual([0, '']);
    path = join(run.folder, 'a.html');
    html = readFileSync(path, 'utf8');
  }, 60_000);

  it('is one file that carries its data and asks for nothing else', () => {
    const embedded = /<script type="application\/json" id="data">(.*?)<\/script>/s.exec(html)?.[1];
    expect(JSON.parse(embedded ?? '')).toEqual(pages);
    expect(html).not.toMatch(/https?:\/\/(?!system7x\.dev\/schema)|src=|<link|@import/);
    expect(html.length).toBeLessThan(500_000);
  });

  it('has page tables from the top level down, each in a page that was written', () => {
    expect(pages.tables[0]?.[1]).toBe(ram === '4P' ? 5 : 4);
    for (const [page] of pages.tables) {
      const holds = ([use, first, count]: PagesFile['uses'][number]): boolean =>
        use <= FILLED && page >= first && page < first + count;
      expect(pages.uses.filter(holds)).toHaveLength(1);
    }
  });

  it.skipIf(browser === null)('is drawn in Chromium, and its totals add up', async () => {
    const document = await openedPage(path);
    expect(document).toContain('data-ready="yes"');
    const legend = /<table id="legend">.*?<\/table>/s.exec(document)?.[0] ?? '';
    const totals = new Map(
      [...legend.matchAll(/<td>([^<]+)<\/td><td>([\d\u202f]+)<\/td>/g)].map(
        ([, name = '', count = '']) => [name, Number(count.replaceAll('\u202f', ''))],
      ),
    );
    const tables = [...totals].filter(([name]) => name.startsWith('page table'));
    expect(tables.reduce((sum, [, count]) => sum + count, 0)).toBe(pages.tables.length);
    // Every page of RAM and ROM is counted once.
    const storage = pages.ram.reduce((sum, [, count]) => sum + count, 0);
    const counted = [...totals].filter(([name]) => name !== 'reserved by the firmware');
    expect(counted.reduce((sum, [, count]) => sum + count, 0)).toBe(storage);
    expect(totals.get('ROM')).toBe(32);
  });
});
