/** Logical addresses in every mode, and what the segment and system registers hold. SDM Vol. 3A, "Segmentation". */
import { describe, expect, it } from 'vitest';
import {
  CR4,
  DEBUG_REGISTERS,
  ExitReason,
  GDTR_BASE,
  GDTR_LIMIT,
  IA32_KERNEL_GS_BASE,
  SCRATCH,
  TSC_OFFSET,
} from '../../emulator/isa/state-layout.js';
import { Segment } from '../../emulator/isa/uop.js';
import {
  Access,
  CODE,
  DATA,
  descriptor,
  Flags,
  LDT,
  PROGRAM_STACK,
  Selector,
  TestMachine,
  TSS,
  UNMAPPED,
} from './test-machine.js';

const free = Selector.free;
const done = (machine: TestMachine, code: string): void => {
  expect(machine.execute(`${code} f4`)).toBe(ExitReason.Halt);
  expect(machine.processor.rip).toBe(
    (machine.mode === 'real' ? 0n : CODE) + BigInt(code.replaceAll(' ', '').length / 2 + 1),
  );
};

describe('addresses in protected mode', () => {
  it.each([
    // base, limit, attributes, offset → linear
    ['base + offset', 0x1_0000n, 0xffff, 0x4093, 0x234n, 0x1_0234n],
    ['the last four bytes below the limit', 0n, 0x4_0003, 0x4093, 0x4_0000n, 0x4_0000n],
    ['past 4 GiB they wrap', 0xffff_f000n, 0xffff_ffff, 0xc093, 0x4_1000n, 0x4_0000n],
    ['above the limit of an expand-down segment', 0n, 0x3_ffff, 0x4097, 0x4_0000n, 0x4_0000n],
    ['the top of a 16-bit expand-down segment', 0x4_0000n, 0x0fff, 0x0097, 0xfffcn, 0x4_fffcn],
    ['code that can be read', 0n, 0xffff_ffff, 0xc09b, 0x4_0000n, 0x4_0000n],
  ])('%s', (_, base, limit, attributes, offset, linear) => {
    const machine = new TestMachine('protected');
    machine.processor.setSegment(Segment.DS, { selector: free, base, limit, attributes });
    machine.processor.writeWord(linear, 0x1234_5678n, 4);
    machine.processor.setRegister('rbx', offset);
    done(machine, '8b03');
    expect(machine.processor.register('rax')).toBe(0x1234_5678n);
  });

  it('the stack uses SP of a 16-bit stack segment and keeps the rest of ESP', () => {
    const machine = new TestMachine('protected');
    machine.processor.setSegment(Segment.SS, {
      selector: Selector.data16,
      base: 0x4_0000n,
      limit: 0xffff,
      attributes: 0x93,
    });
    machine.processor.setRegisters({ rsp: 0x1234_0000n, rax: 0x5566_7788n });
    done(machine, '50'); // push eax wraps from 0000h to FFFCh
    expect(machine.processor.register('rsp')).toBe(0x1234_fffcn);
    expect(machine.processor.readWord(0x4_fffcn, 4)).toBe(0x5566_7788n);
  });
});

describe('addresses in 64-bit mode', () => {
  it('ignore the bases of DS, ES and SS, and add those of FS and GS', () => {
    const machine = new TestMachine('long');
    const { processor } = machine;
    for (const segment of [Segment.DS, Segment.SS]) {
      processor.setSegment(segment, { selector: 0x10, base: 0x1000n, limit: 0, attributes: 0x91 });
    }
    processor.setSegment(Segment.FS, {
      selector: 0,
      base: DATA,
      limit: 0,
      attributes: 0,
      unusable: true,
    });
    processor.writeWord(DATA, 1n, 8);
    processor.writeWord(DATA + 0x10n, 2n, 8);
    processor.setRegisters({ rbx: DATA, rcx: 0x10n });
    done(machine, '488b03 64488b11'); // mov rax,[rbx]; mov rdx,fs:[rcx]
    expect([processor.register('rax'), processor.register('rdx')]).toEqual([1n, 2n]);
  });

  it('MOV SS from a null selector is allowed below CPL 3', () => {
    const machine = new TestMachine('long');
    machine.processor.setRegister('rbx', 0n);
    done(machine, '8ed3 50');
    expect(machine.processor.segment(Segment.SS)).toMatchObject({ selector: 0, unusable: true });
    expect(machine.processor.register('rsp')).toBe(PROGRAM_STACK - 8n);
  });
});

