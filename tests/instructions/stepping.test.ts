/**
 * What happens between two instructions: the single-step trap, the interrupt shadow, the window for interrupts.
 * Source: Intel SDM Vol. 3A, "Single-Step Exception Condition", "Masking Maskable Hardware Interrupts", "Masking
 * Exceptions and Interrupts When Switching Stacks"; Vol. 2, STI, POPF, INT n.
 */
import { describe, expect, it } from 'vitest';
import { DEBUG_REGISTERS, ExitReason } from '../../emulator/isa/state-layout.js';
import { CODE, DATA, GuestMachine, STACK } from './guest-machine.js';

const RFLAGS_TF = 0x100n;
const RFLAGS_IF = 0x200n;
const VECTOR_DB = 1;

/** Runs until the first handler halts; gives the vector and the RIP on its stack. */
function firstTrap(machine: GuestMachine): { vector: number | null; returnsTo: bigint } {
  machine.runToHalt();
  const rsp = machine.register('rsp');
  const returnsTo = machine.bits === 64 ? machine.word(rsp) : machine.word(rsp, 4);
  return { vector: machine.vector, returnsTo };
}

/** A program that sets TF by POPF; `stepped` are the instructions behind it. */
function stepping(stepped: string, bits: 32 | 64 = 64): GuestMachine {
  return new GuestMachine(bits, `mov edi, ${DATA}\npush 0x102\npopf\n${stepped}\nhlt`);
}

describe('the single-step trap', () => {
  it.each([32, 64] as const)(
    'comes after the instruction behind POPF, not after POPF (%i bits)',
    (bits) => {
      const machine = stepping('nop\nthere: nop', bits);
      expect(firstTrap(machine)).toEqual({ vector: VECTOR_DB, returnsTo: machine.label('there') });
      expect(machine.processor.memory.u64(DEBUG_REGISTERS + 48) & 0x4000n).toBe(0x4000n); // DR6.BS
    },
  );

  it('clears TF for the handler and shows it set on the stack', () => {
    const machine = stepping('nop');
    machine.runToHalt();
    expect(machine.processor.rflags & RFLAGS_TF).toBe(0n);
    expect(machine.word(machine.register('rsp') + 16n) & RFLAGS_TF).toBe(RFLAGS_TF);
  });

  it.each([
    ['a jump', 'jmp there\nnop\nthere: nop', 'there'],
    ['a call', 'call there\nnop\nthere: nop', 'there'],
    ['a conditional jump that is not taken', 'jc there\nhere: nop\nthere: nop', 'here'],
    ['POPF that clears TF: it was set when POPF began', 'push 2\npopf\nthere: nop', 'popf'],
    ['one iteration of a repeated instruction', 'there: rep stosb\nnop', 'there'],
    ['a load of SS and the instruction behind it', 'mov ss, dx\nmov eax, 1\nthere: nop', 'there'],
    ['STI: it holds back interrupts only', 'sti\nthere: nop', 'there'],
  ])('comes after %s', (name, source, label) => {
    const machine = stepping(source);
    machine.setRegisters({ rcx: 5n, rdx: 0x10n });
    const trap = firstTrap(machine);
    expect(trap.vector).toBe(VECTOR_DB);
    if (label === 'popf') {
      // PUSH is stepped first; go on from there.
      machine.processor.rip = trap.returnsTo;
      machine.setRegisters({ rsp: STACK - 8n });
      machine.processor.rflags = 0x102n;
      expect(firstTrap(machine).returnsTo).toBe(machine.label('there'));
    } else expect(trap.returnsTo).toBe(machine.label(label));
    if (name.startsWith('one iteration')) expect(machine.register('rcx')).toBe(4n);
  });

  it('does not come after INT n, which clears TF', () => {
    const machine = stepping('int 5\nthere: nop');
    expect(firstTrap(machine)).toEqual({ vector: 5, returnsTo: machine.label('there') });
  });

  it('does not come after an instruction that faults', () => {
    const machine = stepping('there: ud2');
    expect(firstTrap(machine)).toEqual({ vector: 6, returnsTo: machine.label('there') });
  });
});

