/**
 * Interrupts and IRETQ of one privilege level, done the short way where the core finds all in order (cpu/core/plain-interrupts.ts), against
 * the definition: the same instruction is executed with everything in the TLB, and with nothing there, where the short way is not
 * taken. What the definition does is held to the manual by exceptions-64-bit.test.ts and transfers.test.ts, whose TLBs are empty.
 */
import { describe, expect, it } from 'vitest';
import * as layout from '../../emulator/isa/state-layout.js';
import { Segment } from '../../emulator/isa/uop.js';
import {
  expectSameWithEmptyTlb,
  FRAME,
  INT80,
  IRETQ,
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
  Selector,
  TestMachine,
  UNMAPPED,
} from './test-machine.js';

type Change = (machine: TestMachine) => void;
type Row = readonly [told: string, change: Change];

const VECTOR = 0x80;
const NON_CANONICAL = 0x0000_8000_0000_0000n;
const { free } = Selector;
const TF = 1n << 8n;
const IF = 1n << 9n;
const NT = 1n << 14n;
const AC = 1n << 18n;

const codeOf = (level: number): number => (level === 3 ? Selector.code64User | 3 : Selector.code64);
const stackOf = (level: number): number => (level === 3 ? Selector.dataUser | 3 : Selector.data0);
const dpl = (level: number): number => level << 5;

const gate =
  (access: number, options: Parameters<TestMachine['setGate']>[2] = {}): Change =>
  (machine) => {
    const selector = codeOf(machine.level);
    machine.setGate(VECTOR, access | dpl(machine.level), { selector, ...options });
  };
const stack =
  (rsp: bigint): Change =>
  ({ processor }) => {
    processor.setRegister('rsp', rsp);
  };
const rflags =
  (flags: bigint): Change =>
  ({ processor }) => {
    processor.core.setRflags(flags | 2n);
  };
const cache =
  (segment: Segment, change: Partial<ReturnType<TestMachine['processor']['segment']>>): Change =>
  ({ processor }) => {
    processor.setSegment(segment, { ...processor.segment(segment), ...change });
  };
/** Another access byte in the descriptor of CS, or of SS, at the machine's level. */
const code =
  (access: number, flags: number = Flags.pages64, base = 0, limit = 0xf_ffff): Change =>
  (machine) => {
    machine.setDescriptor(codeOf(machine.level), descriptor(access, flags, base, limit));
  };
const data =
  (access: number, flags: number = Flags.pages32): Change =>
  (machine) => {
    machine.setDescriptor(stackOf(machine.level), descriptor(access, flags));
  };
const at =
  (offset: bigint, value: bigint | ((level: number) => number)): Change =>
  (machine) => {
    const word = typeof value === 'bigint' ? value : BigInt(value(machine.level));
    machine.processor.writeWord(FRAME + offset, word, 8);
  };
const limit =
  (address: number, value: number): Change =>
  ({ processor }) => {
    processor.set32(address, value);
  };

const NULL_STACK = { base: 0n, limit: 0, attributes: 0, unusable: true };

