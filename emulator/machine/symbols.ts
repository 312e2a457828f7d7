/** Names for addresses, from an image's function symbols. */
import type { ElfSymbol } from './code-symbols.js';

/** How far behind its start an address still counts to a symbol of unknown size, in bytes. */
const UNSIZED_SYMBOL_REACH = 0x1000n;

export class SymbolTable {
  /** @param symbols by ascending address; `source` is whose names they are, for messages */
  constructor(
    private readonly symbols: readonly ElfSymbol[],
    readonly source = 'the image',
  ) {}

  /** Address of a function by its exact name, or null. */
  addressOf(name: string): bigint | null {
    return this.addressesOf(name)[0] ?? null;
  }

  /** Addresses of the functions of exactly this name: several files may have one. */
  addressesOf(name: string): bigint[] {
    const named = this.symbols.filter((symbol) => symbol.name === name);
    return [...new Set(named.map(({ address }) => address))];
  }

  /** `name+0x12` for an address inside a function, or null. */
  nameOf(address: bigint): string | null {
    const symbol = this.symbolAt(address);
    if (symbol === null) return null;
    const offset = address - symbol.address;
    return offset === 0n ? symbol.name : `${symbol.name}+0x${offset.toString(16)}`;
  }

  /** `0x100080 (name+0x12)`, or the bare address. */
  describe(address: bigint): string {
    const name = this.nameOf(address);
    const hex = `0x${address.toString(16)}`;
    return name === null ? hex : `${hex} (${name})`;
  }

  private symbolAt(address: bigint): ElfSymbol | null {
    let low = 0;
    let high = this.symbols.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.symbols[middle] as ElfSymbol).address <= address) low = middle + 1;
      else high = middle;
    }
    const symbol = this.symbols[low - 1];
    if (symbol === undefined) return null;
    const reach = symbol.sizeBytes === 0n ? UNSIZED_SYMBOL_REACH : symbol.sizeBytes;
    return address < symbol.address + reach ? symbol : null;
  }
}
