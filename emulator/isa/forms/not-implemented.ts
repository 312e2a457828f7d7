/**
 * Instructions that the SDM defines and that have no recipe here. The decoder knows them, so that a run that meets one
 * stops and names it. Opcode lines of SDM Vol. 2, by the groups of Vol. 1.
 */
import { type FormDefinition, forms } from '../form.js';
import type { Recipe } from '../recipe.js';
import { Op } from '../uop.js';

const uops = (): [{ op: Op }] => [{ op: Op.Unimplemented }];
const missing: Recipe = { access: [], uops, memoryUops: uops, missing: true };

const GFNI = `
66 0F 38 CF /r    | GF2P8MULB xmm1, xmm2/m128
66 0F 3A CE /r ib | GF2P8AFFINEQB xmm1, xmm2/m128, imm8
66 0F 3A CF /r ib | GF2P8AFFINEINVQB xmm1, xmm2/m128, imm8
`;

// EVEX stands for all instructions behind it.
const AVX512 = `
62 | AVX512 | V N.E.
`;

export const NOT_IMPLEMENTED: readonly FormDefinition[] = [
  ...forms({ recipe: missing, size: 'none', feature: 'GFNI' }, GFNI),
  ...forms({ recipe: missing, size: 'none', feature: 'AVX512' }, AVX512),
];
