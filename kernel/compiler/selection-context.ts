/**
 * What instruction selection knows while it walks a function from the end to the beginning.
 *
 * A value that only one instruction of the same block uses need not exist on its own: the instruction may swallow
 * it (an address, a comparison, a load). A value gets a register when somebody asks for it with `register`; since
 * users are met before definitions, a value that nobody asked for is never computed.
 */
import { CompileError, formatLocation, type SourceLocation } from './compile-error.js';
import type { Block, IntegerType, Value } from './ir.js';
import {
  immediate,
  isFitting32,
  MachineInstruction,
  memoryOperand,
  REGISTER_COUNT,
  type MachineFields,
  type MachineOp,
  type Memory,
  type Operand,
  type WidthBytes,
} from './machine.js';
import type { WasmModule } from './module-reader.js';
import type { NonZeroScans } from './nonzero-operands.js';
import { functionSymbol, globalSymbol } from './symbol-names.js';
import type { CleanValues } from './upper-halves.js';

export const widthOf = (type: IntegerType | 'none'): 4 | 8 => (type === 'i64' ? 8 : 4);

/** What is known of values before selection. */
interface KnownValues {
  readonly clean: CleanValues;
  readonly nonZeroScans: NonZeroScans;
}

/** How many writes to memory and to globals come before a place in its block. */
interface Epoch {
  readonly memory: number;
  readonly global: number;
}

export class SelectionContext {
  /** Instructions of the value or terminator that is being selected, in order. */
  pending: MachineInstruction[] = [];
  location: SourceLocation | undefined;
  private nextRegister = REGISTER_COUNT;
  private readonly registers = new Map<Value, number>();
  private readonly epochs = new Map<Value, Epoch>();
  private block: Block | undefined;
  private epoch: Epoch = { memory: 0, global: 0 };

  constructor(
    readonly module: WasmModule,
    private readonly functionName: string,
    private readonly known: KnownValues,
  ) {}

  get registerCount(): number {
    return this.nextRegister;
  }

  /** Starts a block: numbers the writes that loads must not move across. */
  enterBlock(block: Block): void {
    this.block = block;
    let [memory, global] = [0, 0];
    for (const value of block.values) {
      this.epochs.set(value, { memory, global });
      if (
        ['store', 'call', 'call_indirect', 'intrinsic', 'memory_fill', 'memory_copy'].includes(
          value.op,
        )
      ) {
        memory++;
      }
      if (['global_set', 'call', 'call_indirect', 'intrinsic'].includes(value.op)) global++;
    }
    this.epoch = { memory, global };
  }

  /** Sets the place at which the following instructions execute. */
  enterRoot(value: Value | undefined, location: SourceLocation | undefined): void {
    this.pending = [];
    this.location = location;
    if (value !== undefined) this.epoch = this.epochs.get(value) ?? this.epoch;
  }

  newRegister(): number {
    return this.nextRegister++;
  }

  emit(op: MachineOp, width: WidthBytes, operands: Operand[], fields: MachineFields = {}): void {
    this.pending.push(new MachineInstruction(op, width, operands, this.location, fields));
  }

  refuse(reason: string): never {
    throw new CompileError(
      `${formatLocation(this.location)}: ${reason} (function ${this.functionName})`,
    );
  }

  isRequested(value: Value): boolean {
    return this.registers.has(value);
  }

  isInBlock(value: Value): boolean {
    return value.block === this.block;
  }

  /** Whether the current instruction may compute `value` itself, because nobody else needs it. */
  canFold(value: Value): boolean {
    return value.uses === 1 && this.isInBlock(value) && !this.registers.has(value);
  }

  /** Whether an i32 value is known to have a zero upper half in its register. */
  isClean(value: Value): boolean {
    return this.known.clean.has(value);
  }

  /** Whether a scan for a bit certainly finds one. */
  isNonZeroScan(value: Value): boolean {
    return this.known.nonZeroScans.has(value);
  }

  /** The value whose register also serves for `value`: widening and narrowing that cost nothing. */
  private underlying(value: Value): Value {
    let result = value;
    for (let inner = result.args[0]; inner !== undefined; inner = result.args[0]) {
      const isFree =
        result.op === 'wrap' || (result.op === 'extend_i32_u' && this.known.clean.has(inner));
      if (!isFree || inner.isConstant) return result;
      result = inner;
    }
    return result;
  }

  /** The register of a value; constants are loaded on the spot. */
  register(value: Value): number {
    const source = this.underlying(value);
    if (source.isConstant) {
      const register = this.newRegister();
      this.emitConstant(register, source);
      return register;
    }
    const known = this.registers.get(source);
    if (known !== undefined) return known;
    const register = this.newRegister();
    this.registers.set(source, register);
    return register;
  }

  /**
   * A source of a parallel copy. An i32 constant is given as an unsigned number, so that the upper half of its
   * register is zero.
   */
  copySource(value: Value): Operand {
    if (!value.isConstant) return this.register(value);
    return immediate(value.type === 'i32' ? BigInt.asUintN(32, value.imm) : value.imm);
  }

  private emitConstant(register: number, value: Value): void {
    const isUnsigned32 = value.imm >= 0n && value.imm < 1n << 32n;
    const width = value.type === 'i32' || isUnsigned32 ? 4 : 8;
    this.emit('mov', width, [register, immediate(value.imm)]);
  }

  /** An operand for an instruction that takes a register, or a constant of 32 bits. */
  registerOrImmediate(value: Value): Operand {
    return value.isConstant && isFitting32(value.imm) ? immediate(value.imm) : this.register(value);
  }

  /** As `registerOrImmediate`, or memory when `value` is a load that nobody else needs. */
  operand(value: Value): Operand {
    return this.foldedLoad(value) ?? this.registerOrImmediate(value);
  }

