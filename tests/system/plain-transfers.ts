/** What the tests of plain transfers (cpu/core/plain-interrupts.ts) have in common: their program, and the same with a full and an empty TLB. */
import { expect } from 'vitest';
import * as layout from '../../emulator/isa/state-layout.js';
import { Segment } from '../../emulator/isa/uop.js';
import { GDT, IDT, PROGRAM_STACK, RING0_STACK, RING1_STACK, Selector } from './test-machine.js';
import type { TestMachine } from './test-machine.js';

export const INT80 = 'cd80';
export const IRETQ = '48cf';
/** Where an IRETQ goes. */
export const TARGET = 0x5_0000n;
/** Where it finds RIP, CS, RFLAGS, RSP and SS. */
export const FRAME = PROGRAM_STACK - 40n;
export const SEGMENTS = [
  ...[Segment.ES, Segment.CS, Segment.SS, Segment.DS, Segment.FS, Segment.GS],
] as const;
const RFLAGS = 0x246n; // IF, ZF, PF
/** Stacks that a transfer may use; the second of a pair is of the rows that move RSP by a page. */
const STACKS = [
  ...[PROGRAM_STACK, PROGRAM_STACK - 0x1000n, RING0_STACK, RING0_STACK - 0x1000n, RING1_STACK],
];

/** The frame of an IRETQ to TARGET and the program's stack, in these segments. */
export function writeFrame({ processor }: TestMachine, code: number, stack: number): void {
  [TARGET, BigInt(code), RFLAGS, PROGRAM_STACK, BigInt(stack)].forEach((word, index) => {
    processor.writeWord(FRAME + BigInt(8 * index), word, 8);
  });
}

function stateOf({ processor }: TestMachine): object {
  const words = [layout.CPL, layout.MODE, layout.INTERRUPT_SHADOW, layout.NMI_BLOCKED];
  return {
    rip: processor.rip,
    rsp: processor.register('rsp'),
    rflags: processor.core.getRflags(),
    words: words.map((address) => processor.get32(address)),
    segments: SEGMENTS.map((number) => processor.segment(number)),
    stacks: STACKS.map((top) => processor.read(top - 96n, 128)),
    descriptors: processor.read(GDT, Selector.limit + 1),
    gates: processor.read(IDT, 4096),
    exceptions: Array.from({ length: 32 }, (_, vector) =>
      processor.get32(layout.EXCEPTION_COUNTS + 4 * vector),
    ),
  };
}

/** One instruction after `change` does the same with what the machine has in its TLB, and with nothing there. */
export function expectSameWithEmptyTlb(
  machineBefore: () => TestMachine,
  change: (machine: TestMachine) => void,
): void {
  const [full, empty] = [machineBefore(), machineBefore()];
  for (const machine of [full, empty]) change(machine);
  empty.processor.core.flushAll();
  full.processor.run(1);
  empty.processor.run(1);
  expect(stateOf(full)).toEqual(stateOf(empty));
}
