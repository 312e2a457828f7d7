/**
 * Places fragments in memory and fills in addresses.
 *
 *   base            text      code, readable and executable
 *   next page       rodata    tables and texts, read-only
 *   next page       data      static data of the source, then globals that do not start as zero
 *   behind          bss       zeroed: the other globals, page tables, stack
 */
import type { Fragment, Relocation } from './code-buffer.js';
import { CompileError, type SourceLocation } from './compile-error.js';

export const PAGE_SIZE_BYTES = 4096;
const CACHE_LINE_BYTES = 64;

type SymbolKind = 'function' | 'object' | 'none';

export interface ImageSymbol {
  readonly name: string;
  readonly address: number;
  readonly sizeBytes: number;
  readonly kind: SymbolKind;
  readonly isGlobal: boolean;
}

export interface ImageLine {
  readonly address: number;
  readonly location: SourceLocation;
}

export interface ImageSection {
  readonly address: number;
  readonly bytes: Uint8Array;
}

export interface Image {
  readonly text: ImageSection;
  readonly rodata: ImageSection;
  readonly data: ImageSection;
  /** Bytes of zeroed memory behind the data. */
  readonly bssBytes: number;
  readonly symbols: readonly ImageSymbol[];
  /** Sorted by address. */
  readonly lines: readonly ImageLine[];
  readonly addressOf: (symbol: string) => number;
}

export interface Reservation {
  readonly symbol: string;
  readonly sizeBytes: number;
  readonly alignBytes: number;
}

export interface LinkInput {
  readonly baseAddress: number;
  readonly text: readonly Fragment[];
  readonly rodata: readonly Fragment[];
  /** Static data of the source, at its fixed address. */
  readonly staticData: ImageSection;
  readonly data: readonly Fragment[];
  readonly bss: readonly Reservation[];
  /** Other names for a symbol. */
  readonly aliases: ReadonlyMap<string, string>;
  readonly globalNames: ReadonlySet<string>;
  /** The code from this symbol to the text's end is of functions that are @whole. */
  readonly firstWhole: string | undefined;
}

const alignUp = (value: number, alignBytes: number): number =>
  Math.ceil(value / alignBytes) * alignBytes;

/** Address at which the static data has to start for this text and rodata. */
export function dataStart(input: Pick<LinkInput, 'baseAddress' | 'text' | 'rodata'>): number {
  const textEnd = sectionEnd(input.baseAddress, input.text, 'function');
  const rodataEnd = sectionEnd(alignUp(textEnd, PAGE_SIZE_BYTES), input.rodata, 'object');
  return alignUp(rodataEnd, PAGE_SIZE_BYTES);
}

function sectionEnd(start: number, fragments: readonly Fragment[], kind: SymbolKind): number {
  return fragments.reduce(
    (end, fragment) => addressBehind(end, fragment, kind) + fragment.bytes.length,
    start,
  );
}

/**
 * Where the fragment goes that follows `end`. A function that fits leaves out the first and the last cache line of each page: blocks of
 * whole pages begin and end in those lines, all of which share a few sets of each cache, where code would not stay for long.
 */
function addressBehind(end: number, { bytes, alignBytes }: Fragment, kind: SymbolKind): number {
  const address = alignUp(end, alignBytes);
  if (kind !== 'function' || bytes.length > PAGE_SIZE_BYTES - 2 * CACHE_LINE_BYTES) return address;
  const first = address - (address % PAGE_SIZE_BYTES) + CACHE_LINE_BYTES;
  const last = first + PAGE_SIZE_BYTES - 2 * CACHE_LINE_BYTES;
  return address + bytes.length > last ? first + PAGE_SIZE_BYTES : Math.max(address, first);
}

export function link(input: LinkInput): Image {
  return new Linker(input).link();
}

class Linker {
  private readonly addresses = new Map<string, number>();
  private readonly symbols: ImageSymbol[] = [];
  private readonly lines: ImageLine[] = [];

  constructor(private readonly input: LinkInput) {}