  /** The memory operand of a load of full width that the current instruction may perform itself. */
  foldedLoad(value: Value): Memory | undefined {
    const inner = value.args[0];
    if (value.op === 'wrap' && inner !== undefined && this.canFold(value)) {
      return this.foldedLoad(inner);
    }
    return this.narrowLoad(value, widthOf(value.type), undefined);
  }

  /** As `foldedLoad` for a load of `width` bytes and, unless undefined, the given signedness. */
  narrowLoad(value: Value, width: WidthBytes, signed: boolean | undefined): Memory | undefined {
    if (!this.isFoldable(value, width, signed)) return undefined;
    return value.op === 'global_get' ? this.globalMemory(value.index) : this.address(value);
  }

  /** Whether `foldedLoad` would succeed; emits nothing. */
  isFoldableLoad(value: Value): boolean {
    const inner = value.args[0];
    if (value.op === 'wrap' && inner !== undefined && this.canFold(value)) {
      return this.isFoldableLoad(inner);
    }
    return this.isFoldable(value, widthOf(value.type), undefined);
  }

  isFoldable(value: Value, width: WidthBytes, signed: boolean | undefined): boolean {
    if (!this.canFold(value)) return false;
    const epoch = this.epochs.get(value);
    if (value.op === 'global_get') {
      return epoch?.global === this.epoch.global && width === widthOf(value.type);
    }
    if (value.op !== 'load' || epoch?.memory !== this.epoch.memory) return false;
    if ((value.attributes.bits ?? 0) !== width * 8) return false;
    return signed === undefined || value.attributes.signed === signed;
  }

  globalMemory(index: number): Memory {
    return memoryOperand({ symbol: globalSymbol(this.module, index) });
  }

  functionSymbol(index: number): string {
    return functionSymbol(this.module, index);
  }

  /** Addressing mode of a load or store: as much of the address as one instruction can compute. */
  address(access: Value): Memory {
    const [pointer] = access.args;
    if (pointer === undefined) throw new Error(`${access.op} without address`);
    return { ...this.addressOf(pointer, access.imm), symbol: access.attributes.name };
  }

  /** Addressing mode for `pointer + offset`. */
  addressOf(pointer: Value, offset: bigint): Memory {
    let base = pointer;
    let displacement = offset;
    for (;;) {
      const [x, y] = base.args;
      if (base.op !== 'add' || x === undefined || y?.isConstant !== true) break;
      if (this.registers.has(base) || !isFitting32(displacement + y.imm)) break;
      displacement += y.imm;
      base = x;
    }
    if (base.isConstant && isFitting32(base.imm + displacement)) {
      return memoryOperand({ displacement: base.imm + displacement });
    }
    if (!isFitting32(displacement)) return this.farAddress(base, displacement);
    const sum = this.sumWithConstant(base, displacement);
    if (sum !== undefined) return sum;
    const parts = this.indexed(base);
    return memoryOperand({ ...parts, displacement });
  }

  /** `(x + c) + y`, in either order, where the constant fits into the displacement. */
  private sumWithConstant(base: Value, displacement: bigint): Memory | undefined {
    if (!this.canSplit(base)) return undefined;
    const [left, right] = base.args;
    for (const [part, other] of [
      [left, right],
      [right, left],
    ]) {
      const [x, y] = part?.args ?? [];
      if (part?.op !== 'add' || !this.canFold(part) || other === undefined) continue;
      if (x === undefined || y?.isConstant !== true) continue;
      if (!isFitting32(displacement + y.imm)) continue;
      return memoryOperand({ ...this.sumOf(x, other), displacement: displacement + y.imm });
    }
    return undefined;
  }

  private canSplit(sum: Value): boolean {
    return (
      sum.op === 'add' &&
      !this.registers.has(sum) &&
      (this.isInBlock(sum) || this.isScaled(sum.args[1]))
    );
  }

  private isScaled(value: Value | undefined): boolean {
    return value?.op === 'shl' && value.args[1]?.isConstant === true && value.args[1].imm <= 3n;
  }

  /** A displacement beyond 32 bits needs a register of its own. */
  private farAddress(base: Value, displacement: bigint): Memory {
    const far = this.newRegister();
    this.emit('mov', 8, [far, immediate(displacement)]);
    return memoryOperand({ base: this.register(base), index: far });
  }

  private indexed(base: Value): Partial<Memory> {
    const whole = this.scaled(base);
    if (whole !== undefined) return whole;
    const [x, y] = base.args;
    if (!this.canSplit(base) || x === undefined || y === undefined)
      return { base: this.register(base) };
    return this.sumOf(x, y);
  }

  private sumOf(x: Value, y: Value): Partial<Memory> {
    const right = this.scaled(y);
    if (right !== undefined) return { base: this.register(x), ...right };
    const left = this.scaled(x);
    if (left !== undefined) return { base: this.register(y), ...left };
    return { base: this.register(x), index: this.register(y) };
  }

  /** Addressing mode that computes the sum `x + y`. */
  sumAddress(x: Value, y: Value): Memory {
    return y.isConstant ? this.addressOf(x, y.imm) : memoryOperand(this.sumOf(x, y));
  }

  /** `x << 1`, `<< 2` or `<< 3` as a scaled index. */
  private scaled(value: Value): { index: number; scale: 2 | 4 | 8 } | undefined {
    const [x, count] = value.args;
    if (value.op !== 'shl' || x === undefined || count?.isConstant !== true) return undefined;
    if (this.registers.has(value)) return undefined;
    const scale = ({ 1: 2, 2: 4, 3: 8 } as const)[Number(count.imm)];
    return scale === undefined ? undefined : { index: this.register(x), scale };
  }
}
