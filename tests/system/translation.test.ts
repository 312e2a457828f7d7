/** What a change of the tables or of a control register does to translations already in use, and mode switches. */
import { describe, expect, it } from 'vitest';
import {
  A20_MASKED,
  CpuMode,
  CR0,
  CR3,
  CR4,
  ExitReason,
  RamKind,
  STORE_SEEN,
} from '../../emulator/isa/state-layout.js';
import { Segment } from '../../emulator/isa/uop.js';
import { assemble } from '../../firmware/assembler/assemble.js';
import { BareProcessor } from './bare-processor.js';
import { CODE, DATA, Selector, TestMachine, UNMAPPED } from './test-machine.js';

const GIB = 1n << 30n;
const PDPT_ENTRY_1 = 0x2008n; // maps UNMAPPED
const PD_1 = 0xb_0000n;
const PT_1 = 0xb_1000n;
const FRAME_A = 0xc_0000n;
const FRAME_B = 0xd_0000n;

/** A machine whose page at UNMAPPED is FRAME_A, of 4 KiB, with `flags` in the PTE; RBX points to it. */
function machineWithPage(flags: bigint, level = 0): TestMachine {
  const machine = new TestMachine('long', level);
  const { processor } = machine;
  processor.writeWord(PDPT_ENTRY_1, PD_1 | 7n, 8);
  processor.writeWord(PD_1, PT_1 | 7n, 8);
  processor.writeWord(PT_1, FRAME_A | flags, 8);
  processor.writeWord(FRAME_A, 0xaan, 8);
  processor.writeWord(FRAME_B, 0xbbn, 8);
  processor.setRegisters({ rbx: UNMAPPED, rsi: PT_1, rcx: FRAME_B | flags });
  return machine;
}

const LOAD = '488b03'; // mov rax, [rbx]
const REMAP = '48890e'; // mov [rsi], rcx
const STORE = '488903'; // mov [rbx], rax
const HLT = 'f4';

describe('a changed PTE', () => {
  it.each([
    ['INVLPG of its page', '0f013b', 3n],
    ['INVLPG of its page, which is global', '0f20e0 0c80 0f22e0 0f013b', 0x103n],
    ['a load of CR3', '0f20d8 0f22d8', 3n],
    ['a change of CR4.PGE, for a global page', '0f20e0 3480 0f22e0', 0x103n],
    ['INVPCID of its address', '31c0 660f388202', 3n],
    ['INVPCID of everything', 'b802000000 660f388202', 0x103n],
  ])('is seen after %s', (_, invalidate, flags) => {
    const machine = machineWithPage(flags);
    machine.processor.writeWord(DATA, 0n, 8);
    machine.processor.writeWord(DATA + 8n, UNMAPPED, 8);
    machine.processor.setRegister('rdx', DATA);
    expect(machine.execute(LOAD + REMAP + invalidate + LOAD + HLT)).toBe(ExitReason.Halt);
    expect(machine.processor.rip).toBe(
      CODE + BigInt((LOAD + REMAP + invalidate + LOAD + HLT).replaceAll(' ', '').length / 2),
    );
    expect(machine.processor.register('rax')).toBe(0xbbn);
  });

  const CALL = 'ffd3'; // call rbx
  const LOAD_OTHER = '488b07'; // mov rax, [rdi]
  it.each([
    ['after INVLPG of its page', ''],
    ['when another page has taken its place in the TLB', LOAD_OTHER],
    ['when it was stored to', 'c6830008000000'], // mov byte [rbx + 0x800], 0
    ['when INVLPG of another page has taken its place in the TLB', LOAD_OTHER + '0f013f'],
    ['when it was executed behind that', LOAD_OTHER + '0f013f' + CALL + LOAD_OTHER + CALL],
  ])('changes the code of the page %s', (_, between) => {
    const machine = machineWithPage(3n);
    const { processor } = machine;
    processor.writeWord(PD_1 + 16n * 8n, PT_1 | 7n, 8); // the same pages 32 MiB further
    processor.setRegister('rdi', UNMAPPED + (32n << 20n));
    processor.writeWord(FRAME_A, 0xc311b0n, 8); // mov al, 0x11; ret
    processor.writeWord(FRAME_B, 0xc322b0n, 8);
    const code = CALL + between + REMAP + '0f013b' + CALL + HLT;
    expect(machine.execute(code)).toBe(ExitReason.Halt);
    expect(processor.register('rax') & 0xffn).toBe(0x22n);
  });

  it('is seen in all parts of a 2-MByte page after INVLPG of one of them', () => {
    const machine = machineWithPage(3n);
    machine.processor.writeWord(PD_1, 0x20_0000n | 0x83n, 8);
    machine.processor.writeWord(0x20_5000n, 0x11n, 8);
    machine.processor.writeWord(0x40_5000n, 0x22n, 8);
    machine.processor.setRegisters({
      rbx: UNMAPPED + 0x5000n,
      rsi: PD_1,
      rcx: 0x40_0083n,
      rdi: UNMAPPED + 0x1_f000n,
    });
    const code = '8a03 8a07' + REMAP + '0f013f' + LOAD + HLT; // touch two pages, remap, invlpg [rdi]
    expect(machine.execute(code)).toBe(ExitReason.Halt);
    expect(machine.processor.register('rax')).toBe(0x22n);
  });

  it('needs no invalidation when it was not present', () => {
    const machine = machineWithPage(3n);
    machine.processor.writeWord(PT_1, 0n, 8);
    expect(machine.execute(REMAP + LOAD + HLT)).toBe(ExitReason.Halt);
    expect(machine.processor.register('rax')).toBe(0xbbn);
  });
});

