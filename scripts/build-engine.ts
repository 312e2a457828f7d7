/**
 * Builds the timing engine: AssemblyScript sources under emulator/timing/engine → WebAssembly binaries that work on the
 * core's memory: one for each core model, with the model's parameters as constants, and one that reads them from memory, for
 * experiments with other values. The sources are the same; a parameter is replaced by its value in their text.
 */
import type { CoreModel } from '../emulator/timing/core-model.js';
import { parameterChecksum } from '../emulator/timing/parameter-checksum.js';
import { buildModule } from './build-core.js';

/** The engine's static data: behind its state (ENGINE_END of emulator/timing/engine/layout.ts). */
const MEMORY_BASE = 0x2412000;

/** Compiles and optimises the engine of the project at `rootDir`, for `core` alone when given. Throws with the compiler's diagnostics. */
export async function buildEngine(rootDir: string, core?: CoreModel): Promise<Uint8Array> {
  return buildModule(rootDir, {
    entryFile: 'timing/engine/main.ts',
    memoryBase: MEMORY_BASE,
    inlineSizeMax: 24,
    oneCallerInlineSizeMax: 1000,
    ...(core === undefined ? {} : { rewrite: (text) => withConstants(text, core) }),
  });
}

function withConstants(text: string, core: CoreModel): string {
  return text
    .replace('const BUILT_FOR: u32 = 0', `const BUILT_FOR: u32 = ${parameterChecksum(core)}`)
    .replace(
      /\b(parameter|cycles)\(\s*Parameter\.(\w+),?\s*\)/g,
      (_, reader: string, name: string) => {
        const { value } = core.parameters[name as keyof typeof core.parameters];
        return `(<${reader === 'cycles' ? 'i64' : 'u32'}>${value})`;
      },
    );
}

/** The call tree's own static data: behind the tree (CALL_TREE of emulator/timing/call-tree-layout.ts). */
const PROFILER_MEMORY_BASE = 0x2800000;

/** Compiles and optimises the engine that profiles the `unit` model. */
export async function buildUnitProfiler(rootDir: string): Promise<Uint8Array> {
  return buildModule(rootDir, {
    entryFile: 'timing/engine/unit-profiler.ts',
    memoryBase: PROFILER_MEMORY_BASE,
    inlineSizeMax: 24,
  });
}
