/**
 * What LAR, LSL, VERR and VERW say of a segment.
 * Expectations: SDM Vol. 2, their operation sections.
 */
import { describe, expect, it } from 'vitest';
import { ExitReason } from '../../emulator/isa/state-layout.js';
import { Access, CODE, descriptor, Flags, gate, Selector, TestMachine } from './test-machine.js';

const free = Selector.free;

describe('LAR, LSL, VERR, VERW', () => {
  const ZF = 0x40n;
  it.each([
    // selector, descriptor, CPL → LAR, LSL (null: ZF = 0, destination kept), readable, writable
    [
      'data of DPL 0',
      free,
      descriptor(Access.data0, Flags.pages32),
      0,
      0xc09300n,
      0xffff_ffffn,
      true,
      true,
    ],
    [
      'read-only data',
      free,
      descriptor(Access.readOnly0, Flags.bytes32, 0, 0x1234),
      0,
      0x409100n,
      0x1234n,
      true,
      false,
    ],
    [
      'execute-only code',
      free,
      descriptor(Access.executeOnly0, Flags.pages32),
      0,
      0xc09900n,
      0xffff_ffffn,
      false,
      false,
    ],
    [
      'data of DPL 0 at CPL 3',
      free,
      descriptor(Access.data0, Flags.pages32),
      3,
      null,
      null,
      false,
      false,
    ],
    [
      'conforming code of DPL 0 at CPL 3',
      free,
      descriptor(Access.conforming0, Flags.pages32),
      3,
      0xc09f00n,
      0xffff_ffffn,
      true,
      false,
    ],
    [
      'data with RPL 3',
      free | 3,
      descriptor(Access.data0, Flags.pages32),
      0,
      null,
      null,
      false,
      false,
    ],
    [
      'a call gate',
      free,
      gate(Selector.code32, 0, Access.callGate),
      0,
      0x008c00n,
      null,
      false,
      false,
    ],
    [
      'an interrupt gate',
      free,
      gate(Selector.code32, 0, Access.interruptGate),
      0,
      null,
      null,
      false,
      false,
    ],
    ['a TSS', free, descriptor(Access.tssAvailable, 0, 0, 0x67), 0, 0x008900n, 0x67n, false, false],
    ['a null selector', 0, descriptor(Access.data0, Flags.pages32), 0, null, null, false, false],
    ['a selector beyond the table', 0x200, 0n, 0, null, null, false, false],
  ])('look at %s', (_, selector, value, level, rights, limit, readable, writable) => {
    const machine = new TestMachine('protected', level);
    machine.setDescriptor(free, value);
    machine.processor.setRegister('rbx', BigInt(selector));
    const zero = (): boolean => (machine.processor.core.getRflags() & ZF) !== 0n;
    const outcomes = ['0f02c3', '0f03c3', '0f00e3', '0f00eb'].map((code) => {
      machine.processor.setRegister('rax', 0x5555n);
      machine.processor.rip = CODE;
      expect(machine.execute(code, 1)).toBe(ExitReason.Budget);
      return { zf: zero(), rax: machine.processor.register('rax') };
    });
    expect(outcomes).toEqual([
      { zf: rights !== null, rax: rights ?? 0x5555n },
      { zf: limit !== null, rax: limit ?? 0x5555n },
      { zf: readable, rax: 0x5555n },
      { zf: writable, rax: 0x5555n },
    ]);
  });
});
