/**
 * One WebAssembly function body → intermediate form.
 *
 * WebAssembly's structured control becomes a graph: `block` and `if` have their join block behind them, `loop` has its
 * header in front. Results of blocks travel in extra variables, as if they were locals.
 */
import { CompileError, formatLocation } from './compile-error.js';
import { countOnes } from './bit-count.js';
import { copyMemory, fillMemory } from './bulk-memory.js';
import { divide, trapWhen } from './division.js';
import { forEachInstruction, type WasmInstruction } from './instruction-reader.js';
import type { Block, IntegerType, IrFunction, Value } from './ir.js';
import { IrGraph } from './ir-graph.js';
import type { ModuleFunction, ValueType, WasmModule } from './module-reader.js';
import { readStaticString } from './static-string.js';
import { FUNCTION_TABLE, signatureNumber } from './symbol-names.js';
import { MEMORY_OPCODES, NUMERIC_OPCODES, OPCODE } from './wasm-opcodes.js';

interface ControlFrame {
  readonly kind: 'function' | 'block' | 'loop' | 'if' | 'else';
  /** Where a branch to this label goes. */
  readonly label: Block;
  /** What runs after the matching `end`. */
  readonly join: Block;
  /** Start of the `else` part of an `if` that has not met its `else` yet. */
  readonly elseBlock: Block | undefined;
  /** Variables that carry the results. */
  readonly results: readonly number[];
  /** Height of the operand stack outside. */
  readonly height: number;
}

export const INTRINSIC_PREFIX = 'x86.';

export function buildFunction(module: WasmModule, func: ModuleFunction): IrFunction {
  return new FunctionBuilder(module, func).build();
}

class FunctionBuilder {
  private readonly graph: IrGraph;
  private readonly stack: Value[] = [];
  private readonly frames: ControlFrame[] = [];
  /** Nesting of blocks that start in unreachable code, to be skipped. */
  private skippedDepth = 0;

  constructor(
    private readonly module: WasmModule,
    private readonly func: ModuleFunction,
  ) {
    this.graph = new IrGraph(
      [...func.type.params, ...func.locals].map((type) => this.integer(type)),
    );
  }

  build(): IrFunction {
    const { graph, func } = this;
    const entry = graph.newBlock();
    graph.seal(entry);
    graph.current = entry;
    graph.location = this.firstLocation();
    func.type.params.forEach((type, index) => {
      graph.write(index, graph.make('param', this.integer(type), [], { index }));
    });
    const join = graph.newBlock();
    this.pushFrame('function', join, join, func.type.results);
    forEachInstruction(this.module, func, (instruction) => this.visit(instruction));
    return {
      name: func.name,
      type: func.type,
      entry,
      blocks: graph.blocks,
      valueCount: graph.valueCount,
    };
  }

  private firstLocation(): ReturnType<WasmModule['locate']> {
    for (let offset = this.func.codeStart; offset < this.func.codeEnd; offset++) {
      const location = this.module.locate(offset);
      if (location !== undefined) return location;
    }
    return undefined;
  }

  private integer(type: ValueType): IntegerType {
    if (type === 'i32' || type === 'i64') return type;
    const place = formatLocation(this.firstLocation());
    const kind =
      type === 'reference' ? 'a managed reference' : 'floating-point or vector arithmetic';
    throw new CompileError(
      `${place}: ${kind} (${type}) is not allowed in guest code (function ${this.func.name})`,
    );
  }

  private pop(): Value {
    const value = this.stack.pop();
    if (value === undefined) throw new Error(`operand stack empty in ${this.func.name}`);
    return value;
  }

  private popMany(count: number): Value[] {
    return count === 0 ? [] : this.stack.splice(this.stack.length - count, count);
  }

  private visit(instruction: WasmInstruction): void {
    const { graph } = this;
    if (graph.current === undefined) return this.visitUnreachable(instruction);
    graph.location = this.module.locate(instruction.offset) ?? graph.location;
    const { opcode } = instruction;
    const numeric = NUMERIC_OPCODES.get(opcode);
    if (numeric !== undefined) return this.visitNumeric(numeric);
    const memory = MEMORY_OPCODES.get(opcode);
    if (memory !== undefined) return this.visitMemory(instruction, memory);
    if (this.visitControl(instruction)) return;
    this.visitPlain(instruction);
  }

