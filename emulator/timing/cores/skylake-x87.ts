/** Skylake: x87 instructions. The stack counts as one register (ST), as in zen1-x87.ts. Figures by general knowledge. */
import type { TimingRow } from '../core-model.js';
import { serialising } from './skylake-row.js';

const COMPUTES = { reads: 'ST', writes: 'ST' } as const;
const COMPARES = { reads: 'ST' } as const;

function row(
  mnemonics: string,
  ports: string,
  latency: number,
  more: Partial<TimingRow> = {},
): TimingRow {
  return { mnemonics, ports, latency, source: 'E', estimate: true, ...more };
}

export const SKYLAKE_X87_ROWS: readonly TimingRow[] = [
  row('FLD', 'p05', 1, { writes: 'ST', slots: 4, syntax: /m80fp/ }),
  row('FLD', 'p05', 1, { writes: 'ST' }),
  row('FILD', 'p5', 4, { writes: 'ST' }),
  row('FLD1 FLDZ', 'p05', 1, { writes: 'ST' }),
  row('FLDL2T FLDL2E FLDPI FLDLG2 FLDLN2', 'p05', 1, { slots: 2, writes: 'ST' }),
  row('FST FSTP FSTPNCE', 'p05', 1, { reads: 'ST' }),
  row('FIST FISTP FISTTP', 'p1', 5, { reads: 'ST' }),
  row('FXCH', 'p05', 2, { slots: 2, ...COMPUTES }),
  row('FADD FADDP FSUB FSUBP FSUBR FSUBRP', 'p5', 3, COMPUTES),
  row('FMUL FMULP', 'p0', 5, COMPUTES),
  row('FIADD FISUB FISUBR FIMUL', 'p5', 7, { slots: 2, ...COMPUTES }),
  row('FDIV FDIVP FDIVR FDIVRP', 'p0', 15, { occupancy: 4, ...COMPUTES }),
  row('FIDIV FIDIVR', 'p0', 19, { slots: 2, occupancy: 4, ...COMPUTES }),
  row('FSQRT', 'p0', 18, { occupancy: 4, ...COMPUTES }),
  row('FCHS FABS', 'p0', 1, COMPUTES),
  row('FCOM FCOMP FCOMPP FUCOM FUCOMP FUCOMPP FTST FXAM', 'p5', 3, COMPARES),
  row('FICOM FICOMP', 'p5', 7, { slots: 2, ...COMPARES }),
  row('FCOMI FCOMIP FUCOMI FUCOMIP', 'p5', 4, { slots: 3, ...COMPARES }),
  row('FNOP FFREE FFREEP FINCSTP FDECSTP', 'p05', 1),
  row('FCMOVB FCMOVE FCMOVBE FCMOVU FCMOVNB FCMOVNE FCMOVNBE FCMOVNU', 'p05', 4, {
    slots: 4,
    ...COMPUTES,
  }),
  row('FRNDINT FSCALE FXTRACT', 'p05', 25, { microcode: 5, ...COMPUTES }),
  row('FBLD FBSTP FPREM FPREM1 F2XM1 FYL2X FYL2XP1 FPTAN FPATAN FSIN FCOS FSINCOS', 'p05', 100, {
    microcode: 20,
    ...COMPUTES,
  }),
  serialising('FNSTENV FLDENV FNSAVE FRSTOR FNENI FNDISI FNSETPM', 100),
];
