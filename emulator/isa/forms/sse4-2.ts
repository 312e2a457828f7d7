/** SSE4.2. Source: SDM Vol. 1, "SSE4.2 Instruction Set". */
import type { FormDefinition } from '../form.js';
import { packed, stringComparisons } from '../vector-recipes.js';

export const SSE4_2: readonly FormDefinition[] = [
  ...packed(
    'SSE4_2',
    `
    66 0F 38 37 /r          | PCMPGTQ xmm1, xmm2/m128
    `,
  ),
  ...stringComparisons(
    'SSE4_2',
    `
    66 0F 3A 60 /r ib       | PCMPESTRM xmm1, xmm2/m128, imm8
    66 REX.W 0F 3A 60 /r ib | PCMPESTRM64 xmm1, xmm2/m128, imm8 | V N.E.
    66 0F 3A 61 /r ib       | PCMPESTRI xmm1, xmm2/m128, imm8
    66 REX.W 0F 3A 61 /r ib | PCMPESTRI64 xmm1, xmm2/m128, imm8 | V N.E.
    66 0F 3A 62 /r ib       | PCMPISTRM xmm1, xmm2/m128, imm8
    66 0F 3A 63 /r ib       | PCMPISTRI xmm1, xmm2/m128, imm8
    `,
  ),
];
