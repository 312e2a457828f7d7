/**
 * From guest source to a linked image: the order of the stages, and what stands around the compiled functions.
 */
import { bootData, bootText, PAGE_TABLES, PAGE_TABLES_BYTES, STACK_TOP } from './boot-stub.js';
import { layOutBlocks } from './block-layout.js';
import type { AnnotatedFunctions } from './annotations.js';
import { improveBranches } from './branches.js';
import type { Fragment, Relocation } from './code-buffer.js';
import { CompileError } from './compile-error.js';
import { emitFunction, type EmittedFunction, type Trap } from './emit.js';
import { cleanUp, Dominators, markLoops, splitCriticalEdges } from './flow-graph.js';
import { compileSource, type FrontendResult, type SourceReader } from './frontend.js';
import { buildFunction } from './function-builder.js';
import { forwardGlobals } from './global-forwarding.js';
import { interruptStubs, lateReturn } from './interrupt-stubs.js';
import { dataStart, link, PAGE_SIZE_BYTES, type Image, type LinkInput } from './link.js';
import { readModule, type ModuleFunction, type WasmModule } from './module-reader.js';
import { resolveCopies } from './parallel-moves.js';
import { improveBlocks } from './peephole.js';
import { allocateRegisters } from './register-allocation.js';
import { selectFunction } from './select.js';
import {
  FUNCTION_TABLE,
  functionSymbol,
  globalSymbol,
  INTERRUPT_STUBS,
  signatureNumber,
  TRAP_TABLE,
} from './symbol-names.js';
import { numberValues } from './value-numbering.js';

const TRAP_TEXTS = '__trap_texts';
const STACK_BOTTOM = '__stack_bottom';
const STACK_BYTES = 64 * 1024;
const INTERRUPT_HANDLER = 'interrupt_handler';
const INTERRUPT_LATE = 'interrupt_late';
/** No function type has this number: an empty slot of the function table. */
const NO_SIGNATURE = 0xffffffff;
/** Address guessed for the static data in the first round. */
const FIRST_GUESS_BYTES = 0x10000;
/** Unused bytes between code and data that are cheaper than another round. */
const GAP_BYTES_MAX = 0x8000;
/** Rounds after which a gap between code and data is accepted. */
const ROUNDS_MAX = 4;

export interface CompileOptions {
  readonly readSource: SourceReader;
  readonly entryFile: string;
  /** Address of the first byte of the image. */
  readonly baseAddress: number;
  /** Whether the image has a boot entry, interrupt entries, page tables and a stack. */
  readonly isBootable: boolean;
  /** As in FrontendOptions. */
  readonly memoryPages?: number;
  /** As in FrontendOptions. */
  readonly neverInlined?: readonly string[];
  /** Room for code in the first round, kept if it suffices; when absent it is trimmed to what the code needs. */
  readonly codeRoomBytes?: number;
}

export interface Compilation {
  readonly image: Image;
  readonly module: WasmModule;
  readonly frontend: FrontendResult;
}

/** Compiles until the static data stands where the code leaves room for it. */
export function compile(options: CompileOptions): Compilation {
  let memoryBase = options.baseAddress + (options.codeRoomBytes ?? FIRST_GUESS_BYTES);
  for (let round = 1; ; round++) {
    const frontend = compileSource({ ...options, memoryBase });
    const module = readModule(frontend.wasm, frontend.sourceMap);
    const parts = compileModule(module, options.isBootable, frontend.annotated);
    const needed = dataStart({ baseAddress: options.baseAddress, ...parts });
    const gapBytesMax = options.codeRoomBytes ?? GAP_BYTES_MAX;
    const isTight = memoryBase - needed <= gapBytesMax;
    if (memoryBase >= needed && (isTight || round > ROUNDS_MAX)) {
      const staticData = { address: memoryBase, bytes: staticBytes(module, frontend, memoryBase) };
      const image = link({ ...parts, baseAddress: options.baseAddress, staticData });
      return { image, module, frontend };
    }
    memoryBase = round > ROUNDS_MAX ? Math.max(needed, memoryBase) : needed;
  }
}

