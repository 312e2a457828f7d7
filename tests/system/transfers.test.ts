/**
 * Far jumps, calls and returns, interrupt returns, fast system calls, and the segment registers they leave behind.
 * Expectations: SDM Vol. 2, operation sections of JMP, CALL, RET, IRET, SYSCALL, SYSRET, SYSENTER, SYSEXIT.
 */
import { describe, expect, it } from 'vitest';
import {
  CpuMode,
  ExitReason,
  IA32_EFER,
  IA32_FMASK,
  IA32_KERNEL_GS_BASE,
  IA32_LSTAR,
  IA32_STAR,
  IA32_SYSENTER_CS,
  IA32_SYSENTER_EIP,
  IA32_SYSENTER_ESP,
} from '../../emulator/isa/state-layout.js';
import { Segment } from '../../emulator/isa/uop.js';
import {
  Access,
  CODE,
  DATA,
  descriptor,
  Flags,
  gate,
  GDT,
  PROGRAM_STACK,
  RING0_STACK,
  RING1_STACK,
  Selector,
  TestMachine,
} from './test-machine.js';

const TARGET = 0x5_0000n;
const USER_STACK = 0x6_0000n;
const free = Selector.free;

/** Puts words on the program's stack, the last one at the lowest address; returns the new rSP. */
function pushWords(machine: TestMachine, bytes: number, ...words: readonly bigint[]): bigint {
  let pointer = machine.processor.register('rsp');
  for (const word of words) {
    pointer -= BigInt(bytes);
    machine.processor.writeWord(pointer, word, bytes);
  }
  machine.processor.setRegister('rsp', pointer);
  return pointer;
}

function halts(machine: TestMachine, at: bigint): void {
  machine.processor.writeCode(at, 'f4');
}

describe('IRETQ', () => {
  it('returns to the same level, popping SS:RSP all the same', () => {
    const machine = new TestMachine('long');
    halts(machine, TARGET);
    pushWords(
      machine,
      8,
      BigInt(Selector.data0),
      USER_STACK,
      0x246n,
      BigInt(Selector.code64),
      TARGET,
    );
    expect(machine.execute('48cf')).toBe(ExitReason.Halt);
    expect(machine.processor.rip).toBe(TARGET + 1n);
    expect(machine.processor.register('rsp')).toBe(USER_STACK);
    expect(machine.processor.core.getRflags()).toBe(0x246n);
  });

  it('returns to 64-bit code at CPL 3 and empties the data segments of DPL 0', () => {
    const machine = new TestMachine('long');
    machine.loadCache(Segment.DS, Selector.dataUser | 3);
    pushWords(
      machine,
      8,
      BigInt(Selector.dataUser | 3),
      USER_STACK,
      0x202n,
      BigInt(Selector.code64User | 3),
      TARGET,
    );
    expect(machine.execute('48cf', 1)).toBe(ExitReason.Budget);
    expect(machine.cpl).toBe(3);
    expect(machine.cpuMode).toBe(CpuMode.Long);
    expect(machine.processor.rip).toBe(TARGET);
    expect(machine.selectorOf(Segment.SS)).toBe(Selector.dataUser | 3);
    expect(machine.selectorOf(Segment.DS)).toBe(Selector.dataUser | 3);
    expect(machine.processor.segment(Segment.ES)).toMatchObject({ selector: 0, unusable: true });
    expect(machine.processor.segment(Segment.GS)).toMatchObject({ selector: 0, unusable: true });
  });

  it('returns to 32-bit code at CPL 3', () => {
    const machine = new TestMachine('long');
    pushWords(
      machine,
      8,
      BigInt(Selector.dataUser | 3),
      USER_STACK,
      0x202n,
      BigInt(Selector.code32User | 3),
      TARGET,
    );
    expect(machine.execute('48cf', 1)).toBe(ExitReason.Budget);
    expect(machine.cpuMode).toBe(CpuMode.Compatibility);
    expect(machine.processor.rip).toBe(TARGET);
  });

  it.each([
    ['a null CS', 0n, BigInt(Selector.data0), TARGET, 13, 0],
    ['a data segment', BigInt(Selector.data0), BigInt(Selector.data0), TARGET, 13, Selector.data0],
    [
      'an inner level',
      BigInt(Selector.code64),
      BigInt(Selector.data0),
      TARGET,
      13,
      Selector.code64,
    ],
    [
      'SS of another level',
      BigInt(Selector.code64User | 3),
      BigInt(Selector.data0),
      TARGET,
      13,
      Selector.data0,
    ],
    ['a null SS at CPL 3', BigInt(Selector.code64User | 3), 3n, TARGET, 13, 0],
    [
      'a non-canonical RIP',
      BigInt(Selector.code64User | 3),
      BigInt(Selector.dataUser | 3),
      1n << 47n,
      13,
      0,
    ],
  ])('refuses %s', (what, cs, ss, rip, vector, error) => {
    const machine = new TestMachine('long', what === 'an inner level' ? 3 : 0);
    const pointer = pushWords(machine, 8, ss, USER_STACK, 0x202n, cs, rip);
    expect(machine.execute('48cf')).toBe(ExitReason.Halt);
    const frame = machine.handler(6);
    expect([frame.vector, frame.words[0], frame.words[1]]).toEqual([vector, BigInt(error), CODE]);
    expect(frame.words[4]).toBe(pointer); // RSP has not moved
  });

  it.each([
    // CPL, IOPL before, image → RFLAGS afterwards
    ['everything but VM and RF at CPL 0', 0, 0n, 0x3f3ed7n, 0x3c3ed7n],
    ['neither IF nor IOPL at CPL 3, IOPL 0', 3, 0n, 0x3202n, 0x0002n],
    ['IF but not IOPL at CPL 3, IOPL 3', 3, 0x3000n, 0x0202n, 0x3202n],
  ])('loads %s', (_, level, before, image, after) => {
    const machine = new TestMachine('long', level);
    const cs = BigInt(machine.selectorOf(Segment.CS));
    const ss = BigInt(machine.selectorOf(Segment.SS));
    machine.processor.core.setRflags(before | 2n);
    pushWords(machine, 8, ss, USER_STACK, image, cs, TARGET);
    expect(machine.execute('48cf', 1)).toBe(ExitReason.Budget);
    expect(machine.processor.core.getRflags()).toBe(after);
  });
});

