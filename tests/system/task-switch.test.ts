/**
 * Hardware task switches. Expectations: SDM Vol. 3A, "Task Management": "Task Switching", "Task Linking", and the table
 * "Exception Conditions Checked During a Task Switch".
 */
import { describe, expect, it } from 'vitest';
import { CPL, CR0, DEBUG_REGISTERS, ExitReason, CpuMode } from '../../emulator/isa/state-layout.js';
import { Segment } from '../../emulator/isa/uop.js';
import {
  Access,
  CODE,
  descriptor,
  Flags,
  gate,
  HANDLERS,
  LDT,
  Selector,
  TestMachine,
  TSS,
} from './test-machine.js';

const TASK = 0xb_0000n;
const TASK_CODE = 0xb_1000n;
const TASK_STACK = 0xb_3000n;
const NEW = Selector.free; // the other task's TSS
const TASK_GATE = Selector.free + 8;
const SPARE = Selector.free + 16;
const CR0_TS = 8n;
const NT = 0x4000n;
const TYPE_BUSY = 2n << 40n;

const isBusy = (machine: TestMachine, selector: number): boolean =>
  (machine.descriptorAt(selector) & TYPE_BUSY) !== 0n;

interface TaskFields {
  readonly eflags?: bigint;
  readonly cs?: number;
  readonly ss?: number;
  readonly ds?: number;
  readonly ldt?: number;
  readonly eip?: bigint;
  readonly trap?: number;
}

/** Offsets in a 32-bit TSS. */
const At = { link: 0, eip: 0x20, eflags: 0x24, eax: 0x28, esp: 0x38, edi: 0x44, es: 0x48 } as const;
const SEGMENT_ORDER = ['es', 'cs', 'ss', 'ds', 'fs', 'gs'] as const;

/** A machine whose TR is busy, with a second task that halts at TASK_CODE. */
function machineWithTask(fields: TaskFields = {}): TestMachine {
  const machine = new TestMachine('protected');
  const { processor } = machine;
  machine.setDescriptor(Selector.tss, descriptor(Access.tssBusy, 0, Number(TSS), 0xff));
  machine.setDescriptor(NEW, descriptor(Access.tssAvailable, 0, Number(TASK), 0x67));
  machine.setDescriptor(TASK_GATE, gate(NEW, 0, Access.taskGate));
  const write = (offset: number, value: bigint, bytes = 4): void =>
    processor.writeWord(TASK + BigInt(offset), value, bytes);
  write(At.eip, fields.eip ?? TASK_CODE);
  write(At.eflags, fields.eflags ?? 2n);
  for (let number = 0; number < 8; number++)
    write(At.eax + 4 * number, 0x1111_1111n * BigInt(number));
  write(At.esp, TASK_STACK);
  const selectors = {
    es: Selector.data0,
    cs: Selector.code32,
    ss: Selector.data0,
    ds: Selector.data0,
    fs: 0,
    gs: 0,
    ...fields,
  };
  SEGMENT_ORDER.forEach((name, index) => write(At.es + 4 * index, BigInt(selectors[name])));
  write(0x60, BigInt(fields.ldt ?? 0));
  write(0x64, BigInt(fields.trap ?? 0), 2);
  processor.writeCode(TASK_CODE, 'f4');
  return machine;
}

const farJump = (selector: number): string =>
  `ea 00000000 ${Buffer.from([selector, selector >> 8]).toString('hex')}`;
const farCall = (selector: number): string => farJump(selector).replace('ea', '9a');

