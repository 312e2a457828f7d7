/**
 * Tables of SSE instructions with their recipes. A micro-op has the mnemonic's name where several mnemonics do not do the
 * same: `Paddb` of PADDB, `Pand` of PAND, ANDPS and ANDPD.
 */
import { assert } from '../base/assert.js';
import { type FormDefinition, formsByLine, mnemonicOf } from './form.js';
import type { Recipe, RecipeContext, RecipeUop } from './recipe.js';
import { doorUop, recipe, recipeWithMemory } from './recipe-builders.js';
import { Door, Op } from './uop.js';

/** Mnemonics whose micro-op is another's. */
const SAME_AS: Readonly<Record<string, Op>> = {
  ANDPS: Op.Pand,
  ANDPD: Op.Pand,
  ANDNPS: Op.Pandn,
  ANDNPD: Op.Pandn,
  ORPS: Op.Por,
  ORPD: Op.Por,
  XORPS: Op.Pxor,
  XORPD: Op.Pxor,
  UNPCKLPS: Op.Punpckldq,
  UNPCKLPD: Op.Punpcklqdq,
  UNPCKHPS: Op.Punpckhdq,
  UNPCKHPD: Op.Punpckhqdq,
  EXTRACTPS: Op.Pextrd,
  PBLENDD: Op.Blendps,
};

const STATUS = 'OF SF ZF AF PF CF';

export function opOf(mnemonic: string): Op {
  const name = mnemonic.charAt(0) + mnemonic.slice(1).toLowerCase();
  const op = SAME_AS[mnemonic] ?? Op[name as keyof typeof Op];
  assert(typeof op === 'number', `no micro-op for ${mnemonic}`);
  return op;
}

export interface TableOptions {
  readonly flags?: { readonly writes: string };
  /** What a line needs enabled, by its syntax; SSE where nothing is said. */
  readonly requires?: (syntax: string) => 'SSE' | 'MMX' | 'AVX';
}

/** A table whose lines have the recipe that `recipeOf` makes for their mnemonic. */
export function vectorTable(
  feature: string,
  table: string,
  recipeOf: (mnemonic: string, syntax: string) => Recipe,
  { flags, requires }: TableOptions = {},
): FormDefinition[] {
  return formsByLine(table, ({ syntax }) => ({
    recipe: recipeOf(mnemonicOf(syntax), syntax),
    size: 'none',
    feature,
    requires: requires?.(syntax) ?? 'SSE',
    ...(flags && { flags }),
  }));
}

export const IMM8 = { values: [{ operand: 2, bits: 8 }] } as const;

/** dst ← dst op src; src may be the count of a shift. */
export function packed(feature: string, lines: string): FormDefinition[] {
  return vectorTable(feature, lines, (mnemonic) => {
    const op = opOf(mnemonic);
    const mask = op >= Op.Pblendvb && op <= Op.Blendvpd ? ({ extra: 'XMM0' } as const) : {};
    return recipe('rw r r', () => [{ op, dst: 'o0', a: 'o0', b: 'o1', ...mask }]);
  });
}

/** dst ← op src */
export function packedFrom(feature: string, lines: string): FormDefinition[] {
  return vectorTable(feature, lines, (mnemonic) => {
    const op = opOf(mnemonic);
    const fromB = op >= Op.Addps && op < Op.Aesenc;
    return recipe('w r', () => [
      { op, dst: 'o0', a: fromB ? 'o0' : 'o1', ...(fromB && { b: 'o1' }) },
    ]);
  });
}

/** dst ← dst op src by imm8 */
export function packedByImmediate(feature: string, lines: string): FormDefinition[] {
  return vectorTable(feature, lines, (mnemonic) =>
    recipe('rw r r', () => [{ op: opOf(mnemonic), dst: 'o0', a: 'o0', b: 'o1', imm: IMM8 }]),
  );
}

/** dst ← op src by imm8 */
export function packedFromByImmediate(feature: string, lines: string): FormDefinition[] {
  return vectorTable(feature, lines, (mnemonic) =>
    recipe('w r r', () => [{ op: opOf(mnemonic), dst: 'o0', a: 'o1', imm: IMM8 }]),
  );
}

const move = recipe('w r', () => [{ op: Op.Mov128, dst: 'o0', a: 'o1' }]);

/** 128 bits; in memory on a multiple of 16. */
export function moves(feature: string, lines: string): FormDefinition[] {
  return vectorTable(feature, lines, () => move);
}

/** 128 bits, anywhere in memory. */
export function unalignedMoves(feature: string, lines: string): FormDefinition[] {
  return vectorTable(feature, lines, () => ({ ...move, unaligned: true }));
}

/** MOVSS, MOVSD: between registers the other elements stay; from memory they become zero. */
export function scalarMoves(feature: string, lines: string): FormDefinition[] {
  return vectorTable(feature, lines, (mnemonic, syntax) => {
    const single = mnemonic === 'MOVSS';
    const between = (): RecipeUop[] => [
      { op: single ? Op.MovLow32 : Op.Mov64, dst: 'o0', a: 'o1' },
    ];
    if (/\/m\d+, /.test(syntax))
      return recipeWithMemory('w r', between, () => [
        { op: single ? Op.Store32 : Op.Store64, dst: 'o1' },
      ]);
    return recipeWithMemory('w r', between, () => [
      { op: single ? Op.Load32 : Op.Load64, dst: 'V0' },
      { op: single ? Op.MovZx32To128 : Op.MovZx64To128, dst: 'o0', a: 'V0' },
    ]);
  });
}