  /** In unreachable code only the nesting counts. */
  private visitUnreachable(instruction: WasmInstruction): void {
    switch (instruction.opcode) {
      case OPCODE.block:
      case OPCODE.loop:
      case OPCODE.if:
        this.skippedDepth++;
        return;
      case OPCODE.else:
        if (this.skippedDepth === 0) this.visitElse();
        return;
      case OPCODE.end:
        if (this.skippedDepth > 0) this.skippedDepth--;
        else this.visitEnd();
        return;
      default:
        return;
    }
  }

  private visitNumeric(numeric: NonNullable<ReturnType<typeof NUMERIC_OPCODES.get>>): void {
    const { graph, stack } = this;
    if (numeric.op === 'popcnt') {
      stack.push(countOnes(graph, numeric.result, this.pop()));
      return;
    }
    if (numeric.kind === 'unary' || numeric.kind === 'wrap') {
      stack.push(graph.make(numeric.op, numeric.result, [this.pop()]));
      return;
    }
    if (numeric.kind === 'eqz') {
      stack.push(graph.make('eq', 'i32', [this.pop(), graph.constant(numeric.operand, 0n)]));
      return;
    }
    const right = this.pop();
    const left = this.pop();
    switch (numeric.op) {
      case 'div_s':
      case 'div_u':
      case 'rem_s':
      case 'rem_u':
        stack.push(divide(graph, numeric.op, numeric.result, left, right));
        return;
      default:
        stack.push(graph.make(numeric.op, numeric.result, [left, right]));
    }
  }

  private visitMemory(
    instruction: WasmInstruction,
    memory: NonNullable<ReturnType<typeof MEMORY_OPCODES.get>>,
  ): void {
    const attributes = { bits: memory.bits, signed: memory.signed, imm: instruction.value };
    if (memory.kind === 'load') {
      this.stack.push(this.graph.make('load', memory.type, [this.pop()], attributes));
    } else {
      const value = this.pop();
      this.graph.make('store', 'none', [this.pop(), value], attributes);
    }
  }

  private visitPlain(instruction: WasmInstruction): void {
    const { graph, stack } = this;
    const { index } = instruction;
    switch (instruction.opcode) {
      case OPCODE.nop:
        return;
      case OPCODE.drop:
        this.pop();
        return;
      case OPCODE.i32Const:
        stack.push(graph.constant('i32', instruction.value));
        return;
      case OPCODE.i64Const:
        stack.push(graph.constant('i64', instruction.value));
        return;
      case OPCODE.localGet:
        stack.push(graph.read(index));
        return;
      case OPCODE.localSet:
        graph.write(index, this.pop());
        return;
      case OPCODE.localTee:
        graph.write(index, this.stack.at(-1) ?? this.pop());
        return;
      case OPCODE.globalGet:
        stack.push(this.readGlobal(index));
        return;
      case OPCODE.globalSet:
        graph.make('global_set', 'none', [this.pop()], { index });
        return;
      case OPCODE.select: {
        const condition = this.pop();
        const otherwise = this.pop();
        const then = this.pop();
        stack.push(graph.make('select', then.type, [condition, then, otherwise]));
        return;
      }
      case OPCODE.memoryFill: {
        const length = this.pop();
        const byte = this.pop();
        fillMemory(graph, this.pop(), byte, length);
        return;
      }
      case OPCODE.memoryCopy: {
        const length = this.pop();
        const source = this.pop();
        copyMemory(graph, this.pop(), source, length);
        return;
      }
      case OPCODE.call:
        return this.visitCall(index);
      case OPCODE.callIndirect:
        return this.visitCallIndirect(index);
      default:
        throw new Error(`instruction 0x${instruction.opcode.toString(16)} in ${this.func.name}`);
    }
  }

  private readGlobal(index: number): Value {
    const global = this.module.globals[index];
    if (global === undefined) throw new Error(`global ${index} in ${this.func.name}`);
    const type = this.integer(global.type);
    return global.mutable
      ? this.graph.make('global_get', type, [], { index })
      : this.graph.constant(type, global.initial);
  }

