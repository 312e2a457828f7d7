/**
 * Bundles the command line, so that it starts sooner: Node takes about a millisecond to find, read and link each of the 300 modules
 * that a run needs, more than their contents take. A boot of the kernel then makes V8's code cache for it
 * (docs/decisions/0007-the-code-cache.md). Comments are left out, nothing is renamed or shortened: a stack trace reads like one of
 * the modules in dist/emulator, which run as they are, too (`node dist/emulator/cli/main.js`). One module is replaced: the bundle
 * has the decoder's tables ready; and one of yargs's makes something later.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { dirname, join } from 'node:path';
import { execPath } from 'node:process';
import { type BundleFacts, cacheDigest, cacheName } from '../emulator/cli/bundled-program.js';
import { type Plugin, rolldown } from 'rolldown';
import { makeDecoderTables } from './decoder-tables.js';

/** Entries by the name of their file in the bundle: sweep-pool.ts looks for the worker beside itself. */
const ENTRIES = {
  s7x: 'dist/emulator/cli/main.js',
  'sweep-worker': 'dist/emulator/cli/sweep-worker.js',
};
/** What the entries share; the program reads it by this name, too (emulator/cli/artefacts.ts). */
const COMMON = 'common.cjs';
const STARTER = 'bundled-program.js';

