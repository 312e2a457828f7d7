/**
 * Reads a WebAssembly binary module into plain records. Function bodies stay bytes; `instruction-reader.ts`
 * walks them.
 * Source: WebAssembly Core Specification 2.0, chapter "Binary Format"; memory64 proposal for the limits flag.
 */
import { ByteReader } from './byte-reader.js';
import { CompileError, type SourceLocation } from './compile-error.js';
import { SourceMap } from './source-map.js';

export type ValueType = 'i32' | 'i64' | 'f32' | 'f64' | 'v128' | 'reference';

export interface FunctionType {
  readonly params: readonly ValueType[];
  readonly results: readonly ValueType[];
}

export interface ModuleFunction {
  readonly index: number;
  readonly name: string;
  readonly typeIndex: number;
  readonly type: FunctionType;
  /** Module and field name when the function is imported. */
  readonly imported: { readonly module: string; readonly name: string } | undefined;
  /** Types of the local variables after the parameters. */
  readonly locals: readonly ValueType[];
  /** Byte range of the instructions inside the module. */
  readonly codeStart: number;
  readonly codeEnd: number;
}

export interface ModuleGlobal {
  readonly index: number;
  readonly name: string;
  readonly type: ValueType;
  readonly mutable: boolean;
  readonly initial: bigint;
}

export interface DataSegment {
  readonly offset: bigint;
  readonly bytes: Uint8Array;
}

export interface WasmModule {
  readonly bytes: Uint8Array;
  readonly types: readonly FunctionType[];
  /** All functions by index, imported ones first. */
  readonly functions: readonly ModuleFunction[];
  readonly globals: readonly ModuleGlobal[];
  /** Function index of each table slot; undefined for an empty slot. */
  readonly table: readonly (number | undefined)[];
  readonly data: readonly DataSegment[];
  /** Exported functions: exported name → function index. */
  readonly exports: ReadonlyMap<string, number>;
  readonly startFunction: number | undefined;
  readonly memoryPages: number;
  readonly memory64: boolean;
  locate(offset: number): SourceLocation | undefined;
}

const SECTION = {
  custom: 0,
  type: 1,
  import: 2,
  function: 3,
  table: 4,
  memory: 5,
  global: 6,
  export: 7,
  start: 8,
  element: 9,
  code: 10,
  data: 11,
} as const;

const VALUE_TYPES: Readonly<Record<number, ValueType>> = {
  0x7f: 'i32',
  0x7e: 'i64',
  0x7d: 'f32',
  0x7c: 'f64',
  0x7b: 'v128',
};

/** Reads one module; throws CompileError for a truncated or unknown form. */
export function readModule(bytes: Uint8Array, sourceMapJson?: string): WasmModule {
  return new ModuleReader(bytes, sourceMapJson).read();
}

type Import = { module: string; name: string; typeIndex: number };
type Body = { locals: ValueType[]; start: number; end: number };

class ModuleReader {
  private readonly types: FunctionType[] = [];
  private readonly imports: Import[] = [];
  private readonly functionTypes: number[] = [];
  private readonly bodies: Body[] = [];
  private readonly globals: Omit<ModuleGlobal, 'name'>[] = [];
  /** Globals of floating point: they are refused when their names are known. */
  private readonly floatGlobals: number[] = [];
  private readonly table: (number | undefined)[] = [];
  private readonly data: DataSegment[] = [];
  private readonly exports = new Map<string, number>();
  private readonly functionNames = new Map<number, string>();
  private readonly globalNames = new Map<number, string>();
  private startFunction: number | undefined;
  private memoryPages = 0;
  private memory64 = false;

  constructor(
    private readonly bytes: Uint8Array,
    private readonly sourceMapJson: string | undefined,
  ) {}

  read(): WasmModule {
    const reader = new ByteReader(this.bytes, 8);
    while (!reader.done) {
      const id = reader.u8();
      const sizeBytes = reader.u32();
      const section = new ByteReader(this.bytes, reader.offset, reader.offset + sizeBytes);
      this.readSection(id, section);
      reader.offset += sizeBytes;
    }
    this.refuseFloatGlobals();
    const map = this.sourceMapJson === undefined ? undefined : new SourceMap(this.sourceMapJson);
    return {
      bytes: this.bytes,
      types: this.types,
      functions: this.allFunctions(),
      globals: this.globals.map((global) => ({
        ...global,
        name: this.globalNames.get(global.index) ?? `global${global.index}`,
      })),
      table: this.table,
      data: this.data,
      exports: this.exports,
      startFunction: this.startFunction,
      memoryPages: this.memoryPages,
      memory64: this.memory64,
      locate: (offset) => map?.locate(offset),
    };
  }

  /** A name is `file/variable`, without the file's ending. */
  private refuseFloatGlobals(): void {
    const lines = this.floatGlobals.map((index) => {
      const name = this.globalNames.get(index) ?? `global${index}`;
      const file = `${name.slice(0, Math.max(0, name.lastIndexOf('/')))}.ts`;
      return `${file}: floating point (f32, f64) is not allowed in guest code (variable ${name})`;
    });
    if (lines.length > 0) throw new CompileError(lines.join('\n'));
  }

  private allFunctions(): ModuleFunction[] {
    const typeIndices = [...this.imports.map((item) => item.typeIndex), ...this.functionTypes];
    return typeIndices.map((typeIndex, index) => {
      const imported = this.imports[index];
      const body = this.bodies[index - this.imports.length];
      return {
        index,
        name: this.functionNames.get(index) ?? imported?.name ?? `function${index}`,
        typeIndex,
        type: this.typeAt(typeIndex),
        imported: imported && { module: imported.module, name: imported.name },
        locals: body?.locals ?? [],
        codeStart: body?.start ?? 0,
        codeEnd: body?.end ?? 0,
      };
    });
  }

