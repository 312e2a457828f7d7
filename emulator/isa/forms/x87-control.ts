/**
 * Control state of x87 and SSE: what a kernel without floating point needs to initialise and save it.
 * Source: SDM Vol. 1, "x87 FPU Control Instructions", "MXCSR State Management Instructions".
 */
import { type FormDefinition, forms } from '../form.js';
import { door, doorOnAddress, doorUop, recipe } from '../recipe-builders.js';
import { Door, Op } from '../uop.js';

const storeControlWord = recipe('w', () => [doorUop(Door.Fnstcw, { dst: 'o0' })]);
const storeStatusWord = recipe('w', () => [
  doorUop(Door.Fnstsw, { dst: 'T1' }),
  { op: Op.Mov16, dst: 'o0', a: 'T1' },
]);
const loadControlWord = recipe('r', () => [doorUop(Door.Fldcw, { a: 'o0' })]);
const loadMxcsr = recipe('r', () => [doorUop(Door.Ldmxcsr, { a: 'o0' })]);
const storeMxcsr = recipe('w', () => [doorUop(Door.Stmxcsr, { dst: 'o0' })]);

const WIDE = (): { constant: number } => ({ constant: 1 << 16 });

export const X87_CONTROL: readonly FormDefinition[] = [
  ...forms({ recipe: door(Door.Fninit), feature: 'FPU' }, 'DB E3 | FNINIT'),
  ...forms({ recipe: door(Door.Fnclex), feature: 'FPU' }, 'DB E2 | FNCLEX'),
  ...forms({ recipe: door(Door.Fwait), feature: 'FPU' }, '9B | FWAIT'),
  ...forms({ recipe: storeControlWord, feature: 'FPU', size: 'none' }, 'D9 /7 | FNSTCW m2byte'),
  ...forms({ recipe: loadControlWord, feature: 'FPU', size: 'none' }, 'D9 /5 | FLDCW m2byte'),
  ...forms({ recipe: storeStatusWord, feature: 'FPU', size: 'none' }, 'DD /7 | FNSTSW m2byte'),
  ...forms({ recipe: storeStatusWord, feature: 'FPU', size: 'none' }, 'DF E0 | FNSTSW AX'),
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
