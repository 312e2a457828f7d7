/**
 * Which exception an instruction causes, with which error code, and what the handler finds on its stack.
 * Expectations: SDM Vol. 3A, "Interrupt and Exception Handling"; the exception lists of Vol. 2.
 */
import { describe, expect, it } from 'vitest';
import {
  CR0,
  CR2,
  CR4,
  DEBUG_REGISTERS,
  ExitReason,
  GDTR_LIMIT,
} from '../../emulator/isa/state-layout.js';
import { Segment } from '../../emulator/isa/uop.js';
import {
  Access,
  CODE,
  DATA,
  descriptor,
  Flags,
  gate,
  IST1_STACK,
  PROGRAM_STACK,
  RING0_STACK,
  Selector,
  TestMachine,
  TSS,
  UNMAPPED,
} from './test-machine.js';

const NON_CANONICAL = 0x0000_8000_0000_0000n;
const RF = 1n << 16n;

interface Case {
  readonly does: string;
  readonly code: string;
  readonly vector: number;
  /** null: none is pushed. */
  readonly error: number | null;
  /** Pushed RIP less CODE. */
  readonly at: number;
  readonly level?: number;
  readonly set?: (machine: TestMachine) => void;
}

const free = Selector.free;
const rbx = (value: bigint) => (machine: TestMachine) =>
  machine.processor.setRegister('rbx', value);
const withDescriptor = (value: bigint) => (machine: TestMachine) => {
  machine.setDescriptor(free, value);
  machine.processor.setRegister('rbx', BigInt(free));
};