describe('IRETD in protected mode', () => {
  it('returns to the same level without touching SS', () => {
    const machine = new TestMachine('protected');
    pushWords(machine, 4, 0x202n, BigInt(Selector.code32), TARGET);
    expect(machine.execute('cf', 1)).toBe(ExitReason.Budget);
    expect(machine.processor.rip).toBe(TARGET);
    expect(machine.processor.register('rsp')).toBe(PROGRAM_STACK);
  });

  it('returns to CPL 3 with the outer stack', () => {
    const machine = new TestMachine('protected');
    pushWords(
      machine,
      4,
      BigInt(Selector.dataUser | 3),
      USER_STACK,
      0x202n,
      BigInt(Selector.code32User | 3),
      TARGET,
    );
    expect(machine.execute('cf', 1)).toBe(ExitReason.Budget);
    expect(machine.cpl).toBe(3);
    expect(machine.processor.register('rsp')).toBe(USER_STACK);
    expect(machine.processor.segment(Segment.DS)).toMatchObject({ selector: 0, unusable: true });
  });
});

describe('a return whose stack segment and offset are both refused', () => {
  const BEYOND = 0x1_0000n;
  const GP = 13;

  /** To CPL 3 in code of 64 KiB: SDM Vol. 2, RET, Operation, RETURN-OUTER-PRIVILEGE-LEVEL; QEMU and Bochs do both so. */
  it.each([
    ['RETF', 'cb', [], Selector.data0 | 3, Selector.data0],
    ['IRETD', 'cf', [0x202n], Selector.data0 | 3, Selector.data0],
    ['RETF with a stack segment that is right', 'cb', [], Selector.dataUser | 3, 0],
    ['IRETD with a stack segment that is right', 'cf', [0x202n], Selector.dataUser | 3, 0],
  ])('outwards, %s: the stack segment comes first', (_, code, flags, stack, error) => {
    const machine = new TestMachine('protected');
    machine.setDescriptor(free, descriptor(Access.code3, Flags.bytes32, 0, 0xffff));
    pushWords(machine, 4, BigInt(stack), USER_STACK, ...flags, BigInt(free | 3), BEYOND);
    expect(machine.execute(code)).toBe(ExitReason.Halt);
    expect(machine.handler(1)).toEqual({ vector: GP, words: [BigInt(error)] });
  });

  /** As an AMD family 19h processor does it. */
  it('IRETQ to its own level: the offset comes first', () => {
    const machine = new TestMachine('long', 3);
    const [stack, code] = [BigInt(Selector.data0 | 3), BigInt(Selector.code64User | 3)];
    pushWords(machine, 8, stack, USER_STACK, 2n, code, 1n << 63n);
    expect(machine.execute('48cf')).toBe(ExitReason.Halt);
    expect(machine.handler(1)).toEqual({ vector: GP, words: [0n] });
  });
});

