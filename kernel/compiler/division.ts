/**
 * Division and remainder: the checks that WebAssembly asks for, and division by a constant without a divide.
 *
 * Source: Granlund and Montgomery, "Division by Invariant Integers using Multiplication" (PLDI 1994), figures 4.1
 * and 5.1; Warren, "Hacker's Delight", chapter 10.
 */
import { formatLocation } from './compile-error.js';
import { bitsOf } from './fold.js';
import type { IntegerType, Value } from './ir.js';
import type { IrGraph } from './ir-graph.js';

export type DivisionOp = 'div_s' | 'div_u' | 'rem_s' | 'rem_u';

/** Adds `a op b` to the graph, with the checks that may trap. */
export function divide(
  graph: IrGraph,
  op: DivisionOp,
  type: IntegerType,
  a: Value,
  b: Value,
): Value {
  if (!a.isConstant && b.isConstant && b.imm !== 0n) return divideByConstant(graph, op, type, a, b);
  const isZero = graph.make('eq', 'i32', [b, graph.constant(type, 0n)]);
  trapWhen(graph, isZero, 'integer division by zero');
  if (op === 'div_u' || op === 'rem_u') return graph.make(op, type, [a, b]);
  const isMinusOne = graph.make('eq', 'i32', [b, graph.constant(type, -1n)]);
  return op === 'div_s'
    ? divideSigned(graph, type, a, b, isMinusOne)
    : remainderSigned(graph, type, a, b, isMinusOne);
}

/** The smallest integer divided by -1 has no result. */
function divideSigned(
  graph: IrGraph,
  type: IntegerType,
  a: Value,
  b: Value,
  isMinusOne: Value,
): Value {
  const smallest = graph.constant(type, -(1n << BigInt(bitsOf(type) - 1)));
  const isSmallest = graph.make('eq', 'i32', [a, smallest]);
  trapWhen(
    graph,
    graph.make('and', 'i32', [isMinusOne, isSmallest]),
    'integer overflow in division',
  );
  return graph.make('div_s', type, [a, b]);
}

/** A remainder by -1 is zero, also where the processor's division would overflow. */
function remainderSigned(
  graph: IrGraph,
  type: IntegerType,
  a: Value,
  b: Value,
  isMinusOne: Value,
): Value {
  const result = graph.newVariable(type);
  const divides = graph.newBlock();
  const join = graph.newBlock();
  graph.write(result, graph.constant(type, 0n));
  graph.terminate({ kind: 'branch', condition: isMinusOne, then: join, otherwise: divides });
  graph.seal(divides);
  graph.current = divides;
  graph.write(result, graph.make('rem_s', type, [a, b]));
  graph.terminate({ kind: 'jump', target: join });
  graph.seal(join);
  graph.current = join;
  return graph.read(result);
}

/** Ends in a trap when `condition` holds; otherwise the code goes on. */
export function trapWhen(graph: IrGraph, condition: Value, message: string): void {
  const trap = graph.newBlock();
  const next = graph.newBlock();
  graph.terminate({ kind: 'branch', condition, then: trap, otherwise: next });
  graph.seal(trap);
  graph.seal(next);
  graph.current = trap;
  graph.terminate({ kind: 'trap', message: `${formatLocation(graph.location)} ${message}` });
  graph.current = next;
}

function divideByConstant(
  graph: IrGraph,
  op: DivisionOp,
  type: IntegerType,
  a: Value,
  b: Value,
): Value {
  const isSigned = op === 'div_s' || op === 'rem_s';
  const divisor = isSigned ? b.imm : BigInt.asUintN(bitsOf(type), b.imm);
  const isUnit = divisor === 1n || divisor === -1n;
  if (isUnit && op === 'rem_s') return graph.constant(type, 0n);
  const quotient = isSigned
    ? quotientSigned(graph, type, a, divisor)
    : quotientUnsigned(graph, type, a, divisor);
  if (op === 'div_s' || op === 'div_u') return quotient;
  return graph.make('sub', type, [a, graph.make('mul', type, [quotient, b])]);
}

const isPowerOfTwo = (value: bigint): boolean => value > 0n && (value & (value - 1n)) === 0n;
const log2 = (value: bigint): bigint => BigInt(value.toString(2).length - 1);

