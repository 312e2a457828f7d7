/**
 * The core (emulator/cpu/core, built to WebAssembly) with its memory and its imports.
 */
import { FRAMES } from '../isa/state-layout.js';
import { LinearMemory } from './linear-memory.js';
import { webAssembly } from './web-assembly.js';

/** Functions that the core exports; see emulator/cpu/core/main.ts. */
export interface CoreExports {
  run(budget: bigint): number;
  deliverExternalInterrupt(vector: number): number;
  flushAll(): void;
  invalidateAllCode(): void;
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
}

/** Functions that the core imports; see emulator/cpu/core/host.ts. Numbers arrive as signed 32-bit integers. */
export interface CoreImports {
  portIn(port: number, widthBytes: number): number;
  portOut(port: number, widthBytes: number, value: number): void;
  decode(): number;
  timeStamp(): bigint;
  trace(kind: number, a: bigint, b: bigint): void;
}

export interface CoreInstance {
  readonly exports: CoreExports;
  readonly memory: LinearMemory;
}

const WASM_PAGE_BYTES = 0x10000;
/** All that 32 bits can address: 4 GiB. */
const WASM_PAGES_MAX = 0x10000;

/** Instantiates the core on fresh memory. `imports` is given the memory, which the functions it returns may use. */
export function instantiateCore(
  wasm: Uint8Array,
  imports: (memory: LinearMemory) => CoreImports,
): CoreInstance {
  const wasmMemory = new webAssembly.Memory({
    initial: FRAMES / WASM_PAGE_BYTES + 1,
    maximum: WASM_PAGES_MAX,
  });
  const memory = new LinearMemory(wasmMemory);
  const module = new webAssembly.Module(wasm);
  const host = imports(memory) as unknown as Readonly<Record<string, unknown>>;
  const instance = new webAssembly.Instance(module, { env: { memory: wasmMemory }, host });
  return { exports: instance.exports as unknown as CoreExports, memory };
}
