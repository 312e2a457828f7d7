/**
 * Builds the timing engine: AssemblyScript sources under emulator/timing/engine → WebAssembly binaries that work on the
 * core's memory: one for each core model, with the model's parameters as constants, and one that reads them from memory, for
 * experiments with other values. The sources are the same; a parameter is replaced by its value in their text. Each is read
 * as `parameter(Parameter.Name)` or `cycles(Parameter.Name)`; what reads one in another way does not build.
 */
import type { CoreModel, Figure } from '../emulator/timing/core-model.js';
import { CALL_TREE, CALL_TREE_BYTES } from '../emulator/timing/call-tree-layout.js';
import { ENGINE_END } from '../emulator/timing/engine-layout.js';
import { parameterChecksum } from '../emulator/timing/parameter-checksum.js';
import { buildModule } from './build-core.js';

/** The engine's static data: behind its state. */
const MEMORY_BASE = ENGINE_END;

/** Compiles and optimises the engine of the project at `rootDir`, for `core` alone when given. Throws with the compiler's diagnostics. */
export async function buildEngine(rootDir: string, core?: CoreModel): Promise<Uint8Array> {
  const options = {
    entryFile: 'timing/engine/main.ts',
    memoryBase: MEMORY_BASE,
    inlineSizeMax: 24,
    oneCallerInlineSizeMax: 1000,
  };
  if (core === undefined) return buildModule(rootDir, options);
  let marked = false;
  const rewrite = (text: string): string => {
    marked ||= text.includes(BUILT_FOR);
    return withConstants(text, core);
  };
  const wasm = await buildModule(rootDir, { ...options, rewrite });
  // Without it the engine would pass for one that reads its parameters.
  if (!marked) throw new Error(`no source of the engine has '${BUILT_FOR}'`);
  return wasm;
}

const BUILT_FOR = 'const BUILT_FOR: u32 = 0;';
const READ = /\b(parameter|cycles)\(\s*Parameter\.(\w+),?\s*\)/g;
/** A call, not the function's own first line. */
const OTHER_READ = /(?<!function )\b(?:parameter|cycles)\([^)]*\)?/;

/** The text with the model's values in the place of its parameters. Throws where a parameter is read in another way. */
export function withConstants(text: string, core: CoreModel): string {
  const values: ReadonlyMap<string, Figure> = new Map(Object.entries(core.parameters));
  const rewritten = text
    .replace(BUILT_FOR, `const BUILT_FOR: u32 = ${parameterChecksum(core)};`)
    .replace(READ, (_, reader: string, name: string) => {
      const figure = values.get(name);
      if (figure === undefined) throw new Error(`${core.name} has no parameter '${name}'`);
      return `(<${reader === 'cycles' ? 'i64' : 'u32'}>${figure.value})`;
    });
  const other = OTHER_READ.exec(rewritten);
  if (other !== null) throw new Error(`'${other[0]}' names no parameter for the build to replace`);
  return rewritten;
}

/** The call tree's own static data: behind the tree. */
const PROFILER_MEMORY_BASE = CALL_TREE + CALL_TREE_BYTES;

/** Compiles and optimises the engine that profiles the `unit` model. */
export async function buildUnitProfiler(rootDir: string): Promise<Uint8Array> {
  return buildModule(rootDir, {
    entryFile: 'timing/engine/unit-profiler.ts',
    memoryBase: PROFILER_MEMORY_BASE,
    inlineSizeMax: 24,
  });
}
