/**
 * The front end: AssemblyScript source → one WebAssembly module with 64-bit memory, optimised, with names
 * and a source map.
 *
 * AssemblyScript's 64-bit target generates 64-bit addresses but declares a 32-bit memory; its own optimiser
 * would then cut addresses to 32 bits. So the module is compiled unoptimised, its memory is declared again
 * with 64-bit addresses, and only then does Binaryen validate and optimise it.
 *
 * Source: AssemblyScript 0.28 compiler API (`index-wasm.ts`), WebAssembly memory64 proposal "Binary format".
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as assemblyscript from 'assemblyscript';
import { libraryFiles } from 'assemblyscript/asc';
import binaryen from 'assemblyscript/binaryen';
import { addAnnotated, withInlineDecorators, type AnnotatedFunctions } from './annotations.js';
import { CompileError } from './compile-error.js';
import { refuseForbidden } from './forbidden.js';
import { readModule } from './module-reader.js';

/** `Target.Wasm64` and `Runtime.Stub`: const enums of the compiler that do not exist at run time. */
const TARGET_WASM64 = 2;
const RUNTIME_STUB = 0;
const PAGE_SIZE_BYTES = 65536;
/** Name of the memory inside the module; the compiler has exported it already. */
const MEMORY_NAME = '0';
const UNLIMITED = -1;
/** Functions up to these sizes (in WebAssembly expressions) are inlined: anywhere, where it helps, with one caller. */
const INLINE = { always: 10, flexible: 40, oneCaller: 60 } as const;
const LIBRARY = '~lib/';
/** Static data are in the ELF file and in every loaded image: what is larger is memory to be asked for at run time. */
const STATIC_BYTES_MAX = 16 << 20;

export interface FrontendOptions {
  /**
   * Text of a source file, or null when there is none. Paths are relative to the guest's source folder, as file names in
   * symbols and line tables are.
   */
  readonly readSource: SourceReader;
  /** Path of the entry file, for example `kmain.ts`. */
  readonly entryFile: string;
  /** Address of the first byte of static data. */
  readonly memoryBase: number;
  /** Whether Binaryen optimises the module; `true` when absent. */
  readonly optimise?: boolean;
  /** Names of functions, `*` for anything, that stay calls however small they are: what a benchmark times. */
  readonly neverInlined?: readonly string[];
  /** Pages of 64 KiB that the memory has at least, for running the module in Node. */
  readonly memoryPages?: number;
}

export type SourceReader = (path: string) => string | null;

/** Reads guest sources from a folder. */
export function sourceFolder(folder: string): SourceReader {
  return (path) => {
    try {
      return readFileSync(join(folder, path), 'utf8');
    } catch {
      return null;
    }
  };
}

export interface FrontendResult {
  /** The module: memory64, name section. */
  readonly wasm: Uint8Array;
  /** Source map (version 3) from byte offsets in `wasm` to guest source. */
  readonly sourceMap: string;
  /** Address after the last byte of static data; bytes that no segment carries are zero. */
  readonly staticEnd: number;
  readonly annotated: AnnotatedFunctions;
  /** Warnings of the compiler, each with file and line. */
  readonly warnings: readonly string[];
}

/**
 * Compiles the entry file and everything it imports.
 * Throws CompileError with all diagnostics when the source does not compile.
 */
export function compileSource(options: FrontendOptions): FrontendResult {
  const program = assemblyscript.newProgram(compilerOptions(options));
  const annotated = parseAll(program, options);
  const warnings: string[] = [];
  collectDiagnostics(program, warnings);
  assemblyscript.initializeProgram(program);
  const compiled = assemblyscript.compile(program);
  collectDiagnostics(program, warnings);

  const module = binaryen.wrapModule(assemblyscript.getBinaryenModuleRef(compiled));
  try {
    binaryen.setDebugInfo(true);
    const staticEnd = declareMemory64(module, options);
    const plain = module.emitBinary('module.map');
    refuseForbidden(readModule(plain.binary, plain.sourceMap ?? undefined));
    if (!module.validate()) {
      throw new CompileError(`${options.entryFile}: the WebAssembly module does not validate`);
    }
    if (options.optimise ?? true) {
      const { cold, whole } = annotated;
      optimise(module, [...cold, ...whole, ...(options.neverInlined ?? [])]);
    }
    const { binary, sourceMap } = module.emitBinary('module.map');
    return { wasm: binary, sourceMap: sourceMap ?? '', staticEnd, annotated, warnings };
  } finally {
    module.dispose();
  }
}

function compilerOptions(options: FrontendOptions): assemblyscript.Options {
  const compiler = assemblyscript.newOptions();
  assemblyscript.setTarget(compiler, TARGET_WASM64);
  assemblyscript.setRuntime(compiler, RUNTIME_STUB);
  assemblyscript.setMemoryBase(compiler, options.memoryBase);
  assemblyscript.setSourceMap(compiler, true);
  assemblyscript.setDebugInfo(compiler, true);
  assemblyscript.setExportMemory(compiler, true);
  assemblyscript.setFeature(compiler, assemblyscript.FEATURE_MEMORY64, true);
  assemblyscript.setOptimizeLevelHints(compiler, 3, 0);
  return compiler;
}

