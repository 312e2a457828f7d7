/**
 * The text screen of a PC: memory from B8000h to BFFFFh, 25 rows of 80 cells {u8 character, u8 attribute} at its beginning.
 * Source: [IBM PS/2 Hardware Interface Technical Reference, "Video Subsystem", alphanumeric modes].
 * Not modelled: the adapter behind it. Its registers, graphics, fonts, other pages and widths are not there; nobody draws it.
 */
import type { PhysicalMemoryPort } from '../memory/physical-port.js';
import type { RamRange } from './ram-layout.js';

const TEXT_BASE = 0xb_8000n;
const TEXT_END = 0xc_0000n;
const COLUMNS = 80;
const ROWS = 25;
const CELL_BYTES = 2;
const FILL_BYTES = 8;

/** IBM's code page 437; what has no glyph of its own in text is a space. */
const FIRST_GLYPHS = ' ☺☻♥♦♣♠•◘○◙♂♀♪♫☼►◄↕‼¶§▬↨↑↓→←∟↔▲▼';
const UPPER_GLYPHS =
  'ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒáíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■ ';

/** The screen's memory, where the memory map has nothing: the map is kept as it was given. */
export function textMemory(
  ram: readonly RamRange[],
): { readonly base: bigint; readonly end: bigint; readonly rom: false }[] {
  const taken = ram.some(({ base, end }) => base < TEXT_END && TEXT_BASE < end);
  return taken ? [] : [{ base: TEXT_BASE, end: TEXT_END, rom: false }];
}

/** The rows of the screen without the blanks at their ends and the blank rows at its end. Cells that still hold `fillPattern` are blank. */
export function textScreen(memory: PhysicalMemoryPort, fillPattern: bigint): string[] {
  const cells = memory.read(TEXT_BASE, ROWS * COLUMNS * CELL_BYTES);
  const fill = (at: number): number =>
    Number((fillPattern >> BigInt(8 * (at % FILL_BYTES))) & 0xffn);
  const glyph = (at: number): string => {
    const character = cells[at] ?? 0;
    const untouched = character === fill(at) && cells[at + 1] === fill(at + 1);
    return untouched ? ' ' : glyphOf(character);
  };
  const rows = Array.from({ length: ROWS }, (_, row) =>
    Array.from({ length: COLUMNS }, (_, column) => glyph((row * COLUMNS + column) * CELL_BYTES))
      .join('')
      .trimEnd(),
  );
  while (rows.at(-1) === '') rows.pop();
  return rows;
}

function glyphOf(character: number): string {
  if (character < FIRST_GLYPHS.length) return FIRST_GLYPHS[character] ?? ' ';
  if (character < 0x7f) return String.fromCharCode(character);
  return character === 0x7f ? '⌂' : (UPPER_GLYPHS[character - 0x80] ?? ' ');
}
