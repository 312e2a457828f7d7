/** SSE2: double-precision values, and conversions between them, single-precision values and doublewords. Source: SDM Vol. 1, "SSE2 Instructions". */
import type { FormDefinition } from '../form.js';
import {
  comparisons,
  conversions,
  conversionsToRegister,
  halfMoves,
  moves,
  packed,
  packedByImmediate,
  packedFrom,
  scalarMoves,
  signMasks,
  unalignedMoves,
} from '../vector-recipes.js';

export const SSE2: readonly FormDefinition[] = [
  ...moves(
    'SSE2',
    `
    66 0F 28 /r                   | MOVAPD xmm1, xmm2/m128
    66 0F 29 /r                   | MOVAPD xmm2/m128, xmm1
    66 0F 2B /r                   | MOVNTPD m128, xmm1
    66 0F 6F /r                   | MOVDQA xmm1, xmm2/m128
    66 0F 7F /r                   | MOVDQA xmm2/m128, xmm1
    66 0F E7 /r                   | MOVNTDQ m128, xmm1
    `,
  ),
  ...unalignedMoves(
    'SSE2',
    `
    66 0F 10 /r                   | MOVUPD xmm1, xmm2/m128
    66 0F 11 /r                   | MOVUPD xmm2/m128, xmm1
    F3 0F 6F /r                   | MOVDQU xmm1, xmm2/m128
    F3 0F 7F /r                   | MOVDQU xmm2/m128, xmm1
    `,
  ),
  ...scalarMoves(
    'SSE2',
    `
    F2 0F 10 /r                   | MOVSD xmm1, xmm2/m64
    F2 0F 11 /r                   | MOVSD xmm1/m64, xmm2
    `,
  ),
  ...halfMoves(
    'SSE2',
    `
    66 0F 12 /r                   | MOVLPD xmm1, m64
    66 0F 13 /r                   | MOVLPD m64, xmm1
    66 0F 16 /r                   | MOVHPD xmm1, m64
    66 0F 17 /r                   | MOVHPD m64, xmm1
    `,
  ),
  ...signMasks(
    'SSE2',
    `
    66 0F 50 /r (mod=11)          | MOVMSKPD r32, xmm
    66 REX.W 0F 50 /r (mod=11)    | MOVMSKPD r64, xmm | V N.E.
    `,
  ),
  ...packed(
    'SSE2',
    `
    66 0F 58 /r                   | ADDPD xmm1, xmm2/m128
    F2 0F 58 /r                   | ADDSD xmm1, xmm2/m64
    66 0F 59 /r                   | MULPD xmm1, xmm2/m128
    F2 0F 59 /r                   | MULSD xmm1, xmm2/m64
    66 0F 5C /r                   | SUBPD xmm1, xmm2/m128
    F2 0F 5C /r                   | SUBSD xmm1, xmm2/m64
    66 0F 5D /r                   | MINPD xmm1, xmm2/m128
    F2 0F 5D /r                   | MINSD xmm1, xmm2/m64
    66 0F 5E /r                   | DIVPD xmm1, xmm2/m128
    F2 0F 5E /r                   | DIVSD xmm1, xmm2/m64
    66 0F 5F /r                   | MAXPD xmm1, xmm2/m128
    F2 0F 5F /r                   | MAXSD xmm1, xmm2/m64
    `,
  ),
  ...packed(
    'SSE2',
    `
    F2 0F 51 /r                   | SQRTSD xmm1, xmm2/m64
    `,
  ),
  ...packedFrom(
    'SSE2',
    `
    66 0F 51 /r                   | SQRTPD xmm1, xmm2/m128
    `,
  ),
  ...packedByImmediate(
    'SSE2',
    `
    66 0F C2 /r ib                | CMPPD xmm1, xmm2/m128, imm8
    F2 0F C2 /r ib                | CMPSD xmm1, xmm2/m64, imm8
    `,
  ),
  ...comparisons(
    'SSE2',
    `
    66 0F 2E /r                   | UCOMISD xmm1, xmm2/m64
    66 0F 2F /r                   | COMISD xmm1, xmm2/m64
    `,
  ),
  ...packed(
    'SSE2',
    `
    66 0F 54 /r                   | ANDPD xmm1, xmm2/m128
    66 0F 55 /r                   | ANDNPD xmm1, xmm2/m128
    66 0F 56 /r                   | ORPD xmm1, xmm2/m128
    66 0F 57 /r                   | XORPD xmm1, xmm2/m128
    `,
  ),
  ...packedByImmediate(
    'SSE2',
    `
    66 0F C6 /r ib                | SHUFPD xmm1, xmm2/m128, imm8
    `,
  ),
  ...packed(
    'SSE2',
    `
    66 0F 14 /r                   | UNPCKLPD xmm1, xmm2/m128
    66 0F 15 /r                   | UNPCKHPD xmm1, xmm2/m128
    `,
  ),
  ...conversions(
    'SSE2',
    `
    F2 0F 2A /r                   | CVTSI2SD xmm1, r/m32
    F2 REX.W 0F 2A /r             | CVTSI2SD xmm1, r/m64 | V N.E.
    F3 0F 5A /r                   | CVTSS2SD xmm1, xmm2/m32
    F2 0F 5A /r                   | CVTSD2SS xmm1, xmm2/m64
    `,
  ),
  ...conversionsToRegister(
    'SSE2',
    `
    F2 0F 2C /r                   | CVTTSD2SI r32, xmm1/m64
    F2 REX.W 0F 2C /r             | CVTTSD2SI r64, xmm1/m64 | V N.E.
    F2 0F 2D /r                   | CVTSD2SI r32, xmm1/m64
    F2 REX.W 0F 2D /r             | CVTSD2SI r64, xmm1/m64 | V N.E.
    `,
  ),
  ...packedFrom(
    'SSE2',
    `
    NP 0F 5A /r                   | CVTPS2PD xmm1, xmm2/m64
    66 0F 5A /r                   | CVTPD2PS xmm1, xmm2/m128
    NP 0F 5B /r                   | CVTDQ2PS xmm1, xmm2/m128
    66 0F 5B /r                   | CVTPS2DQ xmm1, xmm2/m128
    F3 0F 5B /r                   | CVTTPS2DQ xmm1, xmm2/m128
    66 0F E6 /r                   | CVTTPD2DQ xmm1, xmm2/m128
    F3 0F E6 /r                   | CVTDQ2PD xmm1, xmm2/m64
    F2 0F E6 /r                   | CVTPD2DQ xmm1, xmm2/m128
    `,
  ),
];
