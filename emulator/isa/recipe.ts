/**
 * Recipes: what an instruction form does, as a list of micro-ops over operand roles. Data only; the decoder, the
 * documentation and the lint tests read it.
 *
 * A recipe is written once, as if all operands were registers. `withMemory` makes the version for a memory operand:
 * load (or load for store), the same micro-ops on a temporary, store. In that version a load, store or `Ea64` without
 * `a` means *the instruction's memory operand*; the decoder chooses the flat or the segmented micro-op for it.
 */
import { assert } from '../base/assert.js';
import { type Access, canBeInMemory, type Operand } from './operand.js';
import { Op } from './uop.js';

export type OperandSize = 16 | 32 | 64;

/** An operand of the form by position, a register, a temporary, zero, or the micro-op's own immediate. */
export type Role =
  | 'o0'
  | 'o1'
  | 'o2'
  | 'o3'
  | 'RAX'
  | 'RCX'
  | 'RDX'
  | 'RBX'
  | 'RSP'
  | 'RBP'
  | 'RSI'
  | 'RDI'
  | 'AH'
  | 'T0'
  | 'T1'
  | 'T2'
  | 'T3'
  | 'T7'
  | 'V0' // vector temporaries
  | 'V0.upper'
  | 'V1'
  | 'V1.high'
  | 'V1.upper'
  | 'XMM0'
  | 'o0.high' // bits 127-64 of a vector operand
  | 'o1.high'
  | 'o0.upper' // bits 255-128
  | 'o1.upper'
  | 'o2.upper'
  | 'o3.upper'
  | 'index' // the vector of indices of a memory operand
  | 'zero'
  | 'imm'; // the micro-op's own imm field

/** What the decoder puts into a micro-op's `imm`: the sum of these parts. */
export interface ImmediateRule {
  readonly constant?: number;
  /** Values of immediate operands: sign-extended, or zero-extended from `bits`; shifted left (right, if negative). */
  readonly values?: readonly {
    readonly operand: number;
    readonly bits?: 8 | 16;
    readonly shift?: number;
  }[];
  /** Selector of a far pointer. */
  readonly selector?: boolean;
  /** Number of the segment, control or debug register in ModRM.reg. */
  readonly registerNumber?: boolean;
  /** ModRM, shifted left. */
  readonly modrmShift?: number;
  /** Segment of the memory operand (of DS:[rSI], DS:[rBX] where there is no ModRM), shifted left. */
  readonly segmentShift?: number;
  /** log2(address size / 16), shifted left. */
  readonly addressLog2Shift?: number;
  /** log2 of the index's factor, shifted left. */
  readonly scaleShift?: number;
  /** Address size in bits, shifted left. */
  readonly addressBitsShift?: number;
  /** RIP of the branch target. */
  readonly target?: boolean;
  /** 1 for REP (REPE), 2 for REPNE, shifted left. REPNE counts as REP unless `conditional`. A repeated instruction ends its block. */
  readonly repeat?: { readonly shift: number; readonly conditional: boolean };
  /** For POP to memory: the operand size in bytes, if the base register is rSP. */
  readonly popAdjustment?: number;
}

export interface RecipeUop {
  readonly op: Op;
  readonly dst?: Role;
  readonly a?: Role;
  readonly b?: Role;
  readonly imm?: number | ImmediateRule;
  readonly extra?: number | Role | 'address size';
}

export interface RecipeContext {
  readonly operands: readonly Operand[];
  /** Operand size in bits; for a form that does not depend on it, 32. */
  readonly size: OperandSize;
  /** Width of the first operand in bits (as a register, an immediate or in memory), 0 when it has no operand. */
  readonly width: number;
}

export interface Recipe {
  /** Of each operand, in the order of the syntax. */
  readonly access: readonly Access[];
  readonly uops: (context: RecipeContext) => readonly RecipeUop[];
  /** The version for a memory operand, where loading and storing around `uops` is not what the instruction does. */
  readonly memoryUops?: (context: RecipeContext) => readonly RecipeUop[];
  /** A memory operand of 128 bits need not be aligned. (Those of 256 bits have moves of their own.) */
  readonly unaligned?: boolean;
  /** An SDM instruction that is not executed here: the run stops and names it. */
  readonly missing?: boolean;
}

/** The member of a width family: `sized('Add', 32)` is `Op.Add32`. */
export function sized(family: string, bits: number): Op {
  const op = Op[`${family}${bits}` as keyof typeof Op];
  assert(typeof op === 'number', `no micro-op ${family}${bits}`);
  return op;
}

/** Parses an access column: `'rw r'`, `'w r r'`; `-` is an operand that is not accessed. */
export function parseAccess(text: string): Access[] {
  const names: Readonly<Record<string, Access>> = {
    r: 'read',
    w: 'write',
    rw: 'read and write',
    '-': 'none',
  };
  return text
    .split(' ')
    .filter((part) => part !== '')
    .map((part) => {
      const access = names[part];
      assert(access !== undefined, `unknown access "${part}"`);
      return access;
    });
}

