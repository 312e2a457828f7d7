/** Instructions whose bytes lie in two pages, and what CS says of them. SDM Vol. 3A, "Limit Checking". */
import { describe, expect, it } from 'vitest';
import { Segment } from '../../emulator/isa/uop.js';
import { TestMachine } from './test-machine.js';

/** Linear address of MOV EAX, imm32, two bytes before the end of a page, and RIP of it. */
const LINEAR = 0x3_0ffen;
const RIP = 0xffen;
const MOV = 'b8 05 00 00 00';
const BASE = LINEAR - RIP;

/** Executes the instruction at RIP in a code segment of this base and limit. */
function step(machine: TestMachine, base: bigint, limit: number): void {
  const { processor } = machine;
  processor.setSegment(Segment.CS, { ...processor.segment(Segment.CS), base, limit });
  processor.core.flushAll();
  processor.setRegister('rax', 0x1111n);
  processor.rip = RIP;
  processor.run(1);
}

function machineWith(code: string, linear: bigint): TestMachine {
  const machine = new TestMachine('protected');
  machine.processor.writeCode(linear, code);
  machine.processor.core.flushAll();
  return machine;
}

describe('an instruction that crosses a page', () => {
  it('is executed again and again', () => {
    const machine = machineWith(MOV, LINEAR);
    for (let time = 0; time < 3; time++) {
      step(machine, BASE, 0x1fff);
      expect(machine.processor.register('rax')).toBe(5n);
      expect(machine.processor.rip).toBe(RIP + 5n);
    }
  });

  it.each([0x1001, 0x1000, 0xfff, 0xffe])('is cut by a limit of %i that comes later', (limit) => {
    const machine = machineWith(MOV, LINEAR);
    step(machine, BASE, 0x1002);
    step(machine, BASE, limit);
    expect(machine.processor.register('rax')).toBe(0x1111n);
    expect(machine.handler(2)).toEqual({ vector: 13, words: [0n, RIP] });
  });

  it.each([1n, 2n, 3n, -1n, -3n])('is the one that a base moved by %i leads to', (distance) => {
    const machine = machineWith(MOV, LINEAR);
    step(machine, BASE, 0x1002);
    machine.processor.writeCode(LINEAR + distance, 'b8 07 00 00 00');
    step(machine, BASE + distance, 0x1002);
    expect(machine.processor.register('rax')).toBe(7n);
    machine.processor.writeCode(LINEAR, MOV);
    step(machine, BASE, 0x1002);
    expect(machine.processor.register('rax')).toBe(5n);
  });
});