describe('what starts a task', () => {
  it.each([
    ['JMP to the TSS', farJump(NEW), false],
    ['JMP through a task gate', farJump(TASK_GATE), false],
    ['CALL to the TSS', farCall(NEW), true],
    ['CALL through a task gate', farCall(TASK_GATE), true],
    ['INT through a task gate', 'cd40', true],
  ])('%s: state saved and loaded, links, busy and TS bits', (_, code, nested) => {
    const machine = machineWithTask();
    machine.processor.writeWord(0x1_1000n + 8n * 0x40n, gate(NEW, 0, Access.taskGate), 8);
    machine.processor.setRegister('rax', 0x1234_5678n);
    machine.processor.setRegister('rdi', 0x9abc_def0n);
    expect(machine.execute(code)).toBe(ExitReason.Halt);
    const { processor } = machine;
    expect(processor.rip).toBe(TASK_CODE + 1n);
    expect(processor.register('rsp')).toBe(TASK_STACK);
    expect(processor.register('rcx')).toBe(0x1111_1111n);
    expect(machine.selectorOf(Segment.TR)).toBe(NEW);
    expect(machine.selectorOf(Segment.CS)).toBe(Selector.code32);
    expect(processor.segment(Segment.FS)).toMatchObject({ selector: 0, unusable: true });
    expect(processor.get64(CR0) & CR0_TS).toBe(CR0_TS);
    expect(processor.core.getRflags() & NT).toBe(nested ? NT : 0n);
    expect(processor.readWord(TASK, 2)).toBe(nested ? BigInt(Selector.tss) : 0n);
    expect(isBusy(machine, NEW)).toBe(true);
    expect(isBusy(machine, Selector.tss)).toBe(nested);
    const length = BigInt(code.replaceAll(' ', '').length / 2);
    expect(processor.readWord(TSS + BigInt(At.eip), 4)).toBe(CODE + length);
    expect(processor.readWord(TSS + BigInt(At.eax), 4)).toBe(0x1234_5678n);
    expect(processor.readWord(TSS + BigInt(At.edi), 4)).toBe(0x9abc_def0n);
    expect(processor.readWord(TSS + BigInt(At.es + 4), 2)).toBe(BigInt(Selector.code32));
  });

  it('an exception through a task gate pushes its error code on the new stack, and saves EIP of the instruction with RF', () => {
    const machine = machineWithTask();
    machine.processor.writeWord(0x1_1000n + 8n * 13n, gate(NEW, 0, Access.taskGate), 8);
    expect(machine.execute('66b80040 8ed8')).toBe(ExitReason.Halt); // MOV DS, selector beyond the limit
    expect(machine.processor.register('rsp')).toBe(TASK_STACK - 4n);
    expect(machine.processor.readWord(TASK_STACK - 4n, 4)).toBe(0x4000n);
    expect(machine.processor.readWord(TSS + BigInt(At.eip), 4)).toBe(CODE + 4n);
    expect(machine.processor.readWord(TSS + BigInt(At.eflags), 4) & 0x1_0000n).toBe(0x1_0000n);
  });
});

describe('IRET with NT', () => {
  it('goes back to the task that called, and clears NT in the image that is saved', () => {
    const machine = machineWithTask();
    machine.processor.writeCode(TASK_CODE, 'cf');
    expect(machine.execute(`${farCall(NEW)} f4`)).toBe(ExitReason.Halt);
    expect(machine.processor.rip).toBe(CODE + 8n);
    expect(machine.selectorOf(Segment.TR)).toBe(Selector.tss);
    expect(isBusy(machine, NEW)).toBe(false);
    expect(isBusy(machine, Selector.tss)).toBe(true);
    expect(machine.processor.readWord(TASK + BigInt(At.eip), 4)).toBe(TASK_CODE + 1n);
    expect(machine.processor.readWord(TASK + BigInt(At.eflags), 4) & NT).toBe(0n);
    expect(machine.processor.core.getRflags() & NT).toBe(0n);
  });

  it('to a task that is not busy is #TS with its selector', () => {
    const machine = machineWithTask();
    machine.processor.writeWord(TSS, BigInt(NEW), 2);
    machine.processor.core.setRflags(NT | 2n);
    expect(machine.execute('cf')).toBe(ExitReason.Halt);
    expect(machine.handler(2)).toEqual({ vector: 10, words: [BigInt(NEW), CODE] });
  });
});

