/** External interrupts, the interrupt shadow, and what ends a run while an event is delivered. */
import { describe, expect, it } from 'vitest';
import {
  EXCEPTION_COUNTS,
  ExitReason,
  INTERRUPTS,
  INTR_LINE,
} from '../../emulator/isa/state-layout.js';
import { Segment } from '../../emulator/isa/uop.js';
import {
  Access,
  CODE,
  PROGRAM_STACK,
  RING0_STACK,
  Selector,
  TestMachine,
  UNMAPPED,
} from './test-machine.js';
import type { MachineMode } from './test-machine.js';

describe.each<MachineMode>(['real', 'protected', 'long'])(
  'an external interrupt in a %s mode',
  (mode) => {
    it('enters its handler between two instructions, and the frame leads back', () => {
      const machine = new TestMachine(mode);
      const { processor } = machine;
      processor.core.setRflags(0x202n);
      machine.execute('90 90 90', 1);
      const next = processor.rip;
      expect(processor.core.deliverExternalInterrupt(0x21)).toBe(1);
      expect(processor.run(1)).toBe(ExitReason.Halt);
      const { vector, words } = machine.handler(3);
      expect(vector).toBe(0x21);
      expect(words[0]).toBe(next);
      expect(words[1]).toBe(
        mode === 'real' ? 0x3000n : BigInt(mode === 'long' ? Selector.code64 : Selector.code32),
      );
      expect(words[2]).toBe(0x202n);
      expect(processor.core.getRflags() & 0x200n).toBe(0n);
      expect(processor.get64(INTERRUPTS)).toBe(1n);
    });
  },
);

describe('an external interrupt', () => {
  it('at CPL 3 switches to the stack of ring 0', () => {
    const machine = new TestMachine('long', 3);
    machine.execute('90', 1);
    machine.processor.core.deliverExternalInterrupt(0x40);
    expect(machine.cpl).toBe(0);
    expect(machine.processor.register('rsp')).toBe(RING0_STACK - 40n);
    expect(machine.selectorOf(Segment.SS)).toBe(0);
  });

  it('whose gate is not present is #NP with EXT set', () => {
    const machine = new TestMachine('long');
    machine.setGate(0x40, 0x0e);
    machine.execute('90', 1);
    machine.processor.core.deliverExternalInterrupt(0x40);
    machine.processor.run(1);
    expect(machine.handler(6)).toMatchObject({ vector: 11 });
    expect(machine.handler(6).words[0]).toBe(BigInt(0x40 * 8 + 3));
    expect(machine.processor.get32(EXCEPTION_COUNTS + 4 * 11)).toBe(1);
  });

  it.each([
    ['STI', 'fb 90 90', 1],
    ['MOV SS', '8ed0 90 90', 2],
    ['POP SS', '17 90 90', 1],
  ])('waits for the instruction behind %s', (_, code, length) => {
    const machine = new TestMachine('protected');
    const { processor } = machine;
    processor.setRegister('rax', BigInt(Selector.data0));
    processor.writeWord(PROGRAM_STACK, BigInt(Selector.data0), 4);
    processor.core.setRflags(code.startsWith('fb') ? 2n : 0x202n);
    machine.execute(code, 1); // the line rises behind this instruction
    expect(processor.rip).toBe(CODE + BigInt(length));
    processor.set32(INTR_LINE, 1);
    expect(processor.run(10)).toBe(ExitReason.InterruptWindow);
    expect(processor.rip).toBe(CODE + BigInt(length) + 1n);
  });

  it('is possible at once without a shadow', () => {
    const machine = new TestMachine('protected');
    machine.processor.core.setRflags(0x202n);
    machine.processor.set32(INTR_LINE, 1);
    expect(machine.execute('90 90')).toBe(ExitReason.InterruptWindow);
    expect(machine.processor.rip).toBe(CODE);
  });
});

describe('a run', () => {
  it('ends at the resident limit when the stack of a handler cannot be stored', () => {
    const machine = new TestMachine('long');
    machine.setGate(6, Access.interruptGate, { ist: 1 });
    machine.processor.writeWord(0x1_3000n + 36n, 0x1000_0000n, 8);
    expect(machine.execute('90 0f0b', 1)).toBe(ExitReason.Budget);
    machine.processor.core.setResidentLimit(4096n);
    expect(machine.processor.run(10)).toBe(ExitReason.ResidentLimit);
    expect(machine.processor.rip).toBe(CODE + 1n);
    machine.processor.core.setResidentLimit(0n);
    expect(machine.processor.run(10)).toBe(ExitReason.Halt);
    expect(machine.handler(5).vector).toBe(6);
  });

  it('goes on after a page fault handler has mapped the page', () => {
    const machine = new TestMachine('long');
    const { processor } = machine;
    processor.writeWord(0x2008n, 0xb_0000n | 7n, 8);
    processor.setRegisters({ rbx: UNMAPPED, rsi: 0xb_0000n, rcx: 0x40_0083n, rax: 7n });
    // handler of vector 14: mov [rsi], rcx; add rsp, 8; iretq
    processor.writeCode(0x2_00e0n, '48890e 4883c408 48cf');
    expect(machine.execute('480103 480103 f4')).toBe(ExitReason.Halt);
    expect(processor.readWord(0x40_0000n, 8)).toBe(14n);
    expect(processor.register('rsp')).toBe(PROGRAM_STACK);
  });
});
