/**
 * Starts the bundled program with V8's code cache: what the build's own run compiled need not be parsed and compiled again.
 *
 * V8 trusts a cache of its own version and flags, and crashes on a damaged one. So the build writes a CRC-32 over text and cache into the
 * file that starts the program, and a cache that does not fit it is left aside, as V8 leaves aside that of another version.
 */
import type { Script } from 'node:vm';

// An import would have Node make a namespace of all that a module exports, and load what these getters stand for: a tenth of a start.
const { process } = globalThis;
const { readFileSync } = process.getBuiltinModule('node:fs');
const nodeModule = process.getBuiltinModule('node:module');
const path = process.getBuiltinModule('node:path');
const { setFlagsFromString } = process.getBuiltinModule('node:v8');
const vm = process.getBuiltinModule('node:vm');
const { isMainThread } = process.getBuiltinModule('node:worker_threads');
const zlib = process.getBuiltinModule('node:zlib');

/** What the build knows of the files of a bundle. */
export interface BundleFacts {
  /** CRC-32 over the text and the cache of a file, by the file's name. */
  readonly digests: Readonly<Record<string, number>>;
  /** The modules of Node that a start loads. */
  readonly builtins: readonly string[];
}

type ModuleFunction = (
  exports: unknown,
  require: (name: string) => unknown,
  module: { exports: unknown },
  filename: string,
  dirname: string,
) => void;

/**
 * When V8's threads optimise a function, in units of its code run (V8 11: 67 584 bytes of bytecode, 1 800 000 of WebAssembly). A run of seconds
 * spends more on optimising JavaScript than that JavaScript then takes: docs/decisions/0007-the-code-cache.md has figures.
 */
const FLAGS = ['--interrupt-budget=500000', '--wasm-tiering-budget=5400000'];
/** The V8 that counts so: others have other units. */
const FLAGS_OF_V8 = '11.';
/** V8 11 reads the branch hints of WebAssembly modules with this flag alone: docs/decisions/0006-the-translator.md has what they are worth. */
const BRANCH_HINTS = '--experimental-wasm-branch-hinting';

/** Makes V8 read them in this process too, which is no bundled program. */
export function readBranchHints(): void {
  if (process.versions.v8.startsWith(FLAGS_OF_V8)) setFlagsFromString(BRANCH_HINTS);
}

/** Runs the file `entry` of `folder` and those that it requires: each is a function of the variables of a CommonJS module. `compiled` is told of each. */
export function runBundled(
  folder: string,
  entry: string,
  { digests, builtins }: BundleFacts,
  compiled: (name: string, script: Script) => void = () => undefined,
): void {
  const hostRequire = nodeModule.createRequire(path.join(folder, entry));
  // Node's own modules have caches as well, made with other flags than ours.
  for (const name of builtins) hostRequire(name);
  // They are the process's, and are set before its workers start.
  if (isMainThread && process.versions.v8.startsWith(FLAGS_OF_V8))
    for (const flag of [...FLAGS, BRANCH_HINTS]) setFlagsFromString(flag);
  const modules = new Map<string, { exports: unknown }>();
  const load = (name: string): unknown => {
    const known = modules.get(name);
    if (known !== undefined) return known.exports;
    const module = { exports: {} };
    modules.set(name, module);
    const script = compile(folder, name, digests[name]);
    compiled(name, script);
    const run = script.runInThisContext() as ModuleFunction;
    run(module.exports, require, module, path.join(folder, name), folder);
    return module.exports;
  };
  const require = (name: string): unknown =>
    name.startsWith('./') ? load(name.slice(2)) : hostRequire(name);
  load(entry);
}

/** Where the cache of the file `name` lies. */
export function cacheName(name: string): string {
  return `${name}.cache`;
}

export function cacheDigest(text: Uint8Array, cache: Uint8Array): number {
  return zlib.crc32(cache, zlib.crc32(text));
}

function compile(folder: string, name: string, digest: number | undefined): Script {
  const filename = path.join(folder, name);
  const text = readFileSync(filename);
  const cachedData = digest === undefined ? undefined : cacheOf(filename, text, digest);
  const options = { filename, ...(cachedData === undefined ? {} : { cachedData }) };
  return new vm.Script(text.toString('latin1'), options);
}

function cacheOf(filename: string, text: Uint8Array, digest: number): Buffer | undefined {
  let cache;
  try {
    cache = readFileSync(cacheName(filename));
  } catch {
    return undefined;
  }
  return cacheDigest(text, cache) === digest ? cache : undefined;
}
