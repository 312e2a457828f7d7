/** SSSE3. Source: SDM Vol. 1, "Supplemental Streaming SIMD Extensions 3 (SSSE3) Instructions". */
import type { FormDefinition } from '../form.js';
import { packed, packedByImmediate, packedFrom } from '../vector-recipes.js';

export const SSSE3: readonly FormDefinition[] = [
  ...packedFrom(
    'SSSE3',
    `
    66 0F 38 1C /r    | PABSB xmm1, xmm2/m128
    66 0F 38 1D /r    | PABSW xmm1, xmm2/m128
    66 0F 38 1E /r    | PABSD xmm1, xmm2/m128
    `,
  ),
  ...packedByImmediate(
    'SSSE3',
    `
    66 0F 3A 0F /r ib | PALIGNR xmm1, xmm2/m128, imm8
    `,
  ),
  ...packed(
    'SSSE3',
    `
    66 0F 38 00 /r    | PSHUFB xmm1, xmm2/m128
    66 0F 38 01 /r    | PHADDW xmm1, xmm2/m128
    66 0F 38 02 /r    | PHADDD xmm1, xmm2/m128
    66 0F 38 03 /r    | PHADDSW xmm1, xmm2/m128
    66 0F 38 04 /r    | PMADDUBSW xmm1, xmm2/m128
    66 0F 38 05 /r    | PHSUBW xmm1, xmm2/m128
    66 0F 38 06 /r    | PHSUBD xmm1, xmm2/m128
    66 0F 38 07 /r    | PHSUBSW xmm1, xmm2/m128
    66 0F 38 08 /r    | PSIGNB xmm1, xmm2/m128
    66 0F 38 09 /r    | PSIGNW xmm1, xmm2/m128
    66 0F 38 0A /r    | PSIGND xmm1, xmm2/m128
    66 0F 38 0B /r    | PMULHRSW xmm1, xmm2/m128
    `,
  ),
];
