/**
 * Population count without the POPCNT instruction, which not every x86-64 processor has.
 * Source: Warren, "Hacker's Delight", section 5-1 (figure 5-2): sums of ever wider fields side by side.
 */
import { bitsOf } from './fold.js';
import type { BinaryOp, IntegerType, Value } from './ir.js';
import type { IrGraph } from './ir-graph.js';

/** Adds the number of set bits of `a` to the graph. */
export function countOnes(graph: IrGraph, type: IntegerType, a: Value): Value {
  if (a.isConstant) return graph.make('popcnt', type, [a]);
  const bits = bitsOf(type);
  const constant = (imm: bigint): Value => graph.constant(type, imm);
  const op = (name: BinaryOp, left: Value, right: Value): Value =>
    graph.make(name, type, [left, right]);
  /** `byte` in every byte of the word. */
  const repeated = (byte: bigint): Value => constant(byte * (((1n << BigInt(bits)) - 1n) / 0xffn));

  const pairs = op('sub', a, op('and', op('shr_u', a, constant(1n)), repeated(0x55n)));
  const low = op('and', pairs, repeated(0x33n));
  const high = op('and', op('shr_u', pairs, constant(2n)), repeated(0x33n));
  const nibbles = op('add', low, high);
  const sum = op('add', nibbles, op('shr_u', nibbles, constant(4n)));
  const bytes = op('and', sum, repeated(0x0fn));
  return op('shr_u', op('mul', bytes, repeated(0x01n)), constant(BigInt(bits - 8)));
}
