/**
 * The registers that a debugger sees, in the order in which GDB numbers them: name, size, how to read and to write each.
 * Source: GDB manual, "i386 Features" (org.gnu.gdb.i386.core, .sse, .segments, .avx); the last group is our own.
 */
import {
  IA32_KERNEL_GS_BASE,
  MXCSR,
  VECTOR_REGISTER_BYTES,
  VECTOR_REGISTERS,
  X87_CONTROL,
  X87_POINTERS,
  X87_REGISTER_BYTES,
  X87_REGISTERS,
  X87_TAGS,
} from '../isa/state-layout.js';
import type { LinearMemory } from '../cpu/linear-memory.js';
import type { ControlRegister, GeneralRegister, SegmentName } from '../cpu/register-slots.js';
import type { Machine } from './machine.js';

export interface DebuggerRegister {
  readonly name: string;
  readonly bits: 16 | 32 | 64 | 80 | 128;
  /** GDB's type. */
  readonly type: string;
  read(machine: Machine): bigint;
  /** Absent where the register cannot be written. */
  readonly write?: (machine: Machine, value: bigint) => void;
}

export interface RegisterFeature {
  /** Name of GDB's feature. */
  readonly name: string;
  readonly registers: readonly DebuggerRegister[];
}

/** What GDB takes the program for, by its file: it refuses a description that does not suit that. */
export type DebuggerBits = 32 | 64;

/** GDB's order, which in 64 bits is not that of the numbers in instructions. */
const GENERAL: readonly GeneralRegister[] = [
  ...(['rax', 'rbx', 'rcx', 'rdx', 'rsi', 'rdi', 'rbp', 'rsp'] as const),
  ...(['r8', 'r9', 'r10', 'r11', 'r12', 'r13', 'r14', 'r15'] as const),
];
const GENERAL_32: readonly GeneralRegister[] = [
  ...(['rax', 'rcx', 'rdx', 'rbx', 'rsp', 'rbp', 'rsi', 'rdi'] as const),
];
const SEGMENTS: readonly SegmentName[] = ['cs', 'ss', 'ds', 'es', 'fs', 'gs'];
const CONTROL: readonly ControlRegister[] = ['cr0', 'cr2', 'cr3', 'cr4', 'cr8', 'efer'];
const VECTORS: Readonly<Record<DebuggerBits, number>> = { 32: 8, 64: 16 };
const X87_STACK = 8;
const HALF = 64n;
const LOW = 0xffff_ffff_ffff_ffffn;

function generalRegister(name: GeneralRegister, bits: DebuggerBits): DebuggerRegister {
  const isPointer = name === 'rsp' || name === 'rbp';
  return {
    name: bits === 64 ? name : `e${name.slice(1)}`,
    bits,
    type: isPointer ? 'data_ptr' : `int${bits}`,
    read: ({ processor }) => BigInt.asUintN(bits, processor.register(name)),
    write: ({ processor }, value) => processor.setRegister(name, value),
  };
}

/** RIP as a linear address, CS.base added: what breakpoints and the code's listing need in every mode. */
function instructionPointer(bits: DebuggerBits): DebuggerRegister {
  return {
    name: bits === 64 ? 'rip' : 'eip',
    bits,
    type: 'code_ptr',
    read: ({ processor }) => BigInt.asUintN(bits, processor.debug.instructionAddress),
    write: ({ processor }, value) => {
      processor.debug.instructionAddress = value;
    },
  };
}

const FLAGS: DebuggerRegister = {
  name: 'eflags',
  bits: 32,
  type: 'i386_eflags',
  read: ({ processor }) => processor.rflags,
  write: ({ processor }, value) => {
    processor.rflags = value;
  },
};

/** The selector; a write leaves base, limit and attributes as they are. */
function segmentRegister(name: SegmentName): DebuggerRegister {
  return {
    name,
    bits: 32,
    type: 'int32',
    read: ({ processor }) => BigInt(processor.segment(name).selector),
    write: ({ processor }, value) => {
      const selector = Number(value & 0xffffn);
      processor.setSegment(name, { ...processor.segment(name), selector });
    },
  };
}

function segmentBase(name: 'fs' | 'gs'): DebuggerRegister {
  return {
    name: `${name}_base`,
    bits: 64,
    type: 'int64',
    read: ({ processor }) => processor.segment(name).base,
    write: ({ processor }, base) => {
      processor.setSegment(name, { ...processor.segment(name), base });
    },
  };
}

/** Storage in linear memory. */
function stored(name: string, bits: 16 | 32 | 64, at: number, storedBits = bits): DebuggerRegister {
  const type = `int${bits}`;
  if (storedBits === 16) {
    return {
      name,
      bits,
      type,
      read: ({ processor: { memory } }) => BigInt(memory.u16(at)),
      write: ({ processor: { memory } }, value) => memory.setU16(at, Number(value & 0xffffn)),
    };
  }
  if (storedBits === 32) {
    return {
      name,
      bits,
      type,
      read: ({ processor: { memory } }) => BigInt(memory.u32(at)),
      write: ({ processor: { memory } }, value) => memory.setU32(at, Number(value & 0xffff_ffffn)),
    };
  }
  return {
    name,
    bits,
    type,
    read: ({ processor: { memory } }) => BigInt.asUintN(bits, memory.u64(at)),
    write: ({ processor: { memory } }, value) => memory.setU64(at, value),
  };
}

const TOP_SHIFT = 11;
const REGISTER_MASK = 7;
const EXPONENT = 0x7fffn;
const TAG_VALID = 0;
const TAG_ZERO = 1;
const TAG_SPECIAL = 2;
const TAG_EMPTY = 3;

