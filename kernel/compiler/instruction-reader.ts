/**
 * Walks the instructions of one function body.
 * Source: WebAssembly Core Specification 2.0 "Instructions" (Binary Format).
 */
import { ByteReader } from './byte-reader.js';
import { CompileError, formatLocation } from './compile-error.js';
import {
  readValueType,
  type ModuleFunction,
  type ValueType,
  type WasmModule,
} from './module-reader.js';
import { MEMORY_OPCODES, NUMERIC_OPCODES, OPCODE } from './wasm-opcodes.js';

export interface WasmInstruction {
  /** One byte, or 0xFC00 + the second number of a prefixed instruction. */
  readonly opcode: number;
  /** Byte offset in the module, the key into the source map. */
  readonly offset: number;
  /** Local, global, function, type or label index. */
  readonly index: number;
  /** Constant, or the offset of a memory access. */
  readonly value: bigint;
  /** Label indices of `br_table`; the last one is the default. */
  readonly labels: readonly number[];
  /** Result types of `block`, `loop` and `if`. */
  readonly results: readonly ValueType[];
}

const WITH_INDEX: ReadonlySet<number> = new Set([
  OPCODE.br,
  OPCODE.brIf,
  OPCODE.call,
  OPCODE.localGet,
  OPCODE.localSet,
  OPCODE.localTee,
  OPCODE.globalGet,
  OPCODE.globalSet,
]);

const WITHOUT_IMMEDIATE: ReadonlySet<number> = new Set([
  OPCODE.unreachable,
  OPCODE.nop,
  OPCODE.else,
  OPCODE.end,
  OPCODE.return,
  OPCODE.drop,
  OPCODE.select,
]);

/** Calls `visit` for each instruction of `func`, in order; refuses instructions outside the dialect. */
export function forEachInstruction(
  module: WasmModule,
  func: ModuleFunction,
  visit: (instruction: WasmInstruction) => void,
): void {
  const reader = new ByteReader(module.bytes, func.codeStart, func.codeEnd);
  while (!reader.done) visit(readInstruction(module, func, reader));
}

function readInstruction(
  module: WasmModule,
  func: ModuleFunction,
  reader: ByteReader,
): WasmInstruction {
  const offset = reader.offset;
  const first = reader.u8();
  const opcode = first === 0xfc ? 0xfc00 + reader.u32() : first;
  const plain = { opcode, offset, index: 0, value: 0n, labels: [], results: [] };
  if (WITHOUT_IMMEDIATE.has(opcode) || NUMERIC_OPCODES.has(opcode)) return plain;
  if (WITH_INDEX.has(opcode)) return { ...plain, index: reader.u32() };
  if (MEMORY_OPCODES.has(opcode)) {
    reader.u32();
    return { ...plain, value: reader.u64() };
  }
  switch (opcode) {
    case OPCODE.block:
    case OPCODE.loop:
    case OPCODE.if:
      return { ...plain, results: readBlockResults(module, func, reader) };
    case OPCODE.i32Const:
    case OPCODE.i64Const:
      return { ...plain, value: reader.s64() };
    case OPCODE.brTable:
      return { ...plain, labels: readLabels(reader) };
    case OPCODE.callIndirect: {
      const index = reader.u32();
      reader.u32();
      return { ...plain, index };
    }
    case OPCODE.selectTyped:
      for (let count = reader.u32(); count > 0; count--) readValueType(reader);
      return { ...plain, opcode: OPCODE.select };
    case OPCODE.memoryCopy:
      reader.u32();
      reader.u32();
      return plain;
    case OPCODE.memoryFill:
      reader.u32();
      return plain;
    default:
      return refuse(module, func, opcode, offset);
  }
}

function readLabels(reader: ByteReader): number[] {
  const labels: number[] = [];
  for (let count = reader.u32(); count >= 0; count--) labels.push(reader.u32());
  return labels;
}

/** A block type: empty (0x40), one value type, or a signed index of a function type. */
function readBlockResults(
  module: WasmModule,
  func: ModuleFunction,
  reader: ByteReader,
): readonly ValueType[] {
  const byte = reader.bytes[reader.offset] ?? 0;
  if (byte === 0x40) {
    reader.u8();
    return [];
  }
  if (byte > 0x40 && byte < 0x80) return [readValueType(reader)];
  const type = module.types[Number(reader.s64())];
  if (type === undefined || type.params.length > 0) {
    throw new CompileError(`${func.name}: a block with parameters is not supported`);
  }
  return type.results;
}

function refuse(module: WasmModule, func: ModuleFunction, opcode: number, offset: number): never {
  throw new CompileError(
    `${formatLocation(module.locate(offset))}: ${describe(opcode)} is not allowed in guest code (function ${func.name})`,
  );
}

function describe(opcode: number): string {
  if (opcode === OPCODE.memoryGrow) return 'growing memory (memory.grow)';
  if (opcode === OPCODE.memorySize) return 'asking for the memory size (memory.size)';
  const isFloat =
    [0x2a, 0x2b, 0x38, 0x39, 0x43, 0x44].includes(opcode) ||
    (opcode >= 0x5b && opcode <= 0x66) ||
    (opcode >= 0x8b && opcode <= 0xbf) ||
    (opcode >= 0xfc00 && opcode <= 0xfc07);
  if (isFloat) return 'floating-point arithmetic (f32, f64)';
  if (opcode === 0xfd) return 'vector arithmetic (v128)';
  return `WebAssembly instruction 0x${opcode.toString(16)}`;
}
