/**
 * Writes WebAssembly: instructions of one function, and the module around it.
 * Source: W3C, "WebAssembly Core Specification", "Binary Format".
 */

// prettier-ignore
export enum W {
  Block = 0x02, Loop = 0x03, If = 0x04, Else = 0x05, End = 0x0b, Br = 0x0c, BrIf = 0x0d, BrTable = 0x0e, Call = 0x10,
  Select = 0x1b, LocalGet = 0x20, LocalSet = 0x21, LocalTee = 0x22,
  I32Load = 0x28, I64Load = 0x29, I32Load8U = 0x2d, I32Load16U = 0x2f, I64Load8S = 0x30, I64Load8U = 0x31, I64Load16S = 0x32, I64Load16U = 0x33,
  I64Load32S = 0x34, I64Load32U = 0x35,
  I32Store = 0x36, I64Store = 0x37, I64Store8 = 0x3c, I64Store16 = 0x3d, I64Store32 = 0x3e,
  I32Const = 0x41, I64Const = 0x42,
  I32Eqz = 0x45, I32Eq = 0x46, I32Ne = 0x47, I32LtS = 0x48, I32GtU = 0x4b,
  I64Eqz = 0x50, I64Eq = 0x51, I64Ne = 0x52, I64LtS = 0x53, I64LtU = 0x54, I64GtS = 0x55, I64GtU = 0x56, I64LeS = 0x57, I64LeU = 0x58,
  I32Add = 0x6a, I32Sub = 0x6b, I32And = 0x71, I32Or = 0x72, I32Xor = 0x73, I32ShrU = 0x76, I32Rotl = 0x77, I32Rotr = 0x78,
  I32Shl = 0x74,
  I64Clz = 0x79, I64Ctz = 0x7a, I64Popcnt = 0x7b,
  I64Add = 0x7c, I64Sub = 0x7d, I64Mul = 0x7e, I64DivS = 0x7f, I64DivU = 0x80, I64And = 0x83, I64Or = 0x84, I64Xor = 0x85,
  I64Shl = 0x86, I64ShrS = 0x87, I64ShrU = 0x88, I64Rotl = 0x89, I64Rotr = 0x8a,
  F32Load = 0x2a, F64Load = 0x2b, F32Const = 0x43, F64Const = 0x44, F32Eq = 0x5b, F32Lt = 0x5d, F64Eq = 0x61, F64Lt = 0x63,
  F32Nearest = 0x90, F32Sqrt = 0x91, F32Add = 0x92, F32Sub = 0x93, F32Mul = 0x94, F32Div = 0x95,
  F64Nearest = 0x9e, F64Sqrt = 0x9f, F64Add = 0xa0, F64Sub = 0xa1, F64Mul = 0xa2, F64Div = 0xa3,
  F32ConvertI64S = 0xb4, F32DemoteF64 = 0xb6, F64ConvertI64S = 0xb9, F64PromoteF32 = 0xbb,
  I32ReinterpretF32 = 0xbc, I64ReinterpretF64 = 0xbd, F32ReinterpretI32 = 0xbe, F64ReinterpretI64 = 0xbf,
  I32WrapI64 = 0xa7, I64ExtendI32U = 0xad, I64Extend8S = 0xc2, I64Extend16S = 0xc3, I64Extend32S = 0xc4,
  /** Before the number of a saturating conversion (`Saturating`); before a vector instruction. */
  Numeric = 0xfc, Prefix = 0xfd,
}

/** Floating point to signed integers, behind W.Numeric. */
export enum Saturating {
  I64F32 = 4,
  I64F64 = 6,
}

/** Vector instructions, behind W.Prefix. */
export enum WV {
  Load = 0x00,
  Store = 0x0b,
}

