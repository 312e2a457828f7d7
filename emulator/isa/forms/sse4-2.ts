/** SSE4.2. Source: SDM Vol. 1, "SSE4.2 Instruction Set". */
import type { FormDefinition } from '../form.js';
import { packed } from '../vector-recipes.js';

export const SSE4_2: readonly FormDefinition[] = [
  ...packed(
    'SSE4_2',
    `
    66 0F 38 37 /r          | PCMPGTQ xmm1, xmm2/m128
    `,
  ),
];
