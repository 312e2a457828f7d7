/**
 * Vector micro-ops of 128 bits as WebAssembly's vector instructions: integer arithmetic, logic, comparison, moves, shuffles. Vectors
 * stay in their slots in memory. Not here, and so calls of their definitions: floating point (it sets MXCSR's flags), shifts by a
 * register, what has no instruction of its own.
 * Sources: SDM Vol. 2, the instructions' pages; W3C, "WebAssembly Core Specification", "Vector Instructions".
 */
import { CR0, CR4 } from '../isa/state-layout.js';
import { Op, UOP_IMM } from '../isa/uop.js';
import type { Uop } from './block-reader.js';
import { WIDTH_256 } from './floating-point-guards.js';
import type { OperandEmitter } from './operand-emitter.js';
import { loadOf, storeOf, WIDTH_32, WIDTH_64 } from './region-code.js';
import { V, W, WV, type WasmCode } from './wasm-code.js';

/** dst ← a op b */
const BINARY: Readonly<Partial<Record<Op, V>>> = {
  [Op.Pand]: V.And,
  [Op.Por]: V.Or,
  [Op.Pxor]: V.Xor,
  [Op.Paddb]: V.I8Add,
  [Op.Paddw]: V.I16Add,
  [Op.Paddd]: V.I32Add,
  [Op.Paddq]: V.I64Add,
  [Op.Paddsb]: V.I8AddSatS,
  [Op.Paddsw]: V.I16AddSatS,
  [Op.Paddusb]: V.I8AddSatU,
  [Op.Paddusw]: V.I16AddSatU,
  [Op.Psubb]: V.I8Sub,
  [Op.Psubw]: V.I16Sub,
  [Op.Psubd]: V.I32Sub,
  [Op.Psubq]: V.I64Sub,
  [Op.Psubsb]: V.I8SubSatS,
  [Op.Psubsw]: V.I16SubSatS,
  [Op.Psubusb]: V.I8SubSatU,
  [Op.Psubusw]: V.I16SubSatU,
  [Op.Pmullw]: V.I16Mul,
  [Op.Pmulld]: V.I32Mul,
  [Op.Pmaddwd]: V.I32Dot,
  [Op.Pavgb]: V.I8Average,
  [Op.Pavgw]: V.I16Average,
  [Op.Pminub]: V.I8MinU,
  [Op.Pminsb]: V.I8MinS,
  [Op.Pminuw]: V.I16MinU,
  [Op.Pminsw]: V.I16MinS,
  [Op.Pminud]: V.I32MinU,
  [Op.Pminsd]: V.I32MinS,
  [Op.Pmaxub]: V.I8MaxU,
  [Op.Pmaxsb]: V.I8MaxS,
  [Op.Pmaxuw]: V.I16MaxU,
  [Op.Pmaxsw]: V.I16MaxS,
  [Op.Pmaxud]: V.I32MaxU,
  [Op.Pmaxsd]: V.I32MaxS,
  [Op.Pcmpeqb]: V.I8Eq,
  [Op.Pcmpeqw]: V.I16Eq,
  [Op.Pcmpeqd]: V.I32Eq,
  [Op.Pcmpeqq]: V.I64Eq,
  [Op.Pcmpgtb]: V.I8GtS,
  [Op.Pcmpgtw]: V.I16GtS,
  [Op.Pcmpgtd]: V.I32GtS,
  [Op.Pcmpgtq]: V.I64GtS,
  [Op.Packsswb]: V.I8NarrowS,
  [Op.Packuswb]: V.I8NarrowU,
  [Op.Packssdw]: V.I16NarrowS,
  [Op.Packusdw]: V.I16NarrowU,
};

/** dst ← op a, one instruction after another. */
const UNARY: Readonly<Partial<Record<Op, readonly V[]>>> = {
  [Op.Pabsb]: [V.I8Abs],
  [Op.Pabsw]: [V.I16Abs],
  [Op.Pabsd]: [V.I32Abs],
  [Op.Pmovsxbw]: [V.I16ExtendS],
  [Op.Pmovsxbd]: [V.I16ExtendS, V.I32ExtendS],
  [Op.Pmovsxbq]: [V.I16ExtendS, V.I32ExtendS, V.I64ExtendS],
  [Op.Pmovsxwd]: [V.I32ExtendS],
  [Op.Pmovsxwq]: [V.I32ExtendS, V.I64ExtendS],
  [Op.Pmovsxdq]: [V.I64ExtendS],
  [Op.Pmovzxbw]: [V.I16ExtendU],
  [Op.Pmovzxbd]: [V.I16ExtendU, V.I32ExtendU],
  [Op.Pmovzxbq]: [V.I16ExtendU, V.I32ExtendU, V.I64ExtendU],
  [Op.Pmovzxwd]: [V.I32ExtendU],
  [Op.Pmovzxwq]: [V.I32ExtendU, V.I64ExtendU],
  [Op.Pmovzxdq]: [V.I64ExtendU],
};

