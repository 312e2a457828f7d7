/** Folders with suites, and their runs. */
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { TestResult } from '../../emulator/cli/suite/suite-result.js';
import { guest } from '../guests/guest.js';
import { emptyFolder, s7x, type Finished } from './s7x.js';

const echo = guest('echo');
const bye = guest('power-off');
/** A folder with these files; `echo.elf` and `bye.elf` are there, too. */
export function withFiles(files: Readonly<Record<string, string>>): string {
  const folder = emptyFolder();
  copyFileSync(echo, join(folder, 'echo.elf'));
  copyFileSync(bye, join(folder, 'bye.elf'));
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  return folder;
}

/** One suite, `a.boot.yaml`. */
export const runSuite = (
  lines: readonly string[],
  words: readonly string[] = [],
): Promise<Finished> => {
  const folder = withFiles({ 'a.boot.yaml': `${lines.join('\n')}\n` });
  return s7x(['test', ...words], { input: null, folder });
};

export function resultOf({ folder }: Finished): TestResult {
  return JSON.parse(readFileSync(join(folder, 's7x-test/test.json'), 'utf8')) as TestResult;
}

export const ECHO = ['image: echo.elf', 'cpu: unit', 'ram: 8M'];
export const BYE = ['image: bye.elf', 'cpu: unit', 'uart: instant'];