describe('far jumps and calls in protected mode', () => {
  it('JMP to 16-bit code changes the code size', () => {
    const machine = new TestMachine('protected');
    machine.processor.writeCode(0x500n, 'b83412 f4'); // mov ax, 1234h in 16-bit code
    machine.processor.setRegister('rax', 0xffff_ffffn);
    expect(machine.execute('ea 00050000 5800')).toBe(ExitReason.Halt);
    expect(machine.processor.register('rax')).toBe(0xffff_1234n);
    expect(machine.selectorOf(Segment.CS)).toBe(Selector.code16);
  });

  it('JMP sets the accessed bit of the descriptor', () => {
    const machine = new TestMachine('protected');
    machine.setDescriptor(free, descriptor(0x9a, Flags.pages32));
    halts(machine, TARGET);
    expect(machine.execute('ea 00000500 8000')).toBe(ExitReason.Halt);
    expect(machine.descriptorAt(free)).toBe(descriptor(0x9b, Flags.pages32));
  });

  it('CALL and RET keep the stack balanced', () => {
    const machine = new TestMachine('protected');
    machine.processor.writeCode(TARGET, 'ca0800'); // retf 8
    expect(machine.execute('6a01 6a02 9a 00000500 1800 f4')).toBe(ExitReason.Halt);
    expect(machine.processor.rip).toBe(CODE + 12n);
    expect(machine.processor.register('rsp')).toBe(PROGRAM_STACK);
  });

  it('a conforming segment runs at the level of its caller', () => {
    const machine = new TestMachine('protected', 3);
    machine.setDescriptor(free, descriptor(Access.conforming0, Flags.pages32));
    expect(machine.execute('ea 00000500 8000', 1)).toBe(ExitReason.Budget);
    expect(machine.cpl).toBe(3);
    expect(machine.selectorOf(Segment.CS)).toBe(free | 3);
  });

  it.each([
    ['32-bit', Access.callGate, 4, [1n, 2n]],
    ['16-bit', Access.callGate16, 2, [1n, 2n]],
  ])(
    'CALL through a %s gate to ring 0 copies the parameters to the new stack',
    (_, access, bytes, parameters) => {
      const machine = new TestMachine('protected', 3);
      halts(machine, 0x5000n);
      machine.setDescriptor(free, gate(Selector.code32, 0x5000, access | 0x60, parameters.length));
      const outer = pushWords(machine, bytes, ...parameters);
      expect(machine.execute('9a 00000000 8300')).toBe(ExitReason.Halt);
      expect(machine.cpl).toBe(0);
      const top = machine.processor.register('rsp');
      expect(top).toBe(RING0_STACK - BigInt(6 * bytes));
      const words = Array.from({ length: 6 }, (__, n) =>
        machine.processor.readWord(top + BigInt(n * bytes), bytes),
      );
      const mask = (1n << BigInt(8 * bytes)) - 1n;
      expect(words).toEqual([
        (CODE + 7n) & mask,
        BigInt(Selector.code32User | 3),
        2n,
        1n,
        outer & mask,
        BigInt(Selector.dataUser | 3),
      ]);
    },
  );

  it('RET through the gate goes back to ring 3 and drops the parameters from both stacks', () => {
    const machine = new TestMachine('protected', 3);
    machine.processor.writeCode(0x5000n, 'ca0800');
    machine.setDescriptor(free, gate(Selector.code32, 0x5000, Access.callGate | 0x60, 2));
    pushWords(machine, 4, 1n, 2n);
    expect(machine.execute('9a 00000000 8300', 2)).toBe(ExitReason.Budget);
    expect(machine.cpl).toBe(3);
    expect(machine.processor.rip).toBe(CODE + 7n);
    expect(machine.processor.register('rsp')).toBe(PROGRAM_STACK);
    expect(machine.selectorOf(Segment.SS)).toBe(Selector.dataUser | 3);
  });

  it('CALL to ring 1 takes its stack from the TSS', () => {
    const machine = new TestMachine('protected', 3);
    machine.setDescriptor(free, gate(Selector.code1, 0x5000, Access.callGate | 0x60));
    expect(machine.execute('9a 00000000 8300', 1)).toBe(ExitReason.Budget);
    expect(machine.cpl).toBe(1);
    expect(machine.processor.register('rsp')).toBe(RING1_STACK - 16n);
    expect(machine.selectorOf(Segment.SS)).toBe(Selector.data1 | 1);
    expect(machine.selectorOf(Segment.CS)).toBe(Selector.code1 | 1);
  });
});

