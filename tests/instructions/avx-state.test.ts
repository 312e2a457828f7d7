/**
 * What enables AVX, what it does to upper halves, and its memory operands. Sources: SDM Vol. 1 "Detection of Intel AVX
 * Instructions", "Instruction Exception Specification" (types 1 to 12), "Mixing SSE and AVX"; Vol. 2 "VZEROUPPER", "VGATHERDPS",
 * "VMASKMOV", "VRCPPS".
 */
import { describe, expect, it } from 'vitest';
import {
  MXCSR,
  VECTOR_REGISTER_BYTES,
  VECTOR_REGISTERS,
  XCR0,
} from '../../emulator/isa/state-layout.js';
import { type Bits, DATA, GuestMachine, RAM_BYTES } from './guest-machine.js';

const CR0_EM = 1n << 2n;
const CR0_TS = 1n << 3n;
const CR4_OSFXSR = 1n << 9n;
const CR4_OSXMMEXCPT = 1n << 10n;
const CR4_OSXSAVE = 1n << 18n;
const ALL = CR4_OSFXSR | CR4_OSXMMEXCPT | CR4_OSXSAVE;
const X87_SSE_AVX = 7n;
const UD = 6;
const NM = 7;
const GP = 13;
const PF = 14;
const XM = 19;

interface Setting {
  readonly cr0?: bigint;
  readonly cr4?: bigint;
  readonly xcr0?: bigint;
  readonly bits?: Bits;
}

/** A program with RBX = DATA; AVX is enabled unless the setting says otherwise. */
function machineWith(source: string, setting: Setting = {}): GuestMachine {
  const { cr0 = 0n, cr4 = ALL, xcr0 = X87_SSE_AVX, bits = 64 } = setting;
  const machine = new GuestMachine(bits, `${source}\nhlt`);
  const { processor } = machine;
  processor.setControlRegister('cr0', processor.controlRegister('cr0') | cr0);
  processor.setControlRegister('cr4', processor.controlRegister('cr4') | cr4);
  processor.memory.setU64(XCR0, xcr0);
  machine.setRegisters({ rbx: DATA });
  return machine;
}

function run(machine: GuestMachine): number | null {
  machine.runToHalt();
  return machine.vector;
}

/** Doublewords of a YMM register. */
function ymm(machine: GuestMachine, register: number): Uint32Array {
  const at = VECTOR_REGISTERS + VECTOR_REGISTER_BYTES * register;
  return new Uint32Array(machine.processor.memory.buffer, at, 8);
}

const ONES = [1, 2, 3, 4, 5, 6, 7, 8];

const VPADDD_128 = 'db 0xC5, 0xE9, 0xFE, 0xCB'; // xmm1, xmm2, xmm3
const VPADDD_256 = 'db 0xC5, 0xED, 0xFE, 0xCB'; // ymm1, ymm2, ymm3
const PADDD = 'db 0x66, 0x0F, 0xFE, 0xCB'; // xmm1, xmm3
const VZEROUPPER = 'db 0xC5, 0xF8, 0x77';
const VZEROALL = 'db 0xC5, 0xFC, 0x77';
const VDIVPS_256 = 'db 0xC5, 0xEC, 0x5E, 0xCB'; // ymm1, ymm2, ymm3
const VMOVAPS_256 = 'db 0xC5, 0xFC, 0x28, 0x0B'; // ymm1, [rbx]
const VMOVUPS_256 = 'db 0xC5, 0xFC, 0x10, 0x0B'; // ymm1, [rbx]
const VADDPS_MEMORY = 'db 0xC5, 0xEC, 0x58, 0x0B'; // ymm1, ymm2, [rbx]
const VMASKMOVPS_LOAD = 'db 0xC4, 0xE2, 0x6D, 0x2C, 0x0B'; // ymm1, ymm2, [rbx]
const VMASKMOVPS_STORE = 'db 0xC4, 0xE2, 0x6D, 0x2E, 0x0B'; // [rbx], ymm2, ymm1
const VPGATHERDD = 'db 0xC4, 0xE2, 0x6D, 0x90, 0x0C, 0x1B'; // ymm1, [rbx + ymm3], ymm2

