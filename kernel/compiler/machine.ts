/**
 * The machine form: x86-64 instructions over virtual registers, in basic blocks.
 *
 * Registers are numbers: 0 to 15 are the processor's (in encoding order), larger ones are virtual until
 * `register-allocation.ts` has given each a place.
 */
import type { SourceLocation } from './compile-error.js';

export const RAX = 0;
export const RCX = 1;
export const RDX = 2;
export const RBX = 3;
export const RSP = 4;
export const RBP = 5;
export const RSI = 6;
export const RDI = 7;
export const REGISTER_COUNT = 16;

/** System V AMD64 ABI, "Parameter Passing" and "Registers". */
export const ARGUMENT_REGISTERS: readonly number[] = [RDI, RSI, RDX, RCX, 8, 9];
export const CALLEE_SAVED: readonly number[] = [RBX, RBP, 12, 13, 14, 15];
export const CALLER_SAVED: readonly number[] = [RAX, RCX, RDX, RSI, RDI, 8, 9, 10, 11];

export interface Immediate {
  readonly kind: 'imm';
  readonly value: bigint;
  /** Symbol whose address is added at link time. */
  readonly symbol: string | undefined;
}

/** `[base + index * scale + displacement + symbol]`, or a slot of the stack frame. */
export interface Memory {
  readonly kind: 'mem';
  readonly base: number | undefined;
  readonly index: number | undefined;
  readonly scale: 1 | 2 | 4 | 8;
  readonly displacement: bigint;
  readonly symbol: string | undefined;
  /** `spill`: a slot of this frame; `incoming`: the caller's n-th stack argument. */
  readonly slot: { readonly kind: 'spill' | 'incoming'; readonly index: number } | undefined;
}

export type Operand = number | Immediate | Memory;

export const immediate = (value: bigint, symbol?: string): Immediate => ({
  kind: 'imm',
  value,
  symbol,
});

export const memoryOperand = (parts: Partial<Memory>): Memory => ({
  kind: 'mem',
  base: undefined,
  index: undefined,
  scale: 1,
  displacement: 0n,
  symbol: undefined,
  slot: undefined,
  ...parts,
});

export const isRegister = (operand: Operand | undefined): operand is number =>
  typeof operand === 'number';
export const isImmediate = (operand: Operand | undefined): operand is Immediate =>
  typeof operand === 'object' && operand.kind === 'imm';
export const isMemory = (operand: Operand | undefined): operand is Memory =>
  typeof operand === 'object' && operand.kind === 'mem';

export const isFitting32 = (value: bigint): boolean => BigInt.asIntN(32, value) === value;

/** Condition codes in the order of their encoding, so that the inverse differs in the lowest bit. */
export const CONDITIONS = [
  'o',
  'no',
  'b',
  'ae',
  'e',
  'ne',
  'be',
  'a',
  's',
  'ns',
  'p',
  'np',
  'l',
  'ge',
  'le',
  'g',
] as const;
export type Condition = (typeof CONDITIONS)[number];

export function invert(condition: Condition): Condition {
  return CONDITIONS[CONDITIONS.indexOf(condition) ^ 1] ?? condition;
}

/** How an instruction touches each of its operands: d = writes, u = reads, m = reads and writes. */
const ROLES = {
  mov: 'du',
  movzx8: 'du',
  movzx16: 'du',
  /** A 32-bit move made for its zero upper half. */
  movzx32: 'du',
  movsx8: 'du',
  movsx16: 'du',
  movsx32: 'du',
  lea: 'du',
  add: 'mu',
  or: 'mu',
  and: 'mu',
  sub: 'mu',
  xor: 'mu',
  cmp: 'uu',
  test: 'uu',
  imul: 'mu',
  imul3: 'duu',
  neg: 'm',
  not: 'm',
  shl: 'mu',
  shr: 'mu',
  sar: 'mu',
  rol: 'mu',
  ror: 'mu',
  bt: 'uu',
  bts: 'mu',
  btr: 'mu',
  btc: 'mu',
  bsr: 'du',
  bsf: 'du',
  setcc: 'm',
  cmov: 'mu',
  /** Zero, by `xor r, r`. */
  zero: 'd',
  mul: 'u',
  imul1: 'u',
  div: 'u',
  idiv: 'u',
  /** Sign of RAX into RDX. */
  signExtendRax: '',
  /** Copies that happen at once: the first half of the operands receives the second. */
  copies: '',
  call: '',
  callMemory: 'u',
  push: 'u',
  pop: 'd',
  repStos: '',
  repMovs: '',
  std: '',
  cld: '',
  in: 'u',
  out: 'u',
  rdtsc: '',
  rdmsr: '',
  wrmsr: '',
  cpuid: '',
  readControl: 'd',
  writeControl: 'u',
  invlpg: 'u',
  lgdt: 'u',
  lidt: 'u',
  ltr: 'u',
  cli: '',
  sti: '',
  hlt: '',
  pause: '',
  ud2: '',
  xchg: 'mm',
  lockCmpxchg: 'mu',
  pushfq: '',
  jump: '',
  branch: '',
  switch: 'u',
  return: '',
  trap: '',
} as const;