/** What may be out of the ordinary with both instructions. */
const BOTH: readonly Row[] = [
  ['as it is', () => undefined],
  ['TF', rflags(TF)],
  ['NT', rflags(NT | IF)],
  ['AC, IOPL 3, all arithmetic flags', rflags(AC | 0x3000n | 0x8d5n | IF)],
  ['CS not present in the GDT', (m) => code(Access.code0 - 0x80 + dpl(m.level))(m)],
  ['CS not accessed in the GDT', (m) => code(Access.code0 - 1 + dpl(m.level))(m)],
  ['CS conforming in the GDT', (m) => code(Access.conforming0 + dpl(m.level))(m)],
  [
    'CS and cache conforming',
    (m) => {
      code(Access.conforming0)(m);
      m.loadCache(Segment.CS, codeOf(m.level));
    },
  ],
  ['CS execute-only in the GDT', (m) => code(Access.executeOnly0 + dpl(m.level))(m)],
  ['CS with another base', (m) => code(Access.code0 + dpl(m.level), Flags.pages64, 0x1000)(m)],
  ['CS with another limit', (m) => code(Access.code0 + dpl(m.level), Flags.pages64, 0, 0xfff)(m)],
  ['CS of 32 bits in the GDT', (m) => code(Access.code0 + dpl(m.level), Flags.pages32)(m)],
  ['CS of another level in the GDT', (m) => code(m.level === 3 ? Access.code0 : Access.code3)(m)],
  ['CS a data segment in the GDT', (m) => code(Access.data0 + dpl(m.level))(m)],
  ['a cache of CS that differs', cache(Segment.CS, { base: 0x1000n })],
  ['a cache of SS that differs', cache(Segment.SS, { base: 0x1000n })],
  ['a null SS', (m) => cache(Segment.SS, { selector: m.level, ...NULL_STACK })(m)],
  ['a GDT that ends within CS', (m) => limit(layout.GDTR_LIMIT, (codeOf(m.level) & ~7) + 6)(m)],
  ['a GDT that ends within SS', (m) => limit(layout.GDTR_LIMIT, (stackOf(m.level) & ~7) + 6)(m)],
  ['a stack at the end of a page', stack(PROGRAM_STACK - 0x1000n + 16n)],
  ['a stack across pages', stack(PROGRAM_STACK - 16n)],
  ['a misaligned stack', stack(PROGRAM_STACK - 35n)],
  ['a stack that is not mapped', stack(UNMAPPED + 0x800n)],
  ['a stack that is not canonical', stack(NON_CANONICAL)],
  ['a stack below what is not canonical', stack(NON_CANONICAL - 16n)],
];

const INTERRUPTS: readonly Row[] = [
  ['a trap gate', gate(Access.trapGate)],
  [
    'a trap gate, NT, TF and IF',
    (m) => {
      gate(Access.trapGate)(m);
      rflags(NT | TF | IF)(m);
    },
  ],
  ['an interrupt gate, IF', rflags(IF)],
  [
    'a gate of DPL 0',
    (m) => m.setGate(VECTOR, Access.interruptGate, { selector: codeOf(m.level) }),
  ],
  ['a gate that is not present', gate(Access.interruptGate - 0x80)],
  ['a gate of 16 bits', gate(Access.interruptGate16)],
  ['a call gate', gate(Access.callGate)],
  ['a data segment for a gate', gate(Access.data0)],
  ['a gate with IST 1', gate(Access.interruptGate, { ist: 1 })],
  [
    'a gate to the other level',
    (m) => gate(Access.interruptGate, { selector: codeOf(3 - m.level) })(m),
  ],
  ['a gate to a null selector', gate(Access.interruptGate, { selector: 3 })],
  ['a gate to a data segment', gate(Access.interruptGate, { selector: Selector.data0 })],
  ['a gate to the LDT', (m) => gate(Access.interruptGate, { selector: codeOf(m.level) | 4 })(m)],
  [
    'a gate with another RPL',
    (m) => gate(Access.interruptGate, { selector: codeOf(m.level) ^ 3 })(m),
  ],
  [
    'a gate with the same segment elsewhere',
    (m) => {
      m.setDescriptor(free, m.descriptorAt(codeOf(m.level)));
      gate(Access.interruptGate, { selector: free })(m);
    },
  ],
  ['a handler at a non-canonical address', gate(Access.interruptGate, { offset: NON_CANONICAL })],
  ['a handler that is not mapped', gate(Access.interruptGate, { offset: UNMAPPED })],
  ['an IDT that ends within the gate', limit(layout.IDTR_LIMIT, VECTOR * 16 + 14)],
  ['an IDT that ends behind the gate', limit(layout.IDTR_LIMIT, VECTOR * 16 + 15)],
];

