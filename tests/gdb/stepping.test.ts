/** A debugger's steps and stops inside the machine, with both kinds of time. */
import { describe, expect, it } from 'vitest';
import { NO_LIMITS } from '../../emulator/machine/run-end.js';
import { RunLoop } from '../../emulator/machine/run-loop.js';
import { guestImage, guestImageOf } from '../guests/guest.js';
import { TestMachine } from '../guests/test-machine.js';

const ENTRY = 0x10_0000n;

/** A machine that stands at the first instruction of the guest's own. */
function standing(image: Uint8Array): { test: TestMachine; loop: RunLoop } {
  const test = new TestMachine(image);
  const loop = new RunLoop(test.machine, NO_LIMITS, 'fail');
  test.machine.processor.debug.addBreakpoint(ENTRY);
  while (loop.debugStop === null) loop.runSlice();
  return { test, loop };
}

/** Linear addresses at which the machine stands after each of `count` steps. */
function steps({ test, loop }: { test: TestMachine; loop: RunLoop }, count: number): bigint[] {
  return Array.from({ length: count }, () => {
    expect(loop.stepInstruction()).toBe(true);
    return test.machine.processor.debug.instructionAddress;
  });
}

describe('stepping', () => {
  it('stops before the first instruction of the handler of a fault', () => {
    const guest = standing(
      guestImageOf(`
        lgdt [descriptors]
        jmp 8:begins
      begins:
        lidt [table]
      faults:
        ud2
        jmp power_off
      handler:
        add dword [esp], 2
        iretd
      align 8
      gdt: dq 0
        dq 0x00CF9A000000FFFF
      descriptors: dw 15
        dd gdt
      table: dw 0x37
        dd gates
      align 8
      gates: times 48 db 0
        dw handler - 0x100000, 8, 0x8E00, 0x10
      `),
    );
    const { symbols, processor } = guest.test.machine;
    const names = steps(guest, 8).map((address) => symbols.nameOf(address)?.replace(/\+.*/, ''));
    expect(names).toEqual([
      ...['entry', 'entry', 'begins', 'faults'],
      ...['handler', 'handler', 'faults', 'power_off'],
    ]);
    expect(processor.stats().exceptions).toBe(1);
  });

  it('waits in HLT for the interrupt, and stops before the first instruction of its handler', () => {
    const guest = standing(guestImage('ticks'));
    const { processor } = guest.test.machine;
    let before = 0;
    let address = ENTRY;
    while (processor.stats().interrupts === 0) {
      before = processor.retired;
      [address = 0n] = steps(guest, 1);
    }
    expect(processor.retired).toBe(before); // the step was the interrupt's delivery
    const idt = processor.descriptorTable('idtr').base;
    const gate = processor.debug.readLinear(idt + 8n * 0x20n, 8);
    const view = new DataView(gate.buffer, gate.byteOffset);
    const handler = BigInt(view.getUint16(0, true) | (view.getUint16(6, true) << 16));
    expect(address).toBe(handler);
  });

  it('executes a polling loop pass by pass, which else is counted', () => {
    const stepped = standing(
      guestImageOf('call com1_init\nmov eax, 0x1234\ncall put_hex\njmp power_off'),
    );
    const { machine } = stepped.test;
    let most = 0;
    for (let step = 0; step < 3000 && stepped.loop.ended === null; step++) {
      const before = machine.processor.retired;
      stepped.loop.stepInstruction();
      most = Math.max(most, machine.processor.retired - before);
    }
    expect(most).toBe(1);
    expect(machine.impureActions).toBeGreaterThan(500); // it has polled
  });
});

describe('linear addresses of code', () => {
  it('are CS.base + RIP in real-address mode: a boot sector is met at 7C00h, however it is called', () => {
    // jmp 07C0h:0005h; hlt
    const sector = new Uint8Array(512);
    sector.set([0xea, 5, 0, 0xc0, 0x07, 0xf4]);
    sector.set([0x55, 0xaa], 510);
    const test = new TestMachine(sector);
    const loop = new RunLoop(test.machine, NO_LIMITS, 'fail');
    const { processor } = test.machine;
    processor.debug.addBreakpoint(0x7c05n);
    while (loop.debugStop === null && loop.ended === null) loop.runSlice();
    expect(loop.debugStop).toEqual({ kind: 'breakpoint' });
    expect(processor.rip).toBe(5n);
    expect(processor.segment('cs').base).toBe(0x7c00n);
    processor.debug.instructionAddress = 0x7c00n;
    expect(processor.rip).toBe(0n);
  });
});