describe('faults of the old task: nothing has changed', () => {
  it.each([
    ['a busy TSS', descriptor(Access.tssBusy, 0, Number(TASK), 0x67), 13],
    [
      'a TSS that is not present',
      descriptor(Access.tssAvailable & 0x7f, 0, Number(TASK), 0x67),
      11,
    ],
    ['a TSS that is too short', descriptor(Access.tssAvailable, 0, Number(TASK), 0x66), 10],
    [
      'a 16-bit TSS that is too short',
      descriptor(Access.tss16Available, 0, Number(TASK), 0x2a),
      10,
    ],
  ])('%s', (_, value, vector) => {
    const machine = machineWithTask();
    machine.setDescriptor(NEW, value);
    expect(machine.execute(farJump(NEW))).toBe(ExitReason.Halt);
    expect(machine.handler(2)).toEqual({ vector, words: [BigInt(NEW), CODE] });
    expect(machine.selectorOf(Segment.TR)).toBe(Selector.tss);
  });

  it('a TSS of DPL 0 is out of reach at CPL 3', () => {
    const machine = new TestMachine('protected', 3);
    machine.setDescriptor(NEW, descriptor(Access.tssAvailable, 0, Number(TASK), 0x67));
    expect(machine.execute(farJump(NEW | 3))).toBe(ExitReason.Halt);
    expect(machine.handler(1)).toEqual({ vector: 13, words: [BigInt(NEW)] });
  });
});

describe('faults of the new task, before its first instruction', () => {
  const absent = descriptor(Access.code0 & 0x7f, Flags.pages32);
  it.each<[string, TaskFields, bigint | undefined, number, number]>([
    ['CS is null', { cs: 0 }, undefined, 10, 0],
    ['CS is data', { cs: Selector.data0 }, undefined, 10, Selector.data0],
    ['CS is not present', { cs: SPARE }, absent, 11, SPARE],
    ['CS of an outer level', { cs: Selector.code32User }, undefined, 10, Selector.code32User],
    ['SS is null', { ss: 0 }, undefined, 10, 0],
    ['SS is code', { ss: Selector.code32 }, undefined, 10, Selector.code32],
    ['DS is a system segment', { ds: Selector.tss }, undefined, 10, Selector.tss],
    ['DS is not present', { ds: SPARE }, absent, 11, SPARE],
    ['LDTR is no LDT', { ldt: Selector.data0 }, undefined, 10, Selector.data0],
  ])('%s', (_, fields, spare, vector, errorCode) => {
    const machine = machineWithTask(fields);
    if (spare !== undefined) machine.setDescriptor(SPARE, spare);
    // The handler needs a stack of its own whatever SS has become: through a task gate.
    const handler = 0xc_0000n;
    machine.processor.write(handler, machine.processor.read(TASK, 0x68));
    const word = (offset: number, value: number | bigint): void =>
      machine.processor.writeWord(handler + BigInt(offset), BigInt(value), 4);
    word(At.eip, HANDLERS);
    word(At.esp, 0xd_0000n);
    word(At.es + 4, Selector.code32);
    word(At.es + 8, Selector.data0);
    word(At.es + 12, Selector.data0);
    word(0x60, 0);
    machine.setDescriptor(SPARE + 8, descriptor(Access.tssAvailable, 0, Number(handler), 0x67));
    machine.processor.writeWord(
      0x1_1000n + 8n * BigInt(vector),
      gate(SPARE + 8, 0, Access.taskGate),
      8,
    );
    expect(machine.execute(farJump(NEW))).toBe(ExitReason.Halt);
    expect(machine.processor.rip).toBe(HANDLERS + 1n);
    expect(machine.processor.readWord(0xd_0000n - 4n, 4)).toBe(BigInt(errorCode));
    expect(machine.processor.readWord(handler, 2)).toBe(BigInt(NEW));
    expect(machine.processor.readWord(TASK + BigInt(At.eip), 4)).toBe(TASK_CODE);
    expect(machine.processor.faultChain()[0]).toMatchObject({ vector, rip: TASK_CODE });
  });

  it('EIP beyond the limit of CS is #GP(0)', () => {
    const machine = machineWithTask({ cs: SPARE, eip: 0x2_0000n });
    machine.setDescriptor(SPARE, descriptor(Access.code0, Flags.bytes32, 0, 0xffff));
    expect(machine.execute(farJump(NEW))).toBe(ExitReason.Halt);
    expect(machine.handler(2)).toEqual({ vector: 13, words: [0n, 0x2_0000n] });
  });
});

