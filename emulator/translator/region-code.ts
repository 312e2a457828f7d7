/**
 * The function that a region becomes: its locals, its imports, and the code that is being written for one micro-op.
 * `run(remaining, ring, entry)`, all i32, returns the address of the micro-op that is to be executed next and GOES_TAKEN or
 * GOES_FALL.
 */
import { CONTEXT_TAG, FLAG_AUX } from '../isa/state-layout.js';
import { SLOT_T0 } from '../isa/uop.js';
import {
  TYPE_F32,
  TYPE_F64,
  TYPE_I32,
  TYPE_I64,
  TYPE_V128,
  W,
  moduleOf,
  type ModuleParts,
  type WasmCode,
} from './wasm-code.js';

/** Locals. */
export enum L {
  // parameters, i32
  /** Instructions left, less those of the blocks entered. */
  Remaining,
  /** Place in LAST_BLOCKS of the block entered last, in bytes. */
  Ring,
  /** Number of the entry at which the dispatcher goes on. */
  Index,
  // i32
  /** Kind of the pending flags where it is not known while translating; and of what lies below them. */
  Kind,
  BaseKind,
  /** Where the interpreter goes on. */
  ExitUop,
  ExitBlock,
  /** Entry of the TLB. */
  Entry,
  /** Host address of the operand that an instruction loads and then stores. */
  Host,
  /** Addend of the TLB's entry that a load of the next address met last, and the one that it meets. */
  Guess,
  Addend,
  /** Where the access log ends with what an indirect branch has entered (block-timing.ts). */
  Logged,
  // i64
  Registers,
  Temporaries = Registers + 16,
  FlagA = Temporaries + 8,
  FlagB,
  BaseA,
  BaseB,
  Address,
  A,
  B,
  Value,
  Carry,
  /** Target of a return or of an indirect branch, and RSP behind it. */
  Target,
  StackPointer,
  /** What the jump cache's entries must hold in their upper half. */
  Context,
  /** The count register behind a LOOP. */
  Count,
  /** Bases of the segments ES to GS. */
  Bases,
  // f32, f64: the same of a scalar
  Single = Bases + 6,
  Double,
  // v128
  /** The result of a floating-point operation, until it is known to be the definition's. */
  Vector,
}

/** Numbers of registers. */
export const SLOT_RAX = 0;
export const SLOT_RCX = 1;
export const SLOT_RDX = 2;
export const SLOT_RBX = 3;
export const SLOT_RSP = 4;
export const SLOT_RBP = 5;
export const SLOT_RSI = 6;
export const SLOT_RDI = 7;
export const SLOT_R11 = 11;

export const IMPORT_SETTLE = 0;
export const IMPORT_STEP = 1;
/** Of the timing engine, where there is one. */
export const IMPORT_ADVANCE = 2;
export const IMPORT_LEAVE = 3;

const IMPORTS: ModuleParts['imports'] = [
  { name: 'settle', parameters: [TYPE_I32, TYPE_I64, TYPE_I64], results: [] },
  { name: 'stepUop', parameters: [TYPE_I32], results: [TYPE_I32] },
];
const TIMING_IMPORTS: ModuleParts['imports'] = [
  { name: 'advance', parameters: [TYPE_I32, TYPE_I32, TYPE_I32], results: [] },
  { name: 'leave', parameters: [TYPE_I32, TYPE_I32, TYPE_I32, TYPE_I64], results: [TYPE_I32] },
];

const REGION_FUNCTION: Omit<ModuleParts, 'body' | 'imports'> = {
  type: { parameters: [TYPE_I32, TYPE_I32, TYPE_I32], results: [TYPE_I32] },
  locals: [
    [L.Registers - L.Kind, TYPE_I32],
    [L.Single - L.Registers, TYPE_I64],
    [1, TYPE_F32],
    [1, TYPE_F64],
    [1, TYPE_V128],
  ],
};

/** The region whose code is `body`. `isTimed`: it calls a timing engine. */
export function regionModule(body: WasmCode, isTimed: boolean): Uint8Array {
  const imports = isTimed ? [...IMPORTS, ...TIMING_IMPORTS] : IMPORTS;
  return moduleOf({ ...REGION_FUNCTION, imports, body });
}

/** MODE_KEY_SIZE of 64-bit code. */
export const SIZE_64 = 2;

/** Widths of operands by number, as in the families of `Op`. */
export const WIDTH_8 = 0;
export const WIDTH_16 = 1;
export const WIDTH_32 = 2;
export const WIDTH_64 = 3;

/** L.Context ← CONTEXT_TAG */
export function loadContext(code: WasmCode): void {
  code.i32(0).memory(W.I64Load32U, CONTEXT_TAG).i64(32).op(W.I64Shl);
  code.set(L.Context);
}

/** Access to guest memory by width; loads zero-extend. */
export function loadOf(width: number): W {
  return [W.I64Load8U, W.I64Load16U, W.I64Load32U][width] ?? W.I64Load;
}

export function storeOf(width: number): W {
  return [W.I64Store8, W.I64Store16, W.I64Store32][width] ?? W.I64Store;
}

/** The local of a register slot or temporary (isa/uop.ts); 0 for the slot that reads as zero. */
export function localOfSlot(slot: number): number {
  if (slot < 16) return L.Registers + slot;
  return slot >= SLOT_T0 && slot < SLOT_T0 + 8 ? L.Temporaries + slot - SLOT_T0 : 0;
}

/** Zero-extends the i64 on the stack from its low bits. */
export function zeroExtend(code: WasmCode, width: number): void {
  if (width === WIDTH_8) code.i64(0xff).op(W.I64And);
  else if (width === WIDTH_16) code.i64(0xffff).op(W.I64And);
  else if (width === WIDTH_32) code.op(W.I32WrapI64).op(W.I64ExtendI32U);
}

/** Sign-extends the i64 on the stack from its low bits. */
export function signExtend(code: WasmCode, width: number): void {
  if (width === WIDTH_8) code.op(W.I64Extend8S);
  else if (width === WIDTH_16) code.op(W.I64Extend16S);
  else if (width === WIDTH_32) code.op(W.I64Extend32S);
}

/** The most significant bit of the i64 on the stack, as 0 or 1. */
export function topBit(code: WasmCode, width: number): void {
  code.i64((8 << width) - 1).op(W.I64ShrU);
  if (width !== WIDTH_64) code.i64(1).op(W.I64And);
}

/** CF out of memory, as an i64 of 0 or 1. */
export function storedCarry(code: WasmCode): void {
  code.i32(0).memory(W.I64Load32U, FLAG_AUX).i64(1).op(W.I64And);
}
