/**
 * The part of the WebAssembly JavaScript interface that the processor uses. The standard library of the language has no
 * declarations for it, and those of browsers and of Node are not wanted here.
 * Source: W3C, "WebAssembly JavaScript Interface".
 */
export interface WasmMemory {
  /** Replaced by another object when the memory grows. */
  readonly buffer: ArrayBuffer;
  /** By pages of 64 KiB. */
  grow(pages: number): number;
}

export interface WasmGlobal {
  value: number | bigint;
}

export interface WasmTable {
  readonly length: number;
  grow(count: number): number;
  set(index: number, value: unknown): void;
}

export interface WasmInstance {
  readonly exports: Readonly<Record<string, unknown>>;
}

export type WasmImports = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

interface WebAssemblyNamespace {
  readonly Memory: new (descriptor: {
    readonly initial: number;
    readonly maximum: number;
  }) => WasmMemory;
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object, imports: WasmImports) => WasmInstance;
}

export const webAssembly = (globalThis as unknown as { WebAssembly: WebAssemblyNamespace })
  .WebAssembly;