/** Parses the library, the entry file and, transitively, everything they import; gives what comments name. */
function parseAll(program: assemblyscript.Program, options: FrontendOptions): AnnotatedFunctions {
  const annotated: AnnotatedFunctions = { cold: [], whole: [] };
  const library = libraryFiles as Readonly<Record<string, string>>;
  for (const [name, text] of Object.entries(library)) {
    if (!name.includes('/')) assemblyscript.parse(program, text, `${LIBRARY}${name}.ts`, false);
  }
  const entry = options.readSource(options.entryFile);
  if (entry === null) throw new CompileError(`${options.entryFile}: cannot be read`);
  addAnnotated(annotated, options.entryFile, entry);
  assemblyscript.parse(program, withInlineDecorators(entry), options.entryFile, true);
  assemblyscript.parse(program, library['rt/index-stub'] ?? null, `${LIBRARY}rt/index-stub.ts`);

  for (;;) {
    const path = assemblyscript.nextFile(program);
    if (path === null) return annotated;
    if (path.startsWith(LIBRARY)) {
      const name = path.slice(LIBRARY.length);
      const isFile = library[name] !== undefined;
      const text = library[name] ?? library[`${name}/index`] ?? null;
      assemblyscript.parse(program, text, isFile ? `${path}.ts` : `${path}/index.ts`);
    } else {
      const text = options.readSource(`${path}.ts`);
      if (text !== null) addAnnotated(annotated, `${path}.ts`, text);
      assemblyscript.parse(program, text && withInlineDecorators(text), `${path}.ts`);
    }
  }
}

/** Throws when there are errors; adds warnings to `warnings`. */
function collectDiagnostics(program: assemblyscript.Program, warnings: string[]): void {
  const errors: string[] = [];
  for (;;) {
    const diagnostic = assemblyscript.nextDiagnostic(program);
    if (diagnostic === null) break;
    const range = diagnostic.range;
    const place =
      range === null
        ? ''
        : `${range.source.normalizedPath}:${range.source.lineAt(range.start)}:${range.source.columnAt()}: `;
    const text = `${place}${diagnostic.message}`;
    if (assemblyscript.isError(diagnostic)) errors.push(text);
    else if (assemblyscript.isWarning(diagnostic)) warnings.push(text);
  }
  if (errors.length > 0) throw new CompileError(errors.join('\n'));
}

/**
 * Declares the module's memory again with 64-bit addresses, keeping its static data.
 * Returns the address after the last static byte.
 */
function declareMemory64(module: binaryen.Module, options: FrontendOptions): number {
  const { data, memoryPages } = readModule(module.emitBinary());
  const ends = data.map((segment) => Number(segment.offset) + segment.bytes.byteLength);
  const staticEnd = Math.max(options.memoryBase, ...ends);
  if (staticEnd - options.memoryBase > STATIC_BYTES_MAX) {
    throw new CompileError(
      `${options.entryFile}: static data (memory.data, string literals) of it and what it imports take ` +
        `${staticEnd - options.memoryBase} bytes; at most ${STATIC_BYTES_MAX}`,
    );
  }
  const pages = Math.max(
    memoryPages,
    Math.ceil(staticEnd / PAGE_SIZE_BYTES),
    options.memoryPages ?? 0,
  );
  const segments = data.map((segment) => ({
    offset: module.i64.const(segment.offset),
    data: segment.bytes,
  }));
  module.setFeatures(module.getFeatures() | binaryen.Features.Memory64);
  module.setMemory(pages, UNLIMITED, null, segments, false, true, MEMORY_NAME);
  return staticEnd;
}

/** Binaryen's options are global to the process: all that matter are set, so that the result depends on the source alone. */
function optimise(module: binaryen.Module, neverInlined: readonly string[]): void {
  binaryen.setOptimizeLevel(3);
  binaryen.setShrinkLevel(0);
  binaryen.setTrapsNeverHappen(false);
  binaryen.setClosedWorld(false);
  binaryen.setLowMemoryUnused(false);
  binaryen.setZeroFilledMemory(false);
  binaryen.setFastMath(false);
  binaryen.setGenerateStackIR(false);
  binaryen.setOptimizeStackIR(false);
  binaryen.setAlwaysInlineMaxSize(INLINE.always);
  binaryen.setFlexibleInlineMaxSize(INLINE.flexible);
  binaryen.setOneCallerInlineMaxSize(INLINE.oneCaller);
  binaryen.setAllowInliningFunctionsWithLoops(true);
  binaryen.clearPassArguments();
  for (const pattern of neverInlined) {
    binaryen.setPassArgument('no-inline', pattern);
    module.runPasses(['no-inline']);
  }
  binaryen.clearPassArguments();
  module.optimize();
  if (!module.validate())
    throw new CompileError('the optimised WebAssembly module does not validate');
}
