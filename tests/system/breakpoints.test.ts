/**
 * Breakpoints of the debug registers. Expectations: SDM Vol. 3B, "Debug Registers", "Debug Exceptions", and the table
 * "Breakpoint Examples".
 */
import { describe, expect, it } from 'vitest';
import { CR2, CR4, DEBUG_REGISTERS, ExitReason } from '../../emulator/isa/state-layout.js';
import { CODE, DATA, PROGRAM_STACK, Selector, TestMachine } from './test-machine.js';

const RF = 0x1_0000n;
const DR6_RESET = 0xffff_0ff0n;
const Kind = { instruction: 0, write: 1, port: 2, access: 3 } as const;
/** LEN of DR7 by bytes. */
const LENGTH: Readonly<Record<number, number>> = { 1: 0, 2: 1, 4: 3, 8: 2 };

function breakAt(
  machine: TestMachine,
  number: number,
  address: bigint,
  kind: number,
  bytes = 1,
): void {
  const { processor } = machine;
  processor.set64(DEBUG_REGISTERS + 8 * number, address);
  const control = processor.get64(DEBUG_REGISTERS + 56) | 0x400n;
  const field = BigInt(kind | ((LENGTH[bytes] ?? 0) << 2)) << BigInt(16 + 4 * number);
  processor.set64(DEBUG_REGISTERS + 56, control | field | (1n << BigInt(2 * number)));
  processor.set64(DEBUG_REGISTERS + 48, DR6_RESET);
}

const dr6 = (machine: TestMachine): bigint => machine.processor.get64(DEBUG_REGISTERS + 48);

function execute(machine: TestMachine, code: string): void {
  let reason = machine.execute(code);
  while (reason === ExitReason.Io || reason === ExitReason.Pause)
    reason = machine.processor.run(100);
  expect(reason).toBe(ExitReason.Halt);
}

describe('instruction breakpoints', () => {
  // SDM Vol. 3B, "Debug Exception (#DB)", on RF: every fault's image has it but that of an instruction breakpoint.
  it('are faults before the instruction, without RF in the image', () => {
    const machine = new TestMachine('long');
    breakAt(machine, 1, CODE + 1n, Kind.instruction);
    execute(machine, '90 ffc0 f4');
    const { vector, words } = machine.handler(3);
    expect({ vector, rip: words[0], rf: (words[2] ?? 0n) & RF }).toEqual({
      vector: 1,
      rip: CODE + 1n,
      rf: 0n,
    });
    expect(machine.processor.register('rax')).toBe(0n);
    expect(dr6(machine)).toBe(DR6_RESET | 2n);
  });

  it('in a segment with a base, the linear address counts', () => {
    const machine = new TestMachine('real');
    breakAt(machine, 0, CODE + 1n, Kind.instruction);
    execute(machine, '90 90 f4');
    expect(machine.handler(1)).toEqual({ vector: 1, words: [1n] });
  });

  it('RF in the image of IRETQ holds them back for one instruction', () => {
    const machine = new TestMachine('long');
    // iretq to INC EAX; HLT: the breakpoint is on INC
    breakAt(machine, 0, CODE + 2n, Kind.instruction);
    const words = [
      CODE + 2n,
      BigInt(Selector.code64),
      RF | 2n,
      PROGRAM_STACK,
      BigInt(Selector.data0),
    ];
    words.forEach((word, n) =>
      machine.processor.writeWord(PROGRAM_STACK - 40n + BigInt(8 * n), word, 8),
    );
    machine.processor.setRegister('rsp', PROGRAM_STACK - 40n);
    execute(machine, '48cf ffc0 ebfc'); // iretq; inc eax; jmp to inc
    const { vector, words: frame } = machine.handler(1);
    expect({ vector, rip: frame[0], rax: machine.processor.register('rax') }).toEqual({
      vector: 1,
      rip: CODE + 2n,
      rax: 1n,
    });
  });

  it('MOV SS holds them back from the next instruction', () => {
    const machine = new TestMachine('long');
    machine.processor.setRegister('rax', BigInt(Selector.data0));
    breakAt(machine, 0, CODE + 2n, Kind.instruction);
    execute(machine, '8ed0 90 f4');
    expect(machine.processor.rip).toBe(CODE + 4n);
  });

  it('are set by MOV DR within a block, for what follows there', () => {
    const machine = new TestMachine('long');
    machine.processor.setRegisters({ rax: CODE + 7n, rcx: 0x401n });
    execute(machine, '0f23c0 0f23f9 90 90 f4');
    expect(machine.handler(1)).toEqual({ vector: 1, words: [CODE + 7n] });
  });
});

