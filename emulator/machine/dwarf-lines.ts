/**
 * Which addresses are which lines of source: the line number tables of DWARF 2 to 5.
 * Source: DWARF 5 "Line Number Information", DWARF 4 of the same for versions 2 to 4.
 */
import { ConfigurationError } from '../base/errors.js';
import { DwarfReader } from './dwarf-reader.js';
import { elfSection, textAt } from './elf-section.js';

/** Addresses `start` up to `end` are of that line; a line of 0 is of none. */
export interface LineRange {
  readonly start: bigint;
  readonly end: bigint;
  readonly file: string;
  readonly line: number;
}

/** Content of a file's entry, and forms that it has. */
const LNCT_PATH = 1;
const LNCT_DIRECTORY_INDEX = 2;
const FORM_SIZES: Readonly<Record<number, number>> = {
  0x0b: 1,
  0x05: 2,
  0x06: 4,
  0x07: 8,
  0x1e: 16,
};
const FORM_BLOCK = 0x09;
const FORM_STRING = 0x08;
const FORM_STRP = 0x0e;
const FORM_UDATA = 0x0f;
const FORM_LINE_STRP = 0x1f;

/** Sections that a table's names lie in. */
interface NameSections {
  readonly lineStrings: Uint8Array | null;
  readonly strings: Uint8Array | null;
}

/** All ranges of all tables, as they stand there; null where the file has none. @throws ConfigurationError for a damaged or unknown table */
export function lineRanges(file: Uint8Array, path: string): LineRange[] | null {
  const bytes = elfSection(file, '.debug_line', path);
  if (bytes === null) return null;
  const names = {
    lineStrings: elfSection(file, '.debug_line_str', path),
    strings: elfSection(file, '.debug_str', path),
  };
  const section = new DwarfReader(bytes, '.debug_line', path);
  const ranges: LineRange[] = [];
  while (!section.done) {
    const first = section.u32();
    const is64 = first === 0xffff_ffff;
    const unit = section.part(is64 ? Number(section.u64()) : first);
    for (const range of new LineProgram(unit, is64, names).ranges()) ranges.push(range);
  }
  return ranges;
}

interface FileName {
  readonly name: string;
  readonly directory: number;
}

class LineProgram {
  private readonly program: DwarfReader;
  private readonly version: number;
  private readonly instructionBytesMin: number;
  private readonly operationsMax: number;
  private readonly lineBase: number;
  private readonly lineRange: number;
  private readonly operandCounts: readonly number[];
  private directories: readonly string[] = [];
  private files: readonly FileName[] = [];
  private readonly paths = new Map<number, string>();

  constructor(
    unit: DwarfReader,
    is64: boolean,
    private readonly names: NameSections,
  ) {
    const { section, path } = unit;
    this.version = unit.u16();
    if (this.version < 2 || this.version > 5) {
      throw new ConfigurationError(
        `${path}: a table in ${section} is of DWARF version ${this.version}; there are 2 to 5`,
      );
    }
    if (this.version >= 5) unit.skip(2); // sizes of addresses and segment selectors
    const header = unit.part(unit.offset(is64));
    this.instructionBytesMin = header.u8();
    this.operationsMax = this.version >= 4 ? header.u8() : 1;
    header.skip(1); // default_is_stmt
    this.lineBase = header.i8();
    this.lineRange = header.u8();
    if (this.lineRange === 0 || this.operationsMax === 0) {
      throw new ConfigurationError(`${path}: a table in ${section} has a line range of 0`);
    }
    this.operandCounts = Array.from({ length: Math.max(0, header.u8() - 1) }, () => header.u8());
    if (this.version >= 5) {
      this.directories = this.entries(header, is64).map(({ name }) => name);
      this.files = this.entries(header, is64);
    } else this.readNames(header);
    this.program = unit;
  }

  /** Versions 2 to 4: both lists end with an empty name; file 1 is the first, directory 0 where it was compiled. */
  private readNames(header: DwarfReader): void {
    const directories = [''];
    for (let name = header.text(); name !== ''; name = header.text()) directories.push(name);
    const files: FileName[] = [{ name: '', directory: 0 }];
    for (let name = header.text(); name !== ''; name = header.text()) {
      files.push({ name, directory: header.uleb() });
      header.uleb(); // modification time
      header.uleb(); // length
    }
    this.directories = directories;
    this.files = files;
  }

  /** Version 5: entries in a format that stands before them. */
  private entries(header: DwarfReader, is64: boolean): FileName[] {
    const format = Array.from(
      { length: header.u8() },
      () => [header.uleb(), header.uleb()] as const,
    );
    const count = header.uleb();
    const entries: FileName[] = [];
    for (let entry = 0; entry < count && format.length > 0; entry++) {
      let name = '';
      let directory = 0;
      for (const [content, form] of format) {
        const value = this.formValue(header, form, is64);
        if (content === LNCT_PATH) name = String(value);
        else if (content === LNCT_DIRECTORY_INDEX) directory = Number(value);
      }
      entries.push({ name, directory });
    }
    return entries;
  }

