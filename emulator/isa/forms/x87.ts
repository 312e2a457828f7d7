/**
 * x87 FPU instructions. Source: SDM Vol. 1, "x87 FPU Instructions", by its subsections.
 */
import type { FormDefinition } from '../form.js';
import { x87 } from '../x87-recipes.js';

export const X87_FPU: readonly FormDefinition[] = [
  // Data Transfer
  ...x87(
    'FPU',
    `
    D9 /0          | FLD m32fp
    D9 /2          | FST m32fp
    D9 /3          | FSTP m32fp
    D9 /0 (mod=11) | FLD ST(i)
    D9 /1 (mod=11) | FXCH ST(i)
    D9 /3 (mod=11) | FSTPNCE ST(i)
    DA /0 (mod=11) | FCMOVB ST(0), ST(i)
    DA /1 (mod=11) | FCMOVE ST(0), ST(i)
    DA /2 (mod=11) | FCMOVBE ST(0), ST(i)
    DA /3 (mod=11) | FCMOVU ST(0), ST(i)
    DB /0          | FILD m32int
    DB /2          | FIST m32int
    DB /3          | FISTP m32int
    DB /5          | FLD m80fp
    DB /7          | FSTP m80fp
    DB /0 (mod=11) | FCMOVNB ST(0), ST(i)
    DB /1 (mod=11) | FCMOVNE ST(0), ST(i)
    DB /2 (mod=11) | FCMOVNBE ST(0), ST(i)
    DB /3 (mod=11) | FCMOVNU ST(0), ST(i)
    DD /0          | FLD m64fp
    DD /2          | FST m64fp
    DD /3          | FSTP m64fp
    DD /1 (mod=11) | FXCH ST(i)
    DD /2 (mod=11) | FST ST(i)
    DD /3 (mod=11) | FSTP ST(i)
    DF /0          | FILD m16int
    DF /2          | FIST m16int
    DF /3          | FISTP m16int
    DF /4          | FBLD m80bcd
    DF /5          | FILD m64int
    DF /6          | FBSTP m80bcd
    DF /7          | FISTP m64int
    DF /1 (mod=11) | FXCH ST(i)
    DF /2 (mod=11) | FSTP ST(i)
    DF /3 (mod=11) | FSTP ST(i)
    `,
  ),
  // Basic Arithmetic
  ...x87(
    'FPU',
    `
    D8 /0          | FADD m32fp
    D8 /1          | FMUL m32fp
    D8 /4          | FSUB m32fp
    D8 /5          | FSUBR m32fp
    D8 /6          | FDIV m32fp
    D8 /7          | FDIVR m32fp
    D8 /0 (mod=11) | FADD ST(0), ST(i)
    D8 /1 (mod=11) | FMUL ST(0), ST(i)
    D8 /4 (mod=11) | FSUB ST(0), ST(i)
    D8 /5 (mod=11) | FSUBR ST(0), ST(i)
    D8 /6 (mod=11) | FDIV ST(0), ST(i)
    D8 /7 (mod=11) | FDIVR ST(0), ST(i)
    D9 E0          | FCHS
    D9 E1          | FABS
    D9 F4          | FXTRACT
    D9 F5          | FPREM1
    D9 F8          | FPREM
    D9 FA          | FSQRT
    D9 FC          | FRNDINT
    D9 FD          | FSCALE
    DA /0          | FIADD m32int
    DA /1          | FIMUL m32int
    DA /4          | FISUB m32int
    DA /5          | FISUBR m32int
    DA /6          | FIDIV m32int
    DA /7          | FIDIVR m32int
    DC /0          | FADD m64fp
    DC /1          | FMUL m64fp
    DC /4          | FSUB m64fp
    DC /5          | FSUBR m64fp
    DC /6          | FDIV m64fp
    DC /7          | FDIVR m64fp
    DC /0 (mod=11) | FADD ST(i), ST(0)
    DC /1 (mod=11) | FMUL ST(i), ST(0)
    DC /4 (mod=11) | FSUBR ST(i), ST(0)
    DC /5 (mod=11) | FSUB ST(i), ST(0)
    DC /6 (mod=11) | FDIVR ST(i), ST(0)
    DC /7 (mod=11) | FDIV ST(i), ST(0)
    DE /0          | FIADD m16int
    DE /1          | FIMUL m16int
    DE /4          | FISUB m16int
    DE /5          | FISUBR m16int
    DE /6          | FIDIV m16int
    DE /7          | FIDIVR m16int
    DE /0 (mod=11) | FADDP ST(i), ST(0)
    DE /1 (mod=11) | FMULP ST(i), ST(0)
    DE /4 (mod=11) | FSUBRP ST(i), ST(0)
    DE /5 (mod=11) | FSUBP ST(i), ST(0)
    DE /6 (mod=11) | FDIVRP ST(i), ST(0)
    DE /7 (mod=11) | FDIVP ST(i), ST(0)
    `,
  ),
  // Comparison
  ...x87(
    'FPU',
    `
    D8 /2          | FCOM m32fp
    D8 /3          | FCOMP m32fp
    D8 /2 (mod=11) | FCOM ST(i)
    D8 /3 (mod=11) | FCOMP ST(i)
    D9 E4          | FTST
    D9 E5          | FXAM
    DA /2          | FICOM m32int
    DA /3          | FICOMP m32int
    DA E9          | FUCOMPP
    DB /5 (mod=11) | FUCOMI ST, ST(i)
    DB /6 (mod=11) | FCOMI ST, ST(i)
    DC /2          | FCOM m64fp
    DC /3          | FCOMP m64fp
    DC /2 (mod=11) | FCOM ST(i)
    DC /3 (mod=11) | FCOMP ST(i)
    DD /4 (mod=11) | FUCOM ST(i)
    DD /5 (mod=11) | FUCOMP ST(i)
    DE /2          | FICOM m16int
    DE /3          | FICOMP m16int
    DE /2 (mod=11) | FCOMP ST(i)
    DE D9          | FCOMPP
    DF /5 (mod=11) | FUCOMIP ST, ST(i)
    DF /6 (mod=11) | FCOMIP ST, ST(i)
    `,
  ),
  // Transcendental
  ...x87(
    'FPU',
    `
    D9 F0 | F2XM1
    D9 F1 | FYL2X
    D9 F2 | FPTAN
    D9 F3 | FPATAN
    D9 F9 | FYL2XP1
    D9 FB | FSINCOS
    D9 FE | FSIN
    D9 FF | FCOS
    `,
  ),
  // Load Constants
  ...x87(
    'FPU',
    `
    D9 E8 | FLD1
    D9 E9 | FLDL2T
    D9 EA | FLDL2E
    D9 EB | FLDPI
    D9 EC | FLDLG2
    D9 ED | FLDLN2
    D9 EE | FLDZ
    `,
  ),
  // Control
  ...x87(
    'FPU',
    `
    DB E3          | FNINIT
    DB E2          | FNCLEX
    9B             | FWAIT
    D9 /7          | FNSTCW m2byte
    D9 /5          | FLDCW m2byte
    DD /7          | FNSTSW m2byte
    DF E0          | FNSTSW AX
    D9 /4          | FLDENV m14/28byte
    D9 /6          | FNSTENV m14/28byte
    D9 D0          | FNOP
    D9 F6          | FDECSTP
    D9 F7          | FINCSTP
    DB E0          | FNENI
    DB E1          | FNDISI
    DB E4          | FNSETPM
    DD /4          | FRSTOR m94/108byte
    DD /6          | FNSAVE m94/108byte
    DD /0 (mod=11) | FFREE ST(i)
    DF /0 (mod=11) | FFREEP ST(i)
    `,
  ),
  ...x87(
    'SSE3',
    `
    DB /1 | FISTTP m32int
    DD /1 | FISTTP m64int
    DF /1 | FISTTP m16int
    `,
  ),
];
