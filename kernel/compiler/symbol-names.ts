/** Names in the ELF symbol table. */
import type { FunctionType, WasmModule } from './module-reader.js';

const symbols = new WeakMap<WasmModule, ReadonlyMap<number, string>>();

/** An exported function has its (first) exported name, any other `file/function`. */
export function functionSymbol(module: WasmModule, index: number): string {
  let names = symbols.get(module);
  if (names === undefined) {
    const byIndex = new Map<number, string>();
    for (const [name, exported] of module.exports) {
      if (!byIndex.has(exported)) byIndex.set(exported, name);
    }
    names = byIndex;
    symbols.set(module, names);
  }
  return names.get(index) ?? module.functions[index]?.name ?? `function${index}`;
}

export function globalSymbol(module: WasmModule, index: number): string {
  return module.globals[index]?.name ?? `global${index}`;
}

export const FUNCTION_TABLE = '__function_table';
export const TRAP_TABLE = '__trap_table';
export const INTERRUPT_STUBS = '__interrupt_stubs';
export const LATE_RETURN = '__late_return';

const signatureText = (type: FunctionType | undefined): string =>
  `${type?.params.join()}->${type?.results.join()}`;

/** The same number for equal function types: the index of the first one. */
export function signatureNumber(module: WasmModule, typeIndex: number): number {
  const wanted = signatureText(module.types[typeIndex]);
  return module.types.findIndex((type) => signatureText(type) === wanted);
}
