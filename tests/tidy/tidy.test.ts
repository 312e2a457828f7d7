/** House rules that are checked by reading the sources (CONTRIBUTING.md). */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
const tracked = execFileSync('git', ['ls-files', '-co', '--exclude-standard'], {
  cwd: root,
  encoding: 'utf8',
})
  .split('\n')
  .filter((path) => path !== '');
const read = (path: string): string => readFileSync(join(root, path), 'utf8');
const layers = JSON.parse(read('emulator/layers.json')) as Record<string, string[]>;
const emulatorSources = tracked.filter((path) => /^emulator\/[^/]+\/.*(?<!\.test)\.ts$/.test(path));

describe('layers', () => {
  it('every import of the emulator is allowed by emulator/layers.json', () => {
    const broken = emulatorSources.flatMap((path) => {
      const layer = path.split('/')[1] ?? '';
      const imports = ts.preProcessFile(read(path)).importedFiles.map(({ fileName }) => fileName);
      return imports
        .filter((name) => name.startsWith('.'))
        .map((name) => join(dirname(path), name))
        .filter((target) => {
          const [top, targetLayer = ''] = target.split('/');
          return (
            top !== 'emulator' || (targetLayer !== layer && !layers[layer]?.includes(targetLayer))
          );
        })
        .map((target) => `${path} imports ${target}`);
    });
    expect(broken).toEqual([]);
  });

  it('the table in ARCHITECTURE.md is emulator/layers.json', () => {
    const table = /<!-- layers:begin -->\n(.*?)<!-- layers:end -->/s.exec(
      read('ARCHITECTURE.md'),
    )?.[1];
    const rows = Object.entries(layers).map(
      ([layer, allowed]) => `| ${layer} | ${allowed.join(', ') || '(nothing)'} |\n`,
    );
    expect(table).toBe(`| layer | may import |\n|---|---|\n${rows.join('')}`);
  });

  it('only emulator/cli and emulator/library import packages or Node modules', () => {
    const outside = emulatorSources
      .filter((path) => !/^emulator\/(cli|library|cpu\/core)\//.test(path))
      .flatMap((path) =>
        ts
          .preProcessFile(read(path))
          .importedFiles.filter(({ fileName }) => !fileName.startsWith('.'))
          .map(({ fileName }) => `${path} imports ${fileName}`),
      );
    expect(outside).toEqual([]);
  });
});

describe('names and leftovers', () => {
  it('no file has a name that says nothing', () => {
    const empty = /^(utils?|helpers?|common|misc|manager|index)\.ts$/;
    expect(tracked.filter((path) => empty.test(basename(path)))).toEqual([]);
  });

  it('no source has unfinished or switched-off work', () => {
    const words = new RegExp(
      ['TO' + 'DO', 'FIX' + 'ME', '@ts-' + 'ignore', 'eslint-' + 'disable'].join('|'),
    );
    // One of them is a directive of TAP, too: it is named behind a sign, or in quotes.
    const directive = new RegExp(`# ${'TO' + 'DO'}\\b|(?<=[\`'|])${'TO' + 'DO'}(?=[\`'|])`, 'g');
    const found = tracked
      .filter((path) => /\.(ts|asm|md)$/.test(path) && path !== 'tests/tidy/tidy.test.ts')
      .filter((path) => words.test(read(path).replace(directive, '')));
    expect(found).toEqual([]);
  });

  it('no source file is longer than 500 lines, tables and tests aside', () => {
    const long = tracked
      .filter(
        (path) =>
          /\.ts$/.test(path) && !/\.test\.ts$|^tests\/|isa\/(forms|uop)|memory\/zoo\//.test(path),
      )
      .map((path) => ({ path, lines: read(path).split('\n').length }))
      .filter(({ lines }) => lines > 501);
    expect(long).toEqual([]);
  });
});

describe('documents', () => {
  const documents = tracked.filter((path) => path.endsWith('.md'));

  it('every relative link of every document leads to a file', () => {
    const broken = documents.flatMap((path) =>
      [...read(path).matchAll(/\]\((?!https?:|#)([^)#\s]+)/g)]
        .map((match) => join(dirname(path), match[1] ?? ''))
        .filter(
          (target) =>
            !tracked.some(
              (file) => file === target || file.startsWith(`${target.replace(/\/$/, '')}/`),
            ),
        )
        .map((target) => `${path} → ${target}`),
    );
    expect(broken).toEqual([]);
  });

  it('a constant that a recipe names is in the file that it names', () => {
    const named = ['CONTRIBUTING.md', 'ARCHITECTURE.md'].flatMap((path) =>
      [...read(path).matchAll(/`([A-Z][A-Z_]+)` of\s+`([\w/-]+\.ts)`/g)].map((match) => ({
        name: match[1] ?? '',
        file: match[2] ?? '',
      })),
    );
    expect(named.map(({ name }) => name)).toContain('PC_PORTS');
    const wrong = named.filter(({ name, file }) => {
      const path = tracked.find((each) => each === file || each === `emulator/${file}`);
      return path === undefined || !read(path).includes(`export const ${name}`);
    });
    expect(wrong).toEqual([]);
  });

  it('every document has one title', () => {
    const wrong = documents.filter((path) => {
      const outsideFences = read(path).replace(/```.*?```/gs, '');
      return (outsideFences.match(/^# /gm) ?? []).length !== 1;
    });
    expect(wrong).toEqual([]);
  });
});
