/** Recipes as data: what must hold of each, found by walking over all of them. */
import { describe, expect, it } from 'vitest';
import { DOOR_PROPERTIES } from './door-properties.js';
import { forms, InstructionForm } from './form.js';
import { instructionForms } from './instruction-set.js';
import { flagsWrittenBy, impliedWrites, mayFault } from './op-properties.js';
import {
  memoryOperandIndex,
  memoryVersion,
  type OperandSize,
  type RecipeUop,
  type Role,
} from './recipe.js';
import { flagNames } from './rflags.js';
import { Door, Op } from './uop.js';

interface Case {
  readonly form: InstructionForm;
  readonly inMemory: boolean;
  readonly uops: readonly RecipeUop[];
  readonly name: string;
}

function sizesOf(form: InstructionForm): readonly OperandSize[] {
  if (form.operandSize === 'any') return [16, 32, 64];
  if (form.attributes.in64 !== undefined && form.valid64 && form.operandSize === 32)
    return [32, 64];
  return [form.operandSize === 'none' ? 32 : form.operandSize];
}

/** Every form at every operand size, with the r/m operand in a register and in memory, as far as the encoding has them. */
const CASES: readonly Case[] = instructionForms().flatMap((form) =>
  sizesOf(form).flatMap((size) => {
    const context = form.recipeContext(size);
    const canBeMemory = memoryOperandIndex(form.operands) >= 0 && form.mod !== 'register';
    const canBeRegister =
      form.mod !== 'memory' && !form.operands.some((o) => o.kind === 'memory offset');
    const label = `${form.encoding.text} ${form.syntax} at ${size}`;
    const cases: Case[] = [];
    if (canBeRegister)
      cases.push({ form, inMemory: false, uops: form.recipe.uops(context), name: label });
    if (canBeMemory)
      cases.push({
        form,
        inMemory: true,
        uops: memoryVersion(form.recipe, context),
        name: `${label}, in memory`,
      });
    return cases;
  }),
);

const isDoor = (uop: RecipeUop): boolean => uop.op === Op.Microcode || uop.op === Op.MicrocodeEnd;
const doorOf = (uop: RecipeUop): Exclude<Door, Door.Count> =>
  uop.extra as Exclude<Door, Door.Count>;
const isTemporary = (role: Role | undefined): role is Role =>
  role !== undefined && /^[TV]\d$/.test(role);

/** A store whose bytes were loaded for store by the same instruction cannot fault any more. */
function faults(uops: readonly RecipeUop[], index: number): boolean {
  const uop = uops[index];
  if (uop === undefined) return false;
  if (isDoor(uop)) return DOOR_PROPERTIES[doorOf(uop)].faults;
  const loadedForStore = uops
    .slice(0, index)
    .some((earlier) => /^LoadForStore/.test(Op[earlier.op] ?? ''));
  return mayFault(uop.op) && !(/^Store/.test(Op[uop.op] ?? '') && loadedForStore);
}

/** What of the architectural state a micro-op writes; the destination of a store is memory, which the store itself guards. */
function architecturalWrites(uop: RecipeUop, form: InstructionForm): string[] {
  const writes: string[] = [...impliedWrites(uop.op)];
  if (uop.dst !== undefined && !isTemporary(uop.dst) && !/^Store/.test(Op[uop.op] ?? ''))
    writes.push(uop.dst);
  if (/^Xchg/.test(Op[uop.op] ?? '') && uop.a !== undefined) writes.push(uop.a);
  if (/^Mulx/.test(Op[uop.op] ?? '') && typeof uop.extra === 'string') writes.push(uop.extra);
  if (flagsWrittenBy(uop.op) !== 0) writes.push('flags');
  if (isDoor(uop) && form.flagsWritten !== 0) writes.push('flags');
  return writes;
}

interface Rule {
  readonly title: string;
  /** What is wrong, or null. */
  readonly check: (c: Case) => string | null;
  /** A form, and a recipe for it that breaks the rule: the rule must see it. */
  readonly planted: readonly [syntax: string, uops: readonly RecipeUop[]];
}