/** ST(i): physical register R(TOP + i). */
function stackRegister(index: number): DebuggerRegister {
  const place = (memory: LinearMemory): number => {
    const top = (memory.u16(X87_CONTROL + 2) >> TOP_SHIFT) & REGISTER_MASK;
    return X87_REGISTERS + X87_REGISTER_BYTES * ((top + index) & REGISTER_MASK);
  };
  return {
    name: `st${index}`,
    bits: 80,
    type: 'i387_ext',
    read: ({ processor: { memory } }) => {
      const at = place(memory);
      return (BigInt(memory.u16(at + 8)) << HALF) | memory.u64(at);
    },
    write: ({ processor: { memory } }, value) => {
      const at = place(memory);
      memory.setU64(at, value & LOW);
      memory.setU16(at + 8, Number((value >> HALF) & 0xffffn));
    },
  };
}

/** The tag word: two bits for each physical register, as FSTENV stores it. [SDM-1 "x87 FPU Tag Word"] */
const TAG_WORD: DebuggerRegister = {
  name: 'ftag',
  bits: 32,
  type: 'int32',
  read: ({ processor: { memory } }) => {
    const inUse = memory.u16(X87_TAGS) & 0xff;
    let word = 0;
    for (let number = 0; number < X87_STACK; number++) {
      const at = X87_REGISTERS + X87_REGISTER_BYTES * number;
      const tag =
        ((inUse >> number) & 1) === 0
          ? TAG_EMPTY
          : tagOf(memory.u64(at), BigInt(memory.u16(at + 8)) & EXPONENT);
      word |= tag << (2 * number);
    }
    return BigInt(word);
  },
};

function tagOf(significand: bigint, exponent: bigint): number {
  if (exponent === 0n && significand === 0n) return TAG_ZERO;
  const isNormal = exponent !== 0n && exponent !== EXPONENT && significand >> 63n === 1n;
  return isNormal ? TAG_VALID : TAG_SPECIAL;
}

/** Sixteen bytes of vector register `number`, from byte `offset` on. */
function vectorRegister(
  name: string,
  type: string,
  number: number,
  offset: number,
): DebuggerRegister {
  const at = VECTOR_REGISTERS + VECTOR_REGISTER_BYTES * number + offset;
  return {
    name,
    bits: 128,
    type,
    read: ({ processor: { memory } }) => (memory.u64(at + 8) << HALF) | memory.u64(at),
    write: ({ processor: { memory } }, value) => {
      memory.setU64(at, value & LOW);
      memory.setU64(at + 8, value >> HALF);
    },
  };
}

function controlRegister(name: ControlRegister): DebuggerRegister {
  return {
    name,
    bits: 64,
    type: 'int64',
    read: ({ processor }) => processor.controlRegister(name),
    write: ({ processor }, value) => processor.setControlRegister(name, value),
  };
}

function readOnly(name: string, read: (machine: Machine) => bigint): DebuggerRegister {
  return { name, bits: 64, type: 'int64', read };
}

const X87_ENVIRONMENT: readonly DebuggerRegister[] = [
  stored('fctrl', 32, X87_CONTROL, 16),
  stored('fstat', 32, X87_CONTROL + 2, 16),
  TAG_WORD,
  { name: 'fiseg', bits: 32, type: 'int32', read: () => 0n },
  stored('fioff', 32, X87_POINTERS + 2),
  { name: 'foseg', bits: 32, type: 'int32', read: () => 0n },
  stored('fooff', 32, X87_POINTERS + 10),
  stored('fop', 32, X87_POINTERS, 16),
];

const numbered = (count: number): readonly number[] => Array.from({ length: count }, (_, i) => i);

const SEGMENT_BASES = 'org.gnu.gdb.i386.segments';

/** All that a debugger of a program of so many bits sees. Without fs_base and gs_base in 32 bits, where GDB has no place for them. */
export function registerFeatures(bits: DebuggerBits): readonly RegisterFeature[] {
  const general = bits === 64 ? GENERAL : GENERAL_32;
  const vectors = numbered(VECTORS[bits]);
  const features: RegisterFeature[] = [
    {
      name: 'org.gnu.gdb.i386.core',
      registers: [
        ...general.map((name) => generalRegister(name, bits)),
        instructionPointer(bits),
        FLAGS,
        ...SEGMENTS.map(segmentRegister),
        ...numbered(X87_STACK).map(stackRegister),
        ...X87_ENVIRONMENT,
      ],
    },
    {
      name: 'org.gnu.gdb.i386.sse',
      registers: [
        ...vectors.map((number) => vectorRegister(`xmm${number}`, 'vec128', number, 0)),
        stored('mxcsr', 32, MXCSR),
      ],
    },
    {
      name: SEGMENT_BASES,
      registers: [segmentBase('fs'), segmentBase('gs')],
    },
    {
      name: 'org.gnu.gdb.i386.avx',
      registers: vectors.map((number) => vectorRegister(`ymm${number}h`, 'uint128', number, 16)),
    },
    {
      name: 'org.system7x.system',
      registers: [
        ...CONTROL.map(controlRegister),
        stored('kernel_gs_base', 64, IA32_KERNEL_GS_BASE),
        readOnly('gdtr', ({ processor }) => processor.descriptorTable('gdtr').base),
        readOnly('idtr', ({ processor }) => processor.descriptorTable('idtr').base),
        readOnly('cpl', ({ processor }) => BigInt(processor.cpl)),
        readOnly('cycles', (machine) => BigInt(machine.nowCycles)),
        readOnly('insns', ({ processor }) => BigInt(processor.retired)),
      ],
    },
  ];
  return bits === 64 ? features : features.filter(({ name }) => name !== SEGMENT_BASES);
}

export { WATCHPOINTS_MAX, type WatchedAccess, type Watchpoint } from '../cpu/processor-debug.js';