/** MOVLPS and its kin: one half of a register; the other stays. */
export function halfMoves(feature: string, lines: string): FormDefinition[] {
  const toLow = /^MOVLP|^MOVHLPS/;
  const fromHigh = /^MOVHP|^MOVHLPS/;
  return vectorTable(feature, lines, (mnemonic, syntax) => {
    const destination = toLow.test(mnemonic) ? 'o0' : 'o0.high';
    const isStore = / m64,/.test(syntax);
    const memory = (): RecipeUop[] => [
      isStore
        ? { op: Op.Store64, dst: fromHigh.test(mnemonic) ? 'o1.high' : 'o1' }
        : { op: Op.Load64, dst: destination },
    ];
    const between = (): RecipeUop[] => [
      { op: Op.Mov64, dst: destination, a: mnemonic === 'MOVHLPS' ? 'o1.high' : 'o1' },
    ];
    return recipeWithMemory(isStore ? 'w r' : 'rw r', between, memory);
  });
}

/** A general-purpose register ← sign bits. */
export function signMasks(feature: string, lines: string): FormDefinition[] {
  return vectorTable(feature, lines, (mnemonic) =>
    recipe('w r', () => [{ op: opOf(mnemonic), dst: 'o0', a: 'o1' }]),
  );
}

export function comparisons(feature: string, lines: string): FormDefinition[] {
  const compared = (mnemonic: string): Recipe =>
    recipe('r r', () => [{ op: opOf(mnemonic), a: 'o0', b: 'o1' }]);
  return vectorTable(feature, lines, compared, { flags: { writes: STATUS } });
}

export const bitTests = comparisons;

/** dst's low element ← converted src, which may be a general-purpose register. */
export function conversions(feature: string, lines: string): FormDefinition[] {
  return vectorTable(feature, lines, (mnemonic) =>
    recipe('rw r', (c) => {
      const source = c.operands[1];
      const sized = source?.kind === 'register or memory' ? String(source.bits) : '';
      return [{ op: opOf(mnemonic + sized), dst: 'o0', a: 'o0', b: 'o1' }];
    }),
  );
}

/** A general-purpose register ← converted src. */
export function conversionsToRegister(feature: string, lines: string): FormDefinition[] {
  return vectorTable(feature, lines, (mnemonic) =>
    recipe('w r', (c) => [{ op: opOf(mnemonic + String(c.width)), dst: 'o0', b: 'o1' }]),
  );
}

function moveOfWidth(c: RecipeContext, toVector: boolean): Op {
  const wide = c.operands.some((operand) => operand.bits === 64);
  if (toVector) return wide ? Op.MovZx64To128 : Op.MovZx32To128;
  return wide ? Op.Mov64 : Op.Mov32;
}

/** MOVD, MOVQ between XMM and general-purpose registers (or memory of their width). */
export function registerMoves(feature: string, lines: string): FormDefinition[] {
  return vectorTable(feature, lines, (_, syntax) =>
    recipe('w r', (c) => [{ op: moveOfWidth(c, / xmm\d?, /.test(syntax)), dst: 'o0', a: 'o1' }]),
  );
}

/** MOVQ between XMM registers or memory. */
export function quadwordMoves(feature: string, lines: string): FormDefinition[] {
  const between = (): RecipeUop[] => [{ op: Op.MovZx64To128, dst: 'o0', a: 'o1' }];
  return vectorTable(feature, lines, (_, syntax) =>
    syntax.includes('m64, ')
      ? recipeWithMemory('w r', between, () => [{ op: Op.Store64, dst: 'o1' }])
      : recipe('w r', between),
  );
}

/** A general-purpose register or memory ← the element that imm8 names. */
export function extractions(feature: string, lines: string): FormDefinition[] {
  return vectorTable(feature, lines, (mnemonic) =>
    recipe('w r r', () => [{ op: opOf(mnemonic), dst: 'o0', a: 'o1', imm: IMM8 }]),
  );
}

export function insertions(feature: string, lines: string): FormDefinition[] {
  return packedByImmediate(feature, lines);
}

/** INSERTPS: a source in memory is one element, whatever imm8 selects. */
export function elementInsertions(feature: string, lines: string): FormDefinition[] {
  return vectorTable(feature, lines, (mnemonic) =>
    recipeWithMemory(
      'rw r r',
      () => [{ op: opOf(mnemonic), dst: 'o0', a: 'o0', b: 'o1', imm: IMM8 }],
      () => [
        { op: Op.Load32, dst: 'V0' },
        { op: Op.Pshufd, dst: 'V0', a: 'V0', imm: 0 },
        { op: opOf(mnemonic), dst: 'o0', a: 'o0', b: 'V0', imm: IMM8 },
      ],
    ),
  );
}

/** PCMPxSTRx: the index goes to RCX, the mask to XMM0. */
export function stringComparisons(feature: string, lines: string): FormDefinition[] {
  const recipeOf = (mnemonic: string): Recipe => {
    const constant = mnemonic.endsWith('64') ? 1 << 8 : 0;
    const op = opOf(mnemonic.replace('64', ''));
    const dst = op >= Op.Pcmpestri ? 'RCX' : 'XMM0';
    const imm = { ...IMM8, constant };
    const made = recipe('r r r', () => [{ op, dst, a: 'o0', b: 'o1', imm }]);
    return { ...made, unaligned: true };
  };
  return vectorTable(feature, lines, recipeOf, { flags: { writes: STATUS } });
}

/** MASKMOVDQU */
export function maskMoves(feature: string, lines: string): FormDefinition[] {
  const uops = (): RecipeUop[] => [
    doorUop(Door.MaskMove, {
      dst: 'o0',
      b: 'o1',
      imm: { segmentShift: 0, addressBitsShift: 16 },
    }),
  ];
  return vectorTable(feature, lines, () => recipe('r r', uops));
}
