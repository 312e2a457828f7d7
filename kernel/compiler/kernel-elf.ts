/**
 * The kernel's ELF file and its listing, from the folder of its sources.
 */
import { BOOT_ENTRY } from './boot-stub.js';
import { compile } from './compile.js';
import { debugSections } from './dwarf-line.js';
import { writeElf } from './elf.js';
import type { SourceReader } from './frontend.js';
import type { ImageSymbol } from './link.js';
import { writeListing } from './listing.js';

/** Where the image starts, physical and linear. */
export const KERNEL_BASE = 0x100000;

export interface KernelBuild {
  readonly elf: Uint8Array;
  readonly listing: string;
  readonly symbols: readonly ImageSymbol[];
  /** Warnings of the AssemblyScript compiler, each with file and line. */
  readonly warnings: readonly string[];
}

/**
 * Compiles `entryFile`. The same sources give the same bytes: `debugDir` is the folder that debuggers are told
 * to look in, and nothing else of the host enters the file.
 */
export function buildKernelElf(
  readSource: SourceReader,
  entryFile: string,
  debugDir: string,
  neverInlined: readonly string[] = [],
): KernelBuild {
  const base = { baseAddress: KERNEL_BASE, isBootable: true };
  const options = { readSource, entryFile, neverInlined, ...base };
  const { image, frontend } = compile(options);
  const debug = debugSections(image, entryFile, debugDir);
  const elf = writeElf(image, image.addressOf(BOOT_ENTRY), debug);
  const files = new Map<string, readonly string[]>();
  const listing = writeListing(image, (file, line) => {
    const lines = files.get(file) ?? readSource(file)?.split('\n') ?? [];
    files.set(file, lines);
    return lines[line - 1];
  });
  return { elf, listing, symbols: image.symbols, warnings: frontend.warnings };
}
