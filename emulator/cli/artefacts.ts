/** The files that the build made and the package carries: cores, timing engine, ROM, kernel. */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { HostError } from '../base/errors.js';
import { CORE_MODELS } from '../timing/models.js';

export interface Artefacts {
  readonly core: Uint8Array;
  /** The core that drives a timing engine, and the engines by name of the core model. */
  readonly timed: { readonly core: Uint8Array; readonly engines: Record<string, Uint8Array> };
  readonly rom: Uint8Array;
}

/** The program itself as the build bundles it, part by part. @throws HostError when the project has not been built */
export function loadBundles(): readonly Uint8Array[] {
  return ['s7x', 'common'].map((name) => readArtefact(`dist/bundle/${name}.cjs`));
}

/** Where the bundled System 7X kernel lies. */
export function bundledKernelPath(): string {
  return join(packageRoot(), 'dist/kernel/kernel.elf');
}

export function packageVersion(): string {
  const text = readFileSync(join(packageRoot(), 'package.json'), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}

/** Reads cores, engine and ROM. @throws HostError when the project has not been built */
export function loadArtefacts(): Artefacts {
  return {
    core: readArtefact('dist/emulator/cpu/core.wasm'),
    timed: {
      core: readArtefact('dist/emulator/cpu/core-timed.wasm'),
      engines: Object.fromEntries(
        CORE_MODELS.map(({ name }) => [
          name,
          readArtefact(`dist/emulator/timing/engine-${name}.wasm`),
        ]),
      ),
    },
    rom: readArtefact('dist/firmware/rom.bin'),
  };
}

/** Where the build's file `path` (from the package's root) lies. */
export function artefactPath(path: string): string {
  return join(packageRoot(), path);
}

/** The core that drives a timing engine, and the engine that profiles `--cpu unit`. @throws HostError */
export function loadProfilerArtefacts(): {
  readonly core: Uint8Array;
  readonly engine: Uint8Array;
} {
  return {
    core: readArtefact('dist/emulator/cpu/core-timed.wasm'),
    engine: readArtefact('dist/emulator/timing/unit-profiler.wasm'),
  };
}

function readArtefact(path: string): Uint8Array {
  const full = artefactPath(path);
  if (!existsSync(full)) throw new HostError(`${full} is missing: run npm run build`);
  return readFileSync(full);
}

/** The nearest folder upwards that holds this package's package.json: the sources and the build both lie below it. */
function packageRoot(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, 'package.json'))) {
    const parent = dirname(folder);
    if (parent === folder) throw new HostError('package.json of system7x is missing');
    folder = parent;
  }
  return folder;
}