function staticBytes(module: WasmModule, frontend: FrontendResult, base: number): Uint8Array {
  const bytes = new Uint8Array(frontend.staticEnd - base);
  for (const segment of module.data) bytes.set(segment.bytes, Number(segment.offset) - base);
  return bytes;
}

type Parts = Omit<LinkInput, 'baseAddress' | 'staticData'>;

function compileModule(
  module: WasmModule,
  isBootable: boolean,
  annotated: AnnotatedFunctions,
): Parts {
  const own = module.functions.filter((func) => func.imported === undefined);
  const symbolsOf = (names: readonly string[]): Set<string> =>
    new Set(
      own
        .filter(({ name }) => names.includes(name))
        .map(({ index }) => functionSymbol(module, index)),
    );
  const [cold, whole] = [symbolsOf(annotated.cold), symbolsOf(annotated.whole)];
  // From one whole function to another it goes for what is seldom.
  const seldom = new Set([...cold, ...whole]);
  const functions = own.map((func) =>
    compileFunction(module, func, whole.has(functionSymbol(module, func.index)) ? seldom : cold),
  );
  refuseFrames(functions, whole);
  const rodata = [
    functionTable(module),
    ...functions.flatMap((func) => func.jumpTables),
    ...trapTables(functions),
  ];
  const code = functions.map((func) => func.code);
  const isWhole = ({ symbol }: Fragment): boolean => whole.has(symbol);
  const text = [...code.filter((each) => !isWhole(each)), ...code.filter(isWhole)];
  const firstWhole = code.find(isWhole)?.symbol;
  const globals = globalStorage(module);
  const shared = {
    data: globals.data,
    aliases: aliases(module),
    globalNames: exportNames(module),
    firstWhole,
  };
  if (!isBootable) return { text, rodata, bss: globals.bss, ...shared };
  return {
    text: [...entryCode(module), ...text],
    rodata: [...bootData(), ...rodata],
    bss: [
      ...globals.bss,
      { symbol: PAGE_TABLES, sizeBytes: PAGE_TABLES_BYTES, alignBytes: PAGE_SIZE_BYTES },
      { symbol: STACK_BOTTOM, sizeBytes: STACK_BYTES, alignBytes: PAGE_SIZE_BYTES },
      { symbol: STACK_TOP, sizeBytes: 0, alignBytes: 1 },
    ],
    ...shared,
  };
}

/** All stages for one function. */
function compileFunction(
  module: WasmModule,
  func: ModuleFunction,
  coldSymbols: ReadonlySet<string>,
): EmittedFunction {
  const ir = buildFunction(module, func);
  cleanUp(ir);
  improveBranches(ir);
  cleanUp(ir);
  const dominators = new Dominators(ir.blocks);
  forwardGlobals(ir, markLoops(ir.blocks, dominators));
  numberValues(ir, dominators);
  splitCriticalEdges(ir);
  const machine = selectFunction(module, ir);
  allocateRegisters(machine);
  resolveCopies(machine);
  layOutBlocks(machine, coldSymbols);
  improveBlocks(machine);
  return emitFunction(machine, functionSymbol(module, func.index));
}

/** A whole function returns to where its caller finds the return address: it may neither call nor keep anything on the stack. */
function refuseFrames(functions: readonly EmittedFunction[], whole: ReadonlySet<string>): void {
  const found = functions.find(({ code, isLeaf }) => whole.has(code.symbol) && !isLeaf);
  if (found === undefined) return;
  throw new CompileError(
    `${found.code.symbol} is @whole, but calls or keeps something on the stack`,
  );
}