describe('a VEX instruction', () => {
  it.each<[string, string, Setting, number | null]>([
    ['is executed', VPADDD_256, {}, null],
    ['is #UD without CR4.OSXSAVE', VPADDD_256, { cr4: CR4_OSFXSR }, UD],
    ['is #UD where XCR0 does not enable AVX', VPADDD_256, { xcr0: 3n }, UD],
    ['is #UD of 128 bits as well', VPADDD_128, { xcr0: 3n }, UD],
    ['does not look at CR4.OSFXSR', VPADDD_256, { cr4: CR4_OSXSAVE }, null],
    ['does not look at CR0.EM', VPADDD_256, { cr0: CR0_EM }, null],
    ['is #NM with CR0.TS', VPADDD_256, { cr0: CR0_TS }, NM],
    ['is #UD rather than #NM', VPADDD_256, { cr0: CR0_TS, xcr0: 1n }, UD],
    ['is executed in protected mode', VPADDD_256, { bits: 32 }, null],
    ['is #UD in real-address mode', VPADDD_256, { bits: 16 }, UD],
    ['is #UD where the second of a block is', `nop\n${PADDD}\n${VPADDD_128}`, { xcr0: 1n }, UD],
  ])('%s', (_, source, setting, vector) => {
    expect(run(machineWith(source, setting))).toBe(vector);
  });

  it.each([
    ['of 128 bits clears bits 255 to 128', VPADDD_128, [11, 22, 33, 44, 0, 0, 0, 0]],
    ['of 256 bits writes them', VPADDD_256, [11, 22, 33, 44, 55, 66, 77, 88]],
    ['of SSE keeps them', PADDD, [101, 102, 103, 104, 100, 100, 100, 100]],
  ])('%s', (_, source, expected) => {
    const machine = machineWith(source);
    ymm(machine, 1).fill(100);
    ymm(machine, 2).set(ONES.map((n) => 10 * n));
    ymm(machine, 3).set(ONES);
    if (source === PADDD) ymm(machine, 3).set([1, 2, 3, 4]);
    run(machine);
    expect([...ymm(machine, 1)]).toEqual(expected);
  });

  it('gathers the exceptions of both halves; an unmasked one keeps everything from being written', () => {
    const machine = machineWith(VDIVPS_256);
    machine.processor.memory.setU32(MXCSR, 0x1d80); // ZM clear
    ymm(machine, 2).fill(0x3f80_0000);
    ymm(machine, 3).fill(0x4040_0000).set([0], 7); // 1 ÷ 3 is inexact, 1 ÷ 0 in the upper half
    ymm(machine, 1).set(ONES);
    expect(run(machine)).toBe(XM);
    expect(machine.processor.memory.u32(MXCSR)).toBe(0x1d84); // no PE: found after the computation
    expect([...ymm(machine, 1)]).toEqual(ONES);
  });
});

describe('VZEROUPPER and VZEROALL', () => {
  it.each<[string, string, Bits, readonly number[], readonly number[]]>([
    ['VZEROUPPER', VZEROUPPER, 64, [1, 2, 3, 4, 0, 0, 0, 0], [1, 2, 3, 4, 0, 0, 0, 0]],
    ['VZEROALL', VZEROALL, 64, [0, 0, 0, 0, 0, 0, 0, 0], [0, 0, 0, 0, 0, 0, 0, 0]],
    ['VZEROUPPER outside 64-bit mode', VZEROUPPER, 32, [1, 2, 3, 4, 0, 0, 0, 0], ONES],
    ['VZEROALL outside 64-bit mode', VZEROALL, 32, [0, 0, 0, 0, 0, 0, 0, 0], ONES],
  ])('%s: registers 0 to 7, and 8 to 15', (_, source, bits, first, last) => {
    const machine = machineWith(source, { bits });
    for (let i = 0; i < 16; i++) ymm(machine, i).set(ONES);
    run(machine);
    expect([...ymm(machine, 7)]).toEqual(first);
    expect([...ymm(machine, 8)]).toEqual(last);
  });
});

