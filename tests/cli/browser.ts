/** A browser for pages that reports write, where one is installed. */
import { execFile, execFileSync } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** The name of a browser that can be started, or null. */
export const browser = chromium();
if (browser === null) process.stderr.write('skipped: no Chromium is installed to open pages in\n');

function chromium(): string | null {
  for (const name of ['chromium', 'chromium-browser', 'google-chrome']) {
    try {
      execFileSync(name, ['--version'], { stdio: 'ignore' });
      return name;
    } catch {
      // Another name, perhaps.
    }
  }
  return null;
}

/** The page's document after its scripts have run, as text. */
export async function openedPage(path: string): Promise<string> {
  const profile = mkdtempSync(join(tmpdir(), 's7x-browser-'));
  const words = ['--headless', '--no-sandbox', '--disable-gpu', `--user-data-dir=${profile}`];
  const { stdout } = await promisify(execFile)(
    browser ?? '',
    [...words, '--virtual-time-budget=5000', '--dump-dom', `file://${path}`],
    { maxBuffer: 1 << 24 },
  );
  return stdout;
}