function entryCode(module: WasmModule): Fragment[] {
  if (!module.exports.has('kernel_main')) {
    throw new CompileError('the entry file does not export kernel_main');
  }
  const start = module.startFunction;
  const startSymbol = start === undefined ? undefined : functionSymbol(module, start);
  const has = (name: string): boolean => module.exports.has(name);
  const stubs = has(INTERRUPT_HANDLER) ? interruptStubs(INTERRUPT_HANDLER) : [];
  if (has(INTERRUPT_LATE)) stubs.push(lateReturn(INTERRUPT_LATE));
  return [...bootText(startSymbol), ...stubs];
}

const plainFragment = (
  symbol: string,
  bytes: Uint8Array,
  relocations: readonly Relocation[] = [],
): Fragment => ({ symbol, bytes, alignBytes: 8, relocations, lines: [], labels: new Map() });

/** Slots of 16 bytes: u64 address, u32 number of the function's type, u32 zero. */
function functionTable(module: WasmModule): Fragment {
  const bytes = new Uint8Array(16 * module.table.length);
  const view = new DataView(bytes.buffer);
  const relocations: Relocation[] = [];
  module.table.forEach((index, slot) => {
    const func = index === undefined ? undefined : module.functions[index];
    view.setUint32(16 * slot + 8, NO_SIGNATURE, true);
    if (func === undefined) return;
    view.setUint32(16 * slot + 8, signatureNumber(module, func.typeIndex), true);
    const symbol = functionSymbol(module, func.index);
    relocations.push({ offset: 16 * slot, kind: 'abs64', symbol, addend: 0, end: 0 });
  });
  return plainFragment(FUNCTION_TABLE, bytes, relocations);
}

/** Pairs (address of a ud2, address of its text), ended by a pair of zeros; and the texts. */
function trapTables(functions: readonly EmittedFunction[]): Fragment[] {
  const traps = functions.flatMap((func) =>
    func.traps.map((trap): Trap => ({ ...trap, label: `${func.code.symbol}#${trap.label}` })),
  );
  const texts = new Map<string, number>();
  const encoder = new TextEncoder();
  const encoded: number[] = [];
  const relocations: Relocation[] = [];
  traps.forEach(({ label, message }, index) => {
    const addend = texts.get(message) ?? encoded.length;
    if (!texts.has(message)) encoded.push(...encoder.encode(message), 0);
    texts.set(message, addend);
    const pair = { kind: 'abs64', end: 0 } as const;
    relocations.push({ ...pair, offset: 16 * index, symbol: label, addend: 0 });
    relocations.push({ ...pair, offset: 16 * index + 8, symbol: TRAP_TEXTS, addend });
  });
  return [
    plainFragment(TRAP_TABLE, new Uint8Array(16 * (traps.length + 1)), relocations),
    plainFragment(TRAP_TEXTS, Uint8Array.from(encoded)),
  ];
}

/** Eight bytes for every global that changes; zeroed memory for those that start as zero. */
function globalStorage(module: WasmModule): Pick<LinkInput, 'data' | 'bss'> {
  const mutable = module.globals.filter((global) => global.mutable);
  const data = mutable
    .filter((global) => global.initial !== 0n)
    .map((global) => {
      const bytes = new Uint8Array(8);
      new DataView(bytes.buffer).setBigInt64(0, global.initial, true);
      return plainFragment(globalSymbol(module, global.index), bytes);
    });
  const bss = mutable
    .filter((global) => global.initial === 0n)
    .map((global) => ({
      symbol: globalSymbol(module, global.index),
      sizeBytes: 8,
      alignBytes: 8,
    }));
  return { data, bss };
}

/** Further exported names of a function that already has one. */
function aliases(module: WasmModule): Map<string, string> {
  const result = new Map<string, string>();
  for (const [name, index] of module.exports) {
    const symbol = functionSymbol(module, index);
    if (symbol !== name) result.set(name, symbol);
  }
  return result;
}

function exportNames(module: WasmModule): Set<string> {
  return new Set([...module.exports.keys(), TRAP_TABLE, INTERRUPT_STUBS]);
}