/** The same count for every element: what a count beyond the element's width makes of it. */
const SHIFTS: Readonly<Partial<Record<Op, readonly [shift: V, bits: number, signed: boolean]>>> = {
  [Op.Psllw]: [V.I16Shl, 16, false],
  [Op.Pslld]: [V.I32Shl, 32, false],
  [Op.Psllq]: [V.I64Shl, 64, false],
  [Op.Psrlw]: [V.I16ShrU, 16, false],
  [Op.Psrld]: [V.I32ShrU, 32, false],
  [Op.Psrlq]: [V.I64ShrU, 64, false],
  [Op.Psraw]: [V.I16ShrS, 16, true],
  [Op.Psrad]: [V.I32ShrS, 32, true],
};

/** Interleaved elements of so many bytes, from the byte `from` of each on. */
const UNPACKS: Readonly<Partial<Record<Op, readonly [bytes: number, from: number]>>> = {
  [Op.Punpcklbw]: [1, 0],
  [Op.Punpcklwd]: [2, 0],
  [Op.Punpckldq]: [4, 0],
  [Op.Punpcklqdq]: [8, 0],
  [Op.Punpckhbw]: [1, 8],
  [Op.Punpckhwd]: [2, 8],
  [Op.Punpckhdq]: [4, 8],
  [Op.Punpckhqdq]: [8, 8],
};

/** A general-purpose register ← sign bits of elements. */
const SIGN_BITS: Readonly<Partial<Record<Op, V>>> = {
  [Op.Movmskps]: V.I32Bitmask,
  [Op.Movmskpd]: V.I64Bitmask,
  [Op.Pmovmskb]: V.I8Bitmask,
};

/** Elements out of vectors and into them, by width. */
const EXTRACTS: readonly number[] = [Op.Pextrb, Op.Pextrw, Op.Pextrd, Op.Pextrq];
const INSERTS: readonly number[] = [Op.Pinsrb, Op.Pinsrw, Op.Pinsrd, Op.Pinsrq];

const VECTOR_BYTES = 16;
/** Behind a's bytes, in a shuffle of a and b. */
const B = VECTOR_BYTES;

// SDM Vol. 3A, "Control Registers"
const CR0_EM_TS = 0xc;
const CR4_OSFXSR = 0x200;

export class VectorEmitter {
  constructor(
    private readonly code: WasmCode,
    private readonly operands: OperandEmitter,
    /** Leaves the region before the micro-op. */
    private readonly leave: (uop: Uop) => void,
  ) {}

  /** Writes the micro-op if it is one of these; else returns false. */
  emit(uop: Uop): boolean {
    const op = uop.op as Op;
    const binary = BINARY[op];
    const unary = UNARY[op];
    const signs = SIGN_BITS[op];
    if (op === Op.RequireSse) this.requireSse(uop);
    else if (op === Op.Mov128) this.set(uop.dst, () => this.get(uop.a));
    else if (binary !== undefined)
      this.set(uop.dst, () => {
        this.get(uop.a);
        this.get(uop.b);
        this.code.simd(binary);
      });
    else if (op === Op.Pandn)
      this.set(uop.dst, () => {
        this.get(uop.b);
        this.get(uop.a);
        this.code.simd(V.AndNot);
      });
    else if (unary !== undefined)
      this.set(uop.dst, () => {
        this.get(uop.a);
        for (const each of unary) this.code.simd(each);
      });
    else if (signs !== undefined && uop.extra !== WIDTH_256) this.signBits(uop, signs);
    else return this.shift(uop) || this.element(uop) || this.rearranged(uop);
    return true;
  }

  private get(address: number): void {
    this.code.i32(0).vector(WV.Load, address);
  }

  private set(address: number, push: () => void): void {
    this.code.i32(0);
    push();
    this.code.vector(WV.Store, address);
  }

  /** As core/vectors/vector-operations.ts: nothing in a region changes a control register. */
  private requireSse(uop: Uop): void {
    const { code } = this;
    code.i32(0).memory(W.I32Load, CR0).i32(CR0_EM_TS).op(W.I32And);
    code.i32(0).memory(W.I32Load, CR4).i32(CR4_OSFXSR).op(W.I32And).op(W.I32Eqz);
    code.op(W.I32Or).openRare();
    this.leave(uop);
    code.close();
  }

  private signBits(uop: Uop, bits: V): void {
    this.get(uop.a);
    this.code.simd(bits).op(W.I64ExtendI32U);
    this.operands.write(uop.dst, WIDTH_64);
  }

