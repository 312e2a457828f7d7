/** Artefacts that are rebuilt only when one of the files they are made from has changed; stamps lie in dist/.cache. */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';

export interface Artefact {
  readonly name: string;
  /** Files and folders, from the project's root, that the artefact is made from. */
  readonly inputs: readonly string[];
  /** Returns the files to write, by path from the project's root. */
  readonly build: (rootDir: string) => Promise<ReadonlyMap<string, Uint8Array | string>>;
}

/** Builds the artefact if it is not there or not up to date. */
export async function buildCached(rootDir: string, artefact: Artefact): Promise<void> {
  const stampPath = join(rootDir, 'dist/.cache', `${artefact.name}.stamp`);
  const stamp = hashOf(rootDir, artefact.inputs);
  const previous = existsSync(stampPath) ? readStamp(stampPath) : null;
  if (
    previous?.stamp === stamp &&
    previous.outputs.every((path) => existsSync(join(rootDir, path)))
  ) {
    return;
  }
  const outputs = await artefact.build(rootDir);
  // What is no longer made would be packed with the rest.
  for (const path of previous?.outputs ?? []) {
    if (!outputs.has(path)) rmSync(join(rootDir, path), { force: true });
  }
  for (const [path, contents] of outputs) {
    mkdirSync(dirname(join(rootDir, path)), { recursive: true });
    writeFileSync(join(rootDir, path), contents);
  }
  mkdirSync(dirname(stampPath), { recursive: true });
  writeFileSync(stampPath, JSON.stringify({ stamp, outputs: [...outputs.keys()] }));
  process.stderr.write(`built ${[...outputs.keys()].join(', ')}\n`);
}

function readStamp(path: string): { stamp: string; outputs: string[] } {
  return JSON.parse(readFileSync(path, 'utf8')) as { stamp: string; outputs: string[] };
}

/** SHA-256 over names and contents of all source files below the inputs; tests and documents do not count. */
function hashOf(rootDir: string, inputs: readonly string[]): string {
  const hash = createHash('sha256');
  for (const input of inputs) {
    for (const path of filesBelow(join(rootDir, input))) {
      hash.update(relative(rootDir, path)).update('\0').update(readFileSync(path)).update('\0');
    }
  }
  return hash.digest('hex');
}

function filesBelow(path: string): string[] {
  if (!existsSync(path)) return [];
  let entries;
  try {
    entries = readdirSync(path, { withFileTypes: true });
  } catch {
    return [path];
  }
  return entries
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const child = join(path, entry.name);
      if (entry.isDirectory()) return entry.name === 'testdata' ? [] : filesBelow(child);
      return /\.test\.ts$|\.md$/.test(entry.name) ? [] : [child];
    });
}
