/** Instructions on MMX registers, of MMX, SSE, SSE2 and SSSE3. Source: SDM Vol. 1, "MMX Instructions", "SSE 64-Bit SIMD Integer
 * Instructions". */
import type { FormDefinition } from '../form.js';
import { mmx } from '../mmx-recipes.js';

export const MMX: readonly FormDefinition[] = [
  ...mmx(
    'MMX',
    `
    NP 0F 60 /r             | PUNPCKLBW mm, mm/m32
    NP 0F 61 /r             | PUNPCKLWD mm, mm/m32
    NP 0F 62 /r             | PUNPCKLDQ mm, mm/m32
    NP 0F 63 /r             | PACKSSWB mm1, mm2/m64
    NP 0F 64 /r             | PCMPGTB mm, mm/m64
    NP 0F 65 /r             | PCMPGTW mm, mm/m64
    NP 0F 66 /r             | PCMPGTD mm, mm/m64
    NP 0F 67 /r             | PACKUSWB mm, mm/m64
    NP 0F 68 /r             | PUNPCKHBW mm, mm/m64
    NP 0F 69 /r             | PUNPCKHWD mm, mm/m64
    NP 0F 6A /r             | PUNPCKHDQ mm, mm/m64
    NP 0F 6B /r             | PACKSSDW mm1, mm2/m64
    NP 0F 6E /r             | MOVD mm, r/m32
    NP REX.W 0F 6E /r       | MOVQ mm, r/m64 | V N.E.
    NP 0F 6F /r             | MOVQ mm, mm/m64
    NP 0F 71 /2 (mod=11) ib | PSRLW mm, imm8
    NP 0F 71 /4 (mod=11) ib | PSRAW mm, imm8
    NP 0F 71 /6 (mod=11) ib | PSLLW mm1, imm8
    NP 0F 72 /2 (mod=11) ib | PSRLD mm, imm8
    NP 0F 72 /4 (mod=11) ib | PSRAD mm, imm8
    NP 0F 72 /6 (mod=11) ib | PSLLD mm, imm8
    NP 0F 73 /2 (mod=11) ib | PSRLQ mm, imm8
    NP 0F 73 /6 (mod=11) ib | PSLLQ mm, imm8
    NP 0F 74 /r             | PCMPEQB mm, mm/m64
    NP 0F 75 /r             | PCMPEQW mm, mm/m64
    NP 0F 76 /r             | PCMPEQD mm, mm/m64
    NP 0F 77                | EMMS
    NP 0F 7E /r             | MOVD r/m32, mm
    NP REX.W 0F 7E /r       | MOVQ r/m64, mm | V N.E.
    NP 0F 7F /r             | MOVQ mm/m64, mm
    NP 0F D1 /r             | PSRLW mm, mm/m64
    NP 0F D2 /r             | PSRLD mm, mm/m64
    NP 0F D3 /r             | PSRLQ mm, mm/m64
    NP 0F D4 /r             | PADDQ mm, mm/m64
    NP 0F D5 /r             | PMULLW mm, mm/m64
    NP 0F D8 /r             | PSUBUSB mm, mm/m64
    NP 0F D9 /r             | PSUBUSW mm, mm/m64
    NP 0F DB /r             | PAND mm, mm/m64
    NP 0F DC /r             | PADDUSB mm, mm/m64
    NP 0F DD /r             | PADDUSW mm, mm/m64
    NP 0F DF /r             | PANDN mm, mm/m64
    NP 0F E1 /r             | PSRAW mm, mm/m64
    NP 0F E2 /r             | PSRAD mm, mm/m64
    NP 0F E5 /r             | PMULHW mm, mm/m64
    NP 0F E8 /r             | PSUBSB mm, mm/m64
    NP 0F E9 /r             | PSUBSW mm, mm/m64
    NP 0F EB /r             | POR mm, mm/m64
    NP 0F EC /r             | PADDSB mm, mm/m64
    NP 0F ED /r             | PADDSW mm, mm/m64
    NP 0F EF /r             | PXOR mm, mm/m64
    NP 0F F1 /r             | PSLLW mm, mm/m64
    NP 0F F2 /r             | PSLLD mm, mm/m64
    NP 0F F3 /r             | PSLLQ mm, mm/m64
    NP 0F F5 /r             | PMADDWD mm, mm/m64
    NP 0F F8 /r             | PSUBB mm, mm/m64
    NP 0F F9 /r             | PSUBW mm, mm/m64
    NP 0F FA /r             | PSUBD mm, mm/m64
    NP 0F FC /r             | PADDB mm, mm/m64
    NP 0F FD /r             | PADDW mm, mm/m64
    NP 0F FE /r             | PADDD mm, mm/m64
    `,
  ),
  ...mmx(
    'SSE',
    `
    NP 0F 2A /r                   | CVTPI2PS xmm, mm/m64
    NP 0F 2C /r                   | CVTTPS2PI mm, xmm/m64
    NP 0F 2D /r                   | CVTPS2PI mm, xmm/m64
    NP 0F 70 /r ib                | PSHUFW mm1, mm2/m64, imm8
    NP 0F C4 /r ib                | PINSRW mm, r32/m16, imm8
    NP REX.W 0F C4 /r ib          | PINSRW mm, r64/m16, imm8 | V N.E.
    NP 0F C5 /r (mod=11) ib       | PEXTRW r32, mm, imm8
    NP REX.W 0F C5 /r (mod=11) ib | PEXTRW r64, mm, imm8 | V N.E.
    NP 0F D7 /r (mod=11)          | PMOVMSKB r32, mm
    NP REX.W 0F D7 /r (mod=11)    | PMOVMSKB r64, mm | V N.E.
    NP 0F DA /r                   | PMINUB mm1, mm2/m64
    NP 0F DE /r                   | PMAXUB mm1, mm2/m64
    NP 0F E0 /r                   | PAVGB mm1, mm2/m64
    NP 0F E3 /r                   | PAVGW mm1, mm2/m64
    NP 0F E4 /r                   | PMULHUW mm1, mm2/m64
    NP 0F E7 /r                   | MOVNTQ m64, mm
    NP 0F EA /r                   | PMINSW mm1, mm2/m64
    NP 0F EE /r                   | PMAXSW mm1, mm2/m64
    NP 0F F6 /r                   | PSADBW mm1, mm2/m64
    NP 0F F7 /r (mod=11)          | MASKMOVQ mm1, mm2
    `,
  ),
  ...mmx(
    'SSE2',
    `
    66 0F 2A /r                   | CVTPI2PD xmm, mm/m64
    66 0F 2C /r                   | CVTTPD2PI mm, xmm/m128
    66 0F 2D /r                   | CVTPD2PI mm, xmm/m128
    F3 0F D6 /r (mod=11)          | MOVQ2DQ xmm, mm
    F2 0F D6 /r (mod=11)          | MOVDQ2Q mm, xmm
    NP 0F F4 /r                   | PMULUDQ mm1, mm2/m64
    NP 0F FB /r                   | PSUBQ mm1, mm2/m64
    `,
  ),
  ...mmx(
    'SSSE3',
    `
    NP 0F 38 00 /r    | PSHUFB mm1, mm2/m64
    NP 0F 38 01 /r    | PHADDW mm1, mm2/m64
    NP 0F 38 02 /r    | PHADDD mm1, mm2/m64
    NP 0F 38 03 /r    | PHADDSW mm1, mm2/m64
    NP 0F 38 04 /r    | PMADDUBSW mm1, mm2/m64
    NP 0F 38 05 /r    | PHSUBW mm1, mm2/m64
    NP 0F 38 06 /r    | PHSUBD mm1, mm2/m64
    NP 0F 38 07 /r    | PHSUBSW mm1, mm2/m64
    NP 0F 38 08 /r    | PSIGNB mm1, mm2/m64
    NP 0F 38 09 /r    | PSIGNW mm1, mm2/m64
    NP 0F 38 0A /r    | PSIGND mm1, mm2/m64
    NP 0F 38 0B /r    | PMULHRSW mm1, mm2/m64
    NP 0F 38 1C /r    | PABSB mm1, mm2/m64
    NP 0F 38 1D /r    | PABSW mm1, mm2/m64
    NP 0F 38 1E /r    | PABSD mm1, mm2/m64
    NP 0F 3A 0F /r ib | PALIGNR mm1, mm2/m64, imm8
    `,
  ),
];