describe('changed PTEs of many pages', () => {
  const FIRST = UNMAPPED + 0x80_0000n; // no entry of the TLB is that of a page of code or data as well
  const TABLES = 0xe_0000n;
  const LOAD_CR3 = '0f20d8 0f22d8';
  const LOAD_ALL = '31c0 480b03 4881c300100000 ffc9 75f2'; // or rax, [rbx] / add rbx, 4096 / dec ecx / jnz
  const PGE = 0x80n;
  const INSTRUCTIONS_MAX = 10_000;

  it.each([
    // SDM Vol. 3A, "Operations that Invalidate TLBs and Paging-Structure Caches": global pages need not be forgotten
    ['are seen after a load of CR3', 3, 3n, 0xf0n],
    ['are seen after a load of CR3', 1500, 3n, 0xf0n],
    ['are not seen where the pages are global', 3, 0x103n, 0x0fn],
    ['are not seen where the pages are global', 1500, 0x103n, 0x0fn],
  ])('%s: %i pages', (_, pages, flags, seen) => {
    const machine = machineWithPage(3n);
    const { processor } = machine;
    const map = (frame: bigint): void => {
      for (let page = 0; page < pages; page++)
        processor.writeWord(TABLES + 8n * BigInt(page), frame | flags, 8);
    };
    for (let table = 0n; table < 3n; table++)
      processor.writeWord(PD_1 + 8n * (4n + table), (TABLES + 0x1000n * table) | 7n, 8);
    processor.writeWord(FRAME_A, 0x0fn, 8);
    processor.writeWord(FRAME_B, 0xf0n, 8);
    processor.set64(CR4, processor.get64(CR4) | PGE);
    const begin = { rbx: FIRST, rcx: BigInt(pages) };
    processor.setRegisters(begin);
    map(FRAME_A);
    const code = LOAD_ALL + HLT + LOAD_CR3 + LOAD_ALL + HLT;
    expect(machine.execute(code, INSTRUCTIONS_MAX)).toBe(ExitReason.Halt);
    expect(processor.register('rax')).toBe(0x0fn);
    map(FRAME_B);
    processor.setRegisters(begin);
    expect(processor.run(INSTRUCTIONS_MAX)).toBe(ExitReason.Halt);
    expect(processor.register('rax')).toBe(seen);
  });
});

