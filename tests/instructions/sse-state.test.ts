/**
 * What enables SSE and what saves its state. Sources: SDM Vol. 3 "Checking for Intel SSE/SSE2/SSE3/SSSE3/SSE4 Extension
 * Support", Vol. 2 "FXSAVE", "FXRSTOR", "LDMXCSR", "RCPPS" and "RSQRTPS" (relative error at most 1.5 × 2^-12).
 */
import { describe, expect, it } from 'vitest';
import { MXCSR, VECTOR_REGISTER_BYTES, VECTOR_REGISTERS } from '../../emulator/isa/state-layout.js';
import { DATA, GuestMachine } from './guest-machine.js';

const CR0_MP = 1n << 1n;
const CR0_EM = 1n << 2n;
const CR0_TS = 1n << 3n;
const CR4_OSFXSR = 1n << 9n;
const CR4_OSXMMEXCPT = 1n << 10n;
const UD = 6;
const NM = 7;
const GP = 13;
const XM = 19;

/** A 64-bit program with these bits set in CR0 and CR4. */
function machineWith(source: string, cr0 = 0n, cr4 = CR4_OSFXSR | CR4_OSXMMEXCPT): GuestMachine {
  const machine = new GuestMachine(64, source);
  const { processor } = machine;
  processor.setControlRegister('cr0', processor.controlRegister('cr0') | cr0);
  processor.setControlRegister('cr4', processor.controlRegister('cr4') | cr4);
  machine.setRegisters({ rbx: DATA });
  return machine;
}

function vectorWords(machine: GuestMachine, register: number): Uint32Array {
  const at = VECTOR_REGISTERS + VECTOR_REGISTER_BYTES * register;
  return new Uint32Array(machine.processor.memory.buffer, at, 4);
}

const ADDPS = 'db 0x0F, 0x58, 0xC1';
const ADDPS_FROM_UNMAPPED = 'mov ebx, 0x40000000\ndb 0x0F, 0x58, 0x03';
const DIVSD = 'db 0xF2, 0x0F, 0x5E, 0xC1';
const LDMXCSR = 'db 0x0F, 0xAE, 0x13';
const STMXCSR = 'db 0x0F, 0xAE, 0x1B';
const FXSAVE = 'db 0x0F, 0xAE, 0x03';
const FXRSTOR = 'db 0x0F, 0xAE, 0x0B';