describe('far transfers in IA-32e mode', () => {
  const farPointer = (machine: TestMachine, selector: number, offset: bigint): void => {
    machine.processor.writeWord(DATA, offset, 8);
    machine.processor.writeWord(DATA + 8n, BigInt(selector), 2);
    machine.processor.setRegister('rbx', DATA);
  };

  it('REX.W JMP m16:64 reaches 64-bit offsets', () => {
    const machine = new TestMachine('long');
    farPointer(machine, Selector.code64, 0xffff_8000_0000_1000n);
    expect(machine.execute('48ff2b', 1)).toBe(ExitReason.Budget);
    expect(machine.processor.rip).toBe(0xffff_8000_0000_1000n);
  });

  it('a jump to a 32-bit segment enters compatibility mode, and one back leaves it', () => {
    const machine = new TestMachine('long');
    machine.processor.writeWord(DATA, (BigInt(Selector.code32) << 32n) | TARGET, 6);
    machine.processor.setRegister('rbx', DATA);
    // inc eax (40 is a REX prefix in 64-bit code) and jump back to 64-bit code
    machine.processor.writeCode(TARGET, '40 ea 00000600 0800');
    machine.processor.writeCode(0x6_0000n, '48ffc0 f4');
    expect(machine.execute('31c0 ff2b')).toBe(ExitReason.Halt);
    expect(machine.processor.register('rax')).toBe(2n);
    expect(machine.cpuMode).toBe(CpuMode.Long);
  });

  it('CALL through a 64-bit gate switches to RSP0 with a null SS', () => {
    const machine = new TestMachine('long', 3);
    machine.setDescriptor(free, gate(Selector.code64, Number(TARGET), Access.callGate | 0x60), 0n);
    halts(machine, TARGET);
    farPointer(machine, free | 3, 0n);
    expect(machine.execute('48ff1b')).toBe(ExitReason.Halt);
    expect(machine.processor.register('rsp')).toBe(RING0_STACK - 32n);
    expect(machine.processor.segment(Segment.SS)).toMatchObject({ selector: 0, unusable: true });
    const words = [0n, 8n, 16n, 24n].map((at) =>
      machine.processor.readWord(RING0_STACK - 32n + at, 8),
    );
    expect(words).toEqual([
      CODE + 3n,
      BigInt(Selector.code64User | 3),
      PROGRAM_STACK,
      BigInt(Selector.dataUser | 3),
    ]);
  });

  it('a 64-bit call gate whose upper half has a type is refused', () => {
    const machine = new TestMachine('long');
    machine.setDescriptor(free, gate(Selector.code64, Number(TARGET), Access.callGate), 1n << 40n);
    farPointer(machine, free, 0n);
    machine.execute('48ff1b');
    expect(machine.handler(2)).toEqual({ vector: 13, words: [BigInt(free), CODE] });
  });
});

