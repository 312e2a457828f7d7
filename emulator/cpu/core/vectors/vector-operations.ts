/** Vector micro-ops: everything in `Op` from RequireSse on. The operations' meaning is in the files beside this one. */
import {
  VECTOR_REGISTER_BYTES,
  VECTOR_REGISTERS,
  X87_CONTROL,
  X87_TAGS,
  XCR0,
} from '../../../isa/state-layout';
import { Op, UOP_A, UOP_B, UOP_DST, UOP_EXTRA, UOP_IMM } from '../../../isa/uop';
import {
  CR0_EM,
  CR0_TS,
  CR4_OSFXSR,
  CR4_OSXSAVE,
  cr0,
  cr4,
  STATE_AVX,
  STATE_SSE,
} from '../control-bits';
import { NM, raisePlain, UD } from '../exceptions';
import { executeFloatingPoint } from '../floating-point/operations';
import { vectorBytes } from '../floating-point/result';
import { RFLAGS_CF, RFLAGS_ZF, setStatusFlags } from '../flags';
import { vectorCount } from '../fx-image';
import { pendingException } from '../x87/instructions';
import { executeAcross } from './across-lanes';
import { executeCipher } from './cipher-operations';
import { byElement } from './element-control';
import { gather } from './gather';
import { packedInteger } from './packed-integer';
import { blendBySign, broadcast, rearrange, rearrangeOne } from './rearrange';

/** TOP in the status word. */
const X87_TOP: u16 = 7 << 11;

/** Executes one micro-op; returns whether it has faulted. */
export function executeVector(uop: u32): bool {
  const op = i32(load<u16>(uop));
  if (op >= Op.Aesenc) {
    executeCipher(uop, op);
    return false;
  }
  if (op >= Op.Addps) return executeFloatingPoint(uop, op);
  if (op < Op.Pand) return executeElement(uop, op);
  const dst = load<u32>(uop, UOP_DST);
  const a = v128.load(load<u32>(uop, UOP_A));
  if (op <= Op.Pmaxud) {
    v128.store(dst, packedInteger(op, a, v128.load(load<u32>(uop, UOP_B))));
  } else if (op <= Op.Permilpd) {
    v128.store(dst, byElement(op, a, v128.load(load<u32>(uop, UOP_B))));
  } else if (op <= Op.Pmovzxdq) v128.store(dst, rearrangeOne(op, a));
  else if (op <= Op.Broadcastq) v128.store(dst, broadcast(op, a));
  else if (op <= Op.Insertps) {
    // Those without a second operand have 0 there: an address like any other.
    const b = v128.load(load<u32>(uop, UOP_B));
    v128.store(dst, rearrange(op, a, b, load<u8>(uop, UOP_IMM)));
  } else if (op <= Op.Blendvpd) {
    const mask = v128.load(load<u32>(uop, UOP_EXTRA));
    v128.store(dst, blendBySign(op, a, v128.load(load<u32>(uop, UOP_B)), mask));
  } else executeAcross(uop, op);
  return false;
}

/** SDM Vol. 3A, "Checking for SSE Extension Support" and the exception types of Vol. 2: #UD comes before #NM. */
function sseRefused(): bool {
  if (cr0(CR0_EM) || !cr4(CR4_OSFXSR)) raisePlain(UD);
  else if (cr0(CR0_TS)) raisePlain(NM);
  else return false;
  return true;
}

/** SDM Vol. 1, "Detection of Intel AVX Instructions"; CR0.EM and CR4.OSFXSR have no part in it. */
function avxRefused(): bool {
  const enabled = load<u32>(XCR0) & (STATE_SSE | STATE_AVX);
  if (!cr4(CR4_OSXSAVE) || enabled != (STATE_SSE | STATE_AVX)) raisePlain(UD);
  else if (cr0(CR0_TS)) raisePlain(NM);
  else return false;
  return true;
}

function mmxRefused(): bool {
  if (cr0(CR0_EM)) raisePlain(UD);
  else if (cr0(CR0_TS)) raisePlain(NM);
  else return pendingException();
  return true;
}