/** Index of the operand that ModRM (or moffs) can place in memory, or -1. */
export function memoryOperandIndex(operands: readonly Operand[]): number {
  return operands.findIndex(canBeInMemory);
}

/** The recipe with its memory operand in memory. */
export function memoryVersion(recipe: Recipe, context: RecipeContext): readonly RecipeUop[] {
  if (recipe.memoryUops !== undefined) return recipe.memoryUops(context);
  const index = memoryOperandIndex(context.operands);
  const operand = context.operands[index];
  const uops = recipe.uops(context);
  if (operand === undefined || operand.access === 'none') return uops;
  if (operand.kind === 'vector or memory' || operand.memoryBits === 128)
    return withVectorMemory(uops, index, operand, recipe.unaligned === true);
  const fromImmediate = context.operands.some(({ kind }) => kind === 'immediate');
  return withMemory(uops, `o${index}` as Role, operand, fromImmediate);
}

function withMemory(
  uops: readonly RecipeUop[],
  role: Role,
  operand: Operand,
  fromImmediate: boolean,
): readonly RecipeUop[] {
  const bits = operand.memoryBits;
  const fused = fromImmediate ? null : fuse(uops, role, operand);
  if (fused !== null) return [fused];
  const result = uops.map((uop) => substitute(uop, role, 'T0'));
  if (operand.access === 'read') result.unshift({ op: sized('Load', bits), dst: 'T0' });
  if (operand.access === 'read and write')
    result.unshift({ op: sized('LoadForStore', bits), dst: 'T0' });
  if (operand.access !== 'read') result.push({ op: sized('Store', bits), dst: 'T0' });
  return result;
}

/** A vector temporary stands for the operand; a memory operand of 128 bits must be aligned unless the recipe says otherwise. */
function withVectorMemory(
  uops: readonly RecipeUop[],
  index: number,
  operand: Operand,
  unaligned: boolean,
): readonly RecipeUop[] {
  const bits = operand.memoryBits;
  const family = (kind: 'Load' | 'Store'): Op =>
    sized(bits === 128 && !unaligned ? `${kind}Aligned` : kind, bits);
  const role = `o${index}` as Role;
  const [move] = uops;
  if (move?.op === Op.Mov128 && move.a !== undefined && move.dst !== undefined) {
    return move.a === role
      ? [{ op: family('Load'), dst: move.dst }]
      : [{ op: family('Store'), dst: move.a }];
  }
  const result = uops.map((uop) => substitute(uop, role, 'V0'));
  if (operand.access === 'read') result.unshift({ op: family('Load'), dst: 'V0' });
  else result.push({ op: family('Store'), dst: 'V0' });
  return result;
}

/** `to` for `from`, the upper half included. */
function substitute(uop: RecipeUop, from: Role, to: Role): RecipeUop {
  const upper: Role = `${from as 'o0'}.upper`;
  return withRoles(uop, (role) =>
    role === from ? to : role === upper ? `${to as 'V0'}.upper` : role,
  );
}

/** The micro-op with other roles for its own. */
export function withRoles(uop: RecipeUop, renamed: (role: Role) => Role): RecipeUop {
  const replaced: { -readonly [K in keyof RecipeUop]: RecipeUop[K] } = { ...uop };
  if (uop.dst !== undefined) replaced.dst = renamed(uop.dst);
  if (uop.a !== undefined) replaced.a = renamed(uop.a);
  if (uop.b !== undefined) replaced.b = renamed(uop.b);
  if (typeof uop.extra === 'string' && uop.extra !== 'address size')
    replaced.extra = renamed(uop.extra);
  return replaced;
}

/** The load that does the work of a move from memory, by the move. */
const FUSED_LOADS: ReadonlyMap<Op, Op> = new Map([
  [Op.Mov8, Op.Load8],
  [Op.Mov16, Op.Load16],
  [Op.Mov32, Op.Load32],
  [Op.Mov64, Op.Load64],
  [Op.MovZx8To32, Op.LoadZx8To32],
  [Op.MovZx16To32, Op.LoadZx16To32],
  [Op.MovSx8To32, Op.LoadSx8To32],
  [Op.MovSx8To64, Op.LoadSx8To64],
  [Op.MovSx16To32, Op.LoadSx16To32],
  [Op.MovSx16To64, Op.LoadSx16To64],
  [Op.MovSx32To64, Op.LoadSx32To64],
]);

/**
 * A recipe that is one move needs no temporary: it becomes one load or one store. Not so for a move of an immediate:
 * the imm field of a store is its displacement.
 */
function fuse(uops: readonly RecipeUop[], role: Role, operand: Operand): RecipeUop | null {
  const [move, second] = uops;
  if (move === undefined || second !== undefined || move.a === undefined || move.dst === undefined)
    return null;
  const load = FUSED_LOADS.get(move.op);
  if (load === undefined) return null;
  if (move.a === role) return { op: load, dst: move.dst };
  const fromRegister = move.dst === role && move.imm === undefined;
  return fromRegister ? { op: sized('Store', operand.memoryBits), dst: move.a } : null;
}
