/** The count of instructions: budgets, what is retired when, and the ends of a run. */
import { describe, expect, it } from 'vitest';
import { ExitReason } from '../../emulator/isa/state-layout.js';
import { CODE, DATA, GuestMachine, HANDLERS, UNMAPPED } from './guest-machine.js';

/** 8 + 40 * 9 instructions before HLT: memory, calls, stack and flags. The same text is 32-bit and 64-bit code. */
const MIXED = `
  mov esi, ${DATA}
  mov edi, ${DATA + 0x800n}
  mov ecx, 40
  xor eax, eax
  push eax
  pop edx
  cld
  stc
next:
  adc eax, [esi + ecx * 8]
  mov [edi + ecx * 8], eax
  call rotate
  lea edx, [edx + eax * 2 + 5]
  nop
  sub ecx, 1
  jnz next
  hlt
rotate:
  rol eax, 7
  ret
`;
const MIXED_INSTRUCTIONS = 8 + 40 * 9;

function mixed(bits: 32 | 64): GuestMachine {
  const machine = new GuestMachine(bits, MIXED);
  const seed = Uint8Array.from({ length: 0x400 }, (_, index) => (index * 37 + 11) & 0xff);
  machine.processor.write(DATA, seed);
  return machine;
}

describe('a budget', () => {
  it('of 0 executes nothing', () => {
    const machine = mixed(64);
    expect(machine.processor.run(0)).toBe(ExitReason.Budget);
    expect(machine.processor.rip).toBe(CODE);
    expect(machine.processor.retired).toBe(0);
  });

  it.each([32, 64] as const)(
    'is used up exactly, whatever its size, and the end is the same (%i bits)',
    (bits) => {
      const whole = mixed(bits);
      whole.processor.run(MIXED_INSTRUCTIONS);
      const expected = whole.processor.hash('');
      for (const slice of [1, 2, 3, 5, 7, 11, 64]) {
        const machine = mixed(bits);
        for (let done = 0; done < MIXED_INSTRUCTIONS;) {
          const budget = Math.min(slice, MIXED_INSTRUCTIONS - done);
          expect(machine.processor.run(budget)).toBe(ExitReason.Budget);
          done += budget;
          expect(machine.processor.retired).toBe(done);
        }
        expect(machine.processor.hash(''), `slices of ${slice}`).toBe(expected);
        expect(machine.processor.run(1)).toBe(ExitReason.Halt);
      }
    },
  );

  it('stops before an instruction in the middle of a block', () => {
    const machine = new GuestMachine(64, 'mov eax, 1\nmov eax, 2\nmov eax, 3\nhlt');
    machine.processor.run(2);
    expect(machine.register('rax')).toBe(2n);
    expect(machine.processor.rip).toBe(CODE + 10n);
  });
});

describe('retired instructions', () => {
  it('an instruction that faults is not counted, those of its handler are', () => {
    const machine = new GuestMachine(64, `mov ebx, ${UNMAPPED}\nnop\nmov eax, [ebx]\nhlt`);
    machine.runToHalt();
    expect(machine.vector).toBe(14);
    expect(machine.processor.retired).toBe(2 + 1);
    expect(machine.processor.controlRegister('cr2')).toBe(UNMAPPED);
  });

  it('are exact when a port is accessed, and RIP is then the instruction itself', () => {
    const seen: [number, bigint][] = [];
    const machine = new GuestMachine(64, 'nop\nnop\nnop\nhere: out 0x80, al\nnop\nhlt', {
      portOut: () => {
        seen.push([machine.processor.retired, machine.processor.rip]);
      },
    });
    expect(machine.processor.run(100)).toBe(ExitReason.Io);
    expect(seen).toEqual([[3, machine.label('here')]]);
    expect(machine.processor.retired).toBe(4);
    expect(machine.processor.rip).toBe(machine.label('here') + 2n);
  });

  it('a port access ends the run also in the middle of a block', () => {
    const machine = new GuestMachine(64, `mov edi, ${DATA}\nmov dx, 0x60\ninsb\nmov eax, 1\nhlt`, {
      portIn: () => 0x5a,
    });
    expect(machine.processor.run(100)).toBe(ExitReason.Io);
    expect(machine.processor.retired).toBe(3);
    expect(machine.word(DATA, 1)).toBe(0x5an);
    machine.runToHalt();
    expect(machine.processor.retired).toBe(5);
  });

  it('a repeated string instruction counts once', () => {
    const machine = new GuestMachine(64, `mov edi, ${DATA}\nmov ecx, 1000\nrep stosd\nhlt`);
    machine.runToHalt();
    expect(machine.processor.retired).toBe(4);
    expect(machine.register('rcx')).toBe(0n);
  });

  it('a very long one pauses on itself and counts once more for each start', () => {
    const machine = new GuestMachine(
      64,
      `mov edi, ${DATA + 0x3_0000n}\nmov ecx, 0x28000\nstd\nhere: rep stosb\nhlt`,
    );
    expect(machine.processor.run(100)).toBe(ExitReason.Pause);
    expect(machine.processor.rip).toBe(machine.label('here'));
    expect(machine.register('rcx')).toBe(0x1_8000n);
    expect(machine.processor.run(100)).toBe(ExitReason.Pause);
    expect(machine.processor.run(100)).toBe(ExitReason.Halt);
    expect(machine.processor.retired).toBe(3 + 3 + 1);
    expect(machine.register('rdi')).toBe(DATA + 0x3_0000n - 0x2_8000n);
  });
});

describe('ends of a run', () => {
  it('an instruction without a recipe: RIP stays on it and it is not counted', () => {
    const machine = new GuestMachine(
      64,
      'nop\nhere: db 0x66, 0x0F, 0x38, 0xCF, 0xC1 ; GF2P8MULB\nhlt',
    );
    expect(machine.processor.run(100)).toBe(ExitReason.Unimplemented);
    expect(machine.processor.rip).toBe(machine.label('here'));
    expect(machine.processor.exitAddress).toBe(machine.label('here'));
    expect(machine.processor.retired).toBe(1);
  });

  it('a fault that cannot be delivered: shutdown with the chain of faults', () => {
    const machine = new GuestMachine(64, 'here: ud2');
    machine.processor.setDescriptorTable('idtr', { base: 0x5000n, limit: 0 });
    expect(machine.processor.run(100)).toBe(ExitReason.Shutdown);
    // [SDM-3A "Interrupt 8—Double Fault Exception"]: #UD is benign; two #GP are a double fault; one more is the end.
    const chain = machine.processor.faultChain();
    expect(chain.map(({ vector, whileDelivering }) => [vector, whileDelivering])).toEqual([
      [6, null],
      [13, 6],
      [13, 13],
      [13, 8],
    ]);
    expect(machine.processor.faultChain()[0]?.rip).toBe(machine.label('here'));
  });

  it('a handler that faults for ever does not hold up the host', () => {
    const machine = new GuestMachine(64, 'ud2');
    machine.setRegisters({ rsp: 0x100_0000n }); // room for a long row of frames
    machine.processor.write(HANDLERS + 6n * 16n, Uint8Array.of(0x0f, 0x0b)); // #UD's handler: UD2
    const reasons = new Set<ExitReason>();
    for (let round = 0; round < 3; round++) reasons.add(machine.processor.run(1000));
    expect([...reasons]).toEqual([ExitReason.Pause]);
    expect(machine.processor.retired).toBe(0);
  });
});