const longMode: readonly Case[] = [
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

describe('exceptions in protected mode', () => {
  const cases: readonly Case[] = [
    { does: 'UD2', code: '0f0b', vector: 6, error: null, at: 0 },
    { does: 'INT 80h', code: 'cd80', vector: 0x80, error: null, at: 2 },
    {
      does: 'INTO with OF',
      code: '90 ce',
      vector: 4,
      error: null,
      at: 2,
      set: (m) => m.processor.core.setRflags(0x802n),
    },
    {
      does: 'BOUND outside',
      code: '6203',
      vector: 5,
      error: null,
      at: 0,
      set: (m) => {
        m.processor.setRegisters({ rax: 9n, rbx: DATA });
      },
    },
    {
      does: 'INT 80h at CPL 3, gate of DPL 0',
      code: 'cd80',
      vector: 13,
      error: 0x80 * 8 + 2,
      at: 0,
      level: 3,
    },
    {
      does: 'INT 80h at CPL 3, gate of DPL 3',
      code: 'cd80',
      vector: 0x80,
      error: null,
      at: 2,
      level: 3,
      set: (m) => m.setGate(0x80, Access.trapGate | 0x60),
    },
    {
      does: 'load beyond the limit of DS',
      code: '8b03',
      vector: 13,
      error: 0,
      at: 0,
      set: (m) => {
        m.processor.setSegment(Segment.DS, {
          selector: free,
          base: 0n,
          limit: 0xffe,
          attributes: 0x93,
        });
        m.processor.setRegister('rbx', 0xffcn);
      },
    },
    {
      does: 'load through a null DS',
      code: '8b03',
      vector: 13,
      error: 0,
      at: 0,
      set: (m) => {
        m.processor.setSegment(Segment.DS, {
          selector: 0,
          base: 0n,
          limit: 0,
          attributes: 0,
          unusable: true,
        });
      },
    },
    {
      does: 'store to a read-only DS',
      code: '8903',
      vector: 13,
      error: 0,
      at: 0,
      set: (m) => {
        m.processor.setSegment(Segment.DS, {
          selector: free,
          base: 0n,
          limit: 0xffffffff,
          attributes: 0xc091,
        });
      },
    },
    { does: 'store to a code segment', code: '2e8903', vector: 13, error: 0, at: 0 },
    {
      does: 'load from execute-only code',
      code: '8b03',
      vector: 13,
      error: 0,
      at: 0,
      set: (m) => {
        m.processor.setSegment(Segment.DS, {
          selector: free,
          base: 0n,
          limit: 0xffffffff,
          attributes: 0xc099,
        });
      },
    },
    {
      does: 'load below an expand-down segment',
      code: '8b03',
      vector: 13,
      error: 0,
      at: 0,
      set: (m) => {
        m.processor.setSegment(Segment.DS, {
          selector: free,
          base: 0n,
          limit: 0xffff,
          attributes: 0x4097,
        });
        m.processor.setRegister('rbx', 0xffffn);
      },
    },
    {
      does: 'load past 64 KiB of a 16-bit expand-down segment',
      code: '8b03',
      vector: 13,
      error: 0,
      at: 0,
      set: (m) => {
        m.processor.setSegment(Segment.DS, {
          selector: free,
          base: 0n,
          limit: 0xfff,
          attributes: 0x97,
        });
        m.processor.setRegister('rbx', 0xfffdn);
      },
    },
    {
      does: 'jump beyond the CS limit',
      code: 'ffe3',
      vector: 13,
      error: 0,
      at: 0,
      set: (m) => {
        m.processor.setSegment(Segment.CS, {
          selector: Selector.code32,
          base: 0n,
          limit: 0x3ffff,
          attributes: 0x409b,
        });
        m.processor.setRegister('rbx', 0x40000n);
      },
    },
    { does: 'JMP far to a null selector', code: 'ea 00000000 0000', vector: 13, error: 0, at: 0 },
    { does: 'JMP far beyond the GDT', code: 'ea 00000000 0002', vector: 13, error: 0x200, at: 0 },
    {
      does: 'JMP far to code of DPL 3 at CPL 0',
      code: 'ea 00000000 2000',
      vector: 13,
      error: Selector.code32User,
      at: 0,
    },
    {
      does: 'JMP far to code that is not present',
      code: 'ea 00000000 8000',
      vector: 11,
      error: free,
      at: 0,
      set: (m) => m.setDescriptor(free, descriptor(0x1b, Flags.pages32)),
    },
    {
      does: 'JMP far beyond the new limit',
      code: 'ea 01000000 8000',
      vector: 13,
      error: 0,
      at: 0,
      set: (m) => m.setDescriptor(free, descriptor(Access.code0, Flags.bytes32, 0, 0)),
    },
    {
      does: 'CALL far through a gate that is not present',
      code: '9a 00000000 8000',
      vector: 11,
      error: free,
      at: 0,
      set: (m) => m.setDescriptor(free, gate(Selector.code32, 0, 0x0c)),
    },
    {
      does: 'CALL far through a gate of DPL 0 at CPL 3',
      code: '9a 00000000 8300',
      vector: 13,
      error: free,
      at: 0,
      level: 3,
      set: (m) => m.setDescriptor(free, gate(Selector.code32, 0, Access.callGate)),
    },
    {
      does: 'RET far to an inner level',
      code: '6a18 6a00 cb',
      vector: 13,
      error: Selector.code32,
      at: 4,
      level: 3,
    },
  ];

  it.each(cases)('$does → vector $vector', ({ does, code, vector, error, at, level = 0, set }) => {
    const machine = new TestMachine('protected', level);
    set?.(machine);
    const cs = machine.selectorOf(Segment.CS);
    expect(machine.execute(code)).toBe(ExitReason.Halt);
    const count = (error === null ? 3 : 4) + (machine.cpl < level ? 2 : 0);
    const { vector: entered, words } = machine.handler(count);
    expect(entered).toBe(vector);
    if (error !== null) expect(words[0]).toBe(BigInt(error));
    const frame = error === null ? words : words.slice(1);
    expect(frame[0]).toBe(CODE + BigInt(at));
    expect(frame[1]).toBe(BigInt(cs));
    if (machine.cpl < level) {
      const pushed = does.startsWith('RET far') ? 8n : 0n;
      expect(frame.slice(3)).toEqual([PROGRAM_STACK - pushed, BigInt(Selector.dataUser | 3)]);
      expect(machine.selectorOf(Segment.SS)).toBe(Selector.data0);
    }
  });

  it.each([
    ['null', (m: TestMachine) => m.processor.writeWord(TSS + 8n, 0n, 2), 1],
    [
      'of another DPL',
      (m: TestMachine) => m.processor.writeWord(TSS + 8n, BigInt(Selector.dataUser), 2),
      Selector.dataUser | 1,
    ],
    [
      'a code segment',
      (m: TestMachine) => m.processor.writeWord(TSS + 8n, BigInt(Selector.code32), 2),
      Selector.code32 | 1,
    ],
    [
      'beyond the TSS limit',
      (m: TestMachine) =>
        m.processor.setSegment(Segment.TR, {
          selector: Selector.tss,
          base: TSS,
          limit: 8,
          attributes: Access.tssBusy,
        }),
      Selector.tss | 1,
    ],
  ])('an inner stack segment that is %s is #TS', (_, spoil, error) => {
    const machine = new TestMachine('protected', 3);
    spoil(machine);
    expect(machine.execute('0f0b')).toBe(ExitReason.Shutdown); // nothing can be delivered to CPL 0
    expect(machine.processor.faultChain()[1]).toMatchObject({ vector: 10, errorCode: error });
  });

  it('a push that straddles the limit of the inner stack is #SS with its selector', () => {
    const machine = new TestMachine('protected', 3);
    machine.setDescriptor(free, descriptor(Access.data0, Flags.bytes32, 0, 0xfffd));
    machine.processor.writeWord(TSS + 4n, 0x1_0000n, 4); // the first slot would be FFFCh to FFFFh
    machine.processor.writeWord(TSS + 8n, BigInt(free), 2);
    expect(machine.execute('0f0b')).toBe(ExitReason.Shutdown);
    expect(machine.processor.faultChain()[1]).toMatchObject({ vector: 12, errorCode: free | 1 });
  });

  it('a descriptor that straddles the GDT limit is outside', () => {
    const machine = new TestMachine('protected');
    machine.processor.set32(GDTR_LIMIT, free + 6);
    machine.setDescriptor(free, descriptor(Access.data0, Flags.pages32));
    machine.processor.setRegister('rbx', BigInt(free));
    machine.execute('8edb');
    expect(machine.handler(1)).toEqual({ vector: 13, words: [BigInt(free)] });
  });

  it('pushes 16-bit words through a 16-bit gate', () => {
    const machine = new TestMachine('protected');
    machine.setGate(0x80, Access.interruptGate16);
    machine.processor.writeCode(0x0800n, 'f4');
    expect(machine.execute('cd80')).toBe(ExitReason.Halt);
    expect(machine.processor.rip).toBe(0x0801n); // the gate holds the handler's low 16 bits
    expect(machine.processor.register('rsp')).toBe(PROGRAM_STACK - 6n);
    expect(machine.processor.readWord(PROGRAM_STACK - 6n, 2)).toBe((CODE + 2n) & 0xffffn);
  });
});

describe('interrupts in real-address mode', () => {
  it.each([
    { does: 'INT 21h', code: 'cd21', vector: 0x21, at: 2 },
    { does: 'UD2', code: '0f0b', vector: 6, at: 0 },
    { does: 'DIV BL by 0', code: 'b300 f6f3', vector: 0, at: 2 },
    { does: 'INTO with OF', code: 'ce', vector: 4, at: 1 },
    { does: 'a load across offset FFFFh', code: 'bbffff 8b07', vector: 13, at: 3 },
    { does: 'a stack access across offset FFFFh', code: 'bdffff 8b4600', vector: 12, at: 3 },
    { does: 'LLDT, which does not exist there', code: '0f00d3', vector: 6, at: 0 },
  ])('$does → vector $vector', ({ code, vector, at }) => {
    const machine = new TestMachine('real');
    machine.processor.core.setRflags(0xa02n); // IF, OF
    expect(machine.execute(code)).toBe(ExitReason.Halt);
    const frame = machine.handler(3);
    expect(frame.vector).toBe(vector);
    expect(frame.words.slice(0, 2)).toEqual([BigInt(at), 0x3000n]);
    expect((frame.words[2] ?? 0n) & 0x200n).toBe(0x200n);
    expect(machine.processor.core.getRflags() & 0x200n).toBe(0n);
  });
});

describe('RFLAGS at delivery', () => {
  it.each([
    ['a fault pushes RF and an interrupt gate clears IF', '0f0b', 6, Access.interruptGate, RF, 0n],
    ['a fault through a trap gate keeps IF', '0f0b', 6, Access.trapGate, RF, 0x200n],
    ['INT3 pushes no RF', 'cc', 3, Access.interruptGate, 0n, 0n],
    ['INT n pushes no RF', 'cd80', 0x80, Access.interruptGate, 0n, 0n],
  ] as const)('%s', (_, code, vector, access, pushed, kept) => {
    const machine = new TestMachine('long');
    machine.setGate(vector, access);
    machine.processor.core.setRflags(0x202n);
    machine.execute(code);
    const { words } = machine.handler(5);
    expect(words[2]).toBe(0x202n | pushed);
    expect(machine.processor.core.getRflags() & 0x200n).toBe(kept);
  });

  it('single step: #DB behind the instruction, DR6.BS set, TF cleared for the handler', () => {
    const machine = new TestMachine('long');
    machine.processor.core.setRflags(0x102n);
    expect(machine.execute('90 90')).toBe(ExitReason.Halt);
    const { vector, words } = machine.handler(5);
    expect(vector).toBe(1);
    expect(words.slice(0, 3)).toEqual([CODE + 1n, BigInt(Selector.code64), 0x102n]);
    expect(machine.processor.get64(DEBUG_REGISTERS + 48) & 0x4000n).toBe(0x4000n);
    expect(machine.processor.core.getRflags() & 0x100n).toBe(0n);
  });
});

describe('stacks of 64-bit handlers', () => {
  it('are aligned to 16 bytes before the frame is pushed', () => {
    const machine = new TestMachine('long');
    machine.processor.setRegister('rsp', PROGRAM_STACK - 3n);
    machine.execute('0f0b');
    expect(machine.processor.register('rsp')).toBe(PROGRAM_STACK - 16n - 40n);
    expect(machine.handler(5).words[3]).toBe(PROGRAM_STACK - 3n);
  });

  it.each([0, 3])('come from the IST at CPL %i when the gate says so', (level) => {
    const machine = new TestMachine('long', level);
    machine.setGate(6, Access.interruptGate, { ist: 1 });
    machine.execute('0f0b');
    expect(machine.processor.register('rsp')).toBe(IST1_STACK - 40n);
    expect(machine.selectorOf(Segment.SS)).toBe(level === 3 ? 0 : Selector.data0);
  });
});

describe('faults while a fault is delivered', () => {
  const notPresent = 0x0e;
  it.each([
    // first fault, gates made not present → vector that arrives, its error code
    {
      does: 'a benign exception, then #NP',
      code: '0f0b',
      gates: [6],
      vector: 11,
      error: 6 * 8 + 3,
    },
    { does: '#DE, then #NP', code: '31db f7f3', gates: [0], vector: 8, error: 0 },
    { does: '#GP, then #NP', code: '48a10000000000800000', gates: [13], vector: 8, error: 0 },
    { does: '#PF, then #NP', code: '48a10000004000000000', gates: [14], vector: 8, error: 0 },
  ])('$does → vector $vector', ({ code, gates, vector, error }) => {
    const machine = new TestMachine('long');
    for (const missing of gates) machine.setGate(missing, notPresent);
    expect(machine.execute(code)).toBe(ExitReason.Halt);
    const frame = machine.handler(6);
    expect(frame.vector).toBe(vector);
    expect(frame.words[0]).toBe(BigInt(error));
  });

  it('#GP, then #PF: one after the other, no double fault', () => {
    const machine = new TestMachine('long');
    machine.setGate(13, Access.interruptGate, { ist: 2 });
    machine.processor.writeWord(TSS + 44n, UNMAPPED + 64n, 8); // IST2 is not mapped
    machine.execute('48a10000000000800000');
    expect(machine.handler(6).vector).toBe(14);
    expect(machine.handler(6).words[0]).toBe(2n);
    expect(machine.processor.get64(CR2)).toBe(UNMAPPED + 56n);
  });

  it('a fault while #DF is delivered is a shutdown, and the chain of faults tells the way there', () => {
    const machine = new TestMachine('long');
    machine.setGate(14, notPresent);
    machine.setGate(8, notPresent);
    expect(machine.execute('48a10000004000000000')).toBe(ExitReason.Shutdown);
    expect(machine.processor.faultChain()).toEqual([
      { vector: 14, errorCode: 0, rip: CODE, cr2: UNMAPPED },
      { vector: 11, errorCode: 14 * 8 + 3, rip: CODE, cr2: UNMAPPED },
      { vector: 11, errorCode: 8 * 8 + 3, rip: CODE, cr2: UNMAPPED },
    ]);
    expect(machine.processor.rip).toBe(CODE);
  });
});