describe('rights that a control register changes', () => {
  const SET_WP = '0f20c0 0fbae810 0f22c0'; // bts eax, 16
  const CLEAR_WP = '0f20c0 0fbaf010 0f22c0';

  it('CR0.WP decides on supervisor stores to read-only pages at once', () => {
    const machine = machineWithPage(1n);
    expect(machine.execute(STORE + SET_WP + STORE + HLT)).toBe(ExitReason.Halt);
    expect(machine.handler(6)).toMatchObject({ vector: 14 });
    expect(machine.handler(6).words[0]).toBe(3n);
    const cleared = machineWithPage(1n);
    cleared.processor.set64(CR0, 0x8001_0011n);
    expect(cleared.execute(CLEAR_WP + STORE + HLT)).toBe(ExitReason.Halt);
    expect(() => cleared.handler(0)).toThrow();
  });

  const SMAP = 0x20_0020n;
  it.each([
    // AC at the start, code → faults?
    ['a load faults with AC = 0', false, LOAD, true],
    ['a load passes with AC = 1', true, LOAD, false],
    ['STAC opens user pages', false, '0f01cb' + LOAD, false],
    [
      'CLAC closes them again, though they were just used',
      true,
      LOAD + STORE + '0f01ca' + LOAD,
      true,
    ],
    ['POPF closes them again', true, LOAD + '6a02 9d' + LOAD, true],
  ])('CR4.SMAP: %s', (_, opened, code, faults) => {
    const machine = machineWithPage(7n);
    machine.processor.set64(CR4, SMAP);
    // The page tables of the test machine map everything for the user: descriptor tables and stack must not be.
    for (let n = 0n; n < 512n; n++)
      machine.processor.writeWord(0x3000n + 8n * n, (n << 21n) | 0x83n, 8);
    machine.processor.core.setRflags(opened ? 0x4_0002n : 2n);
    expect(machine.execute(code + HLT)).toBe(ExitReason.Halt);
    if (faults) expect(machine.handler(6)).toMatchObject({ vector: 14 });
    else expect(() => machine.handler(0)).toThrow();
  });

  it('SMAP does not let AC open user pages to descriptor loads', () => {
    const machine = new TestMachine('long');
    machine.processor.set64(CR4, SMAP);
    machine.processor.core.setRflags(0x4_0002n);
    // Everything is a user page here: the code runs and loads, but the GDT cannot be read.
    machine.processor.setRegisters({ rbx: BigInt(Selector.data0), rsi: 0x1_0000n });
    expect(machine.execute('488b06 8edb')).toBe(ExitReason.Shutdown);
    expect(machine.processor.faultChain()[0]).toMatchObject({
      vector: 14,
      errorCode: 1,
      cr2: 0x1_0010n,
    });
  });
});

describe('stores', () => {
  it('to a page that was read while it had no storage are seen by other mappings of it', () => {
    const machine = machineWithPage(3n);
    const { processor } = machine;
    processor.writeWord(PT_1, 0x1000_0000n | 3n, 8); // untouched RAM, mapped twice
    processor.writeWord(PT_1 + 8n, 0x1000_0000n | 3n, 8);
    processor.setRegisters({ rbx: UNMAPPED, rsi: UNMAPPED + 0x1000n, rax: 5n });
    // read both, write through the second, read through the first
    expect(machine.execute('488b0b 488b16 48890e 48c70677000000 488b03 f4')).toBe(ExitReason.Halt);
    expect(processor.register('rax')).toBe(0x77n);
    expect(processor.register('rcx')).toBe(0n);
  });

  it('across two pages go to both, and to neither when the second faults', () => {
    const machine = machineWithPage(3n);
    const { processor } = machine;
    processor.writeWord(PT_1 + 8n, FRAME_B | 3n, 8);
    processor.setRegisters({ rbx: UNMAPPED + 0xffdn, rax: 0x8877_6655_4433_2211n });
    expect(machine.execute(STORE + LOAD + HLT)).toBe(ExitReason.Halt);
    expect(processor.readWord(FRAME_A + 0xffdn, 3)).toBe(0x33_2211n);
    expect(processor.readWord(FRAME_B, 5)).toBe(0x88_7766_5544n);
    expect(processor.register('rax')).toBe(0x8877_6655_4433_2211n);

    processor.writeWord(PT_1 + 8n, FRAME_B | 1n, 8);
    processor.set64(CR0, 0x8001_0011n);
    processor.setRegister('rax', 0n);
    processor.rip = CODE;
    expect(machine.execute(STORE)).toBe(ExitReason.Halt);
    expect(machine.handler(6).vector).toBe(14);
    expect(processor.readWord(FRAME_A + 0xffdn, 3)).toBe(0x33_2211n);
  });

  it('are noticed while stores are watched', () => {
    const machine = machineWithPage(3n);
    const { processor } = machine;
    machine.execute(STORE + LOAD + STORE + HLT, 1);
    processor.core.watchStores(1);
    processor.run(1);
    expect(processor.get32(STORE_SEEN)).toBe(0);
    processor.run(1);
    expect(processor.get32(STORE_SEEN)).toBe(1);
  });

  it('beyond the resident limit end the run before the instruction', () => {
    const machine = machineWithPage(3n);
    const { processor } = machine;
    processor.writeWord(PT_1, 0x1000_0000n | 0x23n, 8);
    processor.setRegister('rax', 1n);
    machine.execute(LOAD + HLT);
    processor.core.setResidentLimit(4096n);
    processor.rip = CODE;
    expect(machine.execute(STORE + HLT)).toBe(ExitReason.ResidentLimit);
    expect(processor.rip).toBe(CODE);
    expect(processor.readWord(0x1000_0000n, 8)).toBe(0n);
    processor.core.setResidentLimit(0n);
    expect(processor.run(10)).toBe(ExitReason.Halt);
  });
});

