/**
 * Builds single-assignment form while the code is read, block by block.
 * Source: Braun, Buchwald, Hack et al., "Simple and Efficient Construction of Static Single Assignment Form"
 * (Compiler Construction 2013), sections 2 and 3: variables are looked up through predecessors, and a block whose
 * predecessors are not all known yet gets phis that are completed when it is sealed.
 */
import type { SourceLocation } from './compile-error.js';
import { foldBinary, foldCompare, foldUnary, normalise, type ValueMaker } from './fold.js';
import {
  Block,
  isCompare,
  Value,
  type Attributes,
  type BinaryOp,
  type IntegerType,
  type Op,
  type Terminator,
  type UnaryOp,
} from './ir.js';

const UNARY: ReadonlySet<Op> = new Set<Op>([
  'clz',
  'ctz',
  'popcnt',
  'extend_i32_s',
  'extend_i32_u',
  'extend8_s',
  'extend16_s',
  'extend32_s',
  'wrap',
]);

export class IrGraph implements ValueMaker {
  readonly blocks: Block[] = [];
  /** Where new values go; undefined in unreachable code. */
  current: Block | undefined;
  location: SourceLocation | undefined;
  private nextValue = 0;
  private readonly definitions = new Map<Block, Map<number, Value>>();
  private readonly sealed = new Set<Block>();
  private readonly incomplete = new Map<Block, Map<number, Value>>();
  /** Phis that read a phi, so that a phi that became trivial can make others trivial. */
  private readonly phiUsers = new Map<Value, Set<Value>>();

  constructor(readonly variableTypes: IntegerType[]) {}

  get valueCount(): number {
    return this.nextValue;
  }

  newBlock(): Block {
    const block = new Block(this.blocks.length);
    this.blocks.push(block);
    this.definitions.set(block, new Map());
    return block;
  }

  newVariable(type: IntegerType): number {
    this.variableTypes.push(type);
    return this.variableTypes.length - 1;
  }

  constant(type: IntegerType, imm: bigint): Value {
    return this.append('const', type, [], { imm: normalise(type, imm) });
  }

  /** Adds a value to the current block, or finds a simpler equal one. */
  make(op: Op, type: IntegerType | 'none', args: Value[], attributes: Attributes = {}): Value {
    const resolved = args.map((argument) => argument.resolve());
    return this.simplify(op, type, resolved) ?? this.append(op, type, resolved, attributes);
  }

  private simplify(op: Op, type: IntegerType | 'none', args: Value[]): Value | undefined {
    const [a, b, c] = args;
    if (type === 'none' || a === undefined) return undefined;
    if (UNARY.has(op)) return foldUnary(op as UnaryOp | 'wrap', type, a, this);
    if (op === 'select') {
      if (b === undefined || c === undefined) return undefined;
      if (a.isConstant) return a.imm !== 0n ? b : c;
      return b === c ? b : undefined;
    }
    if (b === undefined || ['phi', 'call', 'call_indirect', 'intrinsic'].includes(op)) {
      return undefined;
    }
    return isCompare(op)
      ? foldCompare(op, a, b, this)
      : foldBinary(op as BinaryOp, type, a, b, this);
  }

  private append(
    op: Op,
    type: IntegerType | 'none',
    args: Value[],
    attributes: Attributes,
    block = this.current,
  ): Value {
    if (block === undefined) throw new Error(`value ${op} in unreachable code`);
    const value = new Value(this.nextValue++, op, type, args, block, attributes, this.location);
    (op === 'phi' ? block.phis : block.values).push(value);
    return value;
  }

  /** Ends the current block; the following code is unreachable until `current` is set. */
  terminate(terminator: Terminator): void {
    const block = this.current;
    if (block === undefined) return;
    block.terminator = terminator;
    block.location = this.location;
    for (const successor of block.successors) successor.predecessors.push(block);
    this.current = undefined;
  }

  /** Declares that all predecessors of `block` are known. */
  seal(block: Block): void {
    for (const [variable, phi] of this.incomplete.get(block) ?? []) {
      this.completePhi(variable, phi);
    }
    this.incomplete.delete(block);
    this.sealed.add(block);
  }

  write(variable: number, value: Value, block = this.current): void {
    if (block !== undefined) this.definitions.get(block)?.set(variable, value);
  }

  read(variable: number, block = this.current): Value {
    if (block === undefined) throw new Error('variable read in unreachable code');
    const known = this.definitions.get(block)?.get(variable);
    const value = known?.resolve() ?? this.lookUp(variable, block);
    this.write(variable, value, block);
    return value;
  }

  private lookUp(variable: number, block: Block): Value {
    const type = this.variableTypes[variable] ?? 'i32';
    if (!this.sealed.has(block)) {
      const phi = this.append('phi', type, [], {}, block);
      const waiting = this.incomplete.get(block) ?? new Map<number, Value>();
      waiting.set(variable, phi);
      this.incomplete.set(block, waiting);
      return phi;
    }
    const [only] = block.predecessors;
    // Only the entry block has no predecessor: local variables start as zero.
    if (only === undefined) return this.append('const', type, [], { imm: 0n }, block);
    if (block.predecessors.length === 1) return this.read(variable, only);
    const phi = this.append('phi', type, [], {}, block);
    this.write(variable, phi, block);
    return this.completePhi(variable, phi);
  }

  private completePhi(variable: number, phi: Value): Value {
    phi.args = phi.block.predecessors.map((predecessor) => this.read(variable, predecessor));
    for (const argument of phi.args) {
      if (argument.op !== 'phi') continue;
      const users = this.phiUsers.get(argument) ?? new Set();
      this.phiUsers.set(argument, users.add(phi));
    }
    return this.removeTrivialPhi(phi);
  }

  /** A phi of one value and itself is that value. */
  private removeTrivialPhi(phi: Value): Value {
    let same: Value | undefined;
    for (const argument of phi.args) {
      const value = argument.resolve();
      if (value === phi || value === same) continue;
      if (same !== undefined) return phi;
      same = value;
    }
    if (same === undefined) return phi;
    phi.replacedBy = same;
    phi.block.phis = phi.block.phis.filter((other) => other !== phi);
    const users = this.phiUsers.get(phi) ?? new Set();
    if (same.op === 'phi') {
      const others = this.phiUsers.get(same) ?? new Set();
      for (const user of users) others.add(user);
      this.phiUsers.set(same, others);
    }
    for (const user of users) {
      if (user !== phi && user.replacedBy === undefined) this.removeTrivialPhi(user);
    }
    return same.resolve();
  }
}