  private visitCall(index: number): void {
    const { graph } = this;
    const callee = this.module.functions[index];
    if (callee === undefined) throw new Error(`function ${index} in ${this.func.name}`);
    const args = this.popMany(callee.type.params.length);
    const result = callee.type.results[0];
    const type = result === undefined ? 'none' : this.integer(result);
    const { imported } = callee;
    if (imported === undefined) {
      this.pushResult(graph.make('call', type, args, { index }));
    } else if (imported.name === 'abort') {
      graph.terminate({ kind: 'trap', message: this.abortMessage(args) });
    } else if (imported.name.startsWith(INTRINSIC_PREFIX)) {
      const name = imported.name.slice(INTRINSIC_PREFIX.length);
      this.pushResult(graph.make('intrinsic', type, args, { name }));
    } else {
      throw new CompileError(
        `${formatLocation(graph.location)}: imported function ${imported.module}.${imported.name} does not exist on bare metal (function ${this.func.name})`,
      );
    }
  }

  /** The slot must exist and hold a function of the right type; both are checked before the call. */
  private visitCallIndirect(typeIndex: number): void {
    const { graph, module } = this;
    const type = module.types[typeIndex];
    if (type === undefined) throw new Error(`type ${typeIndex} in ${this.func.name}`);
    const slot = this.pop();
    const args = this.popMany(type.params.length);
    const size = graph.constant('i32', BigInt(module.table.length));
    trapWhen(graph, graph.make('ge_u', 'i32', [slot, size]), 'indirect call outside the table');
    const wide = graph.make('extend_i32_u', 'i64', [slot]);
    const entry = graph.make('shl', 'i64', [wide, graph.constant('i64', 4n)]);
    const name = FUNCTION_TABLE;
    const found = graph.make('load', 'i32', [entry], { bits: 32, imm: 8n, name });
    const wanted = graph.constant('i32', BigInt(signatureNumber(module, typeIndex)));
    const differs = graph.make('ne', 'i32', [found, wanted]);
    trapWhen(graph, differs, 'indirect call to a function of another type');
    const result = type.results[0];
    const resultType = result === undefined ? 'none' : this.integer(result);
    this.pushResult(graph.make('call_indirect', resultType, [entry, ...args]));
  }

  private pushResult(value: Value): void {
    if (value.type !== 'none') this.stack.push(value);
  }

  /** `abort(message, file, line, column)`: the first two point to static strings. */
  private abortMessage(args: readonly Value[]): string {
    const [message, file, line] = args.map((argument) => argument.resolve());
    const text = (value: Value | undefined): string | undefined =>
      value?.isConstant === true ? readStaticString(this.module, value.imm) : undefined;
    const place =
      line?.isConstant === true && text(file) !== undefined
        ? `${text(file)}:${line.imm}`
        : formatLocation(this.graph.location);
    return `${place} ${text(message) ?? 'assertion failed'}`;
  }

  private visitControl(instruction: WasmInstruction): boolean {
    const { graph } = this;
    switch (instruction.opcode) {
      case OPCODE.block: {
        const join = graph.newBlock();
        this.pushFrame('block', join, join, instruction.results);
        return true;
      }
      case OPCODE.loop:
        this.visitLoop(instruction.results);
        return true;
      case OPCODE.if:
        this.visitIf(instruction.results);
        return true;
      case OPCODE.else:
        this.visitElse();
        return true;
      case OPCODE.end:
        this.visitEnd();
        return true;
      case OPCODE.br:
        this.branchTo(instruction.index);
        return true;
      case OPCODE.brIf:
        this.branchIf(instruction.index);
        return true;
      case OPCODE.brTable:
        this.branchTable(instruction.labels);
        return true;
      case OPCODE.return:
        this.branchTo(this.frames.length - 1);
        return true;
      case OPCODE.unreachable:
        graph.terminate({
          kind: 'trap',
          message: `${formatLocation(graph.location)} unreachable code was reached`,
        });
        return true;
      default:
        return false;
    }
  }

  private pushFrame(
    kind: ControlFrame['kind'],
    label: Block,
    join: Block,
    results: readonly ValueType[],
    elseBlock?: Block,
  ): void {
    this.frames.push({
      kind,
      label,
      join,
      elseBlock,
      results: results.map((type) => this.graph.newVariable(this.integer(type))),
      height: this.stack.length,
    });
  }

  private frame(depth: number): ControlFrame {
    const frame = this.frames[this.frames.length - 1 - depth];
    if (frame === undefined) throw new Error(`label ${depth} in ${this.func.name}`);
    return frame;
  }

  private visitLoop(results: readonly ValueType[]): void {
    const { graph } = this;
    const header = graph.newBlock();
    const join = graph.newBlock();
    graph.terminate({ kind: 'jump', target: header });
    graph.current = header;
    this.pushFrame('loop', header, join, results);
  }