describe('external interrupts', () => {
  function ready(source: string, interruptFlag: boolean, bits: 32 | 64 = 64): GuestMachine {
    const machine = new GuestMachine(bits, source);
    machine.processor.rflags = interruptFlag ? RFLAGS_IF | 2n : 2n;
    machine.processor.intrLine = true;
    return machine;
  }

  it('INTR with IF = 1 ends the run before the next instruction', () => {
    const machine = ready('nop\nhlt', true);
    expect(machine.processor.interruptible).toBe(true);
    expect(machine.processor.run(100)).toBe(ExitReason.InterruptWindow);
    expect(machine.processor.retired).toBe(0);
  });

  it('INTR with IF = 0 does not', () => {
    const machine = ready('nop\nhlt', false);
    expect(machine.processor.interruptible).toBe(false);
    expect(machine.processor.run(100)).toBe(ExitReason.Halt);
  });

  it.each([
    ['STI', 64, 'sti\nnop\nthere: nop\nhlt', 1, false],
    ['MOV SS', 64, 'mov ss, dx\nnop\nthere: nop\nhlt', 1, true],
    ['POP SS', 32, 'push edx\npop ss\nnop\nthere: nop\nhlt', 2, true],
  ] as const)(
    'are held back for one instruction after %s',
    (_, bits, source, instructions, interruptFlag) => {
      const machine = ready(source, interruptFlag, bits);
      machine.setRegisters({ rdx: 0x10n });
      machine.processor.intrLine = false;
      machine.processor.run(instructions);
      machine.processor.intrLine = true;
      expect(machine.processor.interruptible).toBe(false);
      expect(machine.processor.run(100)).toBe(ExitReason.InterruptWindow);
      expect(machine.processor.rip).toBe(machine.label('there'));
    },
  );

  it('STI with IF = 1 already does not hold them back', () => {
    const machine = ready('sti\nnop\nhlt', true);
    machine.processor.intrLine = false;
    machine.processor.run(1);
    expect(machine.processor.interruptible).toBe(true);
  });

  it('the shadow ends with the next instruction also when nothing was waiting', () => {
    const machine = ready('sti\nnop\nnop\nhlt', false);
    machine.processor.intrLine = false;
    machine.processor.run(2);
    expect(machine.processor.interruptible).toBe(true);
  });

  it('STI and HLT wait for an interrupt: it is taken after HLT', () => {
    const machine = ready('sti\nhlt\nthere: nop\nhlt', false);
    expect(machine.processor.run(100)).toBe(ExitReason.Halt);
    expect(machine.processor.rip).toBe(machine.label('there'));
    expect(machine.processor.interruptible).toBe(true);
    expect(machine.processor.deliverExternalInterrupt(9)).toBe(true);
    expect(machine.word(machine.register('rsp'))).toBe(machine.label('there'));
    expect(machine.processor.interruptsEnabled).toBe(false); // an interrupt gate
    machine.runToHalt();
    expect(machine.vector).toBe(9);
  });

  it('POPF that sets IF opens the window behind itself', () => {
    const machine = ready('push 0x202\npopf\nthere: nop\nhlt', false);
    expect(machine.processor.run(100)).toBe(ExitReason.InterruptWindow);
    expect(machine.processor.rip).toBe(machine.label('there'));
  });

  it('HLT above CPL 0 is #GP(0)', () => {
    const machine = new GuestMachine(16, 'hlt');
    expect(machine.processor.run(1)).toBe(ExitReason.Halt);
    machine.processor.rip = CODE;
    machine.processor.cpl = 3;
    machine.processor.run(1);
    expect(machine.processor.faultChain()[0]).toMatchObject({ vector: 13, errorCode: 0 });
  });
});