/** Vector instructions without operands of their own, and the shuffle, likewise; I8 to I64: the elements. */
// prettier-ignore
export enum V {
  I8Shuffle = 13, I32Splat = 17, F32Splat = 19, F64Splat = 20, I64Replace = 30, F32Replace = 32, F64Replace = 34,
  F32Eq = 65, F32Le = 69, F32Ge = 70, F64Eq = 71, F64Le = 75, F64Ge = 76,
  F32Abs = 224, F32Sqrt = 227, F32Add = 228, F32Sub = 229, F32Mul = 230, F32Div = 231, F32LesserFirst = 234, F32GreaterFirst = 235,
  F64Abs = 236, F64Sqrt = 239, F64Add = 240, F64Sub = 241, F64Mul = 242, F64Div = 243, F64LesserFirst = 246, F64GreaterFirst = 247,
  F64ConvertLowI32S = 254,
  I32AllTrue = 163, I64AllTrue = 195,
  I8Eq = 35, I8GtS = 39, I16Eq = 45, I16GtS = 49, I32Eq = 55, I32GtS = 59, I64Eq = 214, I64GtS = 217,
  And = 78, AndNot = 79, Or = 80, Xor = 81,
  I8Abs = 96, I8Bitmask = 100, I8NarrowS = 101, I8NarrowU = 102,
  I8Add = 110, I8AddSatS = 111, I8AddSatU = 112, I8Sub = 113, I8SubSatS = 114, I8SubSatU = 115,
  I8MinS = 118, I8MinU = 119, I8MaxS = 120, I8MaxU = 121, I8Average = 123,
  I16Abs = 128, I16NarrowS = 133, I16NarrowU = 134, I16ExtendS = 135, I16ExtendU = 137,
  I16Shl = 139, I16ShrS = 140, I16ShrU = 141,
  I16Add = 142, I16AddSatS = 143, I16AddSatU = 144, I16Sub = 145, I16SubSatS = 146, I16SubSatU = 147, I16Mul = 149,
  I16MinS = 150, I16MinU = 151, I16MaxS = 152, I16MaxU = 153, I16Average = 155,
  I32Abs = 160, I32Bitmask = 164, I32ExtendS = 167, I32ExtendU = 169, I32Shl = 171, I32ShrS = 172, I32ShrU = 173,
  I32Add = 174, I32Sub = 177, I32Mul = 181, I32MinS = 182, I32MinU = 183, I32MaxS = 184, I32MaxU = 185, I32Dot = 186,
  I64Bitmask = 196, I64ExtendS = 199, I64ExtendU = 201, I64Shl = 203, I64ShrS = 204, I64ShrU = 205, I64Add = 206, I64Sub = 209,
}

export const TYPE_I32 = 0x7f;
export const TYPE_I64 = 0x7e;
export const TYPE_F32 = 0x7d;
export const TYPE_F64 = 0x7c;
export const TYPE_V128 = 0x7b;
const BLOCK_VOID = 0x40;
const TYPE_FUNCTION = 0x60;

const BYTES_AT_FIRST = 256;

/** Bytes of WebAssembly, growing. */
export class WasmCode {
  /** Nested blocks that are open. */
  depth = 0;
  private buffer = new Uint8Array(BYTES_AT_FIRST);
  private count = 0;
  /** Places of the ifs whose outcome is expected, and whether it is the first branch. */
  private readonly expected: (readonly [place: number, first: boolean])[] = [];

  get length(): number {
    return this.count;
  }

  /** The bytes so far: not to be kept while more are written. */
  get bytes(): Uint8Array {
    return this.buffer.subarray(0, this.count);
  }

  /** Forgets all but the first `length` bytes. */
  cut(length: number): void {
    this.count = length;
    this.expected.splice(0, Infinity, ...this.expected.filter(([place]) => place < length));
  }

  /** An instruction without operands of its own. */
  op(opcode: W): this {
    return this.byte(opcode);
  }

  byte(value: number): this {
    if (this.count === this.buffer.length) this.grow(this.count + 1);
    this.buffer[this.count++] = value;
    return this;
  }

