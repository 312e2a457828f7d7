/**
 * Builds what the TypeScript compiler does not: the processor's core (AssemblyScript → WebAssembly), the firmware
 * ROM, and the kernel's ELF file. Each is rebuilt only when one of the files it is made from has changed.
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildCore } from './build-core.js';
import { buildEngine, buildUnitProfiler } from './build-engine.js';
import { buildFirmware } from './build-firmware.js';
import { buildKernel } from './build-kernel.js';

interface Artefact {
  readonly name: string;
  /** Files and folders, from the project's root, that the artefact is made from. */
  readonly inputs: readonly string[];
  /** Returns the files to write, by path from the project's root. */
  readonly build: (rootDir: string) => Promise<ReadonlyMap<string, Uint8Array | string>>;
}

const ARTEFACTS: readonly Artefact[] = [
  {
    name: 'core',
    inputs: ['emulator/cpu/core', 'emulator/isa', 'scripts/build-core.ts', 'package-lock.json'],
    build: async (rootDir) => {
      const plain = await buildCore(rootDir);
      const timed = await buildCore(rootDir, 'core-timed');
      return new Map([
        ['dist/emulator/cpu/core.wasm', plain.wasm],
        ['dist/emulator/cpu/core-timed.wasm', timed.wasm],
      ]);
    },
  },
  {
    name: 'engine',
    inputs: [
      'emulator/timing/engine',
      'emulator/timing/counters.ts',
      'emulator/timing/engine-layout.ts',
      'emulator/timing/call-tree-layout.ts',
      'emulator/isa',
      'scripts/build-core.ts',
      'scripts/build-engine.ts',
      'package-lock.json',
    ],
    build: async (rootDir) =>
      new Map([
        ['dist/emulator/timing/engine.wasm', await buildEngine(rootDir)],
        ['dist/emulator/timing/unit-profiler.wasm', await buildUnitProfiler(rootDir)],
      ]),
  },
  {
    name: 'firmware',
    inputs: ['firmware', 'scripts/build-firmware.ts', 'package-lock.json'],
    build: async (rootDir) => {
      const { rom, listing } = await buildFirmware(rootDir);
      return new Map<string, Uint8Array | string>([
        ['dist/firmware/rom.bin', rom],
        ['dist/firmware/rom.lst', listing],
      ]);
    },
  },
  {
    name: 'kernel',
    inputs: ['kernel', 'scripts/build-kernel.ts', 'package-lock.json'],
    build: async (rootDir) => {
      const { elf, listing } = await buildKernel(rootDir, 'release');
      const debug = await buildKernel(rootDir, 'debug');
      return new Map<string, Uint8Array | string>([
        ['dist/kernel/kernel.elf', elf],
        ['dist/kernel/kernel.lst', listing],
        ['dist/kernel/kernel-debug.elf', debug.elf],
      ]);
    },
  },
];

const rootDir = join(dirname(fileURLToPath(import.meta.url)), '..', '..');

for (const artefact of ARTEFACTS) {
  const stampPath = join(rootDir, 'dist/.cache', `${artefact.name}.stamp`);
  const stamp = hashOf(artefact.inputs.map((input) => join(rootDir, input)));
  const previous = existsSync(stampPath) ? readStamp(stampPath) : null;
  if (
    previous?.stamp === stamp &&
    previous.outputs.every((path) => existsSync(join(rootDir, path)))
  ) {
    continue;
  }
  const outputs = await artefact.build(rootDir);
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
function hashOf(inputs: readonly string[]): string {
  const hash = createHash('sha256');
  for (const input of inputs) {
    for (const path of filesBelow(input)) {
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
