/**
 * The functions of namespace `x86`: instructions that no language has, emitted in place, and addresses that only
 * the linker knows.
 * Source: Intel SDM Vol. 2, the page of each instruction.
 */
import type { Value } from './ir.js';
import {
  immediate,
  memoryOperand,
  RAX,
  RBX,
  RCX,
  RDI,
  RDX,
  type MachineOp,
  type Operand,
  type WidthBytes,
} from './machine.js';
import { emitCopies } from './select-memory.js';
import type { SelectionContext } from './selection-context.js';
import { INTERRUPT_STUBS, LATE_RETURN } from './symbol-names.js';

/** Bytes from one interrupt entry stub to the next. */
export const INTERRUPT_STUB_STRIDE_BYTES = 16n;

type Emitter = (context: SelectionContext, args: readonly Value[], result: number) => void;

/** Link-time addresses: intrinsic → symbol. */
const ADDRESSES: Readonly<Record<string, string>> = {
  kernelStart: '__kernel_start',
  wholeStart: '__whole_start',
  textEnd: '__text_end',
  lateReturn: LATE_RETURN,
  rodataEnd: '__rodata_end',
  kernelEnd: '__kernel_end',
  stackTop: '__stack_top',
  stackBottom: '__stack_bottom',
  trapTable: '__trap_table',
};

const CONTROL_REGISTERS: Readonly<Record<string, number>> = { Cr0: 0, Cr2: 2, Cr3: 3, Cr4: 4 };

const PLAIN = ['cli', 'sti', 'hlt', 'pause', 'ud2'] as const;

const EMITTERS: ReadonlyMap<string, Emitter> = emitters();

export function selectIntrinsic(context: SelectionContext, value: Value, result: number): void {
  const name = value.attributes.name ?? '';
  const emitter = EMITTERS.get(name);
  if (emitter === undefined) context.refuse(`x86.${name} is not an instruction of this compiler`);
  emitter(context, value.args, result);
}

function emitters(): Map<string, Emitter> {
  const table = new Map<string, Emitter>();
  for (const [name, symbol] of Object.entries(ADDRESSES)) {
    table.set(name, (context, _args, result) =>
      context.emit('mov', 4, [result, immediate(0n, symbol)]),
    );
  }
  for (const op of PLAIN) table.set(op, (context) => context.emit(op, 8, []));
  for (const [register, number] of Object.entries(CONTROL_REGISTERS)) {
    table.set(`read${register}`, (context, _args, result) =>
      context.emit('readControl', 8, [result], { number }),
    );
    table.set(`write${register}`, (context, args) =>
      context.emit('writeControl', 8, [context.register(argument(args, 0))], { number }),
    );
  }
  for (const width of [1, 2, 4] as const) {
    table.set(`in${width * 8}`, (context, args, result) => emitIn(context, width, args, result));
    table.set(`out${width * 8}`, (context, args) => emitOut(context, width, args));
  }
  for (const op of ['lgdt', 'lidt', 'invlpg'] as const) {
    table.set(op, (context, args) =>
      context.emit(op, 8, [context.addressOf(argument(args, 0), 0n)]),
    );
  }
  table.set('ltr', (context, args) =>
    context.emit('ltr', 2, [context.register(argument(args, 0))]),
  );
  table.set('rdtsc', emitRdtsc);
  table.set('rdmsr', emitRdmsr);
  table.set('wrmsr', emitWrmsr);
  table.set('cpuid', emitCpuid);
  table.set('bsf64', (context, args, result) => {
    const value = argument(args, 0);
    context.emit('bsf', 8, [result, context.foldedLoad(value) ?? context.register(value)]);
  });
  table.set('mov32', emitStore);
  table.set('callAt', emitCallAt);
  table.set('xchg64', emitXchg);
  table.set('lockCmpxchg64', emitCmpxchg);
  table.set('readRflags', (context, _args, result) => {
    context.emit('pushfq', 8, []);
    context.emit('pop', 8, [result]);
  });
  table.set('interruptStub', emitInterruptStub);
  return table;
}

function argument(args: readonly Value[], index: number): Value {
  const value = args[index];
  if (value === undefined) throw new Error(`intrinsic argument ${index} is missing`);
  return value;
}

/** Ports below 256 fit into the instruction, others go into DX. */
function portOperand(port: Value): Operand {
  const isShort = port.isConstant && port.imm >= 0n && port.imm <= 0xffn;
  return isShort ? immediate(port.imm) : RDX;
}