  append(bytes: ArrayLike<number>): this {
    const end = this.count + bytes.length;
    if (end > this.buffer.length) this.grow(end);
    this.buffer.set(bytes, this.count);
    this.count = end;
    return this;
  }

  /** The same of other code, with what it expects. */
  appendCode(other: WasmCode): this {
    for (const [place, first] of other.expected) this.expected.push([place + this.count, first]);
    return this.append(other.bytes);
  }

  /** The proposal's section that says so of the function `index`, whose body is this. */
  hints(index: number): WasmCode {
    const section = new WasmCode().text('metadata.code.branch_hint');
    section.unsigned(1).unsigned(index).unsigned(this.expected.length);
    for (const [place, first] of this.expected)
      section
        .unsigned(place)
        .unsigned(1)
        .byte(first ? 1 : 0);
    return section;
  }

  private grow(length: number): void {
    const grown = new Uint8Array(Math.max(length, 2 * this.buffer.length));
    grown.set(this.bytes);
    this.buffer = grown;
  }

  get(local: number): this {
    return this.op(W.LocalGet).unsigned(local);
  }
  set(local: number): this {
    return this.op(W.LocalSet).unsigned(local);
  }
  tee(local: number): this {
    return this.op(W.LocalTee).unsigned(local);
  }
  i32(value: number): this {
    return this.op(W.I32Const).signed(value | 0);
  }
  i64(value: bigint | number): this {
    this.op(W.I64Const);
    const number = Number(value);
    if (number === (number | 0)) return this.signed(number);
    return this.signedLong(BigInt.asIntN(64, BigInt(value)));
  }
  f32(value: number): this {
    return this.op(W.F32Const).append(new Uint8Array(Float32Array.of(value).buffer));
  }
  f64(value: number): this {
    return this.op(W.F64Const).append(new Uint8Array(Float64Array.of(value).buffer));
  }
  saturating(conversion: Saturating): this {
    return this.op(W.Numeric).unsigned(conversion);
  }
  /** A vector instruction with the number of an element. */
  lane(opcode: V, lane: number): this {
    return this.simd(opcode).byte(lane);
  }
  /** A load or store; the alignment is no promise. */
  memory(opcode: W, offset: number): this {
    return this.op(opcode).unsigned(0).unsigned(offset);
  }
  vector(opcode: WV, offset: number): this {
    return this.op(W.Prefix).unsigned(opcode).unsigned(0).unsigned(offset);
  }
  simd(opcode: V): this {
    return this.op(W.Prefix).unsigned(opcode);
  }
  /** Bytes of two vectors, by number. */
  shuffle(lanes: readonly number[]): this {
    return this.simd(V.I8Shuffle).append(lanes);
  }
  call(index: number): this {
    return this.op(W.Call).unsigned(index);
  }

  /** Opens a block, loop or if without result. Returns its depth, for `branch`. */
  open(opcode: W.Block | W.Loop | W.If): number {
    this.op(opcode).byte(BLOCK_VOID);
    return ++this.depth;
  }
  /** Opens an if of which one branch is expected: the first, or what is behind it. */
  openExpecting(first: boolean): number {
    this.expected.push([this.count, first]);
    return this.open(W.If);
  }
  /** Opens an if that is hardly ever entered. */
  openRare(): number {
    return this.openExpecting(false);
  }
  otherwise(): this {
    return this.op(W.Else);
  }
  close(): this {
    this.depth--;
    return this.op(W.End);
  }
  /** Branches to the block that was opened at `depth`. */
  branch(depth: number): this {
    return this.op(W.Br).unsigned(this.depth - depth);
  }

  /** Likewise if the i32 on the stack is not 0. */
  branchIf(depth: number): this {
    return this.op(W.BrIf).unsigned(this.depth - depth);
  }

  /** The same, and it hardly ever is. */
  branchRarely(depth: number): this {
    this.expected.push([this.count, false]);
    return this.branchIf(depth);
  }

