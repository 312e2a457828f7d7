/**
 * Debug information: which source line each instruction comes from, and the extent of each function, so that gdb,
 * addr2line and profilers show guest source.
 * Source: DWARF Debugging Information Format, version 4, chapters 2, 3, 6.2 and 7.
 */
import { ByteWriter } from './byte-writer.js';
import type { Image, ImageLine } from './link.js';

export interface DebugSections {
  readonly line: Uint8Array;
  readonly info: Uint8Array;
  readonly abbreviations: Uint8Array;
}

const VERSION = 4;
const ADDRESS_BYTES = 8;

const DW_TAG_compile_unit = 0x11;
const DW_TAG_subprogram = 0x2e;
const DW_AT_name = 0x03;
const DW_AT_stmt_list = 0x10;
const DW_AT_low_pc = 0x11;
const DW_AT_high_pc = 0x12;
const DW_AT_language = 0x13;
const DW_AT_comp_dir = 0x1b;
const DW_AT_producer = 0x25;
const DW_AT_external = 0x3f;
const DW_FORM_addr = 0x01;
const DW_FORM_data2 = 0x05;
const DW_FORM_data8 = 0x07;
const DW_FORM_string = 0x08;
const DW_FORM_flag = 0x0c;
const DW_FORM_sec_offset = 0x17;
/** C: the nearest language that every debugger knows. */
const DW_LANG_C99 = 0x0c;

const DW_LNS_copy = 1;
const DW_LNS_advance_pc = 2;
const DW_LNS_advance_line = 3;
const DW_LNS_set_file = 4;
const DW_LNS_set_column = 5;
const DW_LNE_end_sequence = 1;
const DW_LNE_set_address = 2;
/** Number of operands of the standard opcodes 1 to 12. */
const STANDARD_OPCODE_LENGTHS = [0, 1, 1, 1, 1, 0, 0, 0, 1, 0, 0, 1];

/** `sourceDir` is the folder that the file names in the image are relative to. */
export function debugSections(image: Image, name: string, sourceDir: string): DebugSections {
  return {
    line: lineSection(image),
    info: infoSection(image, name, sourceDir),
    abbreviations: abbreviationSection(),
  };
}

function lineSection(image: Image): Uint8Array {
  const files = [...new Set(image.lines.map(({ location }) => location.file))];
  const writer = new ByteWriter();
  writer.u32(0).u16(VERSION).u32(0);
  const headerStart = writer.length;
  // Minimum instruction length, operations per instruction, default is_stmt, line base, line range, opcode base.
  writer.u8(1, 1, 1, -3, 12, 13).u8(...STANDARD_OPCODE_LENGTHS);
  writer.u8(0);
  for (const file of files) writer.text(file).uleb(0).uleb(0).uleb(0);
  writer.u8(0);
  writer.setU32(6, writer.length - headerStart);
  writeProgram(writer, image, files);
  writer.setU32(0, writer.length - 4);
  return writer.finish();
}

function writeProgram(writer: ByteWriter, image: Image, files: readonly string[]): void {
  const [first] = image.lines;
  if (first === undefined) return;
  writer
    .u8(0)
    .uleb(1 + ADDRESS_BYTES)
    .u8(DW_LNE_set_address)
    .u64(first.address);
  let at = { address: first.address, line: 1, file: 1, column: 0 };
  for (const entry of image.lines) at = writeRow(writer, at, entry, files);
  const end = image.text.address + image.text.bytes.length;
  writer.u8(DW_LNS_advance_pc).uleb(end - at.address);
  writer.u8(0).uleb(1).u8(DW_LNE_end_sequence);
}

interface LineState {
  readonly address: number;
  readonly line: number;
  readonly file: number;
  readonly column: number;
}

function writeRow(
  writer: ByteWriter,
  at: LineState,
  { address, location }: ImageLine,
  files: readonly string[],
): LineState {
  const file = files.indexOf(location.file) + 1;
  // Columns count from 1 in DWARF, where 0 means "unknown".
  const column = location.column + 1;
  if (address !== at.address) writer.u8(DW_LNS_advance_pc).uleb(address - at.address);
  if (file !== at.file) writer.u8(DW_LNS_set_file).uleb(file);
  if (column !== at.column) writer.u8(DW_LNS_set_column).uleb(column);
  if (location.line !== at.line) writer.u8(DW_LNS_advance_line).sleb(location.line - at.line);
  writer.u8(DW_LNS_copy);
  return { address, line: location.line, file, column };
}

function infoSection(image: Image, name: string, sourceDir: string): Uint8Array {
  const writer = new ByteWriter();
  writer.u32(0).u16(VERSION).u32(0).u8(ADDRESS_BYTES);
  writer.uleb(1).text('System 7X kernel compiler').u16(DW_LANG_C99).text(name).text(sourceDir);
  writer.u64(image.text.address).u64(image.text.bytes.length).u32(0);
  for (const symbol of image.symbols) {
    if (symbol.kind !== 'function') continue;
    writer.uleb(2).text(symbol.name).u64(symbol.address).u64(symbol.sizeBytes);
    writer.u8(symbol.isGlobal ? 1 : 0);
  }
  writer.u8(0);
  writer.setU32(0, writer.length - 4);
  return writer.finish();
}

function abbreviationSection(): Uint8Array {
  const writer = new ByteWriter();
  const declare = (
    code: number,
    tag: number,
    hasChildren: boolean,
    attributes: readonly (readonly [number, number])[],
  ): void => {
    writer
      .uleb(code)
      .uleb(tag)
      .u8(hasChildren ? 1 : 0);
    for (const [attribute, form] of attributes) writer.uleb(attribute).uleb(form);
    writer.u8(0, 0);
  };
  declare(1, DW_TAG_compile_unit, true, [
    [DW_AT_producer, DW_FORM_string],
    [DW_AT_language, DW_FORM_data2],
    [DW_AT_name, DW_FORM_string],
    [DW_AT_comp_dir, DW_FORM_string],
    [DW_AT_low_pc, DW_FORM_addr],
    [DW_AT_high_pc, DW_FORM_data8],
    [DW_AT_stmt_list, DW_FORM_sec_offset],
  ]);
  declare(2, DW_TAG_subprogram, false, [
    [DW_AT_name, DW_FORM_string],
    [DW_AT_low_pc, DW_FORM_addr],
    [DW_AT_high_pc, DW_FORM_data8],
    [DW_AT_external, DW_FORM_flag],
  ]);
  return writer.u8(0).finish();
}
