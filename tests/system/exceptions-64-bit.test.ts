/**
 * Which exception an instruction causes in 64-bit mode, with which error code, and what the handler finds on its stack.
 * Expectations: SDM Vol. 3A, "Interrupt and Exception Handling"; the exception lists of Vol. 2.
 */
import { describe, expect, it } from 'vitest';
import { CR0, CR2, CR4, DEBUG_REGISTERS, ExitReason } from '../../emulator/isa/state-layout.js';
import { Segment } from '../../emulator/isa/uop.js';
import {
  Access,
  CODE,
  DATA,
  descriptor,
  Flags,
  RING0_STACK,
  Selector,
  TestMachine,
  TSS,
  UNMAPPED,
} from './test-machine.js';
import type { ExceptionCase } from './exception-case.js';

const NON_CANONICAL = 0x0000_8000_0000_0000n;
const free = Selector.free;

const rbx = (value: bigint) => (machine: TestMachine) =>
  machine.processor.setRegister('rbx', value);

/** Puts a descriptor into the free place of the GDT, and its selector into RBX. */
const withDescriptor = (value: bigint) => (machine: TestMachine) => {
  machine.setDescriptor(free, value);
  machine.processor.setRegister('rbx', BigInt(free));
};

const longMode: readonly ExceptionCase[] = [
  { does: 'UD2', code: '0f0b', vector: 6, error: null, at: 0 },
  { does: 'DIV EBX by 0', code: '90 f7f3', vector: 0, error: null, at: 1 },
  { does: 'INT3', code: 'cc', vector: 3, error: null, at: 1 },
  { does: 'INT 80h', code: 'cd80', vector: 0x80, error: null, at: 2 },
  { does: 'INT1', code: 'f1', vector: 1, error: null, at: 1 },
  {
    does: 'INT 80h at CPL 3 through a gate of DPL 0',
    code: 'cd80',
    vector: 13,
    error: 0x80 * 8 + 2,
    at: 0,
    level: 3,
  },
  {
    does: 'INT 80h at CPL 3 through a gate of DPL 3',
    code: 'cd80',
    vector: 0x80,
    error: null,
    at: 2,
    level: 3,
    set: (m) => m.setGate(0x80, Access.interruptGate | 0x60),
  },
  {
    does: 'INT 80h, gate not present',
    code: 'cd80',
    vector: 11,
    error: 0x80 * 8 + 2,
    at: 0,
    set: (m) => m.setGate(0x80, 0x0e),
  },
  {
    does: 'UD2, gate not present',
    code: '0f0b',
    vector: 11,
    error: 6 * 8 + 3,
    at: 0,
    set: (m) => m.setGate(6, 0x0e),
  },
  {
    does: 'UD2, gate of a 16-bit type',
    code: '0f0b',
    vector: 13,
    error: 6 * 8 + 3,
    at: 0,
    set: (m) => m.setGate(6, Access.interruptGate16),
  },
  {
    does: 'UD2, task gate',
    code: '0f0b',
    vector: 13,
    error: 6 * 8 + 3,
    at: 0,
    set: (m) => m.setGate(6, Access.taskGate),
  },
  {
    does: 'UD2, gate to a null selector',
    code: '0f0b',
    vector: 13,
    error: 1,
    at: 0,
    set: (m) => m.setGate(6, Access.interruptGate, { selector: 0 }),
  },
  {
    does: 'UD2, gate to a data segment',
    code: '0f0b',
    vector: 13,
    error: Selector.data0 | 1,
    at: 0,
    set: (m) => m.setGate(6, Access.interruptGate, { selector: Selector.data0 }),
  },
  {
    does: 'UD2, gate to a 32-bit segment',
    code: '0f0b',
    vector: 13,
    error: Selector.code32 | 1,
    at: 0,
    set: (m) => m.setGate(6, Access.interruptGate, { selector: Selector.code32 }),
  },
  {
    does: 'UD2, gate to a non-canonical offset',
    code: '0f0b',
    vector: 13,
    error: 1,
    at: 0,
    set: (m) => m.setGate(6, Access.interruptGate, { offset: NON_CANONICAL }),
  },
  {
    does: 'load at a non-canonical address',
    code: '488b03',
    vector: 13,
    error: 0,
    at: 0,
    set: rbx(NON_CANONICAL),
  },
  {
    does: 'load that ends beyond the canonical half',
    code: '488b03',
    vector: 13,
    error: 0,
    at: 0,
    set: rbx(NON_CANONICAL - 4n),
  },
  {
    does: 'load through RSP at a non-canonical address',
    code: '488b0424',
    vector: 12,
    error: 0,
    at: 0,
    set: (m) => {
      m.setGate(12, Access.interruptGate, { ist: 1 });
      m.processor.setRegister('rsp', NON_CANONICAL);
    },
  },
  {
    does: 'PUSH at a non-canonical RSP',
    code: '50',
    vector: 12,
    error: 0,
    at: 0,
    set: (m) => {
      m.setGate(12, Access.interruptGate, { ist: 1 });
      m.processor.setRegister('rsp', NON_CANONICAL + 8n);
    },
  },
  {
    does: 'jump to a non-canonical address',
    code: 'ffe3',
    vector: 13,
    error: 0,
    at: 0,
    set: rbx(NON_CANONICAL),
  },
  {
    does: 'load where nothing is mapped',
    code: '488b03',
    vector: 14,
    error: 0,
    at: 0,
    set: rbx(UNMAPPED),
  },
  {
    does: 'store where nothing is mapped',
    code: '488903',
    vector: 14,
    error: 2,
    at: 0,
    set: rbx(UNMAPPED),
  },
  {
    does: 'read-modify-write where nothing is mapped',
    code: '480103',
    vector: 14,
    error: 2,
    at: 0,
    set: rbx(UNMAPPED),
  },
  {
    does: 'load at CPL 3 where nothing is mapped',
    code: '488b03',
    vector: 14,
    error: 4,
    at: 0,
    level: 3,
    set: rbx(UNMAPPED),
  },
  {
    does: 'store across into an unmapped page',
    code: '488903',
    vector: 14,
    error: 2,
    at: 0,
    set: rbx(UNMAPPED - 4n),
  },
  { does: 'HLT at CPL 3', code: 'f4', vector: 13, error: 0, at: 0, level: 3 },
  { does: 'CLI at CPL 3, IOPL 0', code: 'fa', vector: 13, error: 0, at: 0, level: 3 },
  { does: 'MOV RAX, CR0 at CPL 3', code: '0f20c0', vector: 13, error: 0, at: 0, level: 3 },
  { does: 'MOV RAX, CR1', code: '0f20c8', vector: 6, error: null, at: 0 },
  { does: 'RDMSR of an unknown MSR', code: 'b978563412 0f32', vector: 13, error: 0, at: 5 },
  { does: 'RDMSR at CPL 3', code: '0f32', vector: 13, error: 0, at: 0, level: 3 },
  {
    does: 'WRMSR of a non-canonical LSTAR',
    code: 'b9820000c0 31c0 ba00800000 0f30',
    vector: 13,
    error: 0,
    at: 12,
  },
  { does: 'SYSCALL with EFER.SCE clear', code: '0f05', vector: 6, error: null, at: 0 },
  {
    does: 'IN AL, 60h at CPL 3 that the I/O map denies',
    code: 'e460',
    vector: 13,
    error: 0,
    at: 0,
    level: 3,
    set: (m) => m.processor.writeWord(TSS + 0x68n + 12n, 1n, 2),
  },
  {
    does: 'MOV DS, BX: no such descriptor',
    code: '8edb',
    vector: 13,
    error: 0x1f8,
    at: 0,
    set: rbx(0x1f8n),
  },
  {
    does: 'MOV DS, BX: a system descriptor',
    code: '8edb',
    vector: 13,
    error: Selector.tss,
    at: 0,
    set: rbx(BigInt(Selector.tss)),
  },
  {
    does: 'MOV DS, BX: execute-only code',
    code: '8edb',
    vector: 13,
    error: free,
    at: 0,
    set: withDescriptor(descriptor(Access.executeOnly0, Flags.pages64)),
  },
  {
    does: 'MOV DS, BX: not present',
    code: '8edb',
    vector: 11,
    error: free,
    at: 0,
    set: withDescriptor(descriptor(0x13, Flags.pages32)),
  },
  {
    does: 'MOV DS, BX: LDT selector without an LDT',
    code: '8edb',
    vector: 13,
    error: 0xc,
    at: 0,
    set: rbx(0xen),
  },
  {
    does: 'MOV DS, BX at CPL 3: DPL 0',
    code: '8edb',
    vector: 13,
    error: Selector.data0,
    at: 0,
    level: 3,
    set: rbx(BigInt(Selector.data0) | 3n),
  },
  {
    does: 'MOV SS, BX: RPL 3 at CPL 0',
    code: '8ed3',
    vector: 13,
    error: Selector.data0,
    at: 0,
    set: rbx(BigInt(Selector.data0) | 3n),
  },
  {
    does: 'MOV SS, BX: read-only',
    code: '8ed3',
    vector: 13,
    error: free,
    at: 0,
    set: withDescriptor(descriptor(Access.readOnly0, Flags.pages32)),
  },
  {
    does: 'MOV SS, BX: not present',
    code: '8ed3',
    vector: 12,
    error: free,
    at: 0,
    set: withDescriptor(descriptor(0x13, Flags.pages32)),
  },
  {
    does: 'MOV SS, BX: null at CPL 3',
    code: '8ed3',
    vector: 13,
    error: 0,
    at: 0,
    level: 3,
    set: rbx(3n),
  },
  { does: 'MOV CS', code: '8ecb', vector: 6, error: null, at: 0 },
  {
    does: 'LTR of a busy TSS',
    code: '0f00db',
    vector: 13,
    error: free,
    at: 0,
    set: withDescriptor(descriptor(Access.tssBusy, 0, 0, 0x67)),
  },
  {
    does: 'LLDT of a TSS',
    code: '0f00d3',
    vector: 13,
    error: Selector.tss,
    at: 0,
    set: rbx(BigInt(Selector.tss)),
  },
  { does: 'MOV CR0: PG without PE', code: '0f20c0 24fe 0f22c0', vector: 13, error: 0, at: 5 },
  { does: 'MOV CR0: NW without CD', code: 'b811000020 0f22c0', vector: 13, error: 0, at: 5 },
  {
    does: 'MOV CR0: a bit above 31',
    code: '48b81100008001000000 0f22c0',
    vector: 13,
    error: 0,
    at: 10,
  },
  { does: 'MOV CR4: a reserved bit', code: 'b820800000 0f22e0', vector: 13, error: 0, at: 5 },
  { does: 'MOV CR4: PAE cleared in IA-32e mode', code: '31c0 0f22e0', vector: 13, error: 0, at: 2 },
  {
    does: 'MOV CR4: LA57 changed in IA-32e mode',
    code: 'b820100000 0f22e0',
    vector: 13,
    error: 0,
    at: 5,
  },
  {
    does: 'MOV CR4: PCIDE with a PCID in CR3',
    code: '0f20d8 0c01 0f22d8 b820000200 0f22e0',
    vector: 13,
    error: 0,
    at: 13,
  },
  { does: 'MOV CR8: above 15', code: 'b810000000 440f22c0', vector: 13, error: 0, at: 5 },
  {
    does: 'WRMSR EFER: LME changed with paging on',
    code: 'b9800000c0 31c0 31d2 0f30',
    vector: 13,
    error: 0,
    at: 9,
  },
  {
    does: 'MOV DR6: a bit above 31',
    code: '48b80000000001000000 0f23f0',
    vector: 13,
    error: 0,
    at: 10,
  },
  {
    does: 'MOV DR4 with CR4.DE',
    code: '0f23e0',
    vector: 6,
    error: null,
    at: 0,
    set: (m) => m.processor.set64(CR4, 0x28n),
  },
  {
    does: 'MOV RAX, DR0 guarded by DR7.GD',
    code: '0f21c0',
    vector: 1,
    error: null,
    at: 0,
    set: (m) => m.processor.set64(DEBUG_REGISTERS + 56, 0x2400n),
  },
  {
    does: 'RDTSC at CPL 3 with CR4.TSD',
    code: '0f31',
    vector: 13,
    error: 0,
    at: 0,
    level: 3,
    set: (m) => m.processor.set64(CR4, 0x24n),
  },
  { does: 'RDFSBASE without CR4.FSGSBASE', code: 'f3480faec0', vector: 6, error: null, at: 0 },
  { does: 'CLAC at CPL 3', code: '0f01ca', vector: 6, error: null, at: 0, level: 3 },
  {
    does: 'SGDT at CPL 3 with CR4.UMIP',
    code: '0f0103',
    vector: 13,
    error: 0,
    at: 0,
    level: 3,
    set: (m) => {
      m.processor.set64(CR4, 0x820n);
      m.processor.setRegister('rbx', DATA);
    },
  },
  {
    does: 'LGDT of a non-canonical base',
    code: '0f0113',
    vector: 13,
    error: 0,
    at: 0,
    set: (m) => {
      m.processor.writeWord(DATA + 2n, NON_CANONICAL, 8);
      m.processor.setRegister('rbx', DATA);
    },
  },
  {
    does: 'IRETQ with NT set',
    code: '48cf',
    vector: 13,
    error: 0,
    at: 0,
    set: (m) => m.processor.core.setRflags(0x4002n),
  },
  {
    does: 'JMP m16:32 to a data segment',
    code: 'ff2b',
    vector: 13,
    error: Selector.data0,
    at: 0,
    set: (m) => {
      m.processor.writeWord(DATA, (BigInt(Selector.data0) << 32n) | CODE, 6);
      m.processor.setRegister('rbx', DATA);
    },
  },
  {
    does: 'JMP m16:32 to a segment with L and D',
    code: 'ff2b',
    vector: 13,
    error: free,
    at: 0,
    set: (m) => {
      m.setDescriptor(free, descriptor(Access.code0, 0xe));
      m.processor.writeWord(DATA, (BigInt(free) << 32n) | CODE, 6);
      m.processor.setRegister('rbx', DATA);
    },
  },
  {
    does: 'misaligned load at CPL 3 with AM and AC',
    code: '488b03',
    vector: 17,
    error: 0,
    at: 0,
    level: 3,
    set: (m) => {
      m.processor.set64(CR0, 0x8004_0011n);
      m.processor.core.setRflags(0x4_0002n);
      m.processor.setRegister('rbx', DATA + 4n);
    },
  },
];

