/** SSE2: 128-bit integers, and moves between XMM and general-purpose registers. Source: SDM Vol. 1, "SSE2 128-Bit SIMD Integer Instructions". */
import { forms, type FormDefinition } from '../form.js';
import { recipe } from '../recipe-builders.js';
import { sized } from '../recipe.js';
import {
  extractions,
  insertions,
  maskMoves,
  packed,
  packedFromByImmediate,
  quadwordMoves,
  registerMoves,
  signMasks,
} from '../vector-recipes.js';

const storeOfRegister = recipe('w r', ({ operands }) => [
  { op: sized('Mov', operands[1]?.bits ?? 0), dst: 'o0', a: 'o1' },
]);

export const SSE2_INTEGER: readonly FormDefinition[] = [
  ...registerMoves(
    'SSE2',
    `
    66 0F 6E /r                   | MOVD xmm, r/m32
    66 REX.W 0F 6E /r             | MOVQ xmm, r/m64 | V N.E.
    66 0F 7E /r                   | MOVD r/m32, xmm
    66 REX.W 0F 7E /r             | MOVQ r/m64, xmm | V N.E.
    `,
  ),
  ...quadwordMoves(
    'SSE2',
    `
    F3 0F 7E /r                   | MOVQ xmm1, xmm2/m64
    66 0F D6 /r                   | MOVQ xmm2/m64, xmm1
    `,
  ),
  ...signMasks(
    'SSE2',
    `
    66 0F D7 /r (mod=11)          | PMOVMSKB r32, xmm
    66 REX.W 0F D7 /r (mod=11)    | PMOVMSKB r64, xmm | V N.E.
    `,
  ),
  ...extractions(
    'SSE2',
    `
    66 0F C5 /r (mod=11) ib       | PEXTRW r32, xmm, imm8
    66 REX.W 0F C5 /r (mod=11) ib | PEXTRW r64, xmm, imm8 | V N.E.
    `,
  ),
  ...insertions(
    'SSE2',
    `
    66 0F C4 /r ib                | PINSRW xmm, r32/m16, imm8
    66 REX.W 0F C4 /r ib          | PINSRW xmm, r64/m16, imm8 | V N.E.
    `,
  ),
  ...maskMoves(
    'SSE2',
    `
    66 0F F7 /r (mod=11)          | MASKMOVDQU xmm1, xmm2
    `,
  ),
  // Of general-purpose registers: what enables SSE has no part in it. [SDM-3A, "Checking for … Extension Support"]
  ...forms(
    { recipe: storeOfRegister, size: 'none', feature: 'SSE2' },
    `
    NP 0F C3 /r                   | MOVNTI m32, r32
    NP REX.W 0F C3 /r             | MOVNTI m64, r64 | V N.E.
    `,
  ),
  ...packedFromByImmediate(
    'SSE2',
    `
    66 0F 70 /r ib                | PSHUFD xmm1, xmm2/m128, imm8
    F3 0F 70 /r ib                | PSHUFHW xmm1, xmm2/m128, imm8
    F2 0F 70 /r ib                | PSHUFLW xmm1, xmm2/m128, imm8
    `,
  ),
  ...packed(
    'SSE2',
    `
    66 0F 60 /r                   | PUNPCKLBW xmm1, xmm2/m128
    66 0F 61 /r                   | PUNPCKLWD xmm1, xmm2/m128
    66 0F 62 /r                   | PUNPCKLDQ xmm1, xmm2/m128
    66 0F 63 /r                   | PACKSSWB xmm1, xmm2/m128
    66 0F 64 /r                   | PCMPGTB xmm1, xmm2/m128
    66 0F 65 /r                   | PCMPGTW xmm1, xmm2/m128
    66 0F 66 /r                   | PCMPGTD xmm1, xmm2/m128
    66 0F 67 /r                   | PACKUSWB xmm1, xmm2/m128
    66 0F 68 /r                   | PUNPCKHBW xmm1, xmm2/m128
    66 0F 69 /r                   | PUNPCKHWD xmm1, xmm2/m128
    66 0F 6A /r                   | PUNPCKHDQ xmm1, xmm2/m128
    66 0F 6B /r                   | PACKSSDW xmm1, xmm2/m128
    66 0F 6C /r                   | PUNPCKLQDQ xmm1, xmm2/m128
    66 0F 6D /r                   | PUNPCKHQDQ xmm1, xmm2/m128
    66 0F 71 /2 (mod=11) ib       | PSRLW xmm1, imm8
    66 0F 71 /4 (mod=11) ib       | PSRAW xmm1, imm8
    66 0F 71 /6 (mod=11) ib       | PSLLW xmm1, imm8
    66 0F 72 /2 (mod=11) ib       | PSRLD xmm1, imm8
    66 0F 72 /4 (mod=11) ib       | PSRAD xmm1, imm8
    66 0F 72 /6 (mod=11) ib       | PSLLD xmm1, imm8
    66 0F 73 /2 (mod=11) ib       | PSRLQ xmm1, imm8
    66 0F 73 /3 (mod=11) ib       | PSRLDQ xmm1, imm8
    66 0F 73 /6 (mod=11) ib       | PSLLQ xmm1, imm8
    66 0F 73 /7 (mod=11) ib       | PSLLDQ xmm1, imm8
    66 0F 74 /r                   | PCMPEQB xmm1, xmm2/m128
    66 0F 75 /r                   | PCMPEQW xmm1, xmm2/m128
    66 0F 76 /r                   | PCMPEQD xmm1, xmm2/m128
    66 0F D1 /r                   | PSRLW xmm1, xmm2/m128
    66 0F D2 /r                   | PSRLD xmm1, xmm2/m128
    66 0F D3 /r                   | PSRLQ xmm1, xmm2/m128
    66 0F D4 /r                   | PADDQ xmm1, xmm2/m128
    66 0F D5 /r                   | PMULLW xmm1, xmm2/m128
    66 0F D8 /r                   | PSUBUSB xmm1, xmm2/m128
    66 0F D9 /r                   | PSUBUSW xmm1, xmm2/m128
    66 0F DA /r                   | PMINUB xmm1, xmm2/m128
    66 0F DB /r                   | PAND xmm1, xmm2/m128
    66 0F DC /r                   | PADDUSB xmm1, xmm2/m128
    66 0F DD /r                   | PADDUSW xmm1, xmm2/m128
    66 0F DE /r                   | PMAXUB xmm1, xmm2/m128
    66 0F DF /r                   | PANDN xmm1, xmm2/m128
    66 0F E0 /r                   | PAVGB xmm1, xmm2/m128
    66 0F E1 /r                   | PSRAW xmm1, xmm2/m128
    66 0F E2 /r                   | PSRAD xmm1, xmm2/m128
    66 0F E3 /r                   | PAVGW xmm1, xmm2/m128
    66 0F E4 /r                   | PMULHUW xmm1, xmm2/m128
    66 0F E5 /r                   | PMULHW xmm1, xmm2/m128
    66 0F E8 /r                   | PSUBSB xmm1, xmm2/m128
    66 0F E9 /r                   | PSUBSW xmm1, xmm2/m128
    66 0F EA /r                   | PMINSW xmm1, xmm2/m128
    66 0F EB /r                   | POR xmm1, xmm2/m128
    66 0F EC /r                   | PADDSB xmm1, xmm2/m128
    66 0F ED /r                   | PADDSW xmm1, xmm2/m128
    66 0F EE /r                   | PMAXSW xmm1, xmm2/m128
    66 0F EF /r                   | PXOR xmm1, xmm2/m128
    66 0F F1 /r                   | PSLLW xmm1, xmm2/m128
    66 0F F2 /r                   | PSLLD xmm1, xmm2/m128
    66 0F F3 /r                   | PSLLQ xmm1, xmm2/m128
    66 0F F4 /r                   | PMULUDQ xmm1, xmm2/m128
    66 0F F5 /r                   | PMADDWD xmm1, xmm2/m128
    66 0F F6 /r                   | PSADBW xmm1, xmm2/m128
    66 0F F8 /r                   | PSUBB xmm1, xmm2/m128
    66 0F F9 /r                   | PSUBW xmm1, xmm2/m128
    66 0F FA /r                   | PSUBD xmm1, xmm2/m128
    66 0F FB /r                   | PSUBQ xmm1, xmm2/m128
    66 0F FC /r                   | PADDB xmm1, xmm2/m128
    66 0F FD /r                   | PADDW xmm1, xmm2/m128
    66 0F FE /r                   | PADDD xmm1, xmm2/m128
    `,
  ),
];
