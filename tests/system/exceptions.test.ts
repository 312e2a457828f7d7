/**
 * Which exception an instruction causes in protected mode, with which error code, and what the handler finds on its stack; interrupts in
 * real-address mode; RFLAGS, stacks and further faults at delivery.
 * Expectations: SDM Vol. 3A, "Interrupt and Exception Handling"; the exception lists of Vol. 2.
 */
import { describe, expect, it } from 'vitest';
import { CR2, DEBUG_REGISTERS, ExitReason, GDTR_LIMIT } from '../../emulator/isa/state-layout.js';
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
  Selector,
  TestMachine,
  TSS,
  UNMAPPED,
} from './test-machine.js';
import type { ExceptionCase } from './exception-case.js';

const RF = 1n << 16n;
const free = Selector.free;

describe('exceptions in protected mode', () => {
  const cases: readonly ExceptionCase[] = [
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