describe('exceptions in 64-bit mode', () => {
  it.each(longMode)('$does → vector $vector', ({ code, vector, error, at, level = 0, set }) => {
    const machine = new TestMachine('long', level);
    set?.(machine);
    const cs = machine.selectorOf(Segment.CS);
    const ss = machine.selectorOf(Segment.SS);
    expect(machine.execute(code)).toBe(ExitReason.Halt);
    const rsp = machine.processor.register('rsp');
    const { vector: entered, words } = machine.handler(error === null ? 5 : 6);
    expect(entered).toBe(vector);
    const frame = error === null ? words : words.slice(1);
    if (error !== null) expect(words[0]).toBe(BigInt(error));
    expect(frame[0]).toBe(CODE + BigInt(at));
    expect(frame[1]).toBe(BigInt(cs));
    expect(frame[4]).toBe(BigInt(ss));
    expect(machine.cpl).toBe(0);
    expect(machine.selectorOf(Segment.CS)).toBe(Selector.code64);
    expect(machine.selectorOf(Segment.SS)).toBe(level === 3 ? 0 : ss);
    if (level === 3) expect(rsp + BigInt(8 * words.length)).toBe(RING0_STACK);
  });

  it('page faults leave the faulting address in CR2', () => {
    const machine = new TestMachine('long');
    machine.processor.setRegister('rbx', UNMAPPED - 4n);
    machine.execute('488b03');
    expect(machine.processor.get64(CR2)).toBe(UNMAPPED); // the first byte that is not mapped
  });
});