describe('an SSE instruction', () => {
  it.each([
    // program, CR0, CR4, vector
    ['is executed', ADDPS, 0n, CR4_OSFXSR, null],
    ['is #UD without CR4.OSFXSR', ADDPS, 0n, 0n, UD],
    ['is #UD with CR0.EM', ADDPS, CR0_EM, CR4_OSFXSR, UD],
    ['is #NM with CR0.TS', ADDPS, CR0_TS, CR4_OSFXSR, NM],
    ['does not look at CR0.MP', ADDPS, CR0_MP, CR4_OSFXSR, null],
    ['is #UD rather than #NM', ADDPS, CR0_TS | CR0_EM, CR4_OSFXSR, UD],
    ['is #NM before its operand is read', ADDPS_FROM_UNMAPPED, CR0_TS, CR4_OSFXSR, NM],
    ['is #UD where the second of a block is', `nop\n${ADDPS}\n${ADDPS}`, CR0_EM, CR4_OSFXSR, UD],
  ] as const)('%s', (_, source, cr0, cr4, vector) => {
    const machine = machineWith(`${source}\nhlt`, cr0, cr4);
    machine.runToHalt();
    expect(machine.vector).toBe(vector);
  });

  // "Checking for … Extension Support": SSE without PAUSE, PREFETCHh, SFENCE, LFENCE, MFENCE, MOVNTI, CLFLUSH, CRC32, POPCNT.
  it.each([
    ['PAUSE', 'db 0xF3, 0x90'],
    ['PREFETCHNTA', 'db 0x0F, 0x18, 0x03'],
    ['SFENCE', 'db 0x0F, 0xAE, 0xF8'],
    ['LFENCE', 'db 0x0F, 0xAE, 0xE8'],
    ['MFENCE', 'db 0x0F, 0xAE, 0xF0'],
    ['MOVNTI of 32 bits', 'db 0x0F, 0xC3, 0x03'],
    ['MOVNTI of 64 bits', 'db 0x48, 0x0F, 0xC3, 0x03'],
    ['CLFLUSH', 'db 0x0F, 0xAE, 0x3B'],
    ['CRC32', 'db 0xF2, 0x0F, 0x38, 0xF1, 0xC3'],
    ['POPCNT', 'db 0xF3, 0x0F, 0xB8, 0xC3'],
  ])('is refused, but not %s: CR4.OSFXSR clear, CR0.EM and TS set', (_, source) => {
    const machine = machineWith(`${source}\nhlt`, CR0_EM | CR0_TS, 0n);
    machine.runToHalt();
    expect(machine.vector).toBe(null);
  });

  it('is executed after CLTS where it was #NM before', () => {
    const machine = machineWith(`start: ${ADDPS}\nhlt`, CR0_TS);
    machine.runToHalt();
    expect(machine.vector).toBe(NM);
    const { processor } = machine;
    processor.rip = machine.label('start');
    processor.setControlRegister('cr0', processor.controlRegister('cr0') & ~CR0_TS);
    machine.runToHalt();
    expect(machine.vector).toBe(null);
  });

  it.each([
    ['#XM with CR4.OSXMMEXCPT', CR4_OSFXSR | CR4_OSXMMEXCPT, XM],
    ['#UD without', CR4_OSFXSR, UD],
  ])('that divides by zero, unmasked, raises %s', (_, cr4, vector) => {
    const machine = machineWith(`${DIVSD}\nhlt`, 0n, cr4);
    machine.processor.memory.setU32(MXCSR, 0x1d80); // ZM clear
    vectorWords(machine, 0).set([0, 0x3ff00000, 7, 8]);
    machine.runToHalt();
    expect(machine.vector).toBe(vector);
    expect(machine.processor.memory.u32(MXCSR)).toBe(0x1d84);
    expect([...vectorWords(machine, 0)]).toEqual([0, 0x3ff00000, 7, 8]);
  });
});

describe('MXCSR', () => {
  it('is 1F80h after reset, and goes to memory and back', () => {
    const machine = machineWith(
      `${STMXCSR}\nmov dword [ebx+4], 0xffc0\ndb 0x0F, 0xAE, 0x53, 0x04\nhlt`,
    );
    machine.runToHalt();
    expect(machine.word(DATA, 4)).toBe(0x1f80n);
    expect(machine.processor.memory.u32(MXCSR)).toBe(0xffc0);
  });

  it('refuses reserved bits with #GP(0)', () => {
    const machine = machineWith(`${LDMXCSR}\nhlt`);
    machine.setWord(DATA, 0x1_1f80n, 4);
    machine.runToHalt();
    expect(machine.vector).toBe(GP);
    expect(machine.processor.memory.u32(MXCSR)).toBe(0x1f80);
  });
});

