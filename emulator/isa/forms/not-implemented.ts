/**
 * Instructions that the SDM defines and that have no recipe here. The decoder knows them, so that a run that meets one
 * stops and names it. Opcode lines of SDM Vol. 2, by the groups of Vol. 1.
 */
import { type FormDefinition, forms } from '../form.js';
import type { Recipe } from '../recipe.js';
import { Op } from '../uop.js';

const uops = (): [{ op: Op }] => [{ op: Op.Unimplemented }];
const missing: Recipe = { access: [], uops, memoryUops: uops, missing: true };

const X87 = `
D8 /0          | FADD m32fp
D8 /1          | FMUL m32fp
D8 /2          | FCOM m32fp
D8 /3          | FCOMP m32fp
D8 /4          | FSUB m32fp
D8 /5          | FSUBR m32fp
D8 /6          | FDIV m32fp
D8 /7          | FDIVR m32fp
D8 /0 (mod=11) | FADD ST(0), ST(i)
D8 /1 (mod=11) | FMUL ST(0), ST(i)
D8 /2 (mod=11) | FCOM ST(i)
D8 /3 (mod=11) | FCOMP ST(i)
D8 /4 (mod=11) | FSUB ST(0), ST(i)
D8 /5 (mod=11) | FSUBR ST(0), ST(i)
D8 /6 (mod=11) | FDIV ST(0), ST(i)
D8 /7 (mod=11) | FDIVR ST(0), ST(i)
D9 /0          | FLD m32fp
D9 /2          | FST m32fp
D9 /3          | FSTP m32fp
D9 /4          | FLDENV m14/28byte
D9 /6          | FNSTENV m14/28byte
D9 /0 (mod=11) | FLD ST(i)
D9 /1 (mod=11) | FXCH ST(i)
D9 D0          | FNOP
D9 /3 (mod=11) | FSTPNCE ST(i)
D9 E0          | FCHS
D9 E1          | FABS
D9 E4          | FTST
D9 E5          | FXAM
D9 E8          | FLD1
D9 E9          | FLDL2T
D9 EA          | FLDL2E
D9 EB          | FLDPI
D9 EC          | FLDLG2
D9 ED          | FLDLN2
D9 EE          | FLDZ
D9 F0          | F2XM1
D9 F1          | FYL2X
D9 F2          | FPTAN
D9 F3          | FPATAN
D9 F4          | FXTRACT
D9 F5          | FPREM1
D9 F6          | FDECSTP
D9 F7          | FINCSTP
D9 F8          | FPREM
D9 F9          | FYL2XP1
D9 FA          | FSQRT
D9 FB          | FSINCOS
D9 FC          | FRNDINT
D9 FD          | FSCALE
D9 FE          | FSIN
D9 FF          | FCOS
DA /0          | FIADD m32int
DA /1          | FIMUL m32int
DA /2          | FICOM m32int
DA /3          | FICOMP m32int
DA /4          | FISUB m32int
DA /5          | FISUBR m32int
DA /6          | FIDIV m32int
DA /7          | FIDIVR m32int
DA /0 (mod=11) | FCMOVB ST(0), ST(i)
DA /1 (mod=11) | FCMOVE ST(0), ST(i)
DA /2 (mod=11) | FCMOVBE ST(0), ST(i)
DA /3 (mod=11) | FCMOVU ST(0), ST(i)
DA E9          | FUCOMPP
DB /0          | FILD m32int
DB /2          | FIST m32int
DB /3          | FISTP m32int
DB /5          | FLD m80fp
DB /7          | FSTP m80fp
DB /0 (mod=11) | FCMOVNB ST(0), ST(i)
DB /1 (mod=11) | FCMOVNE ST(0), ST(i)
DB /2 (mod=11) | FCMOVNBE ST(0), ST(i)
DB /3 (mod=11) | FCMOVNU ST(0), ST(i)
DB E0          | FNENI
DB E1          | FNDISI
DB E4          | FNSETPM
DB /5 (mod=11) | FUCOMI ST, ST(i)
DB /6 (mod=11) | FCOMI ST, ST(i)
DC /0          | FADD m64fp
DC /1          | FMUL m64fp
DC /2          | FCOM m64fp
DC /3          | FCOMP m64fp
DC /4          | FSUB m64fp
DC /5          | FSUBR m64fp
DC /6          | FDIV m64fp
DC /7          | FDIVR m64fp
DC /0 (mod=11) | FADD ST(i), ST(0)
DC /1 (mod=11) | FMUL ST(i), ST(0)
DC /2 (mod=11) | FCOM ST(i)
DC /3 (mod=11) | FCOMP ST(i)
DC /4 (mod=11) | FSUBR ST(i), ST(0)
DC /5 (mod=11) | FSUB ST(i), ST(0)
DC /6 (mod=11) | FDIVR ST(i), ST(0)
DC /7 (mod=11) | FDIV ST(i), ST(0)
DD /0          | FLD m64fp
DD /2          | FST m64fp
DD /3          | FSTP m64fp
DD /4          | FRSTOR m94/108byte
DD /6          | FNSAVE m94/108byte
DD /0 (mod=11) | FFREE ST(i)
DD /1 (mod=11) | FXCH ST(i)
DD /2 (mod=11) | FST ST(i)
DD /3 (mod=11) | FSTP ST(i)
DD /4 (mod=11) | FUCOM ST(i)
DD /5 (mod=11) | FUCOMP ST(i)
DE /0          | FIADD m16int
DE /1          | FIMUL m16int
DE /2          | FICOM m16int
DE /3          | FICOMP m16int
DE /4          | FISUB m16int
DE /5          | FISUBR m16int
DE /6          | FIDIV m16int
DE /7          | FIDIVR m16int
DE /0 (mod=11) | FADDP ST(i), ST(0)
DE /1 (mod=11) | FMULP ST(i), ST(0)
DE /2 (mod=11) | FCOMP ST(i)
DE D9          | FCOMPP
DE /4 (mod=11) | FSUBRP ST(i), ST(0)
DE /5 (mod=11) | FSUBP ST(i), ST(0)
DE /6 (mod=11) | FDIVRP ST(i), ST(0)
DE /7 (mod=11) | FDIVP ST(i), ST(0)
DF /0          | FILD m16int
DF /2          | FIST m16int
DF /3          | FISTP m16int
DF /4          | FBLD m80bcd
DF /5          | FILD m64int
DF /6          | FBSTP m80bcd
DF /7          | FISTP m64int
DF /0 (mod=11) | FFREEP ST(i)
DF /1 (mod=11) | FXCH ST(i)
DF /2 (mod=11) | FSTP ST(i)
DF /3 (mod=11) | FSTP ST(i)
DF /5 (mod=11) | FUCOMIP ST, ST(i)
DF /6 (mod=11) | FCOMIP ST, ST(i)
`;

