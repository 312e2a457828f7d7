/**
 * Loads, stores, globals and the bulk memory instructions.
 */
import type { Value } from './ir.js';
import {
  immediate,
  isFitting32,
  RAX,
  RCX,
  RDI,
  RSI,
  type MachineOp,
  type Memory,
  type Operand,
  type WidthBytes,
} from './machine.js';
import { bitChange } from './single-bits.js';
import { widthOf, type SelectionContext } from './selection-context.js';

const LOADS: Readonly<Record<string, MachineOp>> = {
  '8 u': 'movzx8',
  '16 u': 'movzx16',
  '8 s': 'movsx8',
  '16 s': 'movsx16',
};

export function selectLoad(context: SelectionContext, value: Value, result: number): void {
  const memory = context.address(value);
  const { bits, signed } = value.attributes;
  const extend = LOADS[`${bits} ${signed === true ? 's' : 'u'}`];
  if (extend !== undefined) {
    context.emit(extend, signed === true ? widthOf(value.type) : 4, [result, memory]);
  } else if (bits === 32 && signed === true && value.type === 'i64') {
    context.emit('movsx32', 8, [result, memory]);
  } else {
    context.emit('mov', bits === 64 ? 8 : 4, [result, memory]);
  }
}

export function selectStore(context: SelectionContext, value: Value): void {
  const [, stored] = value.args;
  if (stored === undefined) throw new Error('store without value');
  const width = ((value.attributes.bits ?? 32) / 8) as WidthBytes;
  if (selectUpdate(context, value, stored, width)) return;
  const source = storedOperand(context, lowPart(context, stored, width), width);
  context.emit('mov', width, [context.address(value), source]);
}

/** What a narrow store keeps of its operand does not depend on masks or widening above it. */
function lowPart(context: SelectionContext, stored: Value, width: WidthBytes): Value {
  const [inner, mask] = stored.args;
  if (inner === undefined || !context.canFold(stored)) return stored;
  const kept = (1n << BigInt(width * 8)) - 1n;
  const isMasked =
    stored.op === 'and' && mask?.isConstant === true && (mask.imm & kept) === kept && width < 8;
  const isWidened =
    (stored.op === 'extend_i32_u' || stored.op === 'extend_i32_s' || stored.op === 'wrap') &&
    width <= 4;
  return isMasked || isWidened ? lowPart(context, inner, width) : stored;
}

function storedOperand(context: SelectionContext, stored: Value, width: WidthBytes): Operand {
  if (!stored.isConstant) return context.register(stored);
  const imm = BigInt.asIntN(width * 8, stored.imm);
  return isFitting32(imm) ? immediate(imm) : context.register(stored);
}

const UPDATES: Partial<Record<Value['op'], MachineOp>> = {
  add: 'add',
  sub: 'sub',
  and: 'and',
  or: 'or',
  xor: 'xor',
};

/** `*p = *p op x` in one instruction. */
function selectUpdate(
  context: SelectionContext,
  store: Value,
  stored: Value,
  width: WidthBytes,
): boolean {
  const op = UPDATES[stored.op];
  const [a, b] = stored.args;
  if (op === undefined || a === undefined || b === undefined || !context.canFold(stored)) {
    return false;
  }
  if (bitChange(stored) !== undefined) return false; // a bit of memory by its number in a register is slow
  const isSame = (load: Value): boolean =>
    load.op === 'load' &&
    load.args[0] === store.args[0] &&
    load.imm === store.imm &&
    load.attributes.bits === store.attributes.bits &&
    context.isFoldable(load, width, undefined);
  const other = isSame(a) ? b : stored.op !== 'sub' && isSame(b) ? a : undefined;
  if (other === undefined) return false;
  const source = storedOperand(context, other, width);
  context.emit(op, width, [context.address(store), source]);
  return true;
}

export function selectGlobalSet(context: SelectionContext, value: Value): void {
  const [stored] = value.args;
  if (stored === undefined) throw new Error('global.set without value');
  const width = widthOf(stored.type);
  const target = context.globalMemory(value.index);
  if (selectGlobalUpdate(context, value, stored, target)) return;
  context.emit('mov', width, [target, storedOperand(context, stored, width)]);
}

function selectGlobalUpdate(
  context: SelectionContext,
  set: Value,
  stored: Value,
  target: Memory,
): boolean {
  const op = UPDATES[stored.op];
  const [a, b] = stored.args;
  if (op === undefined || a === undefined || b === undefined || !context.canFold(stored)) {
    return false;
  }
  if (bitChange(stored) !== undefined) return false;
  const width = widthOf(stored.type);
  const old = set.before?.resolve();
  const isSame = (get: Value): boolean =>
    get.op === 'global_get' &&
    get.index === set.index &&
    (context.isFoldable(get, width, undefined) || (get === old && get.uses > 1));
  const other = isSame(a) ? b : stored.op !== 'sub' && isSame(b) ? a : undefined;
  if (other === undefined) return false;
  context.emit(op, width, [target, storedOperand(context, other, width)]);
  return true;
}

/** `memory_fill` of (address, pattern, count) in units of `bits`. */
export function selectFill(context: SelectionContext, value: Value): void {
  const [address, pattern, count] = value.args;
  if (address === undefined || pattern === undefined || count === undefined) {
    throw new Error('memory.fill without operands');
  }
  const width = ((value.attributes.bits ?? 8) / 8) as WidthBytes;
  emitCopies(context, [
    [RDI, address],
    [RAX, pattern],
    [RCX, count],
  ]);
  context.emit('repStos', width, []);
}

/** `memory_copy` of (target, source, count) in units of `bits`; from the end when `signed`. */
export function selectCopy(context: SelectionContext, value: Value): void {
  const [target, source, count] = value.args;
  if (target === undefined || source === undefined || count === undefined) {
    throw new Error('memory.copy without operands');
  }
  const width = ((value.attributes.bits ?? 8) / 8) as WidthBytes;
  const isBackward = value.attributes.signed === true;
  emitCopies(context, [
    [RDI, target],
    [RSI, source],
    [RCX, count],
  ]);
  if (isBackward) context.emit('std', 8, []);
  context.emit('repMovs', width, []);
  if (isBackward) context.emit('cld', 8, []);
}

/** Puts values into processor registers, all at once. */
export function emitCopies(
  context: SelectionContext,
  moves: readonly (readonly [number, Value])[],
): void {
  if (moves.length === 0) return;
  const targets = moves.map(([target]) => target);
  const sources = moves.map(([, value]) => context.copySource(value));
  context.emit('copies', 8, [...targets, ...sources]);
}
