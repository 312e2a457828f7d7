/** One folder for everything that a run of the tests leaves behind: removed when the run is over. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

let folder = '';

/** Called by vitest before the first worker starts: workers and the processes they start take their TMPDIR from here. */
export function setup(): void {
  folder = mkdtempSync(join(tmpdir(), 's7x-tests-'));
  process.env['TMPDIR'] = folder;
}

export function teardown(): void {
  rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
}