  private shift(uop: Uop): boolean {
    const { code } = this;
    const shift = SHIFTS[uop.op as Op];
    if (shift === undefined || uop.b !== uop.at + UOP_IMM) return false;
    const [opcode, bits, signed] = shift;
    const isBeyond = uop.imm >= BigInt(bits);
    this.set(uop.dst, () => {
      this.get(uop.a);
      code.i32(isBeyond ? bits - 1 : Number(uop.imm)).simd(opcode);
      if (isBeyond && !signed) {
        code.i32(0).simd(V.I32Splat).simd(V.And);
      }
    });
    return true;
  }

  private element(uop: Uop): boolean {
    const { code, operands } = this;
    const { op } = uop;
    const imm = Number(uop.imm & 0xffn);
    if (op <= Op.MovZx64To128 && operands.slotOf(uop.dst) >= 0) return false;
    if (op === Op.MovLow32) {
      code.i32(0);
      operands.read(uop, uop.a, WIDTH_32);
      code.memory(W.I64Store32, uop.dst);
    } else if (op === Op.MovZx32To128 || op === Op.MovZx64To128) {
      // One store: a load of 128 bits would wait for two.
      code.i32(0).i32(0).simd(V.I32Splat);
      operands.read(uop, uop.a, op === Op.MovZx32To128 ? WIDTH_32 : WIDTH_64);
      code.lane(V.I64Replace, 0).vector(WV.Store, uop.dst);
    } else if (EXTRACTS.includes(op)) {
      const width = EXTRACTS.indexOf(op);
      code.i32(0).memory(loadOf(width), elementAddress(uop.a, imm, width));
      operands.write(uop.dst, WIDTH_64);
    } else if (INSERTS.includes(op)) {
      const width = INSERTS.indexOf(op);
      if (uop.dst !== uop.a) this.set(uop.dst, () => this.get(uop.a));
      code.i32(0);
      operands.read(uop, uop.b, width);
      code.memory(storeOf(width), elementAddress(uop.dst, imm, width));
    } else return false;
    return true;
  }

  /** Shuffles of a and b whose bytes are known. */
  private rearranged(uop: Uop): boolean {
    const lanes = lanesOf(uop);
    if (lanes === null) return false;
    const takesB = lanes.some((lane) => lane >= B);
    this.set(uop.dst, () => {
      this.get(uop.a);
      this.get(takesB ? uop.b : uop.a);
      this.code.shuffle(lanes);
    });
    return true;
  }
}

function elementAddress(vector: number, number: number, width: number): number {
  const count = VECTOR_BYTES >> width;
  return vector + ((number & (count - 1)) << width);
}

/** The bytes of a (0 to 15) and b (16 to 31) that the result consists of; null: it is no such operation. */
function lanesOf(uop: Uop): readonly number[] | null {
  const op = uop.op as Op;
  const imm = Number(uop.imm & 0xffn);
  const unpack = UNPACKS[op];
  if (unpack !== undefined) {
    const [bytes, from] = unpack;
    return elements(bytes, (index) => from / bytes + (index >> 1) + (index & 1) * (B / bytes));
  }
  const field = (index: number): number => (imm >> (2 * index)) & 3;
  const bit = (index: number): number => (imm >> index) & 1;
  switch (op) {
    case Op.Movddup:
      return elements(8, () => 0);
    case Op.Movsldup:
      return elements(4, (index) => index & ~1);
    case Op.Movshdup:
      return elements(4, (index) => index | 1);
    case Op.Pshufd:
      return elements(4, field);
    case Op.Pshuflw:
      return elements(2, (index) => (index < 4 ? field(index) : index));
    case Op.Pshufhw:
      return elements(2, (index) => (index < 4 ? index : 4 + field(index - 4)));
    case Op.Shufps:
      return elements(4, (index) => field(index) + (index < 2 ? 0 : B / 4));
    case Op.Shufpd:
      return elements(8, (index) => bit(index) + index * (B / 8));
    case Op.Blendps:
      return elements(4, (index) => index + bit(index) * (B / 4));
    case Op.Blendpd:
      return elements(8, (index) => index + bit(index) * (B / 8));
    case Op.Pblendw:
      return elements(2, (index) => index + bit(index) * (B / 2));
    case Op.Palignr:
      // Bytes of b, then of a; beyond them there are none.
      return imm > B ? null : elements(1, (index) => (index + imm + B) % (2 * B));
    default:
      return null;
  }
}

/** A vector of elements of `bytes` bytes, the n-th of which is element `of(n)` of a and b. */
function elements(bytes: number, of: (index: number) => number): readonly number[] {
  return Array.from(
    { length: VECTOR_BYTES },
    (_, byte) => of(Math.floor(byte / bytes)) * bytes + (byte % bytes),
  );
}
