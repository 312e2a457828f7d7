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
