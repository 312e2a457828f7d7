/**
 * The core (emulator/cpu/core, built to WebAssembly) with its memory and its imports.
 */
import type { BlockDescriber } from '../isa/decoded-instruction.js';
import { DESCRIPTION_BYTES_MAX, FRAMES, TRANSLATION_THRESHOLD } from '../isa/state-layout.js';
import { LinearMemory } from './linear-memory.js';
import { ModuleGlobals } from '../base/module-globals.js';
import { webAssembly, type WasmMemory, type WasmTable } from '../base/web-assembly.js';

/** Functions that the core exports; see emulator/cpu/core/main.ts. */
export interface CoreExports {
  run(budget: bigint): number;
  deliverExternalInterrupt(vector: number): number;
  deliverNonmaskableInterrupt(): number;
  flushAll(): void;
  invalidateAllCode(): void;
  dropAllCode(): void;
  getRflags(): bigint;
  setRflags(image: bigint): void;
  a20Changed(): void;
  ramRangesChanged(): void;
  physicalRead(address: bigint, lengthBytes: number): void;
  physicalWrite(address: bigint, lengthBytes: number): number;
  physicalLoad(address: bigint, lengthBytes: number): number;
  physicalFill(address: bigint, lengthBytes: bigint, pattern: bigint): number;
  setPowerOnPattern(pattern: bigint): void;
  residentBytes(): bigint;
  setResidentLimit(bytes: bigint): void;
  hashMemory(seed: bigint): bigint;
  watchStores(on: number): void;
  translateDebug(linear: bigint): bigint;
  pageWalkDebug(linear: bigint): void;
  watchpointsChanged(): void;
  /** Functions that the core may call: translated regions. */
  readonly table: WasmTable;
  settle(kind: number, a: bigint, b: bigint): void;
  stepUop(uop: number): number;
  /** In the timed core only. */
  walk?(linear: bigint): void;
}

/** Functions that the core imports; see emulator/cpu/core/host.ts. Numbers arrive as signed 32-bit integers. */
export interface CoreImports {
  portIn(port: number, widthBytes: number): number;
  portOut(port: number, widthBytes: number, value: number): void;
  deviceRead(address: bigint, bytes: number): bigint;
  deviceWrite(address: bigint, bytes: number, value: bigint): void;
  platformRead(msr: number): bigint;
  platformWrite(msr: number, value: bigint): void;
  writeTaskPriority(taskPriorityClass: number): void;
  decode(): number;
  timeStamp(): bigint;
  trace(kind: number, a: bigint, b: bigint): void;
  accessed(address: number, bytes: number, what: number): void;
}

/** What the timed core imports from a timing engine: functions that the engine exports. See emulator/isa/timing-interface.ts. */
export interface TimingImports {
  advance(block: number, from: number, to: number): void;
  leave(block: number, from: number, to: number, nextRip: bigint): number;
  systemEvent(kind: number, detail: bigint): void;
}

/** What a timing engine offers the processor. */
export interface TimingAttachment {
  readonly imports: TimingImports;
  readonly describer: BlockDescriber;
}

/** Makes the timing engine on the core's memory. `walk`: a page walk with its result at TIMING_WALK; not to be called before the core runs. */
export type AttachTiming = (memory: WasmMemory, walk: (linear: bigint) => void) => TimingAttachment;

/** What translated code calls in the core (core/main.ts). */
export type TranslatedCodeImports = Pick<CoreExports, 'settle' | 'stepUop'>;

/** What the core asks of a translator; see emulator/cpu/core/host.ts. */
export interface TranslatorAttachment {
  /** Entries until a block is translated. */
  readonly thresholdEntries: number;
  translate(block: number, planted: number): number;
  untranslate(block: number): void;
  widen(place: number, block: number): void;
}

/** Makes the translator on the core's memory. It puts its regions into the core's table. */
export type AttachTranslator = (
  memory: WasmMemory,
  imports: TranslatedCodeImports,
  table: WasmTable,
  timing: TimingImports | null,
) => TranslatorAttachment;

export interface CoreInstance {
  readonly exports: CoreExports;
  readonly memory: LinearMemory;
  readonly globals: ModuleGlobals;
}

const WASM_PAGE_BYTES = 0x10000;
/** All that 32 bits can address: 4 GiB. */
const WASM_PAGES_MAX = 0x10000;

/**
 * Instantiates the core on fresh memory. `imports` is given the memory, which the functions it returns may use, and the
 * describer of blocks. With `attachTiming` the core must be the timed one.
 */
export function instantiateCore(
  wasm: Uint8Array,
  imports: (memory: LinearMemory, describer: BlockDescriber | null) => CoreImports,
  attachTiming: AttachTiming | null = null,
  attachTranslator: AttachTranslator | null = null,
): CoreInstance {
  const wasmMemory = new webAssembly.Memory({
    initial: FRAMES / WASM_PAGE_BYTES + 1,
    maximum: WASM_PAGES_MAX,
  });
  const memory = new LinearMemory(wasmMemory);
  const module = new webAssembly.Module(wasm);
  let exports: CoreExports | null = null;
  const timing = attachTiming?.(wasmMemory, (linear) => exports?.walk?.(linear)) ?? null;
  const describer = timing?.describer ?? null;
  if (describer !== null) memory.setU32(DESCRIPTION_BYTES_MAX, describer.bytesMax);
  let translator: TranslatorAttachment | null = null;
  const host = {
    ...functions(imports(memory, describer)),
    translate: (block: number, planted: number) => translator?.translate(block, planted) ?? 0,
    untranslate: (block: number) => translator?.untranslate(block),
    widen: (place: number, block: number) => translator?.widen(place, block),
  };
  const instance = new webAssembly.Instance(module, {
    env: { memory: wasmMemory },
    host,
    ...(timing === null ? {} : { timing: functions(timing.imports) }),
  });
  exports = instance.exports as unknown as CoreExports;
  if (attachTranslator !== null) {
    translator = attachTranslator(wasmMemory, exports, exports.table, timing?.imports ?? null);
    memory.setU32(TRANSLATION_THRESHOLD, translator.thresholdEntries);
  }
  return { exports, memory, globals: new ModuleGlobals(instance.exports) };
}

function functions(table: CoreImports | TimingImports): Readonly<Record<string, unknown>> {
  return table as unknown as Readonly<Record<string, unknown>>;
}
