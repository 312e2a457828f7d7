/**
 * Builds what the TypeScript compiler does not: the processor's core (AssemblyScript → WebAssembly), the firmware
 * ROM, the kernel's ELF file, and the bundled command line. Each is rebuilt only when one of the files it is made from has changed.
 */
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CompileError } from '../kernel/compiler/compile-error.js';
import { CORE_MODELS } from '../emulator/timing/models.js';
import { buildCached, type Artefact } from './artefact-cache.js';
import { buildBundle } from './build-bundle.js';
import { buildCore } from './build-core.js';
import { buildEngine, buildUnitProfiler } from './build-engine.js';
import { buildFirmware } from './build-firmware.js';
import { buildKernel } from './build-kernel.js';

const ARTEFACTS: readonly Artefact[] = [
  {
    name: 'core',
    inputs: [
      'emulator/cpu/core',
      'emulator/isa',
      'kernel/compiler/annotations.ts',
      'scripts/build-core.ts',
      'scripts/jump-tables.ts',
      'package-lock.json',
    ],
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
      'emulator/timing',
      'emulator/isa',
      'kernel/compiler/annotations.ts',
      'scripts/build-core.ts',
      'scripts/jump-tables.ts',
      'scripts/build-engine.ts',
      'package-lock.json',
    ],
    build: async (rootDir) => {
      const outputs = new Map([
        ['dist/emulator/timing/engine.wasm', await buildEngine(rootDir)],
        ['dist/emulator/timing/unit-profiler.wasm', await buildUnitProfiler(rootDir)],
      ]);
      for (const core of CORE_MODELS) {
        const path = `dist/emulator/timing/engine-${core.name}.wasm`;
        outputs.set(path, await buildEngine(rootDir, core));
      }
      return outputs;
    },
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
  {
    name: 'bundle',
    inputs: [
      'emulator',
      'scripts/build-bundle.ts',
      'scripts/decoder-tables.ts',
      'package-lock.json',
    ],
    build: buildBundle,
  },
];

const rootDir = join(dirname(fileURLToPath(import.meta.url)), '..', '..');

try {
  for (const artefact of ARTEFACTS) await buildCached(rootDir, artefact);
} catch (error) {
  if (!(error instanceof CompileError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}