const RETURNS: readonly Row[] = [
  ['RIP not canonical', at(0n, NON_CANONICAL)],
  ['RIP not mapped', at(0n, UNMAPPED)],
  ['CS null', at(8n, (level) => level)],
  ['CS with another RPL', at(8n, (level) => codeOf(level) ^ 1)],
  ['CS of the other level', at(8n, (level) => codeOf(3 - level))],
  ['CS of 32 bits', at(8n, (level) => (level === 3 ? Selector.code32User | 3 : Selector.code32))],
  ['CS a data segment', at(8n, (level) => stackOf(level))],
  ['CS in the LDT', at(8n, (level) => codeOf(level) | 4)],
  [
    'bits above the selectors',
    (m) => {
      at(8n, BigInt(codeOf(m.level)) | 0xabcd_0000n)(m);
      at(32n, BigInt(stackOf(m.level)) | 0x1_0000_0000n)(m);
    },
  ],
  ['flags that all change', at(16n, 0x3f_7fd5n & ~NT & ~TF)],
  ['NT and TF in the image', at(16n, NT | TF | 2n)],
  [
    'AC cleared',
    (m) => {
      rflags(AC | IF)(m);
      at(16n, 2n)(m);
    },
  ],
  ['RSP not canonical', at(24n, NON_CANONICAL)],
  ['SS null', at(32n, (level) => level)],
  [
    'SS null, and so it is',
    (m) => {
      cache(Segment.SS, { selector: m.level, ...NULL_STACK })(m);
      at(32n, BigInt(m.level))(m);
    },
  ],
  ['SS null with another RPL', at(32n, (level) => level ^ 1)],
  ['SS with another RPL', at(32n, (level) => stackOf(level) ^ 1)],
  ['SS of the other level', at(32n, (level) => stackOf(3 - level))],
  ['SS the code segment', at(32n, (level) => codeOf(level))],
  ['SS in the LDT', at(32n, (level) => stackOf(level) | 4)],
  ['SS not present in the GDT', (m) => data(Access.data0 - 0x80 + dpl(m.level))(m)],
  ['SS not accessed in the GDT', (m) => data(Access.data0 - 1 + dpl(m.level))(m)],
  ['SS read-only in the GDT', (m) => data(Access.readOnly0 + dpl(m.level))(m)],
  ['SS expand-down in the GDT', (m) => data(Access.expandDown0 + dpl(m.level))(m)],
  ['SS of 16 bits in the GDT', (m) => data(Access.data0 + dpl(m.level), Flags.bytes16)(m)],
  [
    'SS read-only, as in the cache',
    (m) => {
      data(Access.readOnly0 + dpl(m.level))(m);
      m.loadCache(Segment.SS, stackOf(m.level));
    },
  ],
  ['NMI blocked', limit(layout.NMI_BLOCKED, 1)],
];

/** A machine before the instruction `hex`, which it has executed once when everything was as it is. */
function machineBefore(hex: string, level: number): TestMachine {
  const machine = new TestMachine('long', level);
  const { processor } = machine;
  gate(Access.interruptGate)(machine);
  for (const vector of [10, 11, 12, 13, 14]) machine.setGate(vector, Access.interruptGate);
  processor.writeCode(TARGET, 'f4');
  const begin = (): void => {
    processor.rip = CODE;
    processor.core.setRflags(2n);
    processor.setRegister('rsp', hex === IRETQ ? FRAME : PROGRAM_STACK);
    writeFrame(machine, codeOf(level), stackOf(level));
  };
  begin();
  machine.execute(hex, 1);
  begin();
  return machine;
}

describe.each([
  ['INT 80h', INT80, HANDLERS + 16n * BigInt(VECTOR), [...BOTH, ...INTERRUPTS]],
  ['IRETQ', IRETQ, TARGET, [...BOTH, ...RETURNS]],
] as const)('%s does the same with a full and an empty TLB', (_, hex, target, rows) => {
  describe.each([0, 3])('at CPL %i', (level) => {
    it('goes where it should', () => {
      const { processor } = machineBefore(hex, level);
      processor.run(1);
      expect(processor.rip).toBe(target);
    });

    it.each(rows)('%s', (__, change) => {
      expectSameWithEmptyTlb(() => machineBefore(hex, level), change);
    });
  });
});
