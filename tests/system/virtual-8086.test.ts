/**
 * Virtual-8086 mode. Expectations: SDM Vol. 3B, "8086 Emulation": entering, leaving, "Sensitive Instructions",
 * "Handling of Interrupts and Exceptions in Virtual-8086 Mode"; Vol. 1, "I/O Permission Bit Map".
 */
import { describe, expect, it } from 'vitest';
import { CpuMode, ExitReason } from '../../emulator/isa/state-layout.js';
import { Segment } from '../../emulator/isa/uop.js';
import {
  Access,
  CODE,
  PROGRAM_STACK,
  RING0_STACK,
  Selector,
  TestMachine,
  TSS,
} from './test-machine.js';

const VM = 0x2_0000n;
const IOPL3 = 0x3000n;
/** CS of the 8086 program: at 3_8000h, within the page of nothing else. */
const CS8086 = 0x3800;
const SS8086 = 0x6000;
const SP8086 = 0x1000n;
const PROGRAM = BigInt(CS8086) << 4n;
const DATA_SEGMENTS = [0x1111, 0x2222, 0x3333, 0x4444]; // ES DS FS GS

/** A machine whose IRETD at CODE goes to the 8086 program `hex` with these flags. */
function machineWith(hex: string, flags: bigint): TestMachine {
  const machine = new TestMachine('protected');
  machine.processor.writeCode(PROGRAM, hex);
  const words = [
    0n,
    BigInt(CS8086),
    VM | flags | 2n,
    SP8086,
    BigInt(SS8086),
    ...DATA_SEGMENTS.map(BigInt),
  ];
  const pointer = PROGRAM_STACK - BigInt(4 * words.length);
  words.forEach((word, index) => machine.processor.writeWord(pointer + BigInt(4 * index), word, 4));
  machine.processor.setRegister('rsp', pointer);
  return machine;
}

/** Runs IRETD and the program until a handler halts. */
function run(machine: TestMachine): void {
  let reason = machine.execute('cf');
  // A port access ends the run, so that the board can let time pass.
  if (reason === ExitReason.Io) reason = machine.processor.run(100);
  expect(reason).toBe(ExitReason.Halt);
}

describe('IRETD with VM in the image', () => {
  it('loads nine words; segments are selector * 16 with limit FFFFh at CPL 3', () => {
    const machine = machineWith('90', 0n);
    expect(machine.execute('cf', 1)).toBe(ExitReason.Budget);
    expect(machine.cpuMode).toBe(CpuMode.Virtual8086);
    expect(machine.cpl).toBe(3);
    expect(machine.processor.rip).toBe(0n);
    expect(machine.processor.register('rsp')).toBe(SP8086);
    expect(machine.processor.segment(Segment.CS)).toMatchObject({
      selector: CS8086,
      base: PROGRAM,
      limit: 0xffff,
    });
    expect(machine.processor.segment(Segment.SS)).toMatchObject({
      selector: SS8086,
      base: 0x6_0000n,
    });
    [Segment.ES, Segment.DS, Segment.FS, Segment.GS].forEach((segment, index) =>
      expect(machine.selectorOf(segment)).toBe(DATA_SEGMENTS[index]),
    );
  });

  it('at CPL 3 leaves VM alone', () => {
    const machine = new TestMachine('protected', 3);
    const words = [CODE + 1n, BigInt(Selector.code32User | 3), VM | 2n];
    words.forEach((word, n) =>
      machine.processor.writeWord(PROGRAM_STACK - 12n + BigInt(4 * n), word, 4),
    );
    machine.processor.setRegister('rsp', PROGRAM_STACK - 12n);
    expect(machine.execute('cf 90', 1)).toBe(ExitReason.Budget);
    expect(machine.cpuMode).toBe(CpuMode.Protected);
  });
});