const IN_EXTENSIONS: Readonly<Partial<Record<WidthBytes, MachineOp>>> = {
  1: 'movzx8',
  2: 'movzx16',
};

function emitIn(
  context: SelectionContext,
  width: WidthBytes,
  args: readonly Value[],
  result: number,
): void {
  const port = argument(args, 0);
  const operand = portOperand(port);
  if (operand === RDX) emitCopies(context, [[RDX, port]]);
  context.emit('in', width, [operand]);
  context.emit(IN_EXTENSIONS[width] ?? 'mov', 4, [result, RAX]);
}

function emitOut(context: SelectionContext, width: WidthBytes, args: readonly Value[]): void {
  const port = argument(args, 0);
  const operand = portOperand(port);
  const value = [RAX, argument(args, 1)] as const;
  emitCopies(context, operand === RDX ? [[RDX, port], value] : [value]);
  context.emit('out', width, [operand]);
}

/** EDX:EAX as one 64-bit value. */
function joinHalves(context: SelectionContext, result: number): void {
  const low = context.newRegister();
  context.emit('copies', 8, [result, low, RDX, RAX]);
  context.emit('shl', 8, [result, immediate(32n)]);
  context.emit('or', 8, [result, low]);
}

function emitRdtsc(context: SelectionContext, _args: readonly Value[], result: number): void {
  context.emit('rdtsc', 8, []);
  joinHalves(context, result);
}

function emitRdmsr(context: SelectionContext, args: readonly Value[], result: number): void {
  emitCopies(context, [[RCX, argument(args, 0)]]);
  context.emit('rdmsr', 8, []);
  joinHalves(context, result);
}

function emitWrmsr(context: SelectionContext, args: readonly Value[]): void {
  const value = context.register(argument(args, 1));
  const high = context.newRegister();
  context.emit('mov', 8, [high, value]);
  context.emit('shr', 8, [high, immediate(32n)]);
  const msr = argument(args, 0);
  context.emit('copies', 8, [RCX, RDX, RAX, context.copySource(msr), high, value]);
  context.emit('wrmsr', 8, []);
}

function emitCpuid(context: SelectionContext, args: readonly Value[]): void {
  const pointer = argument(args, 2);
  const memory = context.addressOf(pointer, 0n);
  emitCopies(context, [
    [RAX, argument(args, 0)],
    [RCX, argument(args, 1)],
  ]);
  context.emit('cpuid', 8, []);
  [RAX, RBX, RCX, RDX].forEach((register, index) => {
    const displacement = memory.displacement + BigInt(4 * index);
    context.emit('mov', 4, [{ ...memory, displacement }, register]);
  });
}

function emitStore(context: SelectionContext, args: readonly Value[]): void {
  const memory = context.addressOf(argument(args, 0), 0n);
  const value = argument(args, 1);
  const source = value.isConstant ? immediate(value.imm) : context.register(value);
  context.emit('mov', 4, [memory, source]);
}

function emitCallAt(context: SelectionContext, args: readonly Value[]): void {
  const memory = context.addressOf(argument(args, 0), 0n);
  emitCopies(context, [[RDI, argument(args, 1)]]);
  context.emit('callMemory', 8, [memory], { uses: [RDI], outgoingBytes: 0 });
}

function emitXchg(context: SelectionContext, args: readonly Value[], result: number): void {
  const memory = context.addressOf(argument(args, 0), 0n);
  context.emit('mov', 8, [result, context.register(argument(args, 1))]);
  context.emit('xchg', 8, [memory, result]);
}

function emitCmpxchg(context: SelectionContext, args: readonly Value[], result: number): void {
  const memory = context.addressOf(argument(args, 0), 0n);
  const desired = context.register(argument(args, 2));
  emitCopies(context, [[RAX, argument(args, 1)]]);
  context.emit('lockCmpxchg', 8, [memory, desired]);
  context.emit('mov', 8, [result, RAX]);
}

function emitInterruptStub(
  context: SelectionContext,
  args: readonly Value[],
  result: number,
): void {
  const vector = argument(args, 0);
  if (vector.isConstant) {
    const offset = (vector.imm & 0xffn) * INTERRUPT_STUB_STRIDE_BYTES;
    context.emit('mov', 4, [result, immediate(offset, INTERRUPT_STUBS)]);
    return;
  }
  context.emit('movzx8', 4, [result, context.register(vector)]);
  context.emit('shl', 4, [result, immediate(4n)]);
  const table = memoryOperand({ base: result, symbol: INTERRUPT_STUBS });
  context.emit('lea', 4, [result, table]);
}