describe('real-address mode', () => {
  it('loads base = selector * 16 and keeps the limit that protected mode has set', () => {
    const machine = new TestMachine('real');
    const { processor } = machine;
    processor.setSegment(Segment.DS, {
      selector: 0,
      base: 0n,
      limit: 0xffff_ffff,
      attributes: 0xc093,
    });
    processor.writeWord(0x12_3450n, 0x99n, 1);
    processor.setRegisters({ rax: 0x1000n, rbx: 0x11_3450n });
    done(machine, '8ed8 678a03'); // mov ds,ax; mov al,[ebx]
    expect(processor.segment(Segment.DS)).toMatchObject({
      selector: 0x1000,
      base: 0x1_0000n,
      limit: 0xffff_ffff,
    });
    expect(processor.register('rax') & 0xffn).toBe(0x99n);
  });

  it('writes through CS', () => {
    const machine = new TestMachine('real');
    machine.processor.setRegisters({ rax: 0x77n, rbx: 0x100n });
    done(machine, '2e8807');
    expect(machine.processor.readWord(CODE + 0x100n, 1)).toBe(0x77n);
  });
});

describe('segment registers', () => {
  it('take base, limit and attributes from the descriptor, whose accessed bit is set', () => {
    const machine = new TestMachine('protected');
    machine.setDescriptor(free, descriptor(0x92, Flags.pages32, 0x1234_5678, 0x42));
    machine.processor.setRegister('rbx', BigInt(free));
    done(machine, '8ee3'); // mov fs, bx
    expect(machine.processor.segment(Segment.FS)).toEqual({
      selector: free,
      base: 0x1234_5678n,
      limit: 0x4_2fff,
      attributes: 0xc093,
      unusable: false,
    });
    expect((machine.descriptorAt(free) >> 40n) & 0xffn).toBe(0x93n);
  });

  it('find their descriptors in the LDT', () => {
    const machine = new TestMachine('protected');
    machine.processor.writeWord(LDT + 8n, descriptor(Access.data0, Flags.bytes32, 0x500, 0xff), 8);
    machine.processor.setRegisters({ rbx: BigInt(Selector.ldt), rcx: 0xcn });
    done(machine, '0f00d3 8ee9'); // lldt bx; mov gs, cx
    expect(machine.processor.segment(Segment.GS)).toMatchObject({
      selector: 0xc,
      base: 0x500n,
      limit: 0xff,
    });
    expect(machine.processor.segment(Segment.LDTR)).toMatchObject({
      selector: Selector.ldt,
      base: LDT,
      limit: 0x3f,
    });
  });

  it('LTR takes a 64-bit base in IA-32e mode and marks the TSS busy', () => {
    const machine = new TestMachine('long');
    machine.setDescriptor(
      Selector.tss,
      descriptor(Access.tssAvailable, 0, Number(TSS), 0x67),
      0xffff_8000n,
    );
    machine.processor.setRegister('rbx', BigInt(Selector.tss));
    done(machine, '0f00db');
    expect(machine.processor.segment(Segment.TR)).toMatchObject({
      base: (0xffff_8000n << 32n) | TSS,
      limit: 0x67,
      attributes: 0x8b,
    });
    expect(machine.descriptorAt(Selector.tss)).toBe(
      descriptor(Access.tssBusy, 0, Number(TSS), 0x67),
    );
  });

  it.each([
    ['protected', '0f0113', 0x1234_5678n, 6],
    ['protected', '660f0113', 0x34_5678n, 6],
    ['long', '0f0113', 0xffff_8000_1234_5678n, 10],
  ] as const)('LGDT in %s mode (%s) loads the base as wide as it is', (mode, code, base, bytes) => {
    const machine = new TestMachine(mode);
    machine.processor.writeWord(DATA, 0xffff_8000_1234_5678_0abcn, bytes);
    machine.processor.setRegister('rbx', DATA);
    done(machine, code);
    expect([machine.processor.get64(GDTR_BASE), machine.processor.get32(GDTR_LIMIT)]).toEqual([
      base,
      0xabc,
    ]);
  });
});