describe('data breakpoints', () => {
  // SDM Vol. 3B, "Breakpoint Examples": DR0 A0001 1 byte R/W, DR1 A0002 1 byte W, DR2 B0002 2 bytes R/W, DR3 C0000 4 bytes W
  const setExamples = (machine: TestMachine): void => {
    breakAt(machine, 0, 0xa_0001n, Kind.access, 1);
    breakAt(machine, 1, 0xa_0002n, Kind.write, 1);
    breakAt(machine, 2, 0xb_0002n, Kind.access, 2);
    breakAt(machine, 3, 0xc_0000n, Kind.write, 4);
  };
  const READ: Readonly<Record<number, string>> = { 1: '8a03', 2: '668b03', 4: '8b03' };
  const WRITE: Readonly<Record<number, string>> = { 1: '8803', 2: '668903', 4: '8903' };

  it.each<[string, bigint, number, bigint]>([
    ['read', 0xa_0001n, 1, 1n],
    ['write', 0xa_0001n, 1, 1n],
    ['read', 0xa_0001n, 2, 1n],
    ['write', 0xa_0001n, 2, 3n],
    ['write', 0xa_0002n, 1, 2n],
    ['write', 0xa_0002n, 2, 2n],
    ['read', 0xb_0001n, 4, 4n],
    ['read', 0xb_0002n, 1, 4n],
    ['read', 0xb_0002n, 2, 4n],
    ['write', 0xb_0002n, 1, 4n],
    ['write', 0xc_0000n, 4, 8n],
    ['write', 0xc_0001n, 2, 8n],
    ['write', 0xc_0003n, 1, 8n],
  ])('%s at %s of %s bytes traps', (direction, address, bytes, conditions) => {
    const machine = new TestMachine('long');
    setExamples(machine);
    machine.processor.setRegister('rbx', address);
    const code = (direction === 'read' ? READ : WRITE)[bytes] ?? '';
    execute(machine, `${code} 90 f4`);
    expect(machine.handler(1)).toEqual({ vector: 1, words: [CODE + BigInt(code.length / 2)] });
    expect(dr6(machine)).toBe(DR6_RESET | conditions);
  });

  it.each<[string, bigint, number]>([
    ['write', 0xa_0000n, 1],
    ['read', 0xa_0002n, 1],
    ['read', 0xa_0003n, 4],
    ['read', 0xb_0000n, 2],
    ['read', 0xc_0000n, 2],
    ['read', 0xc_0004n, 4],
  ])('%s at %s of %s bytes does not', (direction, address, bytes) => {
    const machine = new TestMachine('long');
    setExamples(machine);
    machine.processor.setRegister('rbx', address);
    const code = (direction === 'read' ? READ : WRITE)[bytes] ?? '';
    execute(machine, `${code} 90 f4`);
    expect(machine.processor.rip).toBe(CODE + BigInt(code.length / 2) + 2n);
    expect(dr6(machine)).toBe(DR6_RESET);
  });

  it.each([
    ['PUSH', '50', PROGRAM_STACK - 8n, CODE + 1n],
    ['ADD to memory', '0103', DATA, CODE + 2n],
    ['MOVUPS', '0f1103', DATA + 8n, CODE + 3n],
    ['STOSQ', '48ab', DATA, CODE + 2n],
  ])('%s of any kind is seen', (_, code, address, rip) => {
    const machine = new TestMachine('long');
    machine.processor.set64(CR4, 0x220n);
    machine.processor.setRegisters({ rbx: DATA, rdi: DATA });
    breakAt(machine, 0, address, Kind.write, 8);
    execute(machine, `${code} 90 f4`);
    expect(machine.handler(1)).toEqual({ vector: 1, words: [rip] });
  });

  it('a repeated instruction traps between iterations, and goes on', () => {
    const machine = new TestMachine('long');
    machine.processor.setRegisters({ rdi: DATA, rcx: 4n });
    breakAt(machine, 0, DATA + 1n, Kind.write, 1);
    execute(machine, 'f3aa 90 f4');
    expect(machine.handler(1)).toEqual({ vector: 1, words: [CODE] });
    expect(machine.processor.register('rcx')).toBe(2n);
  });

  // SDM Vol. 2B, "REP/REPE/REPZ/REPNE/REPNZ": ZF ends REPE and REPNE, however few iterations are done at a time.
  it.each([
    ['REPE SCASB', 'f3ae', 0x12n, 6n],
    ['REPE CMPSB', 'f3a6', 0x12n, 6n],
    ['REPNE SCASB', 'f2ae', 0x34n, 6n],
    ['REPNE CMPSB', 'f2a6', 0x00n, 6n],
  ])('%s ends at the element that decides it while a breakpoint is enabled', (_, code, al, rcx) => {
    const machine = new TestMachine('long');
    machine.processor.write(DATA, Uint8Array.from([0x12, 0x34, 0x34, 0x34, 0, 0, 0, 0]));
    machine.processor.write(DATA + 16n, Uint8Array.from([0x12, 0x99, 0x34, 0x34, 0, 0, 0, 0]));
    if (code === 'f2a6')
      machine.processor.write(DATA + 16n, Uint8Array.from([0x99, 0x34, 0x34, 0x34, 0, 0, 0, 0]));
    machine.processor.setRegisters({ rsi: DATA + 16n, rdi: DATA, rcx: 8n, rax: al });
    breakAt(machine, 0, DATA + 0x800n, Kind.write, 1);
    execute(machine, `${code} f4`);
    expect(machine.processor.register('rcx')).toBe(rcx);
  });

  it('REPE SCASB ends so under the single-step trap', () => {
    const machine = new TestMachine('long');
    machine.processor.write(DATA, Uint8Array.from([0x12, 0x34, 0x34, 0x34]));
    machine.processor.setRegisters({ rdi: DATA + 1n, rcx: 3n, rax: 0x12n });
    machine.processor.core.setRflags(0x102n);
    execute(machine, 'f3ae 90 f4');
    expect(machine.handler(1)).toEqual({ vector: 1, words: [CODE + 2n] });
    expect(machine.processor.register('rcx')).toBe(2n);
  });

  it('MOV to SS from a watched place traps behind the next instruction', () => {
    const machine = new TestMachine('long');
    machine.processor.writeWord(DATA, BigInt(Selector.data0), 2);
    machine.processor.setRegister('rbx', DATA);
    breakAt(machine, 0, DATA, Kind.access, 2);
    execute(machine, '8e13 90 90 f4');
    expect(machine.handler(1)).toEqual({ vector: 1, words: [CODE + 3n] });
  });

  it('an instruction that faults does not report them', () => {
    const machine = new TestMachine('long');
    machine.processor.setRegisters({ rsi: DATA, rdi: 0x4000_0000n });
    breakAt(machine, 0, DATA, Kind.access, 1);
    execute(machine, 'a4 f4'); // MOVSB to a page that is not mapped
    expect(machine.handler(0).vector).toBe(14);
    expect(dr6(machine)).toBe(DR6_RESET);
  });

  it('and single step are one exception', () => {
    const machine = new TestMachine('long');
    machine.processor.core.setRflags(0x102n);
    machine.processor.setRegister('rbx', DATA);
    breakAt(machine, 0, DATA, Kind.write, 1);
    execute(machine, '8803 90 f4');
    expect(machine.handler(1)).toEqual({ vector: 1, words: [CODE + 2n] });
    expect(dr6(machine)).toBe(DR6_RESET | 0x4001n);
  });
});

