/**
 * Interrupts and IRETQ of 64-bit mode that change the privilege level, done the short way where the core finds all in order
 * (cpu/core/plain-interrupts.ts), against the definition, as plain-interrupts.test.ts does it for those of one level.
 */
import { describe, expect, it } from 'vitest';
import * as layout from '../../emulator/isa/state-layout.js';
import { Segment } from '../../emulator/isa/uop.js';
import {
  expectSameWithEmptyTlb,
  FRAME,
  INT80,
  IRETQ,
  SEGMENTS,
  TARGET,
  writeFrame,
} from './plain-transfers.js';
import {
  Access,
  CODE,
  descriptor,
  Flags,
  HANDLERS,
  PROGRAM_STACK,
  RING0_STACK,
  RING1_STACK,
  Selector,
  TestMachine,
  TSS,
  UNMAPPED,
} from './test-machine.js';

type Change = (machine: TestMachine) => void;
type Row = readonly [told: string, change: Change];

const VECTOR = 0x80;
const BACK_VECTOR = 0x81;
const NON_CANONICAL = 0x0000_8000_0000_0000n;
const INT81 = 'cd81';
const IF = 1n << 9n;
const NT = 1n << 14n;
const AC = 1n << 18n;
const DPL3 = 3 << 5;
const { free } = Selector;

/** 64-bit code of an inner level. */
const innerCode = (level: number): number => (level === 0 ? Selector.code64 : free);
const userCode = Selector.code64User | 3;
const userStack = Selector.dataUser | 3;

const gate =
  (access: number, options: Parameters<TestMachine['setGate']>[2]): Change =>
  (machine) => {
    machine.setGate(VECTOR, access, options);
  };
const segment =
  (selector: number, access: number, flags: number, base = 0, limit = 0xf_ffff): Change =>
  (machine) => {
    machine.setDescriptor(selector, descriptor(access, flags, base, limit));
  };
const rflags =
  (flags: bigint): Change =>
  ({ processor }) => {
    processor.core.setRflags(flags | 2n);
  };
const word =
  (address: bigint, value: bigint): Change =>
  ({ processor }) => {
    processor.writeWord(address, value, 8);
  };
const limit =
  (address: number, value: number): Change =>
  ({ processor }) => {
    processor.set32(address, value);
  };
const cache =
  (number: Segment, selector: number): Change =>
  (machine) => {
    machine.loadCache(number, selector);
  };
const taskLimit =
  (value: number): Change =>
  ({ processor }) => {
    processor.setSegment(Segment.TR, { ...processor.segment(Segment.TR), limit: value });
  };

const INTERRUPTS: readonly Row[] = [
  ['as it is', () => undefined],
  ['IF, all arithmetic flags', rflags(IF | 0x8d5n)],
  ['NT, AC', rflags(NT | AC | IF)],
  ['a trap gate', gate(Access.trapGate | DPL3, { selector: Selector.code64 })],
  ['a gate of DPL 0', gate(Access.interruptGate, { selector: Selector.code64 })],
  ['a gate with IST 1', gate(Access.interruptGate | DPL3, { selector: Selector.code64, ist: 1 })],
  ['a gate to ring 1', gate(Access.interruptGate | DPL3, { selector: free })],
  ['a gate with RPL 3', gate(Access.interruptGate | DPL3, { selector: Selector.code64 | 3 })],
  ['a gate to 32-bit code', gate(Access.interruptGate | DPL3, { selector: Selector.code32 })],
  ['a gate to data', gate(Access.interruptGate | DPL3, { selector: Selector.data0 })],
  [
    'a handler that is not canonical',
    gate(Access.interruptGate | DPL3, { selector: Selector.code64, offset: NON_CANONICAL }),
  ],
  ['conforming code', segment(Selector.code64, Access.conforming0, Flags.pages64)],
  ['code not present', segment(Selector.code64, Access.code0 - 0x80, Flags.pages64)],
  ['code not accessed', segment(Selector.code64, Access.code0 - 1, Flags.pages64)],
  ['execute-only code', segment(Selector.code64, Access.executeOnly0, Flags.pages64)],
  ['code with another limit', segment(Selector.code64, Access.code0, Flags.pages64, 0, 0xfff)],
  ['code with a base', segment(Selector.code64, Access.code0, Flags.pages64, 0x1000)],
  ['a GDT that ends within the code segment', limit(layout.GDTR_LIMIT, Selector.code64 + 6)],
  ['RSP0 misaligned', word(TSS + 4n, RING0_STACK - 5n)],
  ['RSP0 across pages', word(TSS + 4n, RING0_STACK - 0x1000n + 16n)],
  ['RSP0 not mapped', word(TSS + 4n, UNMAPPED + 0x800n)],
  ['RSP0 not canonical', word(TSS + 4n, NON_CANONICAL)],
  ['a TSS that ends within RSP0', taskLimit(10)],
  ['a TSS that ends behind RSP0', taskLimit(11)],
  ['a null SS', cache(Segment.SS, 0)],
];

