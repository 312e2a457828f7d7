/**
 * `--symbols`: names for a guest whose image has none, from an ELF file or from lines as nm writes them, which are also those of
 * Linux's System.map and /proc/kallsyms: `ffffffff81000000 T startup_64`, with a size behind the address where `nm -S` wrote them.
 */
import { ConfigurationError } from '../base/errors.js';
import type { ElfSymbol } from './code-symbols.js';
import { isElf, parseElf } from './elf.js';

const LINE = /^([0-9a-f]{1,16})\s+(?:([0-9a-f]{8,16})\s+)?([A-Za-z?])\s+(.+?)(?:\s+\[\S+\])?$/i;
/** nm's letters for code: in .text, weak, and indirect functions. */
const CODE = 'tTwWi';
const NEW_LINE = 10;
/** More than a name of C++ takes; of a longer line the rest is left out. */
const LINE_BYTES_MAX = 0x4000;

/** Function symbols by ascending address. @throws ConfigurationError for another file, naming the line */
export function readSymbolFile(bytes: Uint8Array, path: string): ElfSymbol[] {
  const symbols = isElf(bytes) ? parseElf(bytes, path).symbols : parseLines(bytes, path);
  if (symbols.length > 0) return [...symbols];
  throw new ConfigurationError(`--symbols ${path}: the file names no function`);
}

function parseLines(bytes: Uint8Array, path: string): ElfSymbol[] {
  const symbols: ElfSymbol[] = [];
  for (const [number, line] of linesOf(bytes)) {
    const words = LINE.exec(line);
    if (words === null) {
      if (isUndefined(line)) continue;
      // Its bytes would be commands to a terminal.
      if (/[^\P{C}\t]/u.test(line)) {
        throw new ConfigurationError(`--symbols ${path}: neither an ELF file nor lines of nm`);
      }
      throw new ConfigurationError(
        `--symbols ${path}: line ${number} is no line of nm, such as "ffffffff81000000 T start": ${line.slice(0, 60)}`,
      );
    }
    const [, address = '', size = '', letter = '', name = ''] = words;
    if (!CODE.includes(letter)) continue;
    symbols.push({ name, address: BigInt(`0x${address}`), sizeBytes: BigInt(`0x0${size}`) });
  }
  symbols.sort((a, b) => (a.address < b.address ? -1 : a.address > b.address ? 1 : 0));
  if (symbols.length > 1 && symbols.at(-1)?.address === 0n) {
    throw new ConfigurationError(
      `--symbols ${path}: every address is 0, as in /proc/kallsyms for who may not see them (kernel.kptr_restrict); root may`,
    );
  }
  return withSizes(symbols);
}

function* linesOf(bytes: Uint8Array): Generator<readonly [number, string]> {
  let number = 0;
  for (let at = 0; at < bytes.byteLength;) {
    const found = bytes.indexOf(NEW_LINE, at);
    const end = found < 0 ? bytes.byteLength : found;
    const line = String.fromCharCode(...bytes.subarray(at, Math.min(end, at + LINE_BYTES_MAX)));
    number++;
    at = end + 1;
    if (line.trim() !== '') yield [number, line.trim()];
  }
}

/** `U name`: defined elsewhere. */
function isUndefined(line: string): boolean {
  return /^[Uwv]\s+\S/.test(line);
}

/** A function without a size reaches to the next. */
function withSizes(symbols: readonly ElfSymbol[]): ElfSymbol[] {
  let next = 0n;
  const sized = [...symbols].reverse().map((symbol, index, all) => {
    const behind = all[index - 1];
    if (behind !== undefined && behind.address !== symbol.address) next = behind.address;
    const reach = next > symbol.address ? next - symbol.address : 0n;
    return symbol.sizeBytes === 0n ? { ...symbol, sizeBytes: reach } : symbol;
  });
  return sized.reverse();
}
