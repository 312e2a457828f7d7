/**
 * Alignment checking at CPL 3 with CR0.AM and RFLAGS.AC: what is checked, against what size, and what comes before it.
 * Sources: SDM Vol. 3A, "Interrupt 17—Alignment Check Exception (#AC)", "Alignment Requirements by Data Type"; Vol. 2,
 * "VPGATHERDD/VPGATHERQD" (no AC checks). Rows that say *silicon* were tried on an AMD family 19h processor; the string
 * instructions, FNSAVE, FRSTOR and CMPXCHG8B were, too.
 */
import { describe, expect, it } from 'vitest';
import { CR0, CR4, ExitReason, XCR0 } from '../../emulator/isa/state-layout.js';
import { FULL_CPUID } from './bare-processor.js';
import { Access, DATA, TestMachine, UNMAPPED } from './test-machine.js';

const CR0_AM_AND_OTHERS = 0x8004_0011n;
const RFLAGS_AC_AND_1 = 0x4_0002n;
const CR4_OSXSAVE = 1n << 18n;
const CR4_OSFXSR = 1n << 9n;
const BP = 3;
const SS = 12;
const GP = 13;
const PF = 14;
const AC = 17;
const NON_CANONICAL = 0x0000_8000_0000_0001n;
const TARGET = DATA + 0x4000n;

const LEAF_1_AVX = 7 << 26;
const LEAF_7_AVX2 = 1 << 5;
const CPUID_AVX2 = FULL_CPUID.map(([leaf = 0, subleaf = 0, eax = 0, ebx = 0, ecx = 0, edx = 0]) => [
  leaf,
  subleaf,
  eax,
  leaf === 7 ? ebx | LEAF_7_AVX2 : ebx,
  leaf === 1 ? ecx | LEAF_1_AVX : ecx,
  edx,
]);

type Registers = Parameters<TestMachine['processor']['setRegisters']>[0];

/** Runs `code` and an INT3 behind it with alignment checking on. */
function run(code: string, registers: Registers): TestMachine {
  const machine = new TestMachine('long', 3);
  const { processor } = machine;
  machine.setGate(BP, Access.interruptGate | 0x60);
  processor.setCpuid(CPUID_AVX2);
  processor.set64(XCR0, 7n);
  processor.set64(CR4, processor.get64(CR4) | CR4_OSXSAVE | CR4_OSFXSR);
  processor.set64(CR0, CR0_AM_AND_OTHERS);
  processor.core.setRflags(RFLAGS_AC_AND_1);
  processor.setRegisters(registers);
  expect(machine.execute(`${code} cc`)).toBe(ExitReason.Halt);
  return machine;
}

const MISALIGNED = DATA + 2n;
const LONG = 64n;

describe('repeated string instructions, 64 elements', () => {
  it.each([
    ['REP MOVSD, source', 'f3a5', DATA + 1n, TARGET],
    ['REP MOVSQ, source', 'f348a5', DATA + 4n, TARGET],
    ['REP MOVSW, source', 'f366a5', DATA + 1n, TARGET],
    ['REP MOVSD, destination', 'f3a5', DATA, TARGET + 2n],
    ['STD; REP MOVSD, source', 'fdf3a5', DATA + 0x101n, TARGET + 0x100n],
    ['REP MOVSD, source; the destination is not mapped', 'f3a5', DATA + 1n, UNMAPPED],
    ['REP STOSD', 'f3ab', DATA, TARGET + 1n],
    ['REP STOSQ', 'f348ab', DATA, TARGET + 4n],
    ['STD; REP STOSD', 'fdf3ab', DATA, TARGET + 1n],
    ['REP LODSD', 'f3ad', DATA + 1n, TARGET],
    ['REPE SCASD', 'f3af', DATA, TARGET + 1n],
    ['REPE CMPSD', 'f3a7', DATA + 1n, TARGET],
  ])('%s misaligned: #AC before the first', (_, code, rsi, rdi) => {
    const machine = run(code, { rsi, rdi, rcx: LONG });
    expect(machine.handler(1)).toEqual({ vector: AC, words: [0n] });
    const { processor } = machine;
    expect(['rsi', 'rdi', 'rcx'].map((name) => processor.register(name as 'rsi'))).toEqual([
      rsi,
      rdi,
      LONG,
    ]);
  });

  it('of bytes are never misaligned', () => {
    expect(run('f3a4', { rsi: DATA + 1n, rdi: TARGET + 3n, rcx: LONG }).handler(1).vector).toBe(BP);
  });

  it('aligned ones move everything', () => {
    const machine = run('f3a5', { rsi: DATA, rdi: TARGET, rcx: 0x800n });
    expect(machine.handler(1).vector).toBe(BP);
    expect(machine.processor.register('rcx')).toBe(0n);
  });
});

describe('sizes', () => {
  it.each([
    ['CMPXCHG8B asks for 8 bytes', '0fc70b', DATA + 4n, AC],
    ['CMPXCHG8B, aligned', '0fc70b', DATA + 8n, BP],
    ['FNSAVE of 32 bits asks for 4 bytes', 'dd33', MISALIGNED, AC],
    ['FNSAVE of 32 bits, aligned to 4', 'dd33', DATA + 4n, BP],
    ['FNSAVE of 16 bits, aligned to 2', '66dd33', MISALIGNED, BP],
    ['FRSTOR of 32 bits asks for 4 bytes', 'dd23', MISALIGNED, AC],
    ['FRSTOR of 32 bits, aligned to 4', 'dd23', DATA + 4n, BP],
    ['FRSTOR of 16 bits, aligned to 2', '66dd23', MISALIGNED, BP],
    ['FLDENV of 32 bits asks for 4 bytes', 'd923', MISALIGNED, AC],
    ['FLDENV of 16 bits asks for 2 bytes', '66d923', DATA + 1n, AC],
    ['VPGATHERDD is not checked', 'c5f1efc9c5e976d2c4e26990048b', DATA + 1n, BP],
    ['VPGATHERQQ is not checked', 'c5f1efc9c5e976d2c4e2e99104cb', DATA + 1n, BP],
    ['VPMASKMOVD is not checked', 'c5f176c9c4e2718c03', DATA + 1n, BP],
  ])('%s', (_, code, rbx, vector) => {
    expect(run(code, { rbx }).handler(1).vector).toBe(vector);
  });

  it('FNSAVE that is refused writes nothing', () => {
    const machine = run('dd33', { rbx: MISALIGNED });
    expect(machine.processor.read(DATA, 128)).toEqual(new Uint8Array(128));
  });
});

describe('what comes before (silicon)', () => {
  it.each([
    ['#GP(0) of an address that is not canonical: MOV', '8b03', { rbx: NON_CANONICAL }, GP],
    ['the same, its last byte: MOV', '488b03', { rbx: 0x7fff_ffff_fffcn }, GP],
    ['the same: ADD to memory', '010b', { rbx: NON_CANONICAL }, GP],
    ['#SS(0) of the stack: POP', '58', { rsp: NON_CANONICAL }, SS],
    ['#SS(0) of the stack: RET', 'c3', { rsp: NON_CANONICAL }, SS],
    ['#AC comes before #PF of the same operand', '8b03', { rbx: UNMAPPED + 1n }, AC],
    ['#PF of a source that is read first', 'a5', { rsi: UNMAPPED, rdi: TARGET + 1n }, PF],
  ])('%s', (_, code, registers, vector) => {
    expect(run(code, registers).handler(1).vector).toBe(vector);
  });
});
