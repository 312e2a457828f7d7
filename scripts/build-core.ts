/**
 * Builds the processor's core: AssemblyScript sources under emulator/cpu/core → two WebAssembly binaries, without and with
 * the calls of a timing engine.
 *
 * Three house rules of the core's sources are carried out here:
 * - TypeScript knows no decorators on functions. A function that must be inlined says so in the last line of its doc
 *   comment (`@inline`, then the end of the comment); the text is turned into AssemblyScript's decorator before parsing.
 * - AssemblyScript compiles without its optimiser; Binaryen then optimises with inlining of single-caller functions
 *   switched off. A slow path stays a call: it would only make the interpreter's loop longer to compile. A switch becomes a
 *   jump table first (jump-tables.ts).
 * - `TIMED` of core/timed.ts is false in the text, and true for the timed core.
 *
 * Alone: `node dist/scripts/build-core.js` writes dist/emulator/cpu/core.wasm and core-timed.wasm.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { argv, stderr } from 'node:process';
import { fileURLToPath, pathToFileURL } from 'node:url';
import asc from 'assemblyscript/asc';
import binaryen from 'assemblyscript/binaryen';
import { withInlineDecorators } from '../kernel/compiler/annotations.js';
import { withJumpTables } from './jump-tables.js';

/** The core's static data starts here (CORE_STATIC of emulator/isa/state-layout.ts). */
const MEMORY_BASE = 0xa0000;
const VARIANTS: Readonly<
  Record<CoreVariant, { readonly entryFile: string; readonly timed: boolean }>
> = {
  core: { entryFile: 'cpu/core/main.ts', timed: false },
  'core-timed': { entryFile: 'cpu/core/main-timed.ts', timed: true },
};
/** Functions of at most this many nodes are inlined wherever they are called. A call costs as much as some of the core's functions do;
 * beyond 60, the interpreter's loop gets slower. */
const INLINE_SIZE_MAX = 60;

/** The plain core, and the one that drives a timing engine. */
export type CoreVariant = 'core' | 'core-timed';

export interface CoreBinary {
  /** The module; imports `env.memory`, the functions of module `host` (host.ts) and, timed, those of `timing` (timing.ts). */
  readonly wasm: Uint8Array;
}

/** Compiles and optimises the core of the project at `rootDir`. Throws with the compiler's diagnostics. */
export async function buildCore(
  rootDir: string,
  variant: CoreVariant = 'core',
): Promise<CoreBinary> {
  const options = {
    ...VARIANTS[variant],
    memoryBase: MEMORY_BASE,
    inlineSizeMax: INLINE_SIZE_MAX,
    oneCallerInlineSizeMax: INLINE_SIZE_MAX,
  };
  return { wasm: await buildModule(rootDir, options) };
}

export interface ModuleOptions {
  /** From emulator/. */
  readonly entryFile: string;
  /** Where the module's static data starts in the shared memory. */
  readonly memoryBase: number;
  /** Functions of at most this many nodes are inlined wherever they are called. */
  readonly inlineSizeMax: number;
  /** So are functions with one caller, up to this size; none when absent. */
  readonly oneCallerInlineSizeMax?: number;
  /** The core that drives a timing engine. */
  readonly timed?: boolean;
  /** What becomes of each source's text before it is parsed. */
  readonly rewrite?: (text: string) => string;
}

/** Compiles and optimises an AssemblyScript module that imports its memory. Throws with the compiler's diagnostics. */
export async function buildModule(rootDir: string, options: ModuleOptions): Promise<Uint8Array> {
  return optimise(await compile(join(rootDir, 'emulator'), options), options);
}

async function compile(baseDir: string, options: ModuleOptions): Promise<Uint8Array> {
  const diagnostics: string[] = [];
  let binary: Uint8Array | undefined;
  const { error } = await asc.main(
    [
      options.entryFile,
      ...['--baseDir', baseDir],
      ...['--runtime', 'stub'],
      ...['--memoryBase', String(options.memoryBase)],
      ...['--outFile', 'module.wasm'],
      ...['--optimizeLevel', '0'],
      ...['--disableWarning', '235'],
      ...['--enable', 'simd'],
      '--importMemory',
      '--noExportMemory',
      '--exportTable',
      '--noAssert',
      '--noColors',
      '--debug',
    ],
    {
      readFile: (name, folder) => readSource(join(folder, name), options),
      writeFile: (name, contents) => {
        if (name === 'module.wasm') binary = contents as Uint8Array;
      },
      listFiles: () => [],
      stdout: { write: () => undefined },
      stderr: { write: (text) => void diagnostics.push(String(text)) },
    },
  );
  if (error || !binary)
    throw new Error(`${options.entryFile} does not compile\n${diagnostics.join('')}`);
  return binary;
}

function readSource(path: string, { timed, rewrite }: ModuleOptions): string | null {
  let text;
  try {
    text = readFileSync(path, 'utf8');
  } catch {
    return null; // the compiler tries several paths for each import
  }
  if (rewrite !== undefined) text = rewrite(text);
  if (timed === true) text = text.replace('const TIMED: bool = false', 'const TIMED: bool = true');
  return withInlineDecorators(text);
}

/** What a module keeps between calls besides its memory can be saved and restored: emulator/base/module-globals.ts. */
function exportState(module: binaryen.Module): void {
  for (let index = 0; index < module.getNumGlobals(); index++) {
    const { name, mutable } = binaryen.getGlobalInfo(module.getGlobalByIndex(index));
    if (mutable) module.addGlobalExport(name, `state:${name}`);
  }
}

function optimise(wasm: Uint8Array, options: ModuleOptions): Uint8Array {
  const module = withJumpTables(binaryen.readBinary(wasm));
  try {
    module.setFeatures(
      binaryen.Features.MutableGlobals |
        binaryen.Features.SignExt |
        binaryen.Features.SIMD128 |
        binaryen.Features.BulkMemory |
        binaryen.Features.BulkMemoryOpt |
        binaryen.Features.NontrappingFPToInt,
    );
    binaryen.setOptimizeLevel(3);
    binaryen.setShrinkLevel(0);
    binaryen.setDebugInfo(true);
    binaryen.setAlwaysInlineMaxSize(options.inlineSizeMax);
    binaryen.setFlexibleInlineMaxSize(options.inlineSizeMax);
    binaryen.setOneCallerInlineMaxSize(options.oneCallerInlineSizeMax ?? 0);
    binaryen.setAllowInliningFunctionsWithLoops(false);
    module.optimize();
    exportState(module);
    if (!module.validate()) throw new Error('the optimised module is not valid');
    return module.emitBinary();
  } finally {
    module.dispose();
  }
}

if (argv[1] !== undefined && import.meta.url === pathToFileURL(argv[1]).href) {
  const rootDir = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
  for (const variant of ['core', 'core-timed'] as const) {
    const outputPath = join(rootDir, `dist/emulator/cpu/${variant}.wasm`);
    const { wasm } = await buildCore(rootDir, variant);
    mkdirSync(dirname(outputPath), { recursive: true });
    writeFileSync(outputPath, wasm);
    stderr.write(`${outputPath}: ${wasm.length} bytes\n`);
  }
}