const SSE3_X87 = `
DB /1       | FISTTP m32int
DD /1       | FISTTP m64int
DF /1       | FISTTP m16int
`;

const SSE4_2 = `
66 0F 3A 60 /r ib       | PCMPESTRM xmm1, xmm2/m128, imm8
66 REX.W 0F 3A 60 /r ib | PCMPESTRM64 xmm1, xmm2/m128, imm8 | V N.E.
66 0F 3A 61 /r ib       | PCMPESTRI xmm1, xmm2/m128, imm8
66 REX.W 0F 3A 61 /r ib | PCMPESTRI64 xmm1, xmm2/m128, imm8 | V N.E.
66 0F 3A 62 /r ib       | PCMPISTRM xmm1, xmm2/m128, imm8
66 0F 3A 63 /r ib       | PCMPISTRI xmm1, xmm2/m128, imm8
`;

const AESNI = `
66 0F 38 DB /r    | AESIMC xmm1, xmm2/m128
66 0F 38 DC /r    | AESENC xmm1, xmm2/m128
66 0F 38 DD /r    | AESENCLAST xmm1, xmm2/m128
66 0F 38 DE /r    | AESDEC xmm1, xmm2/m128
66 0F 38 DF /r    | AESDECLAST xmm1, xmm2/m128
66 0F 3A DF /r ib | AESKEYGENASSIST xmm1, xmm2/m128, imm8
`;

const PCLMULQDQ = `
66 0F 3A 44 /r ib | PCLMULQDQ xmm1, xmm2/m128, imm8
`;

const SHA = `
NP 0F 38 C8 /r    | SHA1NEXTE xmm1, xmm2/m128
NP 0F 38 C9 /r    | SHA1MSG1 xmm1, xmm2/m128
NP 0F 38 CA /r    | SHA1MSG2 xmm1, xmm2/m128
NP 0F 38 CB /r    | SHA256RNDS2 xmm1, xmm2/m128, <XMM0>
NP 0F 38 CC /r    | SHA256MSG1 xmm1, xmm2/m128
NP 0F 38 CD /r    | SHA256MSG2 xmm1, xmm2/m128
NP 0F 3A CC /r ib | SHA1RNDS4 xmm1, xmm2/m128, imm8
`;

const GFNI = `
66 0F 38 CF /r    | GF2P8MULB xmm1, xmm2/m128
66 0F 3A CE /r ib | GF2P8AFFINEQB xmm1, xmm2/m128, imm8
66 0F 3A CF /r ib | GF2P8AFFINEINVQB xmm1, xmm2/m128, imm8
`;

const XSAVE = `
NP 0F AE /4       | XSAVE mem
NP REX.W 0F AE /4 | XSAVE64 mem | V N.E.
NP 0F AE /5       | XRSTOR mem
NP REX.W 0F AE /5 | XRSTOR64 mem | V N.E.
NP 0F AE /6       | XSAVEOPT mem
NP REX.W 0F AE /6 | XSAVEOPT64 mem | V N.E.
NP 0F C7 /3       | XRSTORS mem
NP REX.W 0F C7 /3 | XRSTORS64 mem | V N.E.
NP 0F C7 /4       | XSAVEC mem
NP REX.W 0F C7 /4 | XSAVEC64 mem | V N.E.
NP 0F C7 /5       | XSAVES mem
NP REX.W 0F C7 /5 | XSAVES64 mem | V N.E.
`;

// VEX (C4 and C5) and EVEX stand for all instructions behind them: the decoder comes here with what is no form of ours.
const AVX = `
C5 | AVX    | V N.E.
62 | AVX512 | V N.E.
`;

export const NOT_IMPLEMENTED: readonly FormDefinition[] = [
  ...forms({ recipe: missing, size: 'none', feature: 'FPU' }, X87),
  ...forms({ recipe: missing, size: 'none', feature: 'SSE3' }, SSE3_X87),
  ...forms({ recipe: missing, size: 'none', feature: 'SSE4_2' }, SSE4_2),
  ...forms({ recipe: missing, size: 'none', feature: 'AESNI' }, AESNI),
  ...forms({ recipe: missing, size: 'none', feature: 'PCLMULQDQ' }, PCLMULQDQ),
  ...forms({ recipe: missing, size: 'none', feature: 'SHA' }, SHA),
  ...forms({ recipe: missing, size: 'none', feature: 'GFNI' }, GFNI),
  ...forms({ recipe: missing, size: 'none', feature: 'XSAVE' }, XSAVE),
  ...forms({ recipe: missing, size: 'none', feature: 'AVX' }, AVX),
];