const isStore = (uop: RecipeUop): boolean => /^Store/.test(Op[uop.op] ?? '');
/** Loads, stores and addresses without `a` are about the instruction's own memory operand. */
const usesAddress = (uop: RecipeUop): boolean =>
  uop.a === undefined && /^(Load|Store|Ea)/.test(Op[uop.op] ?? '');
const endsBlock = (uop: RecipeUop): boolean =>
  uop.op === Op.MicrocodeEnd || (uop.op >= Op.Jmp && uop.op <= Op.Unimplemented);

/** Architectural writes before the last micro-op of which `isLate` holds. */
function writesBefore(c: Case, isLate: (index: number) => boolean): readonly string[] {
  const last = c.uops.reduce((found, _, index) => (isLate(index) ? index : found), -1);
  return c.uops.slice(0, Math.max(last, 0)).flatMap((uop) => architecturalWrites(uop, c.form));
}

const orNull = (text: string): string | null => (text === '' ? null : text);

const RULES: readonly Rule[] = [
  {
    title: 'has micro-ops',
    check: ({ uops }) => (uops.length === 0 ? 'none' : null),
    planted: ['NOP', []],
  },
  {
    title: 'writes no architectural register and no flag before the last micro-op that can fault',
    check: (c) => orNull(writesBefore(c, (index) => faults(c.uops, index)).join(' ')),
    planted: [
      'POP r/m64',
      [
        { op: Op.Peek64, dst: 'T0' },
        { op: Op.Drop, imm: 8 },
        { op: Op.Store64, dst: 'T0' },
      ],
    ],
  },
  {
    // The decoder repeats base and index in each flat load and store; any register may be among them.
    title: 'uses the address of its memory operand only while the registers in it are unchanged',
    check: (c) => {
      const writes = writesBefore(c, (index) => {
        const uop = c.uops[index];
        return uop !== undefined && usesAddress(uop);
      });
      return orNull(writes.filter((name) => name !== 'flags').join(' '));
    },
    planted: [
      'XCHG r/m32, r32',
      [
        { op: Op.LoadForStore32, dst: 'T0' },
        { op: Op.Xchg32, dst: 'T0', a: 'o1' },
        { op: Op.Store32, dst: 'T0' },
      ],
    ],
  },
  {
    title: 'gives a micro-op that addresses memory no immediate operand: its imm is a displacement',
    check: ({ uops, form }) => {
      const isImmediate = (role: Role | undefined): boolean =>
        role === 'imm' ||
        (role !== undefined &&
          /^o\d$/.test(role) &&
          form.operands[Number(role.slice(1))]?.kind === 'immediate');
      return orNull(uops.some((uop) => isStore(uop) && isImmediate(uop.dst)) ? 'store' : '');
    },
    planted: ['MOV r/m32, imm32', [{ op: Op.Store32, dst: 'o1' }]],
  },
  {
    title: 'reads no temporary before writing it',
    check: ({ uops }) => {
      const written = new Set<Role>();
      for (const uop of uops) {
        const extra = uop.extra === 'address size' ? undefined : uop.extra;
        const reads = [
          uop.a,
          uop.b,
          typeof extra === 'string' ? extra : undefined,
          isStore(uop) ? uop.dst : undefined,
        ];
        const unwritten = reads.filter(isTemporary).find((role) => !written.has(role));
        if (unwritten !== undefined) return unwritten;
        if (isTemporary(uop.dst)) written.add(uop.dst);
      }
      return null;
    },
    planted: ['PUSH r/m64', [{ op: Op.Push64Flat, a: 'T0' }]],
  },
  {
    // An operation may leave a flag that the SDM calls undefined alone, but must produce every defined one.
    title: 'writes the flags that its form declares, and no others',
    check: ({ uops, form }) => {
      if (form.recipe.missing === true || uops.some(isDoor)) return null;
      const written = uops.reduce((mask, uop) => mask | flagsWrittenBy(uop.op), 0);
      const absent = form.flagsWritten & ~written;
      const extra = written & ~(form.flagsWritten | form.flagsUndefined);
      return orNull(`${flagNames(absent)}${flagNames(extra)}`);
    },
    planted: ['INC r/m32', [{ op: Op.Add32, dst: 'o0', a: 'o0', b: 'imm', imm: 1 }]],
  },
  {
    title: 'declares a flag either written or undefined, not both',
    check: ({ form }) => orNull(flagNames(form.flagsWritten & form.flagsUndefined)),
    planted: ['declared twice', []],
  },
  {
    title: 'has whatever ends a block as its last micro-op',
    check: ({ uops }) => (uops.slice(0, -1).some(endsBlock) ? 'ends early' : null),
    planted: ['UD2', [{ op: Op.Raise, imm: 6 }, { op: Op.Nop }]],
  },
  {
    // Each access to segmented memory becomes three: address, load, extension.
    title: 'has at most eleven micro-ops, so that BLOCK_UOPS_MAX can be kept',
    check: ({ uops }) => {
      const isAccess = (uop: RecipeUop): boolean =>
        uop.op >= Op.Load8 && uop.op <= Op.StoreAligned256;
      const count = uops.reduce((sum, uop) => sum + (isAccess(uop) ? 3 : 1), 0);
      return count > 11 ? String(count) : null;
    },
    planted: ['NOP', Array.from({ length: 12 }, () => ({ op: Op.Nop }))],
  },
];