describe('a memory operand', () => {
  it.each([
    ['VMOVAPS on a multiple of 32', VMOVAPS_256, 0n, null],
    ['VMOVAPS on a multiple of 16', VMOVAPS_256, 16n, GP],
    ['VMOVUPS anywhere', VMOVUPS_256, 1n, null],
    ['VADDPS anywhere', VADDPS_MEMORY, 1n, null],
    ['VMOVUPS across pages', VMOVUPS_256, 0xff0n, null],
  ])('%s: vector %#', (_, source, offset, vector) => {
    const machine = machineWith(source);
    machine.setRegisters({ rbx: DATA + offset });
    for (let i = 0n; i < 8n; i++) machine.setWord(DATA + offset + 4n * i, i, 4);
    expect(run(machine)).toBe(vector);
    expect([...ymm(machine, 1)]).toEqual(
      vector === null ? [0, 1, 2, 3, 4, 5, 6, 7] : [0, 0, 0, 0, 0, 0, 0, 0],
    );
  });

  it.each([
    ['is not touched where the mask leaves it out', 0x3f, null],
    ['faults where the mask has it', 0x7f, PF],
  ])('of VMASKMOVPS beyond the last page %s', (_, chosen, vector) => {
    for (const source of [VMASKMOVPS_LOAD, VMASKMOVPS_STORE]) {
      const machine = machineWith(source);
      const address = RAM_BYTES - 24n;
      machine.setRegisters({ rbx: address });
      ymm(machine, 2).set(ONES.map((n) => (((chosen >> (n - 1)) & 1) !== 0 ? 0x8000_0000 : 1)));
      ymm(machine, 1).set(ONES);
      expect(run(machine)).toBe(vector);
      if (vector === PF) expect(machine.processor.controlRegister('cr2')).toBe(RAM_BYTES);
      else if (source === VMASKMOVPS_STORE) expect(machine.word(address + 20n, 4)).toBe(6n);
      else expect([...ymm(machine, 1)]).toEqual([0, 0, 0, 0, 0, 0, 0, 0]);
    }
  });

  it('of VPGATHERDD that faults half way leaves what was done, and the instruction goes on there', () => {
    const machine = machineWith(VPGATHERDD);
    const far = Number(RAM_BYTES - DATA);
    for (let i = 0n; i < 8n; i++) machine.setWord(DATA + 4n * i, 100n + i, 4);
    ymm(machine, 1).fill(9);
    ymm(machine, 2).fill(0xffff_ffff).set([0], 1);
    ymm(machine, 3).set([0, far, 8, far, 16, 20, 24, 28]);
    expect(run(machine)).toBe(PF);
    expect(machine.processor.controlRegister('cr2')).toBe(RAM_BYTES);
    expect([...ymm(machine, 1)]).toEqual([100, 9, 102, 9, 9, 9, 9, 9]);
    expect([...ymm(machine, 2)].map((word) => word >>> 31)).toEqual([0, 0, 0, 1, 1, 1, 1, 1]);
    ymm(machine, 3)[3] = 12;
    machine.load(`${VPGATHERDD}\nhlt`);
    machine.setRegisters({ rbx: DATA });
    expect(run(machine)).toBe(null);
    expect([...ymm(machine, 1)]).toEqual([100, 9, 102, 103, 104, 105, 106, 107]);
    expect([...ymm(machine, 2)]).toEqual([0, 0, 0, 0, 0, 0, 0, 0]);
  });
});

describe('VRCPPS and VRSQRTPS of 256 bits', () => {
  it.each([
    ['VRCPPS', 'db 0xC5, 0xFC, 0x53, 0xCA', (x: number) => 1 / x],
    ['VRSQRTPS', 'db 0xC5, 0xFC, 0x52, 0xCA', (x: number) => 1 / Math.sqrt(x)],
  ])('%s is within 1.5 × 2^-12', (_, source, exact) => {
    const machine = machineWith(source);
    const values = Float32Array.of(1, 2, 3, 0.3, 1e10, 1e-10, 7, 1.5);
    ymm(machine, 2).set(new Uint32Array(values.buffer));
    run(machine);
    const results = new Float32Array(Uint32Array.from(ymm(machine, 1)).buffer);
    for (const [i, x] of values.entries())
      expect(Math.abs((results[i] ?? 0) / exact(x) - 1)).toBeLessThan(1.5 * 2 ** -12);
  });
});
