/**
 * Nonmaskable interrupts: SDM Vol. 3A, "Nonmaskable Interrupt (NMI)", "Handling Multiple NMIs", "Masking Exceptions and
 * Interrupts When Switching Stacks".
 */
import { describe, expect, it } from 'vitest';
import {
  ExitReason,
  INTR_LINE,
  NMI_BLOCKED,
  NMI_PENDING,
} from '../../emulator/isa/state-layout.js';
import {
  Access,
  CODE,
  IST1_STACK,
  Selector,
  TestMachine,
  type MachineMode,
} from './test-machine.js';

describe.each<MachineMode>(['real', 'protected', 'long'])('an NMI in a %s mode', (mode) => {
  it('is vector 2 whatever IF says, and blocks the next one until IRET', () => {
    const machine = new TestMachine(mode);
    const { processor } = machine;
    processor.core.setRflags(2n);
    machine.execute('90 90 90', 1);
    const next = processor.rip;
    processor.set32(NMI_PENDING, 1);
    expect(processor.run(10)).toBe(ExitReason.InterruptWindow);
    expect(processor.rip).toBe(next);
    expect(processor.core.deliverNonmaskableInterrupt()).toBe(1);
    expect([processor.get32(NMI_PENDING), processor.get32(NMI_BLOCKED)]).toEqual([0, 1]);
    processor.set32(NMI_PENDING, 1); // waits
    expect(processor.run(1)).toBe(ExitReason.Halt);
    expect(machine.handler(3)).toMatchObject({ vector: 2 });
    expect(machine.handler(3).words[0]).toBe(next);
  });
});

describe('an NMI', () => {
  it('that waits is taken right behind the IRET of the one before', () => {
    const machine = new TestMachine('long');
    const { processor } = machine;
    processor.writeCode(0x2_0020n, '90 48cf'); // handler of vector 2: NOP, IRETQ
    machine.execute('90 90 f4', 1);
    const next = processor.rip;
    processor.set32(NMI_PENDING, 1);
    processor.core.deliverNonmaskableInterrupt();
    processor.set32(NMI_PENDING, 1);
    expect(processor.run(10)).toBe(ExitReason.InterruptWindow);
    expect([processor.rip, processor.get32(NMI_BLOCKED)]).toEqual([next, 0]);
  });

  it('stays unblocked by an IRET that faults', () => {
    const machine = new TestMachine('long');
    machine.processor.set32(NMI_BLOCKED, 1);
    machine.processor.setRegister('rsp', 0x8000_0000_0000n); // not canonical
    machine.setGate(12, Access.interruptGate, { ist: 1 });
    machine.execute('48cf', 1);
    expect(machine.processor.get32(NMI_BLOCKED)).toBe(0);
  });

  it('has a stack of its own where its gate names one', () => {
    const machine = new TestMachine('long');
    machine.setGate(2, Access.interruptGate, { ist: 1 });
    machine.execute('90', 1);
    machine.processor.set32(NMI_PENDING, 1);
    machine.processor.core.deliverNonmaskableInterrupt();
    expect(machine.processor.register('rsp')).toBe(IST1_STACK - 40n);
  });

  it.each([
    ['MOV SS', '8ed0 90 90', 2n],
    ['STI', 'fb 90 90', 1n],
  ])('waits for the instruction behind %s', (_, code, length) => {
    const machine = new TestMachine('protected');
    const { processor } = machine;
    processor.setRegister('rax', BigInt(Selector.data0));
    machine.execute(code, 1);
    processor.set32(NMI_PENDING, 1);
    expect(processor.run(10)).toBe(ExitReason.InterruptWindow);
    expect(processor.rip).toBe(CODE + length + 1n);
  });

  it('does not open the window of a maskable interrupt', () => {
    const machine = new TestMachine('protected');
    machine.processor.core.setRflags(2n);
    machine.processor.set32(INTR_LINE, 1);
    machine.processor.set32(NMI_BLOCKED, 1);
    machine.processor.set32(NMI_PENDING, 1);
    expect(machine.execute('90 f4')).toBe(ExitReason.Halt);
  });
});
