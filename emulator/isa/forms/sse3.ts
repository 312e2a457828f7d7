/** SSE3. Source: SDM Vol. 1, "SSE3 Instructions". */
import type { FormDefinition } from '../form.js';
import { packed, packedFrom, unalignedMoves } from '../vector-recipes.js';

export const SSE3: readonly FormDefinition[] = [
  ...packed(
    'SSE3',
    `
    66 0F 7C /r | HADDPD xmm1, xmm2/m128
    F2 0F 7C /r | HADDPS xmm1, xmm2/m128
    66 0F 7D /r | HSUBPD xmm1, xmm2/m128
    F2 0F 7D /r | HSUBPS xmm1, xmm2/m128
    66 0F D0 /r | ADDSUBPD xmm1, xmm2/m128
    F2 0F D0 /r | ADDSUBPS xmm1, xmm2/m128
    `,
  ),
  ...packedFrom(
    'SSE3',
    `
    F3 0F 12 /r | MOVSLDUP xmm1, xmm2/m128
    F2 0F 12 /r | MOVDDUP xmm1, xmm2/m64
    F3 0F 16 /r | MOVSHDUP xmm1, xmm2/m128
    `,
  ),
  ...unalignedMoves(
    'SSE3',
    `
    F2 0F F0 /r | LDDQU xmm1, m128
    `,
  ),
];
