/**
 * x87 instructions that compute: operands off the stack, the operation, its exceptions, the result and the pops.
 * Source: SDM Vol. 2, the instructions' pages; Vol. 1, "Stack Overflow or Underflow Exception (#IS)".
 */
import { UOP_IMM } from '../../../isa/uop';
import { X87, X87_MODRM_SHIFT, X87Operand } from '../../../isa/x87';
import { setStatusFlags } from '../flags';
import { add, divide, multiply, squareRoot } from './arithmetic';
import { compared, examine, flagsOf, UNORDERED } from './comparison';
import { operandForm, readNumber } from './memory-operand';
import { copy, indefinite, OPERAND, RESULT, WAS_DENORMAL, write } from './number';
import { extract, integralPart, remainder, scale, setQuotientConditions } from './remainder';
import {
  begin,
  C0,
  C1,
  C2,
  C3,
  IE,
  isEmpty,
  pop,
  push,
  recordExceptions,
  resultRefused,
  setCondition,
  stackAddress,
  stackFault,
  stackOverflow,
  stackUnderflow,
  status,
  writeStack,
} from './state';
import { executeTranscendental } from './transcendental';

export function executeComputation(uop: u32, operation: i32): void {
  if (operation <= X87.FDIVRP) arithmetic(uop, operation);
  else if (operation == X87.FXAM) examine();
  else if (operation <= X87.FTST) comparison(uop, operation);
  else if (operation < X87.F2XM1) unary(operation);
  else executeTranscendental(operation);
}

function stackIndex(uop: u32): u32 {
  return (load<u32>(uop, UOP_IMM) >> X87_MODRM_SHIFT) & 7;
}

function arithmetic(uop: u32, operation: i32): void {
  const form = operandForm(uop);
  const inMemory = form >= X87Operand.Single;
  if (inMemory && !readNumber(uop, form)) return;
  begin();
  const index = stackIndex(uop);
  const pops = operation >= X87.FADDP;
  const destination = form == X87Operand.Destination ? index : 0;
  if (isEmpty(0) || (!inMemory && isEmpty(index))) {
    stackUnderflow();
    indefinite();
  } else {
    const other = inMemory ? OPERAND : stackAddress(index == destination ? 0 : index);
    binary(pops ? operation - X87.FADDP : operation - X87.FADD, stackAddress(destination), other);
  }
  if (resultRefused()) return;
  writeStack(destination, RESULT);
  if (pops) pop();
}

/** In the order of the operations FADD to FDIVR. */
function binary(kind: i32, a: u32, b: u32): void {
  switch (kind) {
    case 0:
      return add(a, b, false);
    case 1:
      return multiply(a, b);
    case 2:
      return add(a, b, true);
    case 3:
      return add(b, a, true);
    case 4:
      return divide(a, b);
    default:
      return divide(b, a);
  }
}

function comparison(uop: u32, operation: i32): void {
  const form = operandForm(uop);
  const inMemory = form >= X87Operand.Single;
  if (inMemory && !readNumber(uop, form)) return;
  const toFlags = operation >= X87.FCOMI && operation <= X87.FUCOMIP;
  const before = status();
  begin();
  const both = operation == X87.FCOMPP || operation == X87.FUCOMPP;
  const index: u32 = both ? 1 : stackIndex(uop);
  const withZero = operation == X87.FTST;
  if (withZero) {
    write(OPERAND, 0, 0);
    store<u8>(OPERAND, 0, WAS_DENORMAL);
  }
  const inStack = !inMemory && !withZero;
  let codes = UNORDERED;
  if (isEmpty(0) || (inStack && isEmpty(index))) stackUnderflow();
  else {
    const quiet =
      (operation >= X87.FUCOM && operation <= X87.FUCOMPP) ||
      operation == X87.FUCOMI ||
      operation == X87.FUCOMIP;
    codes = compared(stackAddress(0), inStack ? stackAddress(index) : OPERAND, quiet);
  }
  // The order is told even where an exception is not masked; the pops then do not take place.
  if (toFlags) {
    setStatusFlags(flagsOf(codes));
    if (!stackFault()) setCondition(C1, before & C1);
  } else setCondition(C0 | C2 | C3, codes);
  if (resultRefused()) return;
  if (pops(operation)) pop();
  if (both) pop();
}

function pops(operation: i32): bool {
  switch (operation) {
    case X87.FCOMP:
    case X87.FCOMPP:
    case X87.FUCOMP:
    case X87.FUCOMPP:
    case X87.FCOMIP:
    case X87.FUCOMIP:
      return true;
    default:
      return false;
  }
}

/** Instructions on ST(0), some with ST(1). */
function unary(operation: i32): void {
  begin();
  const two = operation == X87.FSCALE || operation == X87.FPREM || operation == X87.FPREM1;
  if (operation == X87.FXTRACT) {
    extraction();
    return;
  }
  if (isEmpty(0) || (two && isEmpty(1))) {
    stackUnderflow();
    indefinite();
    if (operation == X87.FPREM || operation == X87.FPREM1) setCondition(C2, 0);
    if (!recordExceptions(IE)) writeStack(0, RESULT);
    return;
  }
  compute(operation, stackAddress(0), stackAddress(1));
  const refused = resultRefused();
  if (operation == X87.FPREM || operation == X87.FPREM1) setQuotientConditions(refused);
  if (refused) return;
  writeStack(0, RESULT);
}

function compute(operation: i32, a: u32, b: u32): void {
  switch (operation) {
    case X87.FCHS:
      return write(RESULT, u32(load<u16>(a, 8)) ^ 0x8000, load<u64>(a));
    case X87.FABS:
      return write(RESULT, u32(load<u16>(a, 8)) & 0x7fff, load<u64>(a));
    case X87.FSQRT:
      return squareRoot(a);
    case X87.FRNDINT:
      return integralPart(a);
    case X87.FSCALE:
      return scale(a, b);
    default:
      return remainder(a, b, operation == X87.FPREM1);
  }
}

const FRACTION: u32 = u32(memory.data(16, 16));

/** ST(0) becomes the exponent, and the significand is pushed. */
function extraction(): void {
  if (isEmpty(0) || !isEmpty(7)) {
    if (isEmpty(0)) stackUnderflow();
    else stackOverflow();
    indefinite();
    if (recordExceptions(IE)) return;
    copy(FRACTION, RESULT);
  } else {
    extract(stackAddress(0), FRACTION);
    if (resultRefused()) return;
  }
  writeStack(0, RESULT);
  push(FRACTION);
}
