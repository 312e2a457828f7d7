/**
 * Recipes of MMX instructions: the 128-bit micro-op on V1, whose low half becomes the MMX register. Where elements of both
 * operands meet in one result (PACKxx, PHADDx …), the operands are first put side by side in V1.
 */
import type { FormDefinition } from './form.js';
import type { Recipe, RecipeUop } from './recipe.js';
import { doorUop, recipe, recipeWithMemory } from './recipe-builders.js';
import { Door, Op } from './uop.js';
import { IMM8, opOf, vectorTable } from './vector-recipes.js';

const RESULT: RecipeUop = { op: Op.MmxResult, dst: 'o0', a: 'V1' };
const STATE: RecipeUop = { op: Op.MmxState };
const SIDE_BY_SIDE: RecipeUop = { op: Op.Punpcklqdq, dst: 'V1', a: 'o0', b: 'o1' };
const SOURCE: RecipeUop = { op: Op.MovZx64To128, dst: 'V1', a: 'o1' };

/** Recipes of computations: dst ← dst op src, in micro-ops that end with the result. */
const COMPUTATIONS: readonly (readonly [RegExp, (op: () => Op) => RecipeUop[]])[] = [
  [/^(PACK|PHADD|PHSUB)/, (op) => [SIDE_BY_SIDE, { op: op(), dst: 'V1', a: 'V1', b: 'V1' }]],
  [
    /^PSHUFB$/,
    (op) => [
      { op: Op.Punpcklqdq, dst: 'V1', a: 'o0', b: 'o0' },
      { op: op(), dst: 'V1', a: 'V1', b: 'o1' },
    ],
  ],
  [
    /^PALIGNR$/,
    () => [
      { op: Op.Punpcklqdq, dst: 'V1', a: 'o1', b: 'o0' },
      { op: Op.Psrldq, dst: 'V1', a: 'V1', b: 'o2' },
    ],
  ],
  [/^PSHUFW$/, () => [{ op: Op.Pshuflw, dst: 'V1', a: 'o1', imm: IMM8 }]],
  [/^PABS/, (op) => [{ op: op(), dst: 'V1', a: 'o1' }]],
  [/^PINSRW$/, () => [{ op: Op.PinsrwMmx, dst: 'V1', a: 'o0', b: 'o1', imm: IMM8 }]],
  [/^P/, (op) => [{ op: op(), dst: 'V1', a: 'o0', b: 'o1' }]],
];

/** Interleaving the upper halves: the upper half of the interleaved quadwords. */
const INTERLEAVED: Readonly<Record<string, Op>> = {
  PUNPCKHBW: Op.Punpcklbw,
  PUNPCKHWD: Op.Punpcklwd,
  PUNPCKHDQ: Op.Punpckldq,
};

/** A pending x87 exception: the check of SSE instructions does not look for it. */
const NONE_PENDING: RecipeUop = { op: Op.RequireMmx };

const transition = (uops: RecipeUop[]): RecipeUop[] => [...uops, STATE];

/** Conversions between MMX and XMM registers. Elements beside those of the source are zero, and raise nothing. */
const CONVERSIONS: Readonly<Record<string, Recipe>> = {
  CVTPI2PS: fromMmx([
    SOURCE,
    { op: Op.Cvtdq2ps, dst: 'V1', a: 'V1', b: 'V1' },
    { op: Op.Mov64, dst: 'o0', a: 'V1' },
  ]),
  CVTPI2PD: fromMmx([{ op: Op.Cvtdq2pd, dst: 'o0', a: 'o0', b: 'o1' }]),
  CVTPS2PI: toMmx([SOURCE, { op: Op.Cvtps2dq, dst: 'V1', a: 'V1', b: 'V1' }]),
  CVTTPS2PI: toMmx([SOURCE, { op: Op.Cvttps2dq, dst: 'V1', a: 'V1', b: 'V1' }]),
  CVTPD2PI: toMmx([{ op: Op.Cvtpd2dq, dst: 'V1', a: 'o1', b: 'o1' }]),
  CVTTPD2PI: toMmx([{ op: Op.Cvttpd2dq, dst: 'V1', a: 'o1', b: 'o1' }]),
  MOVQ2DQ: recipe('w r', () =>
    transition([NONE_PENDING, { op: Op.MovZx64To128, dst: 'o0', a: 'o1' }]),
  ),
  MOVDQ2Q: recipe('w r', () => [NONE_PENDING, { ...RESULT, a: 'o1' }]),
};

