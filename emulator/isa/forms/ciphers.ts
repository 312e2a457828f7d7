/** AES, carry-less multiplication, SHA. Source: SDM Vol. 1, "AESNI and PCLMULQDQ", "Intel SHA Extensions". */
import type { FormDefinition } from '../form.js';
import { packed, packedByImmediate, packedFrom, packedFromByImmediate } from '../vector-recipes.js';

export const CIPHERS: readonly FormDefinition[] = [
  ...packedFrom(
    'AESNI',
    `
    66 0F 38 DB /r    | AESIMC xmm1, xmm2/m128
    `,
  ),
  ...packed(
    'AESNI',
    `
    66 0F 38 DC /r    | AESENC xmm1, xmm2/m128
    66 0F 38 DD /r    | AESENCLAST xmm1, xmm2/m128
    66 0F 38 DE /r    | AESDEC xmm1, xmm2/m128
    66 0F 38 DF /r    | AESDECLAST xmm1, xmm2/m128
    `,
  ),
  ...packedFromByImmediate(
    'AESNI',
    `
    66 0F 3A DF /r ib | AESKEYGENASSIST xmm1, xmm2/m128, imm8
    `,
  ),
  ...packedByImmediate(
    'PCLMULQDQ',
    `
    66 0F 3A 44 /r ib | PCLMULQDQ xmm1, xmm2/m128, imm8
    `,
  ),
  ...packed(
    'SHA',
    `
    NP 0F 38 C8 /r    | SHA1NEXTE xmm1, xmm2/m128
    NP 0F 38 C9 /r    | SHA1MSG1 xmm1, xmm2/m128
    NP 0F 38 CA /r    | SHA1MSG2 xmm1, xmm2/m128
    NP 0F 38 CB /r    | SHA256RNDS2 xmm1, xmm2/m128, <XMM0>
    NP 0F 38 CC /r    | SHA256MSG1 xmm1, xmm2/m128
    NP 0F 38 CD /r    | SHA256MSG2 xmm1, xmm2/m128
    `,
  ),
  ...packedByImmediate(
    'SHA',
    `
    NP 0F 3A CC /r ib | SHA1RNDS4 xmm1, xmm2/m128, imm8
    `,
  ),
];
