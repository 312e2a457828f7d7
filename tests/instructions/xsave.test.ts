/**
 * XCR0 and the XSAVE area. Sources: SDM Vol. 1 "Managing State Using the XSAVE Feature Set", Vol. 2 "XSETBV", "XSAVE", "XSAVEC",
 * "XRSTOR", "XRSTORS", "CPUID" (leaf 0Dh).
 */
import { describe, expect, it } from 'vitest';
import {
  MXCSR,
  VECTOR_REGISTER_BYTES,
  VECTOR_REGISTERS,
  X87_CONTROL,
  X87_TAGS,
  XCR0,
} from '../../emulator/isa/state-layout.js';
import { DATA, GuestMachine, UNMAPPED } from './guest-machine.js';

const CR0_TS = 1n << 3n;
const CR4_OSXSAVE = 1n << 18n;
const UD = 6;
const NM = 7;
const GP = 13;
const PF = 14;

const X87 = 1n;
const SSE = 2n;
const AVX = 4n;
const COMPACTED = 1n << 63n;
const XSTATE_BV = DATA + 512n;
const XCOMP_BV = DATA + 520n;

const XGETBV = 'db 0x0F, 0x01, 0xD0';
const XSETBV = 'db 0x0F, 0x01, 0xD1';
const XSAVE = 'db 0x0F, 0xAE, 0x23';
const XRSTOR = 'db 0x0F, 0xAE, 0x2B';
const XSAVEOPT = 'db 0x0F, 0xAE, 0x33';
const XRSTORS = 'db 0x0F, 0xC7, 0x1B';
const XSAVEC = 'db 0x0F, 0xC7, 0x23';
const XSAVES = 'db 0x0F, 0xC7, 0x2B';

/** A program at CPL 0 with CR4.OSXSAVE, XCR0 = `enabled`, EDX:EAX = all ones and RBX = DATA. */
function machineWith(source: string, enabled = X87 | SSE): GuestMachine {
  const machine = new GuestMachine(64, `${source}\nhlt`);
  const { processor } = machine;
  processor.setControlRegister('cr4', processor.controlRegister('cr4') | CR4_OSXSAVE);
  processor.memory.setU64(XCR0, enabled);
  machine.setRegisters({ rax: 0xffff_ffffn, rdx: 0xffff_ffffn, rbx: DATA });
  return machine;
}

function words(machine: GuestMachine, register: number, offset = 0): Uint32Array {
  const at = VECTOR_REGISTERS + VECTOR_REGISTER_BYTES * register + offset;
  return new Uint32Array(machine.processor.memory.buffer, at, 4);
}

function run(machine: GuestMachine): number | null {
  machine.runToHalt();
  return machine.vector;
}

function reload(machine: GuestMachine, source: string): number | null {
  machine.load(`${source}\nhlt`);
  machine.setRegisters({ rax: 0xffff_ffffn, rdx: 0xffff_ffffn, rbx: DATA });
  return run(machine);
}

describe('XCR0', () => {
  it('is 1 after reset', () => {
    expect(new GuestMachine(64, 'hlt').processor.memory.u64(XCR0)).toBe(1n);
  });

  it.each([
    // ECX, EDX, EAX, vector
    ['x87 and SSE', 0n, 0n, 3n, null],
    ['x87, SSE and AVX', 0n, 0n, 7n, null],
    ['x87 alone', 0n, 0n, 1n, null],
    ['nothing', 0n, 0n, 0n, GP],
    ['SSE without x87', 0n, 0n, 2n, GP],
    ['AVX without SSE', 0n, 0n, 5n, GP],
    ['a component that does not exist', 0n, 0n, 0x203n, GP],
    ['a bit above 31', 0n, 1n, 3n, GP],
    ['XCR1', 1n, 0n, 3n, GP],
  ])('%s: vector %#', (_, rcx, rdx, rax, vector) => {
    const machine = machineWith(XSETBV, X87);
    machine.setRegisters({ rcx, rdx, rax });
    expect(run(machine)).toBe(vector);
    expect(machine.processor.memory.u64(XCR0)).toBe(vector === null ? rax : X87);
  });

  it.each([
    ['XGETBV', XGETBV],
    ['XSETBV', XSETBV],
    ['XSAVE', XSAVE],
    ['XRSTOR', XRSTOR],
    ['XSAVEC', XSAVEC],
    ['XSAVES', XSAVES],
  ])('%s is #UD without CR4.OSXSAVE', (_, source) => {
    const machine = machineWith(source);
    const { processor } = machine;
    processor.setControlRegister('cr4', processor.controlRegister('cr4') & ~CR4_OSXSAVE);
    expect(run(machine)).toBe(UD);
  });

  it('is read by XGETBV; with ECX = 1 what of it is in use, with other ECX #GP(0)', () => {
    const machine = machineWith(XGETBV);
    machine.setRegisters({ rcx: 0n, rdx: 5n });
    expect(run(machine)).toBe(null);
    expect([machine.register('rax'), machine.register('rdx')]).toEqual([3n, 0n]);
    machine.processor.memory.setU32(X87_CONTROL, 0x37f);
    machine.processor.memory.setU32(X87_TAGS, 0);
    machine.load(`${XGETBV}\nhlt`);
    machine.setRegisters({ rcx: 1n });
    run(machine);
    expect(machine.register('rax')).toBe(0n);
    machine.load(`${XGETBV}\nhlt`);
    machine.setRegisters({ rcx: 2n });
    expect(run(machine)).toBe(GP);
  });

  it.each([
    ['x87 and SSE', X87 | SSE, 576n],
    ['AVX too', X87 | SSE | AVX, 832n],
  ])('shows in CPUID: OSXSAVE, and the size of the area with %s', (_, enabled, sizeBytes) => {
    const source = 'mov eax, 1\ncpuid\nmov esi, ecx\nmov eax, 13\nmov ecx, 0\ncpuid';
    const machine = machineWith(source, enabled);
    run(machine);
    expect(machine.register('rsi') & (3n << 26n)).toBe(3n << 26n);
    expect(machine.register('rbx')).toBe(sizeBytes);
    expect(machine.register('rcx')).toBe(832n);
  });
});