describe('the rest of a task state', () => {
  it('the T flag raises #DB with DR6.BT before the first instruction', () => {
    const machine = machineWithTask({ trap: 1 });
    expect(machine.execute(farJump(NEW))).toBe(ExitReason.Halt);
    const frame = machine.handler(3);
    expect(frame).toMatchObject({ vector: 1, words: [TASK_CODE, BigInt(Selector.code32), 2n] });
    expect(machine.processor.get64(DEBUG_REGISTERS + 6 * 8) & 0x8000n).toBe(0x8000n);
  });

  it('LDTR comes from the TSS, before the segments that are in the LDT', () => {
    const machine = machineWithTask({ ldt: Selector.ldt, ds: 4 });
    machine.processor.writeWord(LDT, descriptor(Access.data0, Flags.pages32, 0x1000), 8);
    expect(machine.execute(farJump(NEW))).toBe(ExitReason.Halt);
    expect(machine.processor.segment(Segment.DS)).toMatchObject({ selector: 4, base: 0x1000n });
  });

  it('a task at CPL 3 that EFLAGS.VM starts runs in virtual-8086 mode', () => {
    const machine = machineWithTask({
      eflags: 0x2_0002n,
      cs: 0xb000,
      ss: 0xb000,
      ds: 0x1234,
      eip: 0x1000n,
    });
    machine.processor.writeCode(TASK_CODE, '90 90');
    expect(machine.execute(farJump(NEW), 2)).toBe(ExitReason.Budget);
    expect(machine.cpuMode).toBe(CpuMode.Virtual8086);
    expect(machine.processor.get32(CPL)).toBe(3);
    expect(machine.processor.segment(Segment.DS)).toMatchObject({ base: 0x1_2340n, limit: 0xffff });
    expect(machine.processor.rip).toBe(0x1001n);
  });

  it('a 16-bit TSS holds 16-bit fields and no FS, GS, CR3', () => {
    const machine = machineWithTask();
    const { processor } = machine;
    machine.setDescriptor(NEW, descriptor(Access.tss16Available, 0, Number(TASK), 0x2b));
    machine.setDescriptor(SPARE, descriptor(Access.code0, Flags.bytes16, 0xb_0000, 0xffff));
    const fields = [
      0x1000,
      0x2,
      1,
      2,
      3,
      4,
      0x3000,
      6,
      7,
      8,
      Selector.data16,
      SPARE,
      Selector.data16,
      Selector.data16,
      0,
    ];
    fields.forEach((value, index) =>
      processor.writeWord(TASK + 0x0en + BigInt(2 * index), BigInt(value), 2),
    );
    expect(machine.execute(farJump(NEW))).toBe(ExitReason.Halt);
    expect(processor.rip).toBe(0x1001n);
    expect(processor.register('rax') & 0xffffn).toBe(1n);
    expect(processor.register('rsp') & 0xffffn).toBe(0x3000n);
    expect(machine.selectorOf(Segment.SS)).toBe(Selector.data16);
    expect(processor.segment(Segment.GS)).toMatchObject({ selector: 0, unusable: true });
  });

  it('does not exist in IA-32e mode', () => {
    const machine = new TestMachine('long');
    machine.setDescriptor(NEW, descriptor(Access.tssAvailable, 0, Number(TASK), 0x67), 0n);
    machine.processor.writeWord(TASK, BigInt(NEW) << 32n, 8);
    machine.processor.setRegister('rbx', TASK);
    expect(machine.execute('ff2b')).toBe(ExitReason.Halt); // JMP m16:32
    expect(machine.handler(1)).toEqual({ vector: 13, words: [BigInt(NEW)] });
  });
});
