/**
 * `memory.fill` and `memory.copy` as string instructions over 8-byte words, with single bytes for the rest.
 *
 * Overlap: a copy towards lower addresses runs forwards, a copy towards higher addresses that overlaps runs
 * backwards, so that no byte is overwritten before it was read.
 * Source: WebAssembly Core Specification 2.0 "memory.fill", "memory.copy"; Intel SDM Vol. 2 "REP".
 */
import type { BinaryOp, Value } from './ir.js';
import type { IrGraph } from './ir-graph.js';

/** Whether `length` is certainly a multiple of eight. */
function isMultipleOf8(length: Value): boolean {
  const [a, b] = length.args;
  if (length.isConstant) return (length.imm & 7n) === 0n;
  if (a === undefined || b === undefined) return false;
  switch (length.op) {
    case 'shl':
      return b.isConstant && b.imm >= 3n;
    case 'mul':
    case 'and':
      return isMultipleOf8(a) || isMultipleOf8(b);
    case 'add':
    case 'sub':
    case 'or':
      return isMultipleOf8(a) && isMultipleOf8(b);
    case 'select':
      return isMultipleOf8(b) && length.args[2] !== undefined && isMultipleOf8(length.args[2]);
    default:
      return false;
  }
}

class Arithmetic {
  constructor(readonly graph: IrGraph) {}

  op(name: BinaryOp, a: Value, b: Value | bigint): Value {
    const right = typeof b === 'bigint' ? this.graph.constant('i64', b) : b;
    return this.graph.make(name, 'i64', [a, right]);
  }
}

export function fillMemory(graph: IrGraph, target: Value, byte: Value, length: Value): void {
  const math = new Arithmetic(graph);
  const wide = graph.make('extend_i32_u', 'i64', [byte]);
  const pattern = math.op('mul', math.op('and', wide, 0xffn), 0x0101010101010101n);
  const fill = (bits: 8 | 64, at: Value, count: Value): void => {
    graph.make('memory_fill', 'none', [at, pattern, count], { bits });
  };
  fill(64, target, math.op('shr_u', length, 3n));
  if (isMultipleOf8(length)) return;
  const whole = math.op('and', length, -8n);
  fill(8, math.op('add', target, whole), math.op('and', length, 7n));
}

export function copyMemory(graph: IrGraph, target: Value, source: Value, length: Value): void {
  const math = new Arithmetic(graph);
  const distance = math.op('sub', target, source);
  const overlaps = graph.make('lt_u', 'i32', [distance, length]);
  const backward = graph.newBlock();
  const forward = graph.newBlock();
  const join = graph.newBlock();
  graph.terminate({ kind: 'branch', condition: overlaps, then: backward, otherwise: forward });
  graph.seal(backward);
  graph.seal(forward);
  graph.current = forward;
  copyForward(math, target, source, length);
  graph.terminate({ kind: 'jump', target: join });
  graph.current = backward;
  copyBackward(math, target, source, length);
  graph.terminate({ kind: 'jump', target: join });
  graph.seal(join);
  graph.current = join;
}

function copyForward(math: Arithmetic, target: Value, source: Value, length: Value): void {
  const words = math.op('shr_u', length, 3n);
  math.graph.make('memory_copy', 'none', [target, source, words], { bits: 64 });
  if (isMultipleOf8(length)) return;
  const whole = math.op('and', length, -8n);
  const rest = [math.op('add', target, whole), math.op('add', source, whole)];
  math.graph.make('memory_copy', 'none', [...rest, math.op('and', length, 7n)], { bits: 8 });
}

/** The odd bytes at the end first, then words from the last to the first. */
function copyBackward(math: Arithmetic, target: Value, source: Value, length: Value): void {
  const backwards = { signed: true };
  const whole = math.op('and', length, -8n);
  if (!isMultipleOf8(length)) {
    const last = math.op('add', length, -1n);
    const ends = [math.op('add', target, last), math.op('add', source, last)];
    const count = math.op('and', length, 7n);
    math.graph.make('memory_copy', 'none', [...ends, count], { bits: 8, ...backwards });
  }
  const last = math.op('add', whole, -8n);
  const ends = [math.op('add', target, last), math.op('add', source, last)];
  const words = math.op('shr_u', length, 3n);
  math.graph.make('memory_copy', 'none', [...ends, words], { bits: 64, ...backwards });
}
