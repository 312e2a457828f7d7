/**
 * Which symbols of an ELF file name functions. Compilers mark them (STT_FUNC); a label of an assembler has no type unless its author
 * gives it one, and Linux's entry points (SYM_CODE_START) have none on purpose. So a label without a type counts where it lies in
 * code, and in no function.
 * Source: System V gABI 4.1 "Symbol Table"; Linux, Documentation/core-api/asm-annotations; NASM manual, "Local Labels".
 */

export interface ElfSymbol {
  readonly name: string;
  readonly address: bigint;
  readonly sizeBytes: bigint;
}

export interface SymbolTableEntry extends ElfSymbol {
  /** STT_*, such as `STT_FUNC`. */
  readonly type: number;
  /** `STB_LOCAL`: of one source file only. */
  readonly isLocal: boolean;
  /** In a section of instructions. */
  readonly isInCode: boolean;
}

export const STT_NOTYPE = 0;
export const STT_FUNC = 2;

/** By ascending address. */
export function codeSymbols(entries: readonly SymbolTableEntry[]): ElfSymbol[] {
  const functions = entries.filter(({ type }) => type === STT_FUNC);
  const taken = new Set(functions.map(({ address }) => address));
  const names = new Set(entries.map(({ name }) => name));
  const labels = entries.filter(
    (entry) =>
      entry.type === STT_NOTYPE &&
      entry.isInCode &&
      entry.name !== '' &&
      !taken.has(entry.address) &&
      !isPartOfLabel(entry.name, names),
  );
  const all = [...functions, ...labels].sort(byAddressThenSize);
  return withoutInnerLabels(all).map(({ name, address, sizeBytes }) => ({
    name,
    address,
    sizeBytes,
  }));
}

/** NASM's `main.loop`: `.loop` behind the label `main`. */
function isPartOfLabel(name: string, names: ReadonlySet<string>): boolean {
  const dot = name.indexOf('.', 1);
  return dot > 0 && names.has(name.slice(0, dot));
}

/** Of several at one address the last names it: one that has a size. */
function byAddressThenSize(a: ElfSymbol, b: ElfSymbol): number {
  if (a.address !== b.address) return a.address < b.address ? -1 : 1;
  return Number(a.sizeBytes !== 0n) - Number(b.sizeBytes !== 0n);
}

/** A function without a size reaches to the next, or to a label that other files know. */
function withoutInnerLabels(all: readonly SymbolTableEntry[]): SymbolTableEntry[] {
  let end = 0n;
  let isOpen = false;
  return all.filter((entry) => {
    const { type, address, sizeBytes, isLocal } = entry;
    const isInner = address < end || (isOpen && isLocal);
    if (type === STT_NOTYPE && isInner) return false;
    if (address + sizeBytes > end) end = address + sizeBytes;
    isOpen = type === STT_FUNC && sizeBytes === 0n;
    return true;
  });
}