describe('the A20 gate', () => {
  it('folds the second megabyte onto the first while it masks', () => {
    const machine = new TestMachine('real');
    const { processor } = machine;
    processor.setSegment(Segment.DS, {
      selector: 0xffff,
      base: 0xf_fff0n,
      limit: 0xffff,
      attributes: 0x93,
    });
    processor.writeWord(0x500n, 0x11n, 1);
    processor.writeWord(0x10_0500n, 0x22n, 1);
    machine.execute('a01005 f4'); // mov al, [0510h]: linear 100500h
    expect(processor.register('rax')).toBe(0x22n);
    processor.set32(A20_MASKED, 1);
    processor.core.a20Changed();
    processor.rip = 0n;
    processor.run(10);
    expect(processor.register('rax')).toBe(0x11n);
  });
});

describe('without paging', () => {
  it('reads ones and drops stores where there is no RAM, and ROM keeps its contents', () => {
    const machine = new TestMachine('protected');
    const { processor } = machine;
    processor.setRam([
      { base: 0n, end: 0x10_0000n, kind: RamKind.Ram },
      { base: 0xffff_0000n, end: 0x1_0000_0000n, kind: RamKind.Rom },
    ]);
    processor.loadRom(0xffff_0000n, Uint8Array.of(1, 2, 3, 4));
    processor.setRegisters({ rbx: 0x20_0000n, rsi: 0xffff_0000n, rcx: 0x55n });
    expect(machine.execute('890b 8b03 890e 8b16 f4')).toBe(ExitReason.Halt);
    expect(processor.register('rax')).toBe(0xffff_ffffn);
    expect(processor.register('rdx')).toBe(0x0403_0201n);
  });
});

describe('mode switches', () => {
  it('real → protected → compatibility → 64-bit, and back to real-address mode', () => {
    const processor = new BareProcessor();
    const source = 'tests/system/mode-switches.asm';
    const { bytes } = assemble(source, () => MODE_SWITCHES);
    processor.write(0x7c00n, bytes);
    processor.set64(CR0, 0x10n);
    for (const segment of [
      Segment.ES,
      Segment.CS,
      Segment.SS,
      Segment.DS,
      Segment.FS,
      Segment.GS,
    ]) {
      processor.setSegment(segment, { selector: 0, base: 0n, limit: 0xffff, attributes: 0x93 });
    }
    processor.rip = 0x7c00n;
    processor.core.flushAll();
    expect(processor.run(1_000_000)).toBe(ExitReason.Halt);
    expect(processor.readWord(0x600n, 4)).toBe(0x4433_2211n); // one byte from each mode on the way
    expect(processor.get32(0x118c)).toBe(CpuMode.Real);
    expect(processor.get64(CR3)).toBe(0x1000n);
    expect(processor.core.translateDebug(GIB)).toBe(GIB);
  });
});

/** Identity-maps 2 MiB, goes up to 64-bit mode and down again, and leaves a byte at 600h in each mode. */
const MODE_SWITCHES = `
bits 16
org 0x7c00
start:
    cli
    mov byte [0x600], 0x11
    lgdt [gdt_pointer]
    mov eax, cr0
    or al, 1
    mov cr0, eax
    jmp 8:protected
bits 32
protected:
    mov ax, 16
    mov ds, ax
    mov ss, ax
    mov byte [0x601], 0x22
    mov dword [0x1000], 0x2003
    mov dword [0x1004], 0
    mov dword [0x2000], 0x3003
    mov dword [0x2004], 0
    mov dword [0x3000], 0x83
    mov dword [0x3004], 0
    mov eax, 0x1000
    mov cr3, eax
    mov eax, 0x20
    mov cr4, eax
    mov ecx, 0xC0000080
    rdmsr
    or eax, 0x100
    wrmsr
    mov eax, cr0
    or eax, 0x80000000
    mov cr0, eax
    mov byte [0x602], 0x33
    jmp 24:long
long:
    db 0xC6, 0x04, 0x25, 0x03, 0x06, 0x00, 0x00, 0x44   ; mov byte [0x603], 0x44
    db 0xFF, 0x2C, 0x25                                  ; jmp far [to_compatibility]
    dd to_compatibility
compatibility:
    mov eax, cr0
    and eax, 0x7FFFFFFF
    mov cr0, eax
    jmp 32:real_segments
bits 16
real_segments:
    mov eax, cr0
    and al, 0xFE
    mov cr0, eax
    jmp 0:real
real:
    hlt
align 8
to_compatibility:
    dd compatibility
    dw 8
gdt:
    dq 0
    dq 0x00CF9A000000FFFF
    dq 0x00CF92000000FFFF
    dq 0x00AF9A000000FFFF
    dq 0x00009A000000FFFF
gdt_pointer:
    dw 39
    dd gdt
`;