describe('ports at CPL 3', () => {
  const IO_MAP = TSS + 0x68n;
  it.each([
    ['the map permits', 'e460', 0n, 0xff, true],
    ['the map denies', 'e460', 1n, 0xff, false],
    ['the map denies the second byte of a word', '66e560', 2n, 0xff, false],
    ['the map ends before it', 'e460', 0n, 0x74, false],
  ])('%s', (_, code, bits, limit, permitted) => {
    const machine = new TestMachine('long', 3);
    machine.processor.setSegment(Segment.TR, {
      selector: Selector.tss,
      base: TSS,
      limit,
      attributes: Access.tssBusy,
    });
    machine.processor.writeWord(IO_MAP + 12n, bits, 2);
    expect(machine.execute(code, 1)).toBe(permitted ? ExitReason.Io : ExitReason.Halt);
    expect(machine.cpl).toBe(permitted ? 3 : 0);
  });

  it('IOPL 3 needs no map', () => {
    const machine = new TestMachine('long', 3);
    machine.processor.core.setRflags(0x3002n);
    machine.processor.writeWord(IO_MAP + 12n, 0xffffn, 2);
    expect(machine.execute('e460', 1)).toBe(ExitReason.Io);
  });
});

describe('registers of the system', () => {
  it.each([
    ['IA32_KERNEL_GS_BASE', 0xc000_0102n, 0xffff_8000_0000_1000n],
    ['IA32_LSTAR', 0xc000_0082n, 0xffff_ffff_8100_0000n],
    ['IA32_PAT', 0x277n, 0x0007_0406_0007_0406n],
    ['IA32_MTRR_PHYSMASK7', 0x20fn, 0xf_8000_0800n],
    ['IA32_TSC_AUX', 0xc000_0103n, 5n],
  ])('%s reads back what was written', (_, msr, value) => {
    const machine = new TestMachine('long');
    machine.processor.setRegisters({ rcx: msr, rax: value & 0xffff_ffffn, rdx: value >> 32n });
    done(machine, '0f30 31c0 31d2 0f32'); // wrmsr; clear; rdmsr
    expect([machine.processor.register('rax'), machine.processor.register('rdx')]).toEqual([
      value & 0xffff_ffffn,
      value >> 32n,
    ]);
  });

  it('the time-stamp counter goes on from what was written', () => {
    const machine = new TestMachine('long');
    machine.processor.timeStamp = 1000n;
    machine.processor.setRegisters({ rcx: 0x10n, rax: 5n, rdx: 1n });
    machine.execute('0f30', 1);
    machine.processor.timeStamp = 1300n;
    machine.processor.rip = CODE;
    machine.execute('0f31', 1);
    expect([machine.processor.register('rdx'), machine.processor.register('rax')]).toEqual([
      1n,
      305n,
    ]);
    expect(machine.processor.get64(TSC_OFFSET)).toBe(0x1_0000_0005n - 1000n);
  });

  it('RDTSCP reads the time-stamp counter, and IA32_TSC_AUX into RCX', () => {
    const machine = new TestMachine('long');
    machine.processor.timeStamp = 0x2_0000_0007n;
    machine.processor.setRegisters({ rcx: 0xc000_0103n, rax: 0xffff_fff5n, rdx: 0n });
    done(machine, '0f30 0f01f9'); // wrmsr; rdtscp
    const [rdx, rax, rcx] = (['rdx', 'rax', 'rcx'] as const).map((name) =>
      machine.processor.register(name),
    );
    expect([rdx, rax, rcx]).toEqual([2n, 7n, 0xffff_fff5n]);
  });

  it('WRGSBASE and RDGSBASE move the whole base', () => {
    const machine = new TestMachine('long');
    machine.processor.set64(CR4, 0x1_0020n);
    machine.processor.setRegister('rbx', 0xffff_9000_0000_0000n);
    done(machine, 'f3480faedb f3480faec8'); // wrgsbase rbx; rdgsbase rax
    expect(machine.processor.register('rax')).toBe(0xffff_9000_0000_0000n);
    expect(machine.processor.get64(IA32_KERNEL_GS_BASE)).toBe(0n);
  });

  it('debug registers keep their fixed bits; DR4 and DR5 are DR6 and DR7', () => {
    const machine = new TestMachine('long');
    machine.processor.setRegister('rax', 0n);
    done(machine, '0f23f0 0f23f8 0f21e3 0f21e9'); // mov dr6,rax; mov dr7,rax; mov rbx,dr4; mov rcx,dr5
    expect([machine.processor.register('rbx'), machine.processor.register('rcx')]).toEqual([
      0xffff_0ff0n,
      0x400n,
    ]);
    expect(machine.processor.get64(DEBUG_REGISTERS + 56)).toBe(0x400n);
  });

  it.each([
    // leaf, subleaf → EAX of the row that answers
    ['a leaf', 0x8000_0008n, 0n, 0x3934n],
    ['a leaf beyond the highest basic one answers as that one', 0x20n, 0n, 0n],
    ['a leaf beyond the highest extended one as well', 0x8000_0020n, 0n, 0n],
    ['a subleaf that does not exist', 7n, 3n, 0n],
  ])('CPUID: %s', (_, leaf, subleaf, eax) => {
    const machine = new TestMachine('long');
    machine.processor.setRegisters({ rax: leaf, rcx: subleaf, rbx: ~0n, rdx: ~0n });
    done(machine, '0fa2');
    expect(machine.processor.register('rax')).toBe(eax);
    // Leaf 7 subleaf 0 is the highest basic one: its features must not be reported for subleaf 3.
    expect(machine.processor.register('rbx')).toBe(
      leaf === 0x20n || leaf === 0x8000_0020n ? 0x10_0481n : 0n,
    );
  });
});