  private visitIf(results: readonly ValueType[]): void {
    const { graph } = this;
    const condition = this.pop();
    const then = graph.newBlock();
    const otherwise = graph.newBlock();
    const join = graph.newBlock();
    graph.terminate({ kind: 'branch', condition, then, otherwise });
    graph.seal(then);
    graph.seal(otherwise);
    graph.current = then;
    this.pushFrame('if', join, join, results, otherwise);
  }

  private visitElse(): void {
    const frame = this.frame(0);
    this.leaveTo(frame);
    this.stack.length = frame.height;
    this.frames[this.frames.length - 1] = { ...frame, kind: 'else', elseBlock: undefined };
    this.graph.current = frame.elseBlock;
  }

  /** From the end of a block's code to its join. */
  private leaveTo(frame: ControlFrame): void {
    if (this.graph.current === undefined) return;
    this.storeResults(frame);
    this.graph.terminate({ kind: 'jump', target: frame.join });
  }

  private storeResults(frame: ControlFrame): void {
    const values = this.stack.slice(this.stack.length - frame.results.length);
    frame.results.forEach((variable, index) => {
      const value = values[index];
      if (value !== undefined) this.graph.write(variable, value);
    });
  }

  private visitEnd(): void {
    const { graph } = this;
    const frame = this.frame(0);
    this.leaveTo(frame);
    if (frame.elseBlock !== undefined) {
      graph.current = frame.elseBlock;
      graph.terminate({ kind: 'jump', target: frame.join });
    }
    if (frame.kind === 'loop') graph.seal(frame.label);
    graph.seal(frame.join);
    this.frames.pop();
    this.stack.length = frame.height;
    graph.current = frame.join.predecessors.length > 0 ? frame.join : undefined;
    if (graph.current === undefined) return;
    for (const variable of frame.results) this.stack.push(graph.read(variable));
    if (frame.kind === 'function') graph.terminate({ kind: 'return', value: this.stack[0] });
  }

  /** Results travel only to labels of blocks; a loop's label takes none. */
  private storeBranchResults(frame: ControlFrame): void {
    if (frame.kind !== 'loop') this.storeResults(frame);
  }

  private branchTo(depth: number): void {
    const frame = this.frame(depth);
    this.storeBranchResults(frame);
    this.graph.terminate({ kind: 'jump', target: frame.label });
  }

  private branchIf(depth: number): void {
    const { graph } = this;
    const condition = this.pop();
    const frame = this.frame(depth);
    const next = graph.newBlock();
    // The results are written only on the way out: the fall-through keeps its own view of the variables.
    const exit = graph.newBlock();
    graph.terminate({ kind: 'branch', condition, then: exit, otherwise: next });
    graph.seal(exit);
    graph.seal(next);
    graph.current = exit;
    this.storeBranchResults(frame);
    graph.terminate({ kind: 'jump', target: frame.label });
    graph.current = next;
  }

  /** A range check, then a jump through the table; the default is taken outside the range. */
  private branchTable(labels: readonly number[]): void {
    const { graph } = this;
    const index = this.pop();
    if (labels.length === 1) return this.branchTo(labels[0] ?? 0);
    const exits = new Map<number, Block>();
    const exitTo = (depth: number): Block => {
      const known = exits.get(depth) ?? graph.newBlock();
      exits.set(depth, known);
      return known;
    };
    const targets = labels.slice(0, -1).map(exitTo);
    const defaultDepth = labels.at(-1) ?? 0;
    const fallback = graph.newBlock();
    const table = graph.newBlock();
    const size = graph.constant('i32', BigInt(targets.length));
    const isOutside = graph.make('ge_u', 'i32', [index, size]);
    graph.terminate({ kind: 'branch', condition: isOutside, then: fallback, otherwise: table });
    graph.seal(fallback);
    graph.seal(table);
    graph.current = table;
    const wide = graph.make('extend_i32_u', 'i64', [index]);
    graph.terminate({ kind: 'switch', index: wide, targets });
    this.leaveThrough(fallback, defaultDepth);
    for (const [depth, exit] of exits) this.leaveThrough(exit, depth);
  }

  private leaveThrough(exit: Block, depth: number): void {
    const frame = this.frame(depth);
    this.graph.seal(exit);
    this.graph.current = exit;
    this.storeBranchResults(frame);
    this.graph.terminate({ kind: 'jump', target: frame.label });
  }
}