  private formValue(header: DwarfReader, form: number, is64: boolean): string | number {
    switch (form) {
      case FORM_STRING:
        return header.text();
      case FORM_LINE_STRP:
        return this.stringAt(this.names.lineStrings, header.offset(is64));
      case FORM_STRP:
        return this.stringAt(this.names.strings, header.offset(is64));
      case FORM_UDATA:
        return header.uleb();
      case FORM_BLOCK:
        header.skip(header.uleb());
        return 0;
    }
    const sizeBytes = FORM_SIZES[form];
    if (sizeBytes === undefined) {
      throw new ConfigurationError(
        `${header.path}: a name in ${header.section} has form 0x${form.toString(16)}, which is not known`,
      );
    }
    if (sizeBytes === 1) return header.u8();
    if (sizeBytes === 2) return header.u16();
    if (sizeBytes === 4) return header.u32();
    header.skip(sizeBytes);
    return 0;
  }

  private stringAt(section: Uint8Array | null, offset: number): string {
    return section === null || offset >= section.length ? '' : textAt(section, offset);
  }

  private pathOf(number: number): string {
    const known = this.paths.get(number);
    if (known !== undefined) return known;
    const { name = `file ${number}`, directory = 0 } = this.files[number] ?? {};
    const [folder, where] = [this.directories[directory] ?? '', this.directories[0] ?? ''];
    const inFolder = folder === '' || name.startsWith('/') ? name : `${folder}/${name}`;
    const isWhole = inFolder.startsWith('/') || where === '' || folder === where;
    const whole = normalised(isWhole ? inFolder : `${where}/${inFolder}`);
    this.paths.set(number, whole);
    return whole;
  }

  /** Runs the program. */
  ranges(): LineRange[] {
    const { program } = this;
    const ranges: LineRange[] = [];
    const state = { base: 0n, delta: 0, operation: 0, file: 1, line: 1 };
    let before: { readonly at: bigint; readonly file: number; readonly line: number } | null = null;
    const reset = (): void => {
      Object.assign(state, { base: 0n, delta: 0, operation: 0, file: 1, line: 1 });
      before = null;
    };
    const row = (): void => {
      if (!Number.isSafeInteger(state.delta) || !Number.isSafeInteger(state.line)) {
        const what = 'a row has an address or a line beyond 2^53';
        throw new ConfigurationError(`${program.path}: ${program.section}: ${what}`);
      }
      const at = state.base + BigInt(state.delta);
      if (before !== null && at > before.at) {
        const { file, line } = before;
        ranges.push({ start: before.at, end: at, file: this.pathOf(file), line });
      }
      before = { at, file: state.file, line: state.line };
    };
    const advance = (operations: number): void => {
      const all = state.operation + operations;
      state.delta += this.instructionBytesMin * Math.floor(all / this.operationsMax);
      state.operation = all % this.operationsMax;
    };
    const special = (opcode: number): number => opcode - this.operandCounts.length - 1;
    while (!program.done) {
      const opcode = program.u8();
      if (opcode > this.operandCounts.length) {
        const adjusted = special(opcode);
        advance(Math.floor(adjusted / this.lineRange));
        state.line += this.lineBase + (adjusted % this.lineRange);
        row();
      } else if (opcode === 0) {
        const instruction = program.part(program.uleb());
        const kind = instruction.done ? 0 : instruction.u8();
        if (kind === 1) {
          row(); // DW_LNE_end_sequence
          reset();
        } else if (kind === 2) {
          state.base = addressOf(instruction); // DW_LNE_set_address
          state.delta = 0;
          state.operation = 0;
        }
      } else this.standard(opcode, { state, row, advance, special });
    }
    return ranges;
  }

  private standard(
    opcode: number,
    machine: {
      readonly state: { delta: number; operation: number; file: number; line: number };
      readonly row: () => void;
      readonly advance: (operations: number) => void;
      readonly special: (opcode: number) => number;
    },
  ): void {
    const { program } = this;
    const { state, row, advance, special } = machine;
    switch (opcode) {
      case 1: // DW_LNS_copy
        return row();
      case 2: // DW_LNS_advance_pc
        return advance(program.uleb());
      case 3: // DW_LNS_advance_line
        state.line += program.sleb();
        return;
      case 4: // DW_LNS_set_file
        state.file = program.uleb();
        return;
      case 8: // DW_LNS_const_add_pc
        return advance(Math.floor(special(255) / this.lineRange));
      case 9: // DW_LNS_fixed_advance_pc
        state.delta += program.u16();
        state.operation = 0;
        return;
      default:
        for (let operand = 0; operand < (this.operandCounts[opcode - 1] ?? 0); operand++) {
          program.uleb();
        }
    }
  }
}

function addressOf(operand: DwarfReader): bigint {
  return operand.length === 4 ? BigInt(operand.u32()) : operand.u64();
}

/** Without `.` and `..` where they can be resolved. */
function normalised(path: string): string {
  const parts: string[] = [];
  for (const part of path.split('/')) {
    if (part === '.' || (part === '' && parts.length > 0)) continue;
    if (part === '..' && parts.length > 0 && !['..', ''].includes(parts.at(-1) ?? '')) parts.pop();
    else parts.push(part);
  }
  return parts.join('/');
}