const RETURNS: readonly Row[] = [
  ['as it is', () => undefined],
  ['all flags', word(FRAME + 16n, 0x3f_7fd5n & ~NT & ~0x100n)],
  ['TF', word(FRAME + 16n, 0x302n)],
  [
    'AC cleared',
    (m) => {
      rflags(AC)(m);
      word(FRAME + 16n, 2n)(m);
    },
  ],
  ['RIP not canonical', word(FRAME, NON_CANONICAL)],
  ['CS of 32 bits', word(FRAME + 8n, BigInt(Selector.code32User | 3))],
  ['CS a data segment', word(FRAME + 8n, BigInt(userStack))],
  ['CS null', word(FRAME + 8n, 3n)],
  ['RPL 1', word(FRAME + 8n, BigInt(Selector.code64User | 1))],
  ['RPL 2 to code of ring 1', word(FRAME + 8n, BigInt(free | 2))],
  ['conforming code', segment(Selector.code64User, Access.conforming3, Flags.pages64)],
  ['code not present', segment(Selector.code64User, Access.code3 - 0x80, Flags.pages64)],
  ['code not accessed', segment(Selector.code64User, Access.code3 - 1, Flags.pages64)],
  ['code of ring 1', segment(Selector.code64User, Access.code1, Flags.pages64)],
  ['code with another limit', segment(Selector.code64User, Access.code3, Flags.pages64, 0, 7)],
  ['RSP not canonical', word(FRAME + 24n, NON_CANONICAL)],
  ['SS null', word(FRAME + 32n, 3n)],
  ['SS with RPL 0', word(FRAME + 32n, BigInt(Selector.dataUser))],
  ['SS of ring 0', word(FRAME + 32n, BigInt(Selector.data0 | 3))],
  ['SS a code segment', word(FRAME + 32n, BigInt(userCode))],
  ['SS not present', segment(Selector.dataUser, Access.data3 - 0x80, Flags.pages32)],
  ['SS not accessed', segment(Selector.dataUser, Access.data3 - 1, Flags.pages32)],
  ['SS read-only', segment(Selector.dataUser, Access.readOnly0 | DPL3, Flags.pages32)],
  ['a GDT that ends within SS', limit(layout.GDTR_LIMIT, Selector.dataUser + 6)],
  [
    'data segments of ring 0, 3 and conforming code',
    (m) => {
      cache(Segment.DS, Selector.data0)(m);
      cache(Segment.ES, userStack)(m);
      segment(Selector.data16, Access.conforming0, Flags.pages32)(m);
      cache(Segment.FS, Selector.data16)(m);
      cache(Segment.GS, Selector.code32)(m);
    },
  ],
  ['NMI blocked', limit(layout.NMI_BLOCKED, 1)],
];

/** A machine at CPL `from` before the instruction `hex`, which it has executed once, and come back, when everything was as it is. */
function machineBefore(hex: string, from: number, inner: number): TestMachine {
  const machine = new TestMachine('long', from);
  const { processor } = machine;
  segment(free, Access.code1, Flags.pages64)(machine);
  if (from === 1) {
    cache(Segment.CS, free | 1)(machine);
    cache(Segment.SS, Selector.data1 | 1)(machine);
    processor.core.flushAll();
  }
  const selector = innerCode(inner);
  machine.setGate(VECTOR, Access.interruptGate | DPL3, { selector });
  machine.setGate(BACK_VECTOR, Access.interruptGate | DPL3, { selector });
  processor.writeCode(HANDLERS + 16n * BigInt(VECTOR), IRETQ);
  processor.writeCode(TARGET, INT81);
  const segments = SEGMENTS.map((number) => [number, processor.segment(number)] as const);
  const begin = (): void => {
    for (const [number, state] of segments) processor.setSegment(number, state);
    processor.rip = CODE;
    processor.core.setRflags(2n);
    processor.setRegister('rsp', hex === IRETQ ? FRAME : PROGRAM_STACK);
    writeFrame(machine, userCode, userStack);
  };
  begin();
  machine.execute(hex, 1);
  processor.run(1);
  expect(processor.get32(layout.CPL)).toBe(from);
  begin();
  return machine;
}

describe.each([
  ['INT 80h from CPL 3 to 0', INT80, 3, 0, INTERRUPTS],
  ['INT 80h from CPL 3 to 1', INT80, 3, 1, INTERRUPTS],
  ['IRETQ from CPL 0 to 3', IRETQ, 0, 0, RETURNS],
  ['IRETQ from CPL 1 to 3', IRETQ, 1, 1, RETURNS],
] as const)('%s', (_, hex, from, inner, rows) => {
  it('goes where it should, on the stack that it should', () => {
    const { processor } = machineBefore(hex, from, inner);
    processor.run(1);
    const enters = hex === INT80;
    expect(processor.get32(layout.CPL)).toBe(enters ? inner : 3);
    expect(processor.rip).toBe(enters ? HANDLERS + 16n * BigInt(VECTOR) : TARGET);
    const stack = inner === 0 ? RING0_STACK : RING1_STACK;
    expect(processor.register('rsp')).toBe(enters ? stack - 40n : PROGRAM_STACK);
    expect(processor.segment(Segment.CS).selector).toBe(
      enters ? innerCode(inner) | inner : userCode,
    );
    expect(processor.segment(Segment.SS).selector).toBe(enters ? inner : userStack);
    if (!enters) return;
    const words = [CODE + 2n, BigInt(userCode), 2n, PROGRAM_STACK, BigInt(userStack)];
    words.forEach((value, index) => {
      expect(processor.readWord(stack - 40n + BigInt(8 * index), 8)).toBe(value);
    });
  });

  it.each(rows)('%s: the same with a full and an empty TLB', (__, change) => {
    expectSameWithEmptyTlb(() => machineBefore(hex, from, inner), change);
  });
});