// SDM Vol. 3A, "Priority Among Concurrent Events": the trap comes before faults of the next instruction's fetch.
it('the single-step trap of a jump to a page that is not mapped leaves CR2 alone', () => {
  const machine = new TestMachine('long');
  machine.processor.core.setRflags(0x102n);
  machine.processor.setRegister('rax', 0x4000_0000n);
  machine.processor.set64(CR2, 0x1234n);
  execute(machine, 'ffe0'); // JMP RAX
  expect(machine.handler(1)).toEqual({ vector: 1, words: [0x4000_0000n] });
  expect(machine.processor.get64(CR2)).toBe(0x1234n);
});

// SDM Vol. 3B, "Debug Control Register (DR7)": GD is cleared upon entering the debug exception handler.
describe('DR7.GD is cleared by', () => {
  const GD = 0x2000n;
  const dr7 = (machine: TestMachine): bigint => machine.processor.get64(DEBUG_REGISTERS + 56);

  it.each([
    ['an instruction breakpoint', Kind.instruction, CODE, 2n],
    ['a data breakpoint', Kind.write, DATA, 2n],
    ['the single-step trap', Kind.write, DATA + 0x800n, 0x102n],
  ])('%s', (_, kind, address, rflags) => {
    const machine = new TestMachine('long');
    machine.processor.core.setRflags(rflags);
    machine.processor.setRegister('rbx', DATA);
    breakAt(machine, 0, address, kind);
    machine.processor.set64(DEBUG_REGISTERS + 56, dr7(machine) | GD);
    execute(machine, '8803 90 f4');
    expect(machine.handler(1).vector).toBe(1);
    expect(dr7(machine) & GD).toBe(0n);
  });
});

describe('I/O breakpoints', () => {
  it.each([
    ['with CR4.DE', 0x28n, 1],
    ['without CR4.DE they do not exist', 0x20n, undefined],
  ])('%s', (_, cr4, vector) => {
    const machine = new TestMachine('long');
    machine.processor.set64(CR4, cr4);
    breakAt(machine, 0, 0x60n, Kind.port, 1);
    execute(machine, 'e460 90 f4');
    if (vector === undefined) expect(machine.processor.rip).toBe(CODE + 4n);
    else expect(machine.handler(1)).toEqual({ vector, words: [CODE + 2n] });
  });
});