/** With the source in memory, the x87 state stays as it is. Else it changes even where #XM is raised. */
function fromMmx(uops: readonly RecipeUop[]): Recipe {
  const fromMemory = uops.map((uop) => ({
    ...uop,
    ...(uop.a === 'o1' && { a: 'V0' as const }),
    ...(uop.b === 'o1' && { b: 'V0' as const }),
  }));
  return recipeWithMemory(
    'rw r',
    () => [NONE_PENDING, STATE, ...uops],
    () => [{ op: Op.Load64, dst: 'V0' }, ...fromMemory],
  );
}

function toMmx(uops: readonly RecipeUop[]): Recipe {
  return recipe('w r', () => [NONE_PENDING, STATE, ...uops, RESULT]);
}

function recipeOf(mnemonic: string, syntax: string): Recipe {
  const conversion = CONVERSIONS[mnemonic];
  if (conversion !== undefined) return conversion;
  const interleaved = INTERLEAVED[mnemonic];
  if (interleaved !== undefined)
    return recipe('rw r', () => [
      { ...SIDE_BY_SIDE, op: interleaved },
      { ...RESULT, a: 'V1.high' },
    ]);
  if (mnemonic === 'EMMS') return recipe('', () => [{ op: Op.Emms }]);
  if (mnemonic.startsWith('MOV')) return moveOf(mnemonic, syntax);
  if (mnemonic === 'MASKMOVQ') return maskMove;
  if (mnemonic === 'PMOVMSKB')
    return recipe('w r', () => transition([SOURCE, { op: Op.Pmovmskb, dst: 'o0', a: 'V1' }]));
  if (mnemonic === 'PEXTRW')
    return recipe('w r r', () =>
      transition([
        { op: Op.Punpcklqdq, dst: 'V1', a: 'o1', b: 'o1' },
        { op: Op.Pextrw, dst: 'o0', a: 'V1', imm: IMM8 },
      ]),
    );
  const [, uops] = COMPUTATIONS.find(([pattern]) => pattern.test(mnemonic)) ?? [];
  return recipe('rw r r', () => [...(uops?.(() => opOf(mnemonic)) ?? []), RESULT]);
}

const maskMove = recipe('r r', () =>
  transition([
    SOURCE,
    doorUop(Door.MaskMove, {
      dst: 'o0',
      b: 'V1',
      imm: { segmentShift: 0, addressBitsShift: 16 },
    }),
  ]),
);

/** MOVD, MOVQ, MOVNTQ. */
function moveOf(mnemonic: string, syntax: string): Recipe {
  if (/ (mm\/)?m64, /.test(syntax))
    return recipeWithMemory(
      'w r',
      () => [{ ...RESULT, a: 'o1' }],
      () => transition([{ op: Op.Store64, dst: 'o1' }]),
    );
  if (/^\w+ r\/m/.test(syntax)) {
    const wide = mnemonic === 'MOVQ';
    return recipeWithMemory(
      'w r',
      () => transition([{ op: wide ? Op.Mov64 : Op.Mov32, dst: 'o0', a: 'o1' }]),
      () => transition([{ op: wide ? Op.Store64 : Op.Store32, dst: 'o1' }]),
    );
  }
  if (mnemonic === 'MOVD')
    return recipe('w r', () => [{ op: Op.MovZx32To128, dst: 'V1', a: 'o1' }, RESULT]);
  return recipe('w r', () => [{ ...RESULT, a: 'o1' }]);
}

/** A table of instructions on MMX registers; those with an XMM register, too, need what SSE needs. */
export function mmx(feature: string, lines: string): FormDefinition[] {
  return vectorTable(feature, lines, recipeOf, {
    requires: (syntax) => (/xmm/.test(syntax) || /2DQ |2Q /.test(syntax) ? 'SSE' : 'MMX'),
  });
}