describe('FXSAVE and FXRSTOR', () => {
  it('write and read the layout of the SDM', () => {
    const machine = machineWith(`${FXSAVE}\nhlt`);
    for (let i = 0; i < 16; i++) vectorWords(machine, i).set([i, 0x100 + i, 0x200 + i, 0x300 + i]);
    machine.processor.memory.setU32(MXCSR, 0x1fbf);
    machine.setWord(DATA + 416n, 0x1122_3344n, 4);
    machine.runToHalt();
    expect(machine.word(DATA, 2)).toBe(0x40n); // FCW after reset
    expect(machine.word(DATA + 24n, 4)).toBe(0x1fbfn);
    expect(machine.word(DATA + 28n, 4)).toBe(0xffffn); // MXCSR_MASK
    expect(machine.word(DATA + 160n + 16n * 15n + 12n, 4)).toBe(0x30fn);
    expect(machine.word(DATA + 416n, 4)).toBe(0x1122_3344n); // not part of it

    for (let i = 0; i < 16; i++) vectorWords(machine, i).fill(0);
    machine.processor.memory.setU32(MXCSR, 0x1f80);
    machine.load(`${FXRSTOR}\nhlt`);
    machine.runToHalt();
    expect([...vectorWords(machine, 9)]).toEqual([9, 0x109, 0x209, 0x309]);
    expect(machine.processor.memory.u32(MXCSR)).toBe(0x1fbf);
  });

  it.each([
    ['FXSAVE of an address that is no multiple of 16', FXSAVE, DATA + 8n, 0n, GP],
    ['FXSAVE with CR0.TS', FXSAVE, DATA, CR0_TS, NM],
    ['FXRSTOR with CR0.EM', FXRSTOR, DATA, CR0_EM, NM],
  ])('%s: vector %#', (_, source, address, cr0, vector) => {
    const machine = machineWith(`${source}\nhlt`, cr0);
    machine.setRegisters({ rbx: address });
    machine.runToHalt();
    expect(machine.vector).toBe(vector);
  });

  it('FXRSTOR of an image with reserved MXCSR bits is #GP(0) and changes nothing', () => {
    const machine = machineWith(`${FXRSTOR}\nhlt`);
    vectorWords(machine, 3).set([1, 2, 3, 4]);
    machine.setWord(DATA + 24n, 0x8000_1f80n, 4);
    machine.runToHalt();
    expect(machine.vector).toBe(GP);
    expect([...vectorWords(machine, 3)]).toEqual([1, 2, 3, 4]);
  });
});

describe('approximations', () => {
  const RCPPS = 'db 0x0F, 0x53, 0xC1';
  const RSQRTPS = 'db 0x0F, 0x52, 0xC1';
  const BOUND = 1.5 * 2 ** -12;
  const singles = new Float32Array(4);
  const words = new Uint32Array(singles.buffer);

  function approximated(code: string, values: readonly number[]): number[] {
    const machine = machineWith(`${code}\nhlt`);
    singles.set(values);
    vectorWords(machine, 1).set(words);
    machine.runToHalt();
    expect(machine.processor.memory.u32(MXCSR)).toBe(0x1f80);
    words.set(vectorWords(machine, 0));
    return [...singles];
  }

  it.each([
    [1, 3, -7, 1e-30],
    [1e30, 0.1, 12345.678, -2.5e-20],
    [2 ** 125, -(2 ** -126), 1.9999999, 65535],
  ])('RCPPS of %d, %d, %d, %d is within the error bound', (...values) => {
    const results = approximated(RCPPS, values);
    values.forEach((value, i) => {
      expect(Math.abs((results[i] ?? NaN) * Math.fround(value) - 1)).toBeLessThan(BOUND);
    });
  });

  it.each([
    [1, 3, 7, 1e-30],
    [1e30, 0.1, 12345.678, 2.5e-20],
    [3e38, 2 ** -126, 1.9999999, 65535],
  ])('RSQRTPS of %d, %d, %d, %d is within the error bound', (...values) => {
    const results = approximated(RSQRTPS, values);
    values.forEach((value, i) => {
      const exact = 1 / Math.sqrt(Math.fround(value));
      expect(Math.abs((results[i] ?? NaN) / exact - 1)).toBeLessThan(BOUND);
    });
  });

  it('have the special values of the SDM, and raise nothing', () => {
    expect(approximated(RCPPS, [0, -0, 1e-40, -Infinity])).toEqual([
      Infinity,
      -Infinity,
      Infinity,
      -0,
    ]);
    expect(approximated(RSQRTPS, [0, -0, -1e-40, -1])).toEqual([
      Infinity,
      -Infinity,
      -Infinity,
      NaN,
    ]);
    // 1.1111111111010b × 2^125 and more: the result would be denormal.
    expect(approximated(RCPPS, [2 ** 127, -3e38, Infinity, 1])).toEqual([0, -0, 0, 1]);
  });
});
