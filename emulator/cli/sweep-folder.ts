/** The folder of a sweep: `sweep.json`, and `runs/ROW/` with what each run left. */
import { readdirSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';
import { removeFile } from './output-folder.js';
import { PROFILE_FILES } from './run-profile.js';

export const SWEEP_FILE = 'sweep.json';
/** What `s7x test` writes in its place. */
export const TEST_FILE = 'test.json';
/** What a row leaves in its folder. */
export const SERIAL_FILE = 'serial.log';
export const RECORD_FILE = 'run.json';
/** The first characters of a row's folder: its number. */
const ROW_FOLDER = /^\d{4,}-/;
const NAME_LENGTH_MAX = 100;

/** Where a row of the sweep in `folder` keeps its files. */
export function rowFolder(
  folder: string,
  { index, key }: { readonly index: number; readonly key: Readonly<Record<string, string>> },
): string {
  const words = Object.values(key).map((value) => value.replace(/[^\w.-]+/g, '-'));
  const name = `${String(index).padStart(4, '0')}-${words.join('-')}`.slice(0, NAME_LENGTH_MAX);
  return join(folder, 'runs', name);
}

/** Removes what an earlier sweep or test left, and nothing else: its rows would pass for this one's. @throws HostError */
export function removeOldRows(folder: string, resultFile: string): void {
  removeFile(join(folder, resultFile));
  for (const { name, isFolder } of entriesOf(join(folder, 'runs'))) {
    if (!isFolder || !ROW_FOLDER.test(name)) continue;
    const row = join(folder, 'runs', name);
    for (const file of [SERIAL_FILE, RECORD_FILE, ...PROFILE_FILES]) removeFile(join(row, file));
    if (entriesOf(row).length === 0) rmdirSync(row);
  }
}

/** What is in a folder; nothing where there is no folder. */
function entriesOf(folder: string): { readonly name: string; readonly isFolder: boolean }[] {
  try {
    const entries = readdirSync(folder, { withFileTypes: true });
    return entries.map((entry) => ({ name: entry.name, isFolder: entry.isDirectory() }));
  } catch {
    return [];
  }
}
