/**
 * Builds the timing engine: AssemblyScript sources under emulator/timing/engine → one WebAssembly binary that works on the
 * core's memory. Alone: `node dist/scripts/build-engine.js` writes dist/emulator/timing/engine.wasm.
 */
import { buildModule } from './build-core.js';

/** The engine's static data: behind its state (ENGINE_END of emulator/timing/engine/layout.ts). */
const MEMORY_BASE = 0x2412000;

/** Compiles and optimises the engine of the project at `rootDir`. Throws with the compiler's diagnostics. */
export async function buildEngine(rootDir: string): Promise<Uint8Array> {
  return buildModule(rootDir, {
    entryFile: 'timing/engine/main.ts',
    memoryBase: MEMORY_BASE,
    inlineSizeMax: 24,
    oneCallerInlineSizeMax: 1000,
  });
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
