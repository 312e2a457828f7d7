/**
 * Zen 1: x87 instructions. Sources as in zen1.ts. The stack counts as one register (ST): what loads does not wait for it,
 * what computes waits for what computed before, whatever the registers.
 */
import type { TimingRow } from '../core-model.js';

/** A load's data arrives three cycles after a general register's would. */
const LOAD = 3;
const COMPUTES = { reads: 'ST', writes: 'ST', loadExtra: LOAD } as const;
const COMPARES = { reads: 'ST', loadExtra: LOAD } as const;

export const ZEN1_X87_ROWS: readonly TimingRow[] = [
  {
    mnemonics: 'FLD',
    syntax: /m80fp/,
    slots: 2,
    ports: 'fp23',
    latency: 1,
    loadExtra: LOAD,
    writes: 'ST',
    source: 'LLVM',
  },
  { mnemonics: 'FLD', ports: 'fp13', latency: 1, loadExtra: LOAD, writes: 'ST', source: 'LLVM' },
  {
    mnemonics: 'FILD',
    slots: 2,
    ports: 'fp3',
    latency: 4,
    loadExtra: LOAD,
    writes: 'ST',
    source: 'LLVM',
  },
  {
    mnemonics: 'FLD1 FLDL2T FLDL2E FLDPI FLDLG2 FLDLN2 FLDZ',
    ports: 'fp3',
    latency: 8,
    writes: 'ST',
    source: 'LLVM',
  },
  {
    mnemonics: 'FST FSTP FSTPNCE',
    operand: 'register',
    slots: 2,
    ports: 'fp23',
    latency: 5,
    reads: 'ST',
    writes: 'ST',
    source: 'LLVM',
  },
  { mnemonics: 'FST FSTP', ports: 'fp23', latency: 1, reads: 'ST', source: 'LLVM' },
  { mnemonics: 'FIST FISTP FISTTP', ports: 'fp23', latency: 5, reads: 'ST', source: 'LLVM' },
  { mnemonics: 'FXCH', ports: 'fp', latency: 1, ...COMPUTES, source: 'LLVM' },
  {
    mnemonics: 'FADD FADDP FSUB FSUBP FSUBR FSUBRP FMUL FMULP',
    ports: 'fp23',
    latency: 3,
    ...COMPUTES,
    source: 'LLVM',
  },
  {
    mnemonics: 'FIADD FISUB FISUBR FIMUL',
    slots: 2,
    ports: 'fp23',
    latency: 7,
    ...COMPUTES,
    source: 'LLVM',
  },
  {
    mnemonics: 'FDIV FDIVP FDIVR FDIVRP',
    ports: 'fp3',
    latency: 15,
    occupancy: 6,
    ...COMPUTES,
    source: 'LLVM; occupancy E',
    estimate: true,
  },
  {
    mnemonics: 'FIDIV FIDIVR',
    slots: 2,
    ports: 'fp3',
    latency: 19,
    occupancy: 6,
    ...COMPUTES,
    source: 'LLVM; occupancy E',
    estimate: true,
  },
  { mnemonics: 'FSQRT', ports: 'fp3', latency: 20, occupancy: 20, ...COMPUTES, source: 'LLVM' },
  { mnemonics: 'FCHS FABS', ports: 'fp3', latency: 1, ...COMPUTES, source: 'LLVM' },
  {
    mnemonics: 'FCOM FCOMP FCOMPP FUCOM FUCOMP FUCOMPP FTST FXAM',
    ports: 'fp0',
    latency: 1,
    ...COMPARES,
    source: 'LLVM',
  },
  { mnemonics: 'FICOM FICOMP', slots: 2, ports: 'fp0', latency: 5, ...COMPARES, source: 'LLVM' },
  {
    mnemonics: 'FCOMI FCOMIP FUCOMI FUCOMIP',
    ports: 'fp0',
    latency: 9,
    ...COMPARES,
    source: 'LLVM',
  },
  { mnemonics: 'FNOP FFREE FFREEP FINCSTP FDECSTP', ports: 'fp3', latency: 1, source: 'LLVM' },
  {
    mnemonics: 'FCMOVB FCMOVE FCMOVBE FCMOVU FCMOVNB FCMOVNE FCMOVNBE FCMOVNU FRNDINT',
    slots: 7,
    ports: 'fp',
    latency: 5,
    ...COMPUTES,
    source: 'E',
    estimate: true,
  },
  {
    mnemonics:
      'FBLD FBSTP FPREM FPREM1 FSCALE FXTRACT F2XM1 FYL2X FYL2XP1 FPTAN FPATAN FSIN FCOS FSINCOS',
    microcode: 20,
    ports: 'fp',
    latency: 100,
    ...COMPUTES,
    source: 'LLVM: microcoded, 100; E: 20 cycles of the sequencer',
    estimate: true,
  },
  {
    mnemonics: 'FNSTENV FLDENV FNSAVE FRSTOR FNENI FNDISI FNSETPM',
    kind: 'Serialising',
    cost: 100,
    source: 'LLVM: microcoded',
  },
];