export type MachineOp = keyof typeof ROLES;

/** Registers that an instruction reads or writes without naming them. */
const IMPLICIT: Partial<Record<MachineOp, { uses?: readonly number[]; defs?: readonly number[] }>> =
  {
    mul: { uses: [RAX], defs: [RAX, RDX] },
    imul1: { uses: [RAX], defs: [RAX, RDX] },
    div: { uses: [RAX, RDX], defs: [RAX, RDX] },
    idiv: { uses: [RAX, RDX], defs: [RAX, RDX] },
    signExtendRax: { uses: [RAX], defs: [RDX] },
    call: { defs: CALLER_SAVED },
    callMemory: { defs: CALLER_SAVED },
    repStos: { uses: [RAX, RCX, RDI], defs: [RCX, RDI] },
    repMovs: { uses: [RCX, RSI, RDI], defs: [RCX, RSI, RDI] },
    in: { defs: [RAX] },
    out: { uses: [RAX] },
    rdtsc: { defs: [RAX, RDX] },
    rdmsr: { uses: [RCX], defs: [RAX, RDX] },
    wrmsr: { uses: [RAX, RCX, RDX] },
    cpuid: { uses: [RAX, RCX], defs: [RAX, RBX, RCX, RDX] },
    lockCmpxchg: { uses: [RAX], defs: [RAX] },
  };

const FLAG_READERS: ReadonlySet<MachineOp> = new Set<MachineOp>(['setcc', 'cmov', 'branch']);
const FLAG_KEEPERS: ReadonlySet<MachineOp> = new Set<MachineOp>([
  'mov',
  'movzx8',
  'movzx16',
  'movzx32',
  'movsx8',
  'movsx16',
  'movsx32',
  'lea',
  'not',
  'setcc',
  'cmov',
  'copies',
  'push',
  'pop',
  'jump',
  'branch',
  'xchg',
]);

export type WidthBytes = 1 | 2 | 4 | 8;

export interface MachineFields {
  readonly condition?: Condition;
  /** Blocks of a jump: taken and not taken, or the table of a switch. */
  readonly targets?: MachineBlock[];
  /** Callee of a call. */
  readonly symbol?: string;
  /** Registers read besides the operands: arguments of a call, the result of a return. */
  readonly uses?: readonly number[];
  /** Number of a control register. */
  readonly number?: number;
  /** Text of a trap. */
  readonly message?: string;
  /** Bytes of stack arguments of a call. */
  readonly outgoingBytes?: number;
}

export class MachineInstruction {
  constructor(
    readonly op: MachineOp,
    readonly width: WidthBytes,
    public operands: Operand[],
    readonly location: SourceLocation | undefined,
    public fields: MachineFields = {},
  ) {}

  get readsFlags(): boolean {
    return FLAG_READERS.has(this.op);
  }

  get writesFlags(): boolean {
    return !FLAG_KEEPERS.has(this.op);
  }

  role(index: number): string {
    if (this.op === 'copies') return index < this.operands.length / 2 ? 'd' : 'u';
    return ROLES[this.op][index] ?? 'u';
  }

  /** Calls `visit` for each register with how it is touched: read, written or both. */
  forEachRegister(visit: (register: number, reads: boolean, writes: boolean) => void): void {
    const implicit = IMPLICIT[this.op];
    this.operands.forEach((operand, index) => {
      if (isRegister(operand)) {
        const role = this.role(index);
        visit(operand, role !== 'd', role !== 'u');
      } else if (isMemory(operand)) {
        if (operand.base !== undefined) visit(operand.base, true, false);
        if (operand.index !== undefined) visit(operand.index, true, false);
      }
    });
    for (const register of implicit?.uses ?? []) visit(register, true, false);
    for (const register of this.fields.uses ?? []) visit(register, true, false);
    for (const register of implicit?.defs ?? []) visit(register, false, true);
  }

  /** Replaces registers; `map` gets each virtual or physical register once per mention. */
  mapRegisters(map: (register: number) => number): void {
    this.operands = this.operands.map((operand) => {
      if (isRegister(operand)) return map(operand);
      if (!isMemory(operand)) return operand;
      return {
        ...operand,
        base: operand.base === undefined ? undefined : map(operand.base),
        index: operand.index === undefined ? undefined : map(operand.index),
      };
    });
  }
}

export class MachineBlock {
  instructions: MachineInstruction[] = [];
  predecessors: MachineBlock[] = [];
  loopDepth = 0;

  constructor(readonly id: number) {}

  get end(): MachineInstruction | undefined {
    return this.instructions.at(-1);
  }

  get successors(): readonly MachineBlock[] {
    return this.end?.fields.targets ?? [];
  }
}

export interface MachineFunction {
  readonly name: string;
  /** In the order of the code. */
  blocks: MachineBlock[];
  /** One more than the largest virtual register. */
  registerCount: number;
  spillSlots: number;
}
