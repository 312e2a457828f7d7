/**
 * Coverage of lines and functions as a tracefile that genhtml and editors read. [geninfo(1), "FILES"]
 *
 * Lines are those of the image's debugging information. A line counts as executed, once, when any of its instructions was; how often is not
 * recorded. A function without lines stands in a record of the image itself, without a line.
 */
import { ConfigurationError } from '../../base/errors.js';
import { lineRanges, type LineRange } from '../../machine/dwarf-lines.js';
import type { ElfSymbol } from '../../machine/code-symbols.js';
import type { CoverageFile } from './coverage-file.js';

interface SourceFile {
  /** Whether each line that has instructions was executed. */
  readonly lines: Map<number, boolean>;
  readonly functions: { readonly name: string; readonly line: number; readonly isHit: boolean }[];
}

/** What is covered: an ELF file, where the image or `--symbols` is one, and the names of functions. */
export interface CoveredImage {
  readonly path: string;
  readonly elf: Uint8Array | null;
  readonly symbols: readonly ElfSymbol[];
}

/** The tracefile. @throws ConfigurationError for debugging information that is damaged or not known, and where there is nothing to tell of */
export function lcovTrace(coverage: CoverageFile, image: CoveredImage): string {
  const executed = new ExecutedCode(coverage);
  const ranges = image.elf === null ? [] : (lineRanges(image.elf, image.path) ?? []);
  const files = new Map<string, SourceFile>();
  const fileOf = (path: string): SourceFile => {
    const file = files.get(path) ?? { lines: new Map<number, boolean>(), functions: [] };
    files.set(path, file);
    return file;
  };
  for (const { start, end, file, line } of ranges) {
    if (line === 0) continue;
    const { lines } = fileOf(file);
    lines.set(line, lines.get(line) === true || executed.hasAny(start, end));
  }
  const places = [...ranges].sort(byStart);
  for (const { name, address, sizeBytes } of image.symbols) {
    const place = rangeAt(places, address);
    const end = address + (sizeBytes > 0n ? sizeBytes : 1n);
    const isHit = executed.hasAny(address, end);
    const [path, line] = place === null ? [image.path, 0] : [place.file, place.line];
    fileOf(path).functions.push({ name: oneLine(name).replaceAll(',', ';'), line, isHit });
  }
  if (files.size === 0) {
    throw new ConfigurationError(
      `--lcov: ${image.path} names no lines of source and no functions; run with --symbols FILE`,
    );
  }
  return [...files]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([path, file]) => recordOf(path, file))
    .join('');
}

function recordOf(path: string, { lines, functions }: SourceFile): string {
  const sorted = [...lines].sort(([a], [b]) => a - b);
  const hits = (all: readonly boolean[]): number => all.filter((isHit) => isHit).length;
  return [
    'TN:',
    `SF:${oneLine(path)}`,
    ...functions.map(({ line, name }) => `FN:${line},${name}`),
    ...functions.map(({ name, isHit }) => `FNDA:${Number(isHit)},${name}`),
    `FNF:${functions.length}`,
    `FNH:${hits(functions.map(({ isHit }) => isHit))}`,
    ...sorted.map(([line, isHit]) => `DA:${line},${Number(isHit)}`),
    `LF:${sorted.length}`,
    `LH:${hits(sorted.map(([, isHit]) => isHit))}`,
    'end_of_record\n',
  ].join('\n');
}

class ExecutedCode {
  private readonly starts: readonly bigint[];
  private readonly ends: readonly bigint[];

  constructor({ ranges }: CoverageFile) {
    this.starts = ranges.map(([start]) => BigInt(start));
    this.ends = ranges.map(([start, bytes]) => BigInt(start) + BigInt(bytes));
  }

  /** Of the bytes from `start` up to `end`. */
  hasAny(start: bigint, end: bigint): boolean {
    let low = 0;
    let high = this.ends.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.ends[middle] ?? 0n) <= start) low = middle + 1;
      else high = middle;
    }
    const next = this.starts[low];
    return next !== undefined && next < end;
  }
}

function byStart(a: LineRange, b: LineRange): number {
  return a.start < b.start ? -1 : a.start > b.start ? 1 : 0;
}

/** The range that has the address, of those sorted by their start. */
function rangeAt(places: readonly LineRange[], address: bigint): LineRange | null {
  let low = 0;
  let high = places.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((places[middle] as LineRange).start <= address) low = middle + 1;
    else high = middle;
  }
  const place = places[low - 1];
  return place !== undefined && address < place.end && place.line > 0 ? place : null;
}

/** Each record is a line. */
function oneLine(text: string): string {
  return text.replace(/[\r\n]+/g, ' ');
}
