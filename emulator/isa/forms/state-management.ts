/** State of x87 and SSE as a whole. Source: SDM Vol. 1, "x87 FPU and SIMD State Management Instructions", "MXCSR State Management Instructions". */
import { type FormDefinition, forms } from '../form.js';
import { doorOnAddress, doorUop, recipe } from '../recipe-builders.js';
import { Door } from '../uop.js';

const loadMxcsr = recipe('r', () => [doorUop(Door.Ldmxcsr, { a: 'o0' })]);
const storeMxcsr = recipe('w', () => [doorUop(Door.Stmxcsr, { dst: 'o0' })]);

const WIDE = (): { constant: number } => ({ constant: 1 << 16 });

export const STATE_MANAGEMENT: readonly FormDefinition[] = [
  ...forms(
    { recipe: doorOnAddress(Door.Fxsave, 'w'), feature: 'FXSR', size: 'none' },
    'NP 0F AE /0 | FXSAVE m512byte',
  ),
  ...forms(
    { recipe: doorOnAddress(Door.Fxsave, 'w', WIDE), feature: 'FXSR' },
    'NP REX.W 0F AE /0 | FXSAVE64 m512byte',
  ),
  ...forms(
    { recipe: doorOnAddress(Door.Fxrstor, 'r'), feature: 'FXSR', size: 'none' },
    'NP 0F AE /1 | FXRSTOR m512byte',
  ),
  ...forms(
    { recipe: doorOnAddress(Door.Fxrstor, 'r', WIDE), feature: 'FXSR' },
    'NP REX.W 0F AE /1 | FXRSTOR64 m512byte',
  ),
  ...forms(
    { recipe: loadMxcsr, feature: 'SSE', size: 'none', requires: 'SSE' },
    'NP 0F AE /2 | LDMXCSR m32',
  ),
  ...forms(
    { recipe: storeMxcsr, feature: 'SSE', size: 'none', requires: 'SSE' },
    'NP 0F AE /3 | STMXCSR m32',
  ),
];
