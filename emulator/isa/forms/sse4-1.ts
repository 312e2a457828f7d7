/** SSE4.1. Source: SDM Vol. 1, "SSE4.1 Instructions". */
import type { FormDefinition } from '../form.js';
import {
  bitTests,
  elementInsertions,
  extractions,
  insertions,
  moves,
  packed,
  packedByImmediate,
  packedFrom,
} from '../vector-recipes.js';

export const SSE4_1: readonly FormDefinition[] = [
  ...bitTests(
    'SSE4_1',
    `
    66 0F 38 17 /r          | PTEST xmm1, xmm2/m128
    `,
  ),
  ...moves(
    'SSE4_1',
    `
    66 0F 38 2A /r          | MOVNTDQA xmm1, m128
    `,
  ),
  ...packedFrom(
    'SSE4_1',
    `
    66 0F 38 20 /r          | PMOVSXBW xmm1, xmm2/m64
    66 0F 38 21 /r          | PMOVSXBD xmm1, xmm2/m32
    66 0F 38 22 /r          | PMOVSXBQ xmm1, xmm2/m16
    66 0F 38 23 /r          | PMOVSXWD xmm1, xmm2/m64
    66 0F 38 24 /r          | PMOVSXWQ xmm1, xmm2/m32
    66 0F 38 25 /r          | PMOVSXDQ xmm1, xmm2/m64
    66 0F 38 30 /r          | PMOVZXBW xmm1, xmm2/m64
    66 0F 38 31 /r          | PMOVZXBD xmm1, xmm2/m32
    66 0F 38 32 /r          | PMOVZXBQ xmm1, xmm2/m16
    66 0F 38 33 /r          | PMOVZXWD xmm1, xmm2/m64
    66 0F 38 34 /r          | PMOVZXWQ xmm1, xmm2/m32
    66 0F 38 35 /r          | PMOVZXDQ xmm1, xmm2/m64
    66 0F 38 41 /r          | PHMINPOSUW xmm1, xmm2/m128
    `,
  ),
  ...packed(
    'SSE4_1',
    `
    66 0F 38 10 /r          | PBLENDVB xmm1, xmm2/m128, <XMM0>
    66 0F 38 14 /r          | BLENDVPS xmm1, xmm2/m128, <XMM0>
    66 0F 38 15 /r          | BLENDVPD xmm1, xmm2/m128, <XMM0>
    `,
  ),
  ...packedByImmediate(
    'SSE4_1',
    `
    66 0F 3A 0A /r ib       | ROUNDSS xmm1, xmm2/m32, imm8
    66 0F 3A 0B /r ib       | ROUNDSD xmm1, xmm2/m64, imm8
    `,
  ),
  ...packedByImmediate(
    'SSE4_1',
    `
    66 0F 3A 08 /r ib       | ROUNDPS xmm1, xmm2/m128, imm8
    66 0F 3A 09 /r ib       | ROUNDPD xmm1, xmm2/m128, imm8
    `,
  ),
  ...packedByImmediate(
    'SSE4_1',
    `
    66 0F 3A 0C /r ib       | BLENDPS xmm1, xmm2/m128, imm8
    66 0F 3A 0D /r ib       | BLENDPD xmm1, xmm2/m128, imm8
    66 0F 3A 0E /r ib       | PBLENDW xmm1, xmm2/m128, imm8
    66 0F 3A 40 /r ib       | DPPS xmm1, xmm2/m128, imm8
    66 0F 3A 41 /r ib       | DPPD xmm1, xmm2/m128, imm8
    66 0F 3A 42 /r ib       | MPSADBW xmm1, xmm2/m128, imm8
    `,
  ),
  ...extractions(
    'SSE4_1',
    `
    66 0F 3A 14 /r ib       | PEXTRB r32/m8, xmm2, imm8
    66 REX.W 0F 3A 14 /r ib | PEXTRB r64/m8, xmm2, imm8 | V N.E.
    66 0F 3A 15 /r ib       | PEXTRW r32/m16, xmm, imm8
    66 REX.W 0F 3A 15 /r ib | PEXTRW r64/m16, xmm, imm8 | V N.E.
    66 0F 3A 16 /r ib       | PEXTRD r/m32, xmm2, imm8
    66 REX.W 0F 3A 16 /r ib | PEXTRQ r/m64, xmm2, imm8 | V N.E.
    66 0F 3A 17 /r ib       | EXTRACTPS r/m32, xmm1, imm8
    66 REX.W 0F 3A 17 /r ib | EXTRACTPS r64/m32, xmm1, imm8 | V N.E.
    `,
  ),
  ...insertions(
    'SSE4_1',
    `
    66 0F 3A 20 /r ib       | PINSRB xmm1, r32/m8, imm8
    66 REX.W 0F 3A 20 /r ib | PINSRB xmm1, r64/m8, imm8 | V N.E.
    66 0F 3A 22 /r ib       | PINSRD xmm1, r/m32, imm8
    66 REX.W 0F 3A 22 /r ib | PINSRQ xmm1, r/m64, imm8 | V N.E.
    `,
  ),
  ...elementInsertions(
    'SSE4_1',
    `
    66 0F 3A 21 /r ib       | INSERTPS xmm1, xmm2/m32, imm8
    `,
  ),
  ...packed(
    'SSE4_1',
    `
    66 0F 38 28 /r          | PMULDQ xmm1, xmm2/m128
    66 0F 38 29 /r          | PCMPEQQ xmm1, xmm2/m128
    66 0F 38 2B /r          | PACKUSDW xmm1, xmm2/m128
    66 0F 38 38 /r          | PMINSB xmm1, xmm2/m128
    66 0F 38 39 /r          | PMINSD xmm1, xmm2/m128
    66 0F 38 3A /r          | PMINUW xmm1, xmm2/m128
    66 0F 38 3B /r          | PMINUD xmm1, xmm2/m128
    66 0F 38 3C /r          | PMAXSB xmm1, xmm2/m128
    66 0F 38 3D /r          | PMAXSD xmm1, xmm2/m128
    66 0F 38 3E /r          | PMAXUW xmm1, xmm2/m128
    66 0F 38 3F /r          | PMAXUD xmm1, xmm2/m128
    66 0F 38 40 /r          | PMULLD xmm1, xmm2/m128
    `,
  ),
];