/** Checks, moves, and elements to and from general-purpose registers. */
function executeElement(uop: u32, op: i32): bool {
  const dst = load<u32>(uop, UOP_DST);
  const a = load<u32>(uop, UOP_A);
  switch (op) {
    case Op.RequireSse:
      return sseRefused();
    case Op.RequireMmx:
      return mmxRefused();
    case Op.RequireAvx:
      return avxRefused();
    case Op.ZeroUpper:
      v128.store(dst, i64x2.splat(0), 16);
      return false;
    case Op.Vzeroupper:
    case Op.Vzeroall:
      zeroRegisters(op == Op.Vzeroall ? 0 : 16);
      return false;
    case Op.Gather:
      return gather(uop);
    case Op.MmxResult:
      store<u64>(dst, load<u64>(a));
      store<u16>(dst, 0xffff, 8);
      enterMmxState();
      return false;
    case Op.MmxState:
      enterMmxState();
      return false;
    case Op.Emms:
      store<u8>(X87_TAGS, 0);
      return false;
    case Op.Mov128:
      v128.store(dst, v128.load(a));
      return false;
    case Op.MovLow32:
      store<u32>(dst, load<u32>(a));
      return false;
    case Op.MovZx32To128:
      v128.store(dst, v128.load32_zero(a));
      return false;
    case Op.MovZx64To128:
      v128.store(dst, v128.load64_zero(a));
      return false;
    case Op.Movmskps:
      store<u64>(dst, u64(i32x4.bitmask(v128.load(a)) | (i32x4.bitmask(upper(uop, a)) << 4)));
      return false;
    case Op.Movmskpd:
      store<u64>(dst, u64(i64x2.bitmask(v128.load(a)) | (i64x2.bitmask(upper(uop, a)) << 2)));
      return false;
    case Op.Pmovmskb:
      store<u64>(dst, u64(u32(i8x16.bitmask(v128.load(a)) | (i8x16.bitmask(upper(uop, a)) << 16))));
      return false;
    case Op.Ptest:
      testBits(uop, i64x2.splat(-1));
      return false;
    case Op.Testps:
      testBits(uop, i32x4.splat(-0x80000000));
      return false;
    case Op.Testpd:
      testBits(uop, i64x2.splat(-0x8000000000000000));
      return false;
    default:
      moveElement(uop, op, dst, a);
      return false;
  }
}

/** What every MMX instruction but EMMS does to x87's state: TOP = 0, no register is empty. */
function enterMmxState(): void {
  store<u16>(X87_CONTROL, load<u16>(X87_CONTROL, 2) & ~X87_TOP, 2);
  store<u8>(X87_TAGS, 0xff);
}

/** Bits 255 to 128 at `operand` where the micro-op is of 256 bits, else zero. */
function upper(uop: u32, operand: u32): v128 {
  return vectorBytes(uop) == 32 ? v128.load(operand, 16) : i64x2.splat(0);
}

/** ZF: no bit of b is in a; CF: no bit of b is outside a; of the bits in `mask`. */
function testBits(uop: u32, mask: v128): void {
  const a = load<u32>(uop, UOP_A);
  const b = load<u32>(uop, UOP_B);
  const low = v128.and(v128.load(b), mask);
  const high = v128.and(upper(uop, b), mask);
  const inside = v128.or(v128.and(low, v128.load(a)), v128.and(high, upper(uop, a)));
  const outside = v128.or(v128.andnot(low, v128.load(a)), v128.andnot(high, upper(uop, a)));
  setStatusFlags(
    (v128.any_true(inside) ? 0 : RFLAGS_ZF) | (v128.any_true(outside) ? 0 : RFLAGS_CF),
  );
}

/** From byte `offset` of each register on; YMM8 to YMM15 exist in 64-bit mode only. */
function zeroRegisters(offset: u32): void {
  const count = vectorCount();
  for (let i: u32 = 0; i < count; i++) {
    memory.fill(VECTOR_REGISTERS + VECTOR_REGISTER_BYTES * i + offset, 0, 32 - offset);
  }
}

/** PEXTRx, PINSRx: the element that the low bits of imm name. */
function moveElement(uop: u32, op: i32, dst: u32, a: u32): void {
  const imm = u32(load<u8>(uop, UOP_IMM));
  const inserts = op >= Op.Pinsrb;
  const b = load<u32>(uop, UOP_B);
  if (inserts && dst != a) v128.store(dst, v128.load(a));
  switch (op) {
    case Op.Pextrb:
      return store<u64>(dst, load<u8>(a + (imm & 15)));
    case Op.Pextrw:
      return store<u64>(dst, load<u16>(a + 2 * (imm & 7)));
    case Op.Pextrd:
      return store<u64>(dst, load<u32>(a + 4 * (imm & 3)));
    case Op.Pextrq:
      return store<u64>(dst, load<u64>(a + 8 * (imm & 1)));
    case Op.Pinsrb:
      return store<u8>(dst + (imm & 15), load<u8>(b));
    case Op.Pinsrw:
      return store<u16>(dst + 2 * (imm & 7), load<u16>(b));
    case Op.PinsrwMmx:
      return store<u16>(dst + 2 * (imm & 3), load<u16>(b));
    case Op.Pinsrd:
      return store<u32>(dst + 4 * (imm & 3), load<u32>(b));
    default:
      return store<u64>(dst + 8 * (imm & 1), load<u64>(b));
  }
}