describe.each(RULES)('every recipe', ({ title, check, planted: [syntax, uops] }) => {
  it(title, () => {
    const wrong = CASES.flatMap((c) => {
      const text = check(c);
      return text === null ? [] : [`${c.name}: ${text}`];
    });
    expect(wrong).toEqual([]);
  });

  it(`is found out when it does not: ${title}`, () => {
    const twice = {
      recipe: { access: [], uops: () => [] },
      flags: { writes: 'CF', undefined: 'CF' },
    };
    const form =
      instructionForms().find((candidate) => candidate.syntax === syntax) ??
      new InstructionForm(forms(twice, '')[0] ?? raiseMissing(syntax), 'F8 | CLC', 1, '');
    expect(check({ form, inMemory: true, uops, name: syntax })).not.toBeNull();
  });
});

function raiseMissing(syntax: string): never {
  throw new Error(`no form "${syntax}"`);
}

describe('the list of cases', () => {
  it('has every form, at every operand size and place', () => {
    const covered = new Set(CASES.map((c) => c.form));
    expect(instructionForms().filter((form) => !covered.has(form))).toEqual([]);
    expect(CASES.length).toBeGreaterThan(instructionForms().length);
  });
});

describe('the vocabulary', () => {
  const usedOps = new Set(CASES.flatMap((c) => c.uops.map((uop) => uop.op)));

  it('has no micro-op that neither a recipe nor the decoder uses', () => {
    const byDecoder = new Set(
      // Push64 and Pop64 complete their width families: a 64-bit stack is always flat.
      [
        'Stop',
        'EndBlock',
        'Ea16',
        'Ea32',
        'Count',
        'Push64',
        'Pop64',
        'RequireSse',
        'RequireMmx',
        'RequireAvx',
      ].concat(
        ['', 'ForStore'].flatMap((kind) =>
          [8, 16, 32, 64].map((bits) => `LoadSegment${kind}${bits}`),
        ),
        [8, 16, 32, 64].map((bits) => `StoreSegment${bits}`),
        ['Load', 'Store'].flatMap((kind) =>
          [128, 256].flatMap((bits) => [`${kind}Segment${bits}`, `${kind}SegmentAligned${bits}`]),
        ),
      ),
    );
    const names = Object.keys(Op).filter((name) => !/^\d/.test(name));
    const unused = names.filter(
      (name) => !usedOps.has(Op[name as keyof typeof Op]) && !byDecoder.has(name),
    );
    expect(unused).toEqual([]);
  });

  it('has no door that no recipe uses', () => {
    const used = new Set(CASES.flatMap((c) => c.uops.filter(isDoor).map(doorOf)));
    const unused = Object.keys(DOOR_PROPERTIES).filter((number) => !used.has(Number(number)));
    expect(unused.map((number) => Door[Number(number)])).toEqual([]);
  });

  it('reaches a door that ends the block by MicrocodeEnd, and no other', () => {
    const wrong = CASES.flatMap((c) => c.uops.filter(isDoor)).filter(
      (uop) => (uop.op === Op.MicrocodeEnd) !== DOOR_PROPERTIES[doorOf(uop)].ends,
    );
    expect(wrong).toEqual([]);
  });
});
