/** State of x87 and SSE as a whole. Source: SDM Vol. 1, "x87 FPU and SIMD State Management Instructions", "MXCSR State Management Instructions". */
import { type FormDefinition, forms } from '../form.js';
import { doorOnAddress, doorUop, recipe } from '../recipe-builders.js';
import { Door } from '../uop.js';

const loadMxcsr = recipe('r', () => [doorUop(Door.Ldmxcsr, { a: 'o0' })]);
const storeMxcsr = recipe('w', () => [doorUop(Door.Stmxcsr, { dst: 'o0' })]);

const WIDE = (): { constant: number } => ({ constant: 1 << 16 });

/** The lines without and with REX.W, which differ in selectors that this processor does not keep. */
function xsaveForms(
  name: Exclude<Door, Door.Count>,
  access: 'r' | 'w',
  line: string,
  lineWide: string,
): FormDefinition[] {
  const recipe = doorOnAddress(name, access);
  return [
    ...forms({ recipe, feature: 'XSAVE', size: 'none' }, line),
    ...forms({ recipe, feature: 'XSAVE' }, lineWide),
  ];
}

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
  ...xsaveForms(Door.Xsave, 'w', 'NP 0F AE /4 | XSAVE mem', 'NP REX.W 0F AE /4 | XSAVE64 mem'),
  ...xsaveForms(Door.Xrstor, 'r', 'NP 0F AE /5 | XRSTOR mem', 'NP REX.W 0F AE /5 | XRSTOR64 mem'),
  ...xsaveForms(
    Door.Xsaveopt,
    'w',
    'NP 0F AE /6 | XSAVEOPT mem',
    'NP REX.W 0F AE /6 | XSAVEOPT64 mem',
  ),
  ...xsaveForms(
    Door.Xrstors,
    'r',
    'NP 0F C7 /3 | XRSTORS mem',
    'NP REX.W 0F C7 /3 | XRSTORS64 mem',
  ),
  ...xsaveForms(Door.Xsavec, 'w', 'NP 0F C7 /4 | XSAVEC mem', 'NP REX.W 0F C7 /4 | XSAVEC64 mem'),
  ...xsaveForms(Door.Xsaves, 'w', 'NP 0F C7 /5 | XSAVES mem', 'NP REX.W 0F C7 /5 | XSAVES64 mem'),
];