describe('fast system calls', () => {
  function machineAt(level: number): TestMachine {
    const machine = new TestMachine('long', level);
    machine.processor.set64(IA32_EFER, 0x501n);
    machine.processor.set64(IA32_STAR, (0x23n << 48n) | (BigInt(Selector.code64) << 32n));
    machine.processor.set64(IA32_LSTAR, TARGET);
    machine.processor.set64(IA32_FMASK, 0x700n);
    machine.processor.set64(IA32_SYSENTER_CS, BigInt(Selector.code64));
    machine.processor.set64(IA32_SYSENTER_EIP, TARGET);
    machine.processor.set64(IA32_SYSENTER_ESP, RING0_STACK);
    return machine;
  }

  it('SYSCALL: RCX, R11, masked flags, flat segments, CPL 0; the GDT is not read', () => {
    const machine = machineAt(3);
    machine.processor.write(GDT, new Uint8Array(256));
    machine.processor.core.setRflags(0x602n);
    expect(machine.execute('0f05', 1)).toBe(ExitReason.Budget);
    expect(machine.processor.rip).toBe(TARGET);
    expect(machine.processor.register('rcx')).toBe(CODE + 2n);
    expect(machine.processor.register('r11')).toBe(0x602n);
    expect(machine.processor.core.getRflags()).toBe(2n);
    expect(machine.cpl).toBe(0);
    expect(machine.processor.segment(Segment.CS)).toMatchObject({
      selector: 0x08,
      base: 0n,
      attributes: 0xa09b,
    });
    expect(machine.processor.segment(Segment.SS)).toMatchObject({
      selector: 0x10,
      limit: 0xffff_ffff,
      attributes: 0xc093,
    });
  });

  it.each([
    ['REX.W SYSRET to 64-bit code', '480f07', 0x1_2345_6789n, 0x1_2345_6789n, 0x33, CpuMode.Long],
    ['SYSRET to 32-bit code', '0f07', 0x1_2345_6789n, 0x2345_6789n, 0x23, CpuMode.Compatibility],
  ])('%s', (_, code, rcx, rip, cs, mode) => {
    const machine = machineAt(0);
    machine.processor.setRegisters({ rcx, r11: 0x3202n });
    expect(machine.execute(code, 1)).toBe(ExitReason.Budget);
    expect(machine.processor.rip).toBe(rip);
    expect(machine.cpl).toBe(3);
    expect(machine.cpuMode).toBe(mode);
    expect([machine.selectorOf(Segment.CS), machine.selectorOf(Segment.SS)]).toEqual([cs, 0x2b]);
    expect(machine.processor.core.getRflags()).toBe(0x3202n);
  });

  it('REX.W SYSRET to a non-canonical RCX is #GP(0), still at CPL 0', () => {
    const machine = machineAt(0);
    machine.processor.setRegister('rcx', 1n << 47n);
    machine.execute('480f07');
    expect(machine.handler(6).vector).toBe(13);
    expect(machine.handler(6).words[2]).toBe(BigInt(Selector.code64));
  });

  it('SYSENTER and SYSEXIT', () => {
    const machine = machineAt(3);
    machine.processor.core.setRflags(0x202n);
    machine.processor.setRegisters({ rcx: USER_STACK, rdx: CODE + 2n });
    machine.processor.writeCode(TARGET, '480f35'); // sysexit to 64-bit code
    expect(machine.execute('0f34', 1)).toBe(ExitReason.Budget);
    expect([machine.cpl, machine.processor.rip, machine.processor.register('rsp')]).toEqual([
      0,
      TARGET,
      RING0_STACK,
    ]);
    expect(machine.processor.core.getRflags()).toBe(2n);
    expect(machine.processor.run(1)).toBe(ExitReason.Budget);
    expect([machine.cpl, machine.processor.rip, machine.processor.register('rsp')]).toEqual([
      3,
      CODE + 2n,
      USER_STACK,
    ]);
    expect([machine.selectorOf(Segment.CS), machine.selectorOf(Segment.SS)]).toEqual([0x2b, 0x33]);
  });

  it('SWAPGS exchanges the GS base', () => {
    const machine = machineAt(0);
    machine.processor.set64(IA32_KERNEL_GS_BASE, DATA);
    machine.processor.writeWord(DATA + 8n, 0x77n, 8);
    expect(machine.execute('0f01f8 65488b042508000000 f4')).toBe(ExitReason.Halt);
    expect(machine.processor.register('rax')).toBe(0x77n);
    expect(machine.processor.get64(IA32_KERNEL_GS_BASE)).toBe(0n);
  });
});