  link(): Image {
    const { input } = this;
    const textEnd = this.place(input.text, input.baseAddress, 'function');
    const rodataStart = alignUp(textEnd, PAGE_SIZE_BYTES);
    const rodataEnd = this.place(input.rodata, rodataStart, 'object');
    const dataAddress = input.staticData.address;
    if (alignUp(rodataEnd, PAGE_SIZE_BYTES) > dataAddress) {
      throw new Error(`code ends at 0x${rodataEnd.toString(16)}, behind the start of the data`);
    }
    const staticEnd = dataAddress + input.staticData.bytes.length;
    const dataEnd = this.place(input.data, alignUp(staticEnd, 16), 'object');
    const bssEnd = this.reserve(dataEnd);
    this.define('__kernel_start', input.baseAddress);
    const { firstWhole } = input;
    this.define('__whole_start', firstWhole === undefined ? textEnd : this.addressOf(firstWhole));
    this.define('__text_end', textEnd);
    this.define('__rodata_end', rodataEnd);
    this.define('__kernel_end', bssEnd);
    for (const [alias, symbol] of input.aliases) this.addAlias(alias, symbol);
    const addressOf = (symbol: string): number => this.addressOf(symbol);
    return {
      text: this.section(input.text, input.baseAddress, textEnd),
      rodata: this.section(input.rodata, rodataStart, rodataEnd),
      data: this.dataSection(dataEnd),
      bssBytes: bssEnd - dataEnd,
      symbols: this.symbols,
      lines: this.lines,
      addressOf,
    };
  }

  private place(fragments: readonly Fragment[], start: number, kind: SymbolKind): number {
    let end = start;
    for (const fragment of fragments) {
      const address = addressBehind(end, fragment, kind);
      this.define(fragment.symbol, address, fragment.bytes.length, kind);
      for (const [label, offset] of fragment.labels) {
        this.addresses.set(`${fragment.symbol}#${label}`, address + offset);
      }
      for (const { offset, location } of fragment.lines) {
        this.lines.push({ address: address + offset, location });
      }
      end = address + fragment.bytes.length;
    }
    return end;
  }

  private reserve(dataEnd: number): number {
    let end = dataEnd;
    for (const { symbol, sizeBytes, alignBytes } of this.input.bss) {
      const address = alignUp(end, alignBytes);
      this.define(symbol, address, sizeBytes, 'object');
      end = address + sizeBytes;
    }
    return end;
  }

  private define(name: string, address: number, sizeBytes = 0, kind: SymbolKind = 'none'): void {
    if (this.addresses.has(name)) throw new CompileError(`two things are named ${name}`);
    this.addresses.set(name, address);
    const isGlobal = this.input.globalNames.has(name);
    this.symbols.push({ name, address, sizeBytes, kind, isGlobal });
  }

  private addAlias(alias: string, symbol: string): void {
    const target = this.symbols.find((other) => other.name === symbol);
    if (target === undefined) throw new Error(`alias of unknown symbol ${symbol}`);
    this.define(alias, target.address, target.sizeBytes, target.kind);
  }

  private addressOf(symbol: string): number {
    const address = this.addresses.get(symbol);
    if (address === undefined) throw new CompileError(`nothing is named ${symbol}`);
    return address;
  }

  private section(fragments: readonly Fragment[], start: number, end: number): ImageSection {
    const bytes = new Uint8Array(end - start);
    this.fill(bytes, start, fragments);
    return { address: start, bytes };
  }

  private dataSection(dataEnd: number): ImageSection {
    const { staticData, data } = this.input;
    const bytes = new Uint8Array(dataEnd - staticData.address);
    bytes.set(staticData.bytes);
    this.fill(bytes, staticData.address, data);
    return { address: staticData.address, bytes };
  }

  private fill(bytes: Uint8Array, start: number, fragments: readonly Fragment[]): void {
    const view = new DataView(bytes.buffer);
    for (const fragment of fragments) {
      const address = this.addressOf(fragment.symbol);
      bytes.set(fragment.bytes, address - start);
      for (const relocation of fragment.relocations) {
        this.relocate(view, address - start, address, relocation);
      }
    }
  }

  private relocate(view: DataView, at: number, address: number, relocation: Relocation): void {
    const target = this.addressOf(relocation.symbol) + relocation.addend;
    const offset = at + relocation.offset;
    switch (relocation.kind) {
      case 'abs64':
        view.setBigUint64(offset, BigInt(target), true);
        return;
      case 'abs32':
        view.setInt32(offset, target, true);
        return;
      case 'rel32':
        view.setInt32(offset, target - (address + relocation.end), true);
        return;
    }
  }
}