describe('walks for reports', () => {
  it('translate without side effects', () => {
    const machine = new TestMachine('long');
    const { processor } = machine;
    const before = processor.read(0x1000n, 0x3000);
    expect(processor.core.translateDebug(0x12_3456n)).toBe(0x12_3456n);
    expect(processor.core.translateDebug(UNMAPPED)).toBe(-1n);
    expect(processor.core.translateDebug(1n << 47n)).toBe(-1n);
    expect(processor.read(0x1000n, 0x3000)).toEqual(before);
  });

  it.each([
    [
      'mapped',
      0x20_0000n,
      0,
      [
        [4, 0x1000n, 0x2007n],
        [3, 0x2000n, 0x3007n],
        [2, 0x3008n, 0x20_0087n],
      ],
    ],
    [
      'not present',
      UNMAPPED,
      1,
      [
        [4, 0x1000n, 0x2007n],
        [3, 0x2008n, 0n],
      ],
    ],
    [
      'reserved bit',
      0x40_0000n,
      2,
      [
        [4, 0x1000n, 0x2007n],
        [3, 0x2000n, 0x3007n],
        [2, 0x3010n, 0x40_2087n],
      ],
    ],
    ['not canonical', 1n << 47n, 3, []],
  ])('list the entries they met: %s', (_, linear, verdict, steps) => {
    const machine = new TestMachine('long');
    const { processor } = machine;
    processor.writeWord(0x3010n, 0x40_2087n, 8);
    processor.core.pageWalkDebug(linear);
    expect(processor.get32(SCRATCH)).toBe(verdict);
    const records = Array.from({ length: processor.get32(SCRATCH + 4) }, (__, n) => {
      const at = SCRATCH + 8 + 24 * n;
      return [processor.get32(at), processor.get64(at + 8), processor.get64(at + 16)];
    });
    expect(records).toEqual(steps);
  });
});