  /** Branches to the block at the depth whose number is on the stack. */
  branchTable(depths: readonly number[]): this {
    this.op(W.BrTable).unsigned(depths.length - 1);
    for (const depth of depths) this.unsigned(this.depth - depth);
    return this;
  }

  unsigned(value: number): this {
    let rest = value >>> 0;
    while (rest > 0x7f) {
      this.byte((rest & 0x7f) | 0x80);
      rest >>>= 7;
    }
    return this.byte(rest);
  }

  private signed(value: number): this {
    let rest = value;
    while (rest < -0x40 || rest >= 0x40) {
      this.byte((rest & 0x7f) | 0x80);
      rest >>= 7;
    }
    return this.byte(rest & 0x7f);
  }

  private signedLong(value: bigint): this {
    let rest = value;
    for (;;) {
      const low = Number(rest & 0x7fn);
      rest >>= 7n;
      if ((rest === 0n && low < 0x40) || (rest === -1n && low >= 0x40)) {
        return this.byte(low);
      }
      this.byte(low | 0x80);
    }
  }

  text(value: string): this {
    this.unsigned(value.length);
    for (const character of value) this.byte(character.charCodeAt(0));
    return this;
  }
}

export interface FunctionType {
  readonly parameters: readonly number[];
  readonly results: readonly number[];
}

export interface ModuleParts {
  /** Functions that the module imports from `core`, in the order of their numbers. */
  readonly imports: readonly (FunctionType & { readonly name: string })[];
  /** The module's own function, exported as `run`; its number follows the imports'. */
  readonly type: FunctionType;
  /** Groups of locals behind the parameters: count and type. */
  readonly locals: readonly (readonly [number, number])[];
  readonly body: WasmCode;
}

const SECTION_CUSTOM = 0;
const SECTION_TYPE = 1;
const SECTION_IMPORT = 2;
const SECTION_FUNCTION = 3;
const SECTION_EXPORT = 7;
const SECTION_CODE = 10;
const KIND_FUNCTION = 0;
const KIND_MEMORY = 2;
const LIMITS_WITH_MAXIMUM = 1;
const MEMORY_PAGES_MAX = 0x10000;

const MAGIC_AND_VERSION = [0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0];

/** A module with one function, on the memory `core.memory`. */
export function moduleOf({ imports, type, locals, body }: ModuleParts): Uint8Array {
  const module = new WasmCode().append(MAGIC_AND_VERSION);
  const types = new WasmCode().unsigned(imports.length + 1);
  for (const each of [...imports, type]) {
    types.byte(TYPE_FUNCTION);
    for (const list of [each.parameters, each.results]) types.unsigned(list.length).append(list);
  }
  section(module, SECTION_TYPE, types);
  const imported = new WasmCode()
    .unsigned(imports.length + 1)
    .text('core')
    .text('memory');
  imported.byte(KIND_MEMORY).byte(LIMITS_WITH_MAXIMUM);
  imported.unsigned(1).unsigned(MEMORY_PAGES_MAX);
  imports.forEach(({ name }, index) => {
    imported.text('core').text(name).byte(KIND_FUNCTION).byte(index);
  });
  section(module, SECTION_IMPORT, imported);
  section(module, SECTION_FUNCTION, new WasmCode().unsigned(1).unsigned(imports.length));
  const exported = new WasmCode().unsigned(1).text('run').byte(KIND_FUNCTION).byte(imports.length);
  section(module, SECTION_EXPORT, exported);
  const code = new WasmCode().unsigned(locals.length);
  for (const [count, valueType] of locals) code.unsigned(count).byte(valueType);
  code.appendCode(body).op(W.End);
  section(module, SECTION_CUSTOM, code.hints(imports.length));
  section(
    module,
    SECTION_CODE,
    new WasmCode().unsigned(1).unsigned(code.length).append(code.bytes),
  );
  return module.bytes;
}

function section(module: WasmCode, id: number, content: WasmCode): void {
  module.byte(id).unsigned(content.length).append(content.bytes);
}
