/**
 * The intermediate form: a control-flow graph of basic blocks over single-assignment values.
 *
 * A value is defined once; `phi` values stand first in their block, one argument per predecessor, in the
 * order of `Block.predecessors`. An i32 value says nothing about the upper half of its register.
 */
import type { SourceLocation } from './compile-error.js';
import type { FunctionType } from './module-reader.js';

export type IntegerType = 'i32' | 'i64';

export type UnaryOp =
  | 'clz'
  | 'ctz'
  | 'popcnt'
  | 'extend_i32_s'
  | 'extend_i32_u'
  | 'extend8_s'
  | 'extend16_s'
  | 'extend32_s';

export type BinaryOp =
  | 'add'
  | 'sub'
  | 'mul'
  | 'mul_high_s'
  | 'mul_high_u'
  | 'div_s'
  | 'div_u'
  | 'rem_s'
  | 'rem_u'
  | 'and'
  | 'or'
  | 'xor'
  | 'shl'
  | 'shr_s'
  | 'shr_u'
  | 'rotl'
  | 'rotr';

export type CompareOp =
  'eq' | 'ne' | 'lt_s' | 'lt_u' | 'gt_s' | 'gt_u' | 'le_s' | 'le_u' | 'ge_s' | 'ge_u';

/** Operations whose result depends on the arguments alone and that cannot trap. */
export type PureOp = UnaryOp | BinaryOp | CompareOp | 'const' | 'wrap' | 'select';

export type Op =
  | PureOp
  | 'param'
  | 'phi'
  | 'load'
  | 'store'
  | 'global_get'
  | 'global_set'
  | 'call'
  | 'call_indirect'
  | 'intrinsic'
  | 'memory_fill'
  | 'memory_copy';

export const COMPARE_OPS: ReadonlySet<Op> = new Set<Op>([
  'eq',
  'ne',
  'lt_s',
  'lt_u',
  'gt_s',
  'gt_u',
  'le_s',
  'le_u',
  'ge_s',
  'ge_u',
]);

const IMPURE_OPS: ReadonlySet<Op> = new Set<Op>([
  'param',
  'phi',
  'load',
  'store',
  'global_get',
  'global_set',
  'call',
  'call_indirect',
  'intrinsic',
  'memory_fill',
  'memory_copy',
]);

export function isPure(op: Op): op is PureOp {
  return !IMPURE_OPS.has(op);
}

export function isCompare(op: Op): op is CompareOp {
  return COMPARE_OPS.has(op);
}

/** Whether the value must be computed even when nobody uses its result. */
export function hasEffect(value: Value): boolean {
  return IMPURE_OPS.has(value.op) && !['param', 'phi', 'global_get'].includes(value.op);
}

/** What an operation needs besides its arguments. */
export interface Attributes {
  /** Constant, or displacement of a memory access. */
  readonly imm?: bigint;
  /** Memory access width. */
  readonly bits?: 8 | 16 | 32 | 64;
  readonly signed?: boolean;
  /** Global index, function index, type index or parameter index. */
  readonly index?: number;
  /** Name of an intrinsic, or the symbol that a load's address is relative to. */
  readonly name?: string;
}

export class Value {
  /** Set when an equal value took this one's place; read through `resolve`. */
  replacedBy: Value | undefined;
  /** Number of arguments and terminators that name this value, after `countUses`. */
  uses = 0;
  /** Of a `global_set`: what the variable is known to hold when it is executed, read through `resolve`. */
  before: Value | undefined;

  constructor(
    readonly id: number,
    readonly op: Op,
    readonly type: IntegerType | 'none',
    public args: Value[],
    public block: Block,
    readonly attributes: Attributes,
    readonly location: SourceLocation | undefined,
  ) {}

  get imm(): bigint {
    return this.attributes.imm ?? 0n;
  }

  get index(): number {
    return this.attributes.index ?? 0;
  }

  get isConstant(): boolean {
    return this.op === 'const';
  }

  resolve(): Value {
    if (this.replacedBy === undefined) return this;
    const target = this.replacedBy.resolve();
    this.replacedBy = target;
    return target;
  }
}

export type Terminator =
  | { readonly kind: 'jump'; target: Block }
  | { readonly kind: 'branch'; condition: Value; then: Block; otherwise: Block }
  | { readonly kind: 'switch'; index: Value; targets: Block[] }
  | { readonly kind: 'return'; value: Value | undefined }
  | { readonly kind: 'trap'; readonly message: string }
  | { readonly kind: 'open' };

export class Block {
  values: Value[] = [];
  phis: Value[] = [];
  predecessors: Block[] = [];
  terminator: Terminator = { kind: 'open' };
  location: SourceLocation | undefined;
  loopDepth = 0;

  constructor(readonly id: number) {}

  /** Each successor once. */
  get successors(): Block[] {
    const end = this.terminator;
    switch (end.kind) {
      case 'jump':
        return [end.target];
      case 'branch':
        return end.then === end.otherwise ? [end.then] : [end.then, end.otherwise];
      case 'switch':
        return [...new Set(end.targets)];
      default:
        return [];
    }
  }
}

export interface IrFunction {
  readonly name: string;
  readonly type: FunctionType;
  readonly entry: Block;
  /** Reachable blocks, in reverse postorder after `orderBlocks`. */
  blocks: Block[];
  /** One more than the largest value id. */
  valueCount: number;
}

/** Values that a terminator reads. */
export function terminatorValue(end: Terminator): Value | undefined {
  switch (end.kind) {
    case 'branch':
      return end.condition;
    case 'switch':
      return end.index;
    case 'return':
      return end.value;
    default:
      return undefined;
  }
}
