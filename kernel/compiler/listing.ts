/**
 * A readable listing of the compiled code: source lines, addresses, bytes and instructions in Intel syntax.
 */
import { Decoder, DecoderOptions, Formatter, FormatterSyntax } from 'iced-x86';
import type { Image, ImageSymbol } from './link.js';

const BYTES_COLUMNS = 33;

/** `sourceLine` gives the text of a line of a source file, if it is known. */
export function writeListing(
  image: Image,
  sourceLine: (file: string, line: number) => string | undefined,
): string {
  const functions = image.symbols
    .filter((symbol) => symbol.kind === 'function')
    .sort((a, b) => a.address - b.address);
  const names = new Map(image.symbols.map((symbol) => [symbol.address, symbol.name]));
  const formatter = new Formatter(FormatterSyntax.Intel);
  formatter.spaceAfterOperandSeparator = true;
  const lines: string[] = [...summary(image), ''];
  for (const symbol of functions) {
    lines.push(`${symbol.name}:`);
    listFunction(image, symbol, { formatter, names, sourceLine, lines });
    lines.push('');
  }
  formatter.free();
  return `${lines.join('\n')}\n`;
}

function summary(image: Image): string[] {
  const row = (name: string, address: number, sizeBytes: number): string =>
    `${name.padEnd(8)}${hex(address, 8)}  ${sizeBytes} bytes`;
  const { text, rodata, data, bssBytes } = image;
  return [
    row('text', text.address, text.bytes.length),
    row('rodata', rodata.address, rodata.bytes.length),
    row('data', data.address, data.bytes.length),
    row('bss', data.address + data.bytes.length, bssBytes),
  ];
}

const hex = (value: number, digits: number): string =>
  value.toString(16).toUpperCase().padStart(digits, '0');

interface ListingContext {
  readonly formatter: Formatter;
  readonly names: ReadonlyMap<number, string>;
  readonly sourceLine: (file: string, line: number) => string | undefined;
  readonly lines: string[];
}

/** The boot entry runs in 32-bit mode; everything else in 64-bit mode. */
const bitnessOf = (symbol: ImageSymbol): 32 | 64 => (symbol.name === '__boot_entry' ? 32 : 64);

function listFunction(image: Image, symbol: ImageSymbol, context: ListingContext): void {
  const { formatter, names, sourceLine, lines } = context;
  const start = symbol.address - image.text.address;
  const code = image.text.bytes.subarray(start, start + symbol.sizeBytes);
  const sourceAt = new Map(image.lines.map((line) => [line.address, line.location]));
  const decoder = new Decoder(bitnessOf(symbol), code, DecoderOptions.None);
  decoder.ip = BigInt(symbol.address);
  let lastLine = '';
  while (decoder.canDecode) {
    const offset = decoder.position;
    const address = symbol.address + offset;
    const instruction = decoder.decode();
    const location = sourceAt.get(address);
    if (location !== undefined) {
      const place = `${location.file}:${location.line}`;
      const text = sourceLine(location.file, location.line)?.trim() ?? '';
      if (place !== lastLine) lines.push(`; ${place}  ${text}`.trimEnd());
      lastLine = place;
    }
    const bytes = [...code.subarray(offset, decoder.position)].map((byte) => hex(byte, 2));
    const target = names.get(Number(instruction.nearBranchTarget));
    const note = instruction.nearBranchTarget === 0n || target === undefined ? '' : `  ; ${target}`;
    const text = formatter.format(instruction);
    lines.push(`${hex(address, 8)}  ${bytes.join(' ').padEnd(BYTES_COLUMNS)} ${text}${note}`);
    instruction.free();
  }
  decoder.free();
}