  private typeAt(index: number): FunctionType {
    const type = this.types[index];
    if (type === undefined) throw new CompileError(`WebAssembly type ${index} does not exist`);
    return type;
  }

  private readSection(id: number, reader: ByteReader): void {
    switch (id) {
      case SECTION.custom:
        return this.readCustom(reader);
      case SECTION.start:
        this.startFunction = reader.u32();
        return;
      case SECTION.type:
        return repeat(reader, () => this.types.push(readFunctionType(reader)));
      case SECTION.import:
        return repeat(reader, () => this.readImport(reader));
      case SECTION.function:
        return repeat(reader, () => this.functionTypes.push(reader.u32()));
      case SECTION.table:
        return repeat(reader, () => this.readTable(reader));
      case SECTION.memory:
        return repeat(reader, () => this.readMemory(reader));
      case SECTION.global:
        return repeat(reader, () => this.readGlobal(reader));
      case SECTION.export:
        return repeat(reader, () => this.readExport(reader));
      case SECTION.element:
        return repeat(reader, () => this.readElement(reader));
      case SECTION.code:
        return repeat(reader, () => this.readBody(reader));
      case SECTION.data:
        return repeat(reader, () => this.readData(reader));
      default:
        return;
    }
  }

  private readImport(reader: ByteReader): void {
    const module = reader.name();
    const name = reader.name();
    const kind = reader.u8();
    if (kind !== 0) throw new CompileError(`import ${module}.${name} is not a function`);
    this.imports.push({ module, name, typeIndex: reader.u32() });
  }

  private readTable(reader: ByteReader): void {
    reader.u8();
    const limits = readLimits(reader);
    for (let slot = 0; slot < limits.minimum; slot++) this.table.push(undefined);
  }

  private readMemory(reader: ByteReader): void {
    const limits = readLimits(reader);
    this.memoryPages = limits.minimum;
    this.memory64 = limits.is64;
  }

  private readGlobal(reader: ByteReader): void {
    const type = readValueType(reader);
    const mutable = reader.u8() === 1;
    const isFloat = type === 'f32' || type === 'f64';
    if (isFloat) this.floatGlobals.push(this.globals.length);
    const initial = isFloat ? skipFloat(reader) : readConstant(reader);
    this.globals.push({ index: this.globals.length, type, mutable, initial });
  }

  private readExport(reader: ByteReader): void {
    const name = reader.name();
    const kind = reader.u8();
    const index = reader.u32();
    if (kind === 0) this.exports.set(name, index);
  }

  private readElement(reader: ByteReader): void {
    const flags = reader.u32();
    if (flags !== 0) throw new CompileError(`element segment of form ${flags} is not supported`);
    let slot = Number(readConstant(reader));
    repeat(reader, () => (this.table[slot++] = reader.u32()));
  }

  private readBody(reader: ByteReader): void {
    const sizeBytes = reader.u32();
    const end = reader.offset + sizeBytes;
    const locals: ValueType[] = [];
    repeat(reader, () => {
      const count = reader.u32();
      const type = readValueType(reader);
      for (let index = 0; index < count; index++) locals.push(type);
    });
    this.bodies.push({ locals, start: reader.offset, end });
    reader.offset = end;
  }

  private readData(reader: ByteReader): void {
    const flags = reader.u32();
    if (flags !== 0) throw new CompileError(`data segment of form ${flags} is not supported`);
    const offset = readConstant(reader);
    this.data.push({ offset, bytes: reader.slice(reader.u32()) });
  }

  /** The "name" section: subsection 1 names functions, 7 globals. */
  private readCustom(reader: ByteReader): void {
    if (reader.name() !== 'name') return;
    while (!reader.done) {
      const id = reader.u8();
      const sizeBytes = reader.u32();
      const end = reader.offset + sizeBytes;
      const names = id === 1 ? this.functionNames : id === 7 ? this.globalNames : undefined;
      if (names !== undefined) repeat(reader, () => names.set(reader.u32(), reader.name()));
      reader.offset = end;
    }
  }
}

function repeat(reader: ByteReader, action: () => unknown): void {
  for (let count = reader.u32(); count > 0; count--) action();
}

export function readValueType(reader: ByteReader): ValueType {
  return VALUE_TYPES[reader.u8()] ?? 'reference';
}

function readFunctionType(reader: ByteReader): FunctionType {
  const form = reader.u8();
  if (form !== 0x60)
    throw new CompileError(`type form 0x${form.toString(16)} is not a function type`);
  const params: ValueType[] = [];
  const results: ValueType[] = [];
  repeat(reader, () => params.push(readValueType(reader)));
  repeat(reader, () => results.push(readValueType(reader)));
  return { params, results };
}

/** Limits: flag bit 0 = a maximum follows, bit 2 = 64-bit addresses. */
function readLimits(reader: ByteReader): { minimum: number; is64: boolean } {
  const flags = reader.u8();
  const minimum = Number(reader.u64());
  if (flags & 1) reader.u64();
  return { minimum, is64: (flags & 4) !== 0 };
}

/** A constant expression of floating point: `f32.const` and four bytes or `f64.const` and eight, then `end`. */
function skipFloat(reader: ByteReader): bigint {
  reader.slice(reader.u8() === 0x43 ? 5 : 9);
  return 0n;
}

/** A constant expression: `i32.const` or `i64.const`, then `end`. */
function readConstant(reader: ByteReader): bigint {
  const opcode = reader.u8();
  if (opcode !== 0x41 && opcode !== 0x42) {
    throw new CompileError(
      `constant expression 0x${opcode.toString(16)} is not an integer constant`,
    );
  }
  const value = reader.s64();
  reader.u8();
  return value;
}
