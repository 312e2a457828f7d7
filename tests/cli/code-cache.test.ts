/** V8's code cache of the bundle: taken when it is whole, left aside without a word when it is not. */
import { execFileSync } from 'node:child_process';
import { cpSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { emptyFolder, type Finished, projectRoot, s7x } from './s7x.js';

const CACHE = 'dist/bundle/common.cjs.cache';
const WORDS = ['run', '--functional', '-m', '8M'];

function copyOfBuild(): string {
  const copy = emptyFolder();
  const names = ['package.json', 'dist/bundle', 'dist/emulator', 'dist/firmware', 'dist/kernel'];
  for (const name of names) cpSync(join(projectRoot, name), join(copy, name), { recursive: true });
  return copy;
}

/** The files of the bundle that took their caches, in a start with `--version`. */
function takenCaches(root: string): string[] {
  const bundle = join(root, 'dist/bundle');
  const start = readFileSync(join(bundle, 's7x.js'), 'utf8');
  const noted = start
    .replace(/^#!.*/, '')
    .replace(
      "'./bundled-program.js'",
      JSON.stringify(pathToFileURL(`${bundle}/bundled-program.js`)),
    )
    .replace('import.meta.dirname', JSON.stringify(bundle))
    .replace(
      /\);\s*$/,
      ', (name, script) => { if (script.cachedDataRejected === false) console.log(name); });',
    );
  const path = join(emptyFolder(), 'start.mjs');
  writeFileSync(path, noted);
  const printed = execFileSync(process.execPath, [path, '--version'], { encoding: 'utf8' });
  return printed.split('\n').filter((line) => line.endsWith('.cjs'));
}

describe('the code cache', () => {
  let whole: Finished;

  beforeAll(async () => {
    whole = await s7x(WORDS, { mainPath: join(copyOfBuild(), 'dist/bundle/s7x.js') });
  });

  it('is taken for both large files of the bundle', () => {
    expect(takenCaches(projectRoot).sort()).toEqual(['common.cjs', 's7x.cjs']);
    expect(whole.status).toBe(0);
  });

  const flipped = (path: string): void => {
    const cache = readFileSync(path);
    for (let at = 1000; at < cache.length; at += 1000) cache[at] = (cache[at] ?? 0) ^ 0xff;
    writeFileSync(path, cache);
  };

  it.each<[string, (path: string) => void]>([
    ['is damaged', flipped],
    ['is cut', (path) => truncateSync(path, 4096)],
    ['is empty', (path) => truncateSync(path, 0)],
    ['is missing', (path) => rmSync(path)],
    [
      'is a folder',
      (path) => {
        rmSync(path);
        cpSync(join(projectRoot, 'dist/firmware'), path, { recursive: true });
      },
    ],
  ])('is left aside where it %s, and the run is the same', async (_, damage) => {
    const copy = copyOfBuild();
    damage(join(copy, CACHE));
    expect(takenCaches(copy)).toEqual(['s7x.cjs']);
    const run = await s7x(WORDS, { mainPath: join(copy, 'dist/bundle/s7x.js') });
    expect([run.status, run.stdout]).toEqual([whole.status, whole.stdout]);
    expect(run.stderr.split('\n').length).toBe(whole.stderr.split('\n').length);
  });

  it('is left aside where the text beside it is another', () => {
    const copy = copyOfBuild();
    const path = join(copy, 'dist/bundle/common.cjs');
    const text = readFileSync(path, 'utf8');
    writeFileSync(path, `${text.slice(0, -1)} `);
    expect(takenCaches(copy)).toEqual(['s7x.cjs']);
  });
});
