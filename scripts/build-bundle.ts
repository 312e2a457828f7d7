/**
 * Bundles the command line, so that it starts sooner: Node takes about a millisecond to find, read and link each of the 300 modules
 * that a run needs, more than their contents take. Comments are left out, nothing is renamed or shortened: a stack trace reads like one of the
 * modules in dist/emulator, which run as they are, too (`node dist/emulator/cli/main.js`). One module is replaced: the bundle has the
 * decoder's tables ready.
 */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type Plugin, rolldown } from 'rolldown';
import { makeDecoderTables } from './decoder-tables.js';

/** Entries by the name of their file in the bundle: sweep-pool.ts looks for the worker beside itself. */
const ENTRIES = {
  s7x: 'dist/emulator/cli/main.js',
  'sweep-worker': 'dist/emulator/cli/sweep-worker.js',
};

/** Bundles the compiled modules of the project at `rootDir`. Returns the files to write, by path from there. */
export async function buildBundle(rootDir: string): Promise<ReadonlyMap<string, string>> {
  const tables = decoderTablesPlugin();
  const bundle = await rolldown({
    cwd: rootDir,
    input: ENTRIES,
    platform: 'node',
    plugins: [tables.plugin],
  });
  try {
    const { output } = await bundle.generate({
      format: 'esm',
      chunkFileNames: '[name].js',
      comments: false,
    });
    if (!tables.used) throw new Error(`no module is named ${TABLES_MODULE}`);
    const chunks = output.filter((file) => file.type === 'chunk');
    const modules = chunks.flatMap(({ moduleIds }) => moduleIds);
    return new Map([
      ...chunks.map(({ fileName, code }) => [`dist/bundle/${fileName}`, inAscii(code)] as const),
      ['dist/bundle/LICENSES.txt', licenses(modules)],
    ]);
  } finally {
    await bundle.close();
  }
}

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