/** Bundles the compiled modules of the project at `rootDir`. Returns the files to write, by path from there. */
export async function buildBundle(
  rootDir: string,
): Promise<ReadonlyMap<string, Uint8Array | string>> {
  const tables = decoderTablesPlugin();
  const bundle = await rolldown({
    cwd: rootDir,
    input: ENTRIES,
    platform: 'node',
    plugins: [tables.plugin, LAZY_UNICODE],
    // yargs would resolve the file that a configuration file extends: there is none here.
    transform: { define: { 'import.meta.resolve': 'undefined' } },
  });
  try {
    const { output } = await bundle.generate({
      format: 'cjs',
      entryFileNames: '[name].cjs',
      chunkFileNames: '[name].cjs',
      comments: false,
    });
    if (!tables.used) throw new Error(`no module is named ${TABLES_MODULE}`);
    const chunks = output.filter((file) => file.type === 'chunk');
    const shared = chunks.filter(({ isEntry }) => !isEntry).map(({ fileName }) => fileName);
    const [common] = shared;
    if (common === undefined || shared.length > 1) {
      throw new Error(`the entries share ${shared.join(', ') || 'nothing'}`);
    }
    for (const { fileName, imports } of chunks) {
      const entry = imports.find((name) => chunks.some((c) => c.isEntry && c.fileName === name));
      if (entry !== undefined) throw new Error(`${fileName} would start ${entry}`);
    }
    const eager = chunks.find(({ code }) =>
      /^(?:const|let|var) \S+ = (?:new Intl\.|\/.+\/v;)/m.test(code),
    );
    if (eager !== undefined) throw new Error(`${eager.fileName} asks for Unicode at its start`);
    const modules = chunks.flatMap(({ moduleIds }) => moduleIds);
    const texts = new Map(
      chunks.map(({ fileName, code }) => [
        fileName === common ? COMMON : fileName,
        asFunction(inAscii(code.replace(/^#!.*/, ''))).replaceAll(
          `("./${common}")`,
          `("./${COMMON}")`,
        ),
      ]),
    );
    const starter = readFileSync(join(rootDir, 'dist/emulator/cli', STARTER), 'utf8');
    texts.set(STARTER, starter.replace(/\/\/# sourceMappingURL.*\n?/, ''));
    const { caches, builtins } = warmRun(rootDir, texts);
    const digestOf = (name: string, cache: Uint8Array): number =>
      cacheDigest(Buffer.from(texts.get(name) ?? '', 'latin1'), cache);
    const digests = Object.fromEntries(
      [...caches].map(([name, cache]) => [name, digestOf(name, cache)]),
    );
    const starts = Object.keys(ENTRIES).map((name) => {
      // A worker's process has them all.
      const facts = { digests, builtins: name === 's7x' ? builtins : [] };
      return [`${name}.js`, startText(`${name}.cjs`, facts)] as const;
    });
    const files: (readonly [string, Uint8Array | string])[] = [
      ...texts,
      ...[...caches].map(([name, cache]) => [cacheName(name), cache] as const),
      ...starts,
      ['LICENSES.txt', licenses(modules)],
    ];
    return new Map(files.map(([name, contents]) => [`dist/bundle/${name}`, contents]));
  } finally {
    await bundle.close();
  }
}

/** The module as an expression, on the same lines: a copy of a megabyte less at each start. */
function asFunction(code: string): string {
  return `(function (exports, require, module, __filename, __dirname) {${code}\n})\n`;
}

/** The file that starts the program `entry`. */
function startText(entry: string, facts: BundleFacts): string {
  return [
    '#!/usr/bin/env node',
    `import { runBundled } from './${STARTER}';`,
    `runBundled(import.meta.dirname, '${entry}', ${JSON.stringify(facts)});`,
    '',
  ].join('\n');
}

const WARM_MS_MAX = 120_000;

interface WarmRun {
  /** V8's code caches of the files that a boot of the kernel runs, by file, with all that it has compiled. */
  readonly caches: ReadonlyMap<string, Uint8Array>;
  readonly builtins: readonly string[];
}

function warmRun(rootDir: string, texts: ReadonlyMap<string, string>): WarmRun {
  const folder = join(rootDir, 'dist/.cache/bundle'); // below package.json, which the program looks for
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  for (const [name, text] of texts) writeFileSync(join(folder, name), text);
  writeFileSync(join(folder, 'warm.js'), WARM);
  const words = ['warm.js', 'run', '-m', '8M', '--no-input', '--quiet', '--out', 'run'];
  // How the kernel fares is not asked: a bundle is wanted most while it does not boot.
  const { stderr } = spawnSync(execPath, words, {
    cwd: folder,
    encoding: 'utf8',
    timeout: WARM_MS_MAX,
  });
  const caches = readdirSync(folder).filter((name) => name.endsWith('.cjs.cache'));
  const found = new Map(
    caches.map((path) => [path.replace(/\.cache$/, ''), readFileSync(join(folder, path))]),
  );
  if (found.size === 0) throw new Error(`the bundle does not run: ${stderr}`);
  const loaded = JSON.parse(readFileSync(join(folder, BUILTINS_FILE), 'utf8')) as string[];
  rmSync(folder, { recursive: true });
  return { caches: found, builtins: loaded.filter((name) => builtinModules.includes(name)) };
}

const BUILTINS_FILE = 'builtins.json';

/** Runs the program without a cache, and writes one for each of its files at the end, and the modules of Node that it has loaded. */
const WARM = `
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cacheName, runBundled } from './${STARTER}';
const folder = import.meta.dirname;
const scripts = new Map();
const before = new Set(process.moduleLoadList);
process.on('exit', () => {
  for (const [name, script] of scripts) writeFileSync(join(folder, cacheName(name)), script.createCachedData());
  const loaded = process.moduleLoadList.filter((line) => !before.has(line)).map((line) => line.replace('NativeModule ', ''));
  writeFileSync(join(folder, '${BUILTINS_FILE}'), JSON.stringify(loaded));
});
runBundled(folder, 's7x.cjs', { digests: {}, builtins: [] }, (name, script) => scripts.set(name, script));
`;

/**
 * yargs measures text with a segmenter of graphemes and with classes of Unicode. The first segmenter that is made loads the names of all
 * locales, a twentieth of a short run, the classes take nine milliseconds, and most runs measure nothing: they are made when they are asked.
 */
const LAZY_UNICODE: Plugin = {
  name: 'lazy-unicode',
  transform: (code, id) =>
    id.endsWith('string-width/index.js')
      ? code
          .replace(
            'const segmenter = new Intl.Segmenter();',
            'let made; const segmenter = { segment: (text) => (made ??= new Intl.Segmenter()).segment(text) };',
          )
          .replace(/^const (\w+) = (\/.+\/v);$/gm, `const $1 = (${LAZY_EXPRESSION})(() => $2);`)
      : null,
};

/** An expression that `make` makes when it is first asked, by its own method or by the text's. */
const LAZY_EXPRESSION = `(make) => {
  let made;
  const expression = () => (made ??= make());
  return {
    test: (text) => expression().test(text),
    [Symbol.match]: (text) => text.match(expression()),
    [Symbol.search]: (text) => text.search(expression()),
  };
}`;

/** emulator/cpu/decoder/tables-of-build.ts, whose place the tables take. */
const TABLES_MODULE = 'decoder/tables-of-build.js';

function decoderTablesPlugin(): { readonly plugin: Plugin; readonly used: boolean } {
  let used = false;
  return {
    plugin: {
      name: 'decoder-tables',
      load: (id) => {
        if (!id.endsWith(TABLES_MODULE)) return null;
        used = true;
        return `export const TABLES_OF_BUILD = ${JSON.stringify(makeDecoderTables())};`;
      },
    },
    get used() {
      return used;
    },
  };
}

/** The same program in ASCII, which Node decodes, and V8 keeps, in half the time and room. Throws where it would be another. */
function inAscii(code: string): string {
  if (/String\.raw`[^`]*[^\p{ASCII}`]/u.test(code)) {
    throw new Error('the bundle has a raw string with a character outside ASCII');
  }
  if (/\\[^\p{ASCII}]/u.test(code)) {
    throw new Error('the bundle has a backslash before a character outside ASCII');
  }
  return code.replace(/[^\p{ASCII}]/gu, (character) =>
    Array.from(
      { length: character.length },
      (_, index) => `\\u${character.charCodeAt(index).toString(16).padStart(4, '0')}`,
    ).join(''),
  );
}

/** The licences of the packages that the modules come from. */
function licenses(modules: readonly string[]): string {
  const folders = modules.map(packageFolder).filter((folder) => folder !== null);
  return [...new Set(folders)]
    .sort()
    .map((folder) => {
      const name = folder.slice(folder.lastIndexOf('node_modules/') + 'node_modules/'.length);
      const file = ['LICENSE', 'LICENSE.md', 'LICENSE.txt', 'license', 'LICENSE-MIT.txt']
        .map((word) => join(folder, word))
        .find((path) => existsSync(path));
      if (file === undefined) throw new Error(`${folder} has no licence`);
      return `${name}\n\n${readFileSync(file, 'utf8').trim()}\n`;
    })
    .join(`\n${'─'.repeat(80)}\n\n`);
}

/** The folder of the package in node_modules that the module belongs to; null for our own. */
function packageFolder(module: string): string | null {
  if (!module.includes('node_modules/')) return null;
  let folder = dirname(module);
  while (!existsSync(join(folder, 'package.json'))) folder = dirname(folder);
  return folder;
}
