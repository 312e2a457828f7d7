/** scripts/import-zoo.ts: a map is added to the zoo, the others stay as they are (CONTRIBUTING.md, "Recipes"). */
import { execFileSync, spawnSync } from 'node:child_process';
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { zooNames } from '../../emulator/memory/zoo.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const script = join(root, 'dist/scripts/import-zoo.js');
const ZOO = 'emulator/memory/zoo';
const FIGURES = 'tests/corpus/linux-figures.json';

/** A folder with what the script changes, and the folder of the maps to add in it. */
function copyOfProject(): { readonly folder: string; readonly maps: string } {
  const folder = mkdtempSync(join(tmpdir(), 's7x-zoo-'));
  const maps = join(folder, 'maps');
  for (const path of [ZOO, 'tests/corpus', 'maps'])
    mkdirSync(join(folder, path), { recursive: true });
  copyFileSync(join(root, FIGURES), join(folder, FIGURES));
  return { folder, maps };
}

const zooText = (folder: string): string =>
  readdirSync(join(folder, ZOO))
    .filter((name) => name.startsWith('maps-'))
    .map((name) => readFileSync(join(folder, ZOO, name), 'utf8'))
    .join('');
const namesIn = (text: string): string[] =>
  [...text.matchAll(/^ {4}name: ['"](.*)['"],$/gm)].map(([, name = '']) => name).sort();

const ADDED = {
  name: 'a-new-machine',
  machine: 'A new machine',
  source: 'here',
  kernel: 'unknown',
  usableBytes: '0x9f000',
  entries: [
    { base: '0x0', size: '0x9f000', type: 'usable' },
    { base: '0x9f000', size: '0x1000', type: 'reserved' },
  ],
};

describe('import-zoo', () => {
  it('adds a map in the form of s7x memmap --json, and keeps all others', () => {
    const { folder, maps } = copyOfProject();
    writeFileSync(join(maps, 'new.json'), JSON.stringify(ADDED));
    execFileSync(process.execPath, [script, maps], { cwd: folder });
    const text = zooText(folder);
    expect(namesIn(text)).toEqual([...zooNames(), ADDED.name].sort());
    expect(text).toContain('entries: `\n0x0 0x9f000 1\n0x9f000 0x1000 2`,');
    const figures = JSON.parse(readFileSync(join(folder, FIGURES), 'utf8')) as object;
    expect(Object.keys(figures).sort()).toEqual(namesIn(text));
  });

  it('changes nothing where nothing is added', () => {
    const { folder, maps } = copyOfProject();
    execFileSync(process.execPath, [script, maps], { cwd: folder });
    expect(zooText(folder)).toBe(zooText(root));
    expect(readFileSync(join(folder, FIGURES), 'utf8')).toBe(
      readFileSync(join(root, FIGURES), 'utf8'),
    );
  });

  it.each([
    ['a map that does not say where it is from', { ...ADDED, source: undefined }, /no "source"/],
    [
      'a map of a type that nobody knows',
      { ...ADDED, entries: [{ ...ADDED.entries[0], type: 'usible' }] },
      /usible/,
    ],
  ])('refuses %s, and leaves the zoo alone', (_, map, sentence) => {
    const { folder, maps } = copyOfProject();
    writeFileSync(join(maps, 'new.json'), JSON.stringify(map));
    const run = spawnSync(process.execPath, [script, maps], { cwd: folder, encoding: 'utf8' });
    expect(run.stderr).toMatch(sentence);
    expect(run.stderr).toContain('new.json');
    expect([run.status, readdirSync(join(folder, ZOO))]).toEqual([2, []]);
  });
});