describe('an XSAVE area', () => {
  it.each([
    ['XSAVE of an address that is no multiple of 64', XSAVE, DATA + 16n, 0n, GP],
    ['XRSTOR of an address that is no multiple of 64', XRSTOR, DATA + 16n, 0n, GP],
    ['XSAVE with CR0.TS', XSAVE, DATA, CR0_TS, NM],
    ['XRSTORS with CR0.TS', XRSTORS, DATA, CR0_TS, NM],
    ['XSAVE to where nothing is mapped', XSAVE, UNMAPPED, 0n, PF],
  ])('%s: vector %#', (_, source, address, cr0, vector) => {
    const machine = machineWith(source);
    const { processor } = machine;
    processor.setControlRegister('cr0', processor.controlRegister('cr0') | cr0);
    machine.setRegisters({ rbx: address });
    expect(run(machine)).toBe(vector);
  });

  it('is written by XSAVE in the standard format, bits of other components kept', () => {
    const machine = machineWith(XSAVE);
    machine.processor.memory.setU32(X87_CONTROL, 0x27f);
    machine.processor.memory.setU32(MXCSR, 0x1fbf);
    words(machine, 15).set([1, 2, 3, 4]);
    machine.setWord(XSTATE_BV, 0x8000_0000_0000_0005n, 8);
    machine.setWord(XCOMP_BV, 0x1234n, 8);
    expect(run(machine)).toBe(null);
    expect(machine.word(DATA, 2)).toBe(0x27fn);
    expect(machine.word(DATA + 24n, 8)).toBe(0xffff_0000_1fbfn);
    expect(machine.word(DATA + 160n + 15n * 16n + 8n, 4)).toBe(3n);
    expect(machine.word(XSTATE_BV, 8)).toBe(0x8000_0000_0000_0007n);
    expect(machine.word(XCOMP_BV, 8)).toBe(0x1234n);
  });

  it('has only the parts that EDX:EAX asks for', () => {
    const machine = machineWith(XSAVE);
    words(machine, 0).set([1, 2, 3, 4]);
    machine.setRegisters({ rax: X87, rdx: 0n });
    machine.setWord(DATA + 24n, 0x55n, 8);
    machine.setWord(DATA + 160n, 0x55n, 8);
    run(machine);
    expect(machine.word(DATA + 24n, 8)).toBe(0x55n);
    expect(machine.word(DATA + 160n, 8)).toBe(0x55n);
    expect(machine.word(XSTATE_BV, 8)).toBe(1n);
  });

  it.each([
    ['XSAVEOPT', XSAVEOPT],
    ['XSAVEC', XSAVEC],
    ['XSAVES', XSAVES],
  ])('%s leaves out a component in its initial configuration', (_, source) => {
    const machine = machineWith(source);
    machine.processor.memory.setU32(X87_CONTROL, 0x27f);
    machine.setWord(DATA + 160n, 0x55n, 8);
    run(machine);
    expect(machine.word(DATA + 160n, 8)).toBe(0x55n);
    expect(machine.word(XSTATE_BV, 8)).toBe(X87);
    expect(machine.word(XCOMP_BV, 8)).toBe(source === XSAVEOPT ? 0n : COMPACTED | 3n);
  });

  it.each([
    ['XSAVE and XRSTOR', XSAVE, XRSTOR],
    ['XSAVEC and XRSTOR', XSAVEC, XRSTOR],
    ['XSAVES and XRSTORS', XSAVES, XRSTORS],
  ])('keeps the state: %s', (_, save, restore) => {
    const machine = machineWith(save);
    const { memory } = machine.processor;
    memory.setU32(X87_CONTROL, 0x27f);
    memory.setU32(MXCSR, 0x1fa0);
    for (let i = 0; i < 16; i++) words(machine, i).set([i, ~i, i * i, 7]);
    run(machine);
    const before = Array.from({ length: 16 }, (__, i) => [...words(machine, i)]);
    memory.setU32(X87_CONTROL, 0x37f);
    memory.setU32(MXCSR, 0x1f80);
    for (let i = 0; i < 16; i++) words(machine, i).fill(0);
    expect(reload(machine, restore)).toBe(null);
    expect(memory.u32(X87_CONTROL)).toBe(0x27f);
    expect(memory.u32(MXCSR)).toBe(0x1fa0);
    expect(Array.from({ length: 16 }, (__, i) => [...words(machine, i)])).toEqual(before);
  });

  it.each([
    ['XSAVE and XRSTOR', XSAVE, XRSTOR],
    ['XSAVEC and XRSTOR', XSAVEC, XRSTOR],
  ])('keeps upper halves at offset 576: %s', (_, save, restore) => {
    const machine = machineWith(save, X87 | SSE | AVX);
    for (let i = 0; i < 16; i++) words(machine, i, 16).set([i, 2, 3, 4]);
    run(machine);
    expect(machine.word(DATA + 576n + 16n * 13n, 4)).toBe(13n);
    expect(machine.word(XSTATE_BV, 8) & AVX).toBe(AVX);
    for (let i = 0; i < 16; i++) words(machine, i, 16).fill(0);
    expect(reload(machine, restore)).toBe(null);
    expect([...words(machine, 13, 16)]).toEqual([13, 2, 3, 4]);
  });

  it('whose XSTATE_BV is 0 puts what is asked for into the initial configuration', () => {
    const machine = machineWith(XRSTOR);
    const { memory } = machine.processor;
    memory.setU32(X87_CONTROL, 0x27f);
    words(machine, 3).set([1, 2, 3, 4]);
    machine.setWord(DATA + 24n, 0x1fa0n, 4);
    expect(run(machine)).toBe(null);
    expect(memory.u32(X87_CONTROL)).toBe(0x37f);
    expect([...words(machine, 3)]).toEqual([0, 0, 0, 0]);
    // The standard format's MXCSR is loaded whatever XSTATE_BV says.
    expect(memory.u32(MXCSR)).toBe(0x1fa0);
  });

  it.each<[string, string, readonly (readonly [bigint, bigint])[], number | null]>([
    ['a component that XCR0 does not enable', XRSTOR, [[XSTATE_BV, 4n]], GP],
    ['XCOMP_BV in the standard format', XRSTOR, [[XCOMP_BV, 1n]], GP],
    ['a third quadword', XRSTOR, [[DATA + 528n, 1n]], GP],
    ['a fourth quadword, which the standard format does not look at', XRSTOR, [[DATA + 536n, 1n]], null], // prettier-ignore
    ['the fourth quadword of the compacted format', XRSTOR, [[XCOMP_BV, COMPACTED], [DATA + 536n, 1n]], GP], // prettier-ignore
    ['compacted: a component not in XCOMP_BV', XRSTOR, [[XCOMP_BV, COMPACTED | 1n], [XSTATE_BV, 2n]], GP], // prettier-ignore
    ['compacted: a component that XCR0 does not enable', XRSTOR, [[XCOMP_BV, COMPACTED | 7n]], GP],
    ['compacted', XRSTOR, [[XCOMP_BV, COMPACTED | 3n]], null],
    ['XRSTORS of the standard format', XRSTORS, [], GP],
    ['reserved bits of MXCSR', XRSTOR, [[DATA + 24n, 0x1_0000n]], GP],
  ])('with %s', (_, source, quadwords, vector) => {
    const machine = machineWith(source);
    words(machine, 3).set([1, 2, 3, 4]);
    for (const [address, value] of quadwords) machine.setWord(address, value, 8);
    expect(run(machine)).toBe(vector);
    expect([...words(machine, 3)]).toEqual(vector === null ? [0, 0, 0, 0] : [1, 2, 3, 4]);
  });
});