describe('an event in virtual-8086 mode', () => {
  it('pushes the data segments above SS:ESP, and the handler starts with null ones', () => {
    const machine = machineWith('0f0b', IOPL3); // UD2
    run(machine);
    const frame = machine.handler(9);
    expect(frame.vector).toBe(6);
    const [eip, cs, eflags, esp, ss, ...data] = frame.words;
    expect([eip, cs, esp, ss]).toEqual([0n, BigInt(CS8086), SP8086, BigInt(SS8086)]);
    expect((eflags ?? 0n) & (VM | IOPL3)).toBe(VM | IOPL3);
    expect(data).toEqual(DATA_SEGMENTS.map(BigInt));
    expect(machine.processor.register('rsp')).toBe(RING0_STACK - 36n);
    expect(machine.cpuMode).toBe(CpuMode.Protected);
    expect(machine.cpl).toBe(0);
    for (const segment of [Segment.ES, Segment.DS, Segment.FS, Segment.GS])
      expect(machine.processor.segment(segment)).toMatchObject({ selector: 0, unusable: true });
  });

  it('needs a handler at CPL 0: #GP with its selector otherwise', () => {
    const machine = machineWith('0f0b', IOPL3);
    machine.setGate(6, Access.interruptGate, { selector: Selector.code1 });
    run(machine);
    expect(machine.handler(1)).toEqual({ vector: 13, words: [BigInt(Selector.code1) | 1n] });
  });
});

describe('sensitive instructions', () => {
  const sensitive: readonly [string, string][] = [
    ['CLI', 'fa'],
    ['STI', 'fb'],
    ['PUSHF', '9c'],
    ['POPF', '9d'],
    ['INT n', 'cd40'],
    ['IRET', 'cf'],
  ];
  it.each(sensitive)('%s is #GP(0) with IOPL below 3', (_, code) => {
    const machine = machineWith(code, 0x2000n);
    run(machine);
    expect(machine.handler(2)).toEqual({ vector: 13, words: [0n, 0n] });
  });

  it('with IOPL 3 INT n goes through the IDT of protected mode', () => {
    const machine = machineWith('cd40', IOPL3);
    machine.setGate(0x40, Access.interruptGate | 0x60);
    run(machine);
    expect(machine.handler(2)).toEqual({ vector: 0x40, words: [2n, BigInt(CS8086)] });
  });

  it('with IOPL 3 PUSHF, CLI and IRET work as on an 8086; IOPL and VM stay', () => {
    // cli; pushf; push cs; push 8; iret; nop; ud2
    const machine = machineWith('fa 9c 0e 68 0800 cf 90 0f0b', IOPL3 | 0x200n);
    run(machine);
    const { vector, words } = machine.handler(3);
    expect(vector).toBe(6);
    expect(words[0]).toBe(8n);
    expect((words[2] ?? 0n) & (VM | IOPL3 | 0x200n)).toBe(VM | IOPL3);
  });

  it.each([
    ['HLT', 'f4'],
    ['MOV CR0', '0f20c0'],
    ['LGDT', '0f0116 0000'],
  ])('%s is #GP(0) whatever IOPL says', (_, code) => {
    const machine = machineWith(code, IOPL3);
    run(machine);
    expect(machine.handler(1)).toEqual({ vector: 13, words: [0n] });
  });

  it.each([
    ['SLDT', '0f00c0'],
    ['LAR', '0f02c0'],
    ['ARPL', '63c0'],
  ])('%s is #UD', (_, code) => {
    const machine = machineWith(code, IOPL3);
    run(machine);
    expect(machine.handler(0).vector).toBe(6);
  });
});

describe('addresses and ports', () => {
  it('MOV Sreg loads selector * 16; far jumps, calls and returns stay in the mode', () => {
    // mov ax,1234h; mov ds,ax; call far 3800:0010; ud2 | at 10h: retf
    const machine = machineWith('b83412 8ed8 9a 1000 0038 0f0b', IOPL3);
    machine.processor.writeCode(PROGRAM + 0x10n, 'cb');
    run(machine);
    const { vector, words } = machine.handler(9);
    expect(vector).toBe(6);
    expect(words[0]).toBe(10n);
    expect(words[6]).toBe(0x1234n);
  });

  it('an access beyond FFFFh is #GP(0)', () => {
    const machine = machineWith('a1ffff', IOPL3);
    run(machine);
    expect(machine.handler(1)).toEqual({ vector: 13, words: [0n] });
  });

  it.each([
    ['a set bit', 1, 13],
    ['a clear bit', 0, 6],
  ])('IN asks the permission map even with IOPL 3: %s', (_, bit, vector) => {
    const machine = machineWith('e460 0f0b', IOPL3);
    machine.processor.writeWord(TSS + 0x68n + 0xcn, BigInt(bit), 1); // port 60h
    run(machine);
    expect(machine.handler(0).vector).toBe(vector);
  });
});