function quotientUnsigned(graph: IrGraph, type: IntegerType, a: Value, divisor: bigint): Value {
  const bits = BigInt(bitsOf(type));
  const constant = (imm: bigint): Value => graph.constant(type, imm);
  if (isPowerOfTwo(divisor)) return graph.make('shr_u', type, [a, constant(log2(divisor))]);
  const ceilingLog2 = log2(divisor) + 1n;
  // m = floor(2^bits * (2^l - d) / d) + 1; q = floor((mulhigh(m, a) + a) / 2^l), the sum in bits + 1 bits.
  const fits = (extra: bigint): bigint => (1n << (bits + extra)) / divisor + 1n;
  for (let extra = 0n; extra < ceilingLog2; extra++) {
    // A multiplier of `bits` bits is exact when its error times the largest dividend stays below 2^(bits+extra).
    const multiplier = fits(extra);
    const error = multiplier * divisor - (1n << (bits + extra));
    if (multiplier < 1n << bits && error <= 1n << extra) {
      const high = graph.make('mul_high_u', type, [a, constant(multiplier)]);
      return graph.make('shr_u', type, [high, constant(extra)]);
    }
  }
  const multiplier = ((1n << bits) * ((1n << ceilingLog2) - divisor)) / divisor + 1n;
  const high = graph.make('mul_high_u', type, [a, constant(multiplier)]);
  const rest = graph.make('shr_u', type, [graph.make('sub', type, [a, high]), constant(1n)]);
  const sum = graph.make('add', type, [rest, high]);
  return graph.make('shr_u', type, [sum, constant(ceilingLog2 - 1n)]);
}

function quotientSigned(graph: IrGraph, type: IntegerType, a: Value, divisor: bigint): Value {
  const bits = BigInt(bitsOf(type));
  const constant = (imm: bigint): Value => graph.constant(type, imm);
  const negate = (value: Value): Value => graph.make('sub', type, [constant(0n), value]);
  const magnitude = divisor < 0n ? -divisor : divisor;
  if (magnitude === 1n) return divisor < 0n ? trapOrNegate(graph, type, a, negate) : a;
  let quotient: Value;
  if (isPowerOfTwo(magnitude)) {
    // Rounding towards zero: add 2^k - 1 to a negative dividend first.
    const shift = log2(magnitude);
    const sign = graph.make('shr_s', type, [a, constant(bits - 1n)]);
    const bias = graph.make('shr_u', type, [sign, constant(bits - shift)]);
    const sum = graph.make('add', type, [a, bias]);
    quotient = graph.make('shr_s', type, [sum, constant(shift)]);
  } else {
    const { multiplier, shift } = signedMagic(bits, magnitude);
    let high = graph.make('mul_high_s', type, [a, constant(multiplier)]);
    if (multiplier >= 1n << (bits - 1n)) high = graph.make('add', type, [high, a]);
    const floor = graph.make('shr_s', type, [high, constant(shift)]);
    const sign = graph.make('shr_s', type, [a, constant(bits - 1n)]);
    quotient = graph.make('sub', type, [floor, sign]);
  }
  return divisor < 0n ? negate(quotient) : quotient;
}

/** Division by -1: the smallest integer traps. */
function trapOrNegate(
  graph: IrGraph,
  type: IntegerType,
  a: Value,
  negate: (value: Value) => Value,
): Value {
  const smallest = graph.constant(type, -(1n << BigInt(bitsOf(type) - 1)));
  trapWhen(graph, graph.make('eq', 'i32', [a, smallest]), 'integer overflow in division');
  return negate(a);
}

/** Smallest shift for which ceil(2^(bits+shift) / d) divides every signed dividend exactly. */
function signedMagic(bits: bigint, divisor: bigint): { multiplier: bigint; shift: bigint } {
  for (let shift = 0n; ; shift++) {
    const power = 1n << (bits + shift);
    const multiplier = power / divisor + 1n;
    const error = multiplier * divisor - power;
    if (error <= 1n << (shift + 1n) && multiplier < 1n << bits) return { multiplier, shift };
    if (shift > bits) throw new Error(`no multiplier for division by ${divisor}`);
  }
}
