/** Recipes as data: what must hold of each, found by walking over all of them. */
import { describe, expect, it } from 'vitest';
import { DOOR_PROPERTIES } from './door-properties.js';
import type { InstructionForm } from './form.js';
import { INSTRUCTION_FORMS } from './instruction-set.js';
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
const CASES: readonly Case[] = INSTRUCTION_FORMS.flatMap((form) =>
  sizesOf(form).flatMap((size) => {
    const first = form.operands[0];
    const context = {
      operands: form.operands,
      size,
      width: first === undefined ? 0 : first.bits || first.memoryBits,
    };
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
  role !== undefined && /^T\d$/.test(role);

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

function violations(check: (c: Case) => string | null): string[] {
  return CASES.flatMap((c) => {
    const text = check(c);
    return text === null ? [] : [`${c.name}: ${text}`];
  });
}

describe('every recipe', () => {
  it('is there for all forms, sizes and places', () => {
    expect(CASES.length).toBeGreaterThan(INSTRUCTION_FORMS.length);
    expect(violations((c) => (c.uops.length === 0 ? 'no micro-ops' : null))).toEqual([]);
  });

  it('writes no architectural register and no flag before the last micro-op that can fault', () => {
    const check = ({ uops, form }: Case): string | null => {
      const last = uops.reduce((found, _, index) => (faults(uops, index) ? index : found), -1);
      const early = uops
        .slice(0, Math.max(last, 0))
        .flatMap((uop) => architecturalWrites(uop, form));
      return early.length === 0 ? null : `${early.join(' ')} before micro-op ${last}`;
    };
    expect(violations(check)).toEqual([]);
  });

  it('uses the address of its memory operand only while the registers in it are unchanged', () => {
    // The decoder repeats base and index in each flat load and store; any register may be among them.
    const check = ({ uops, form }: Case): string | null => {
      const usesAddress = (uop: RecipeUop): boolean =>
        uop.a === undefined && /^(Load|Store|Ea)/.test(Op[uop.op] ?? '');
      const lastUse = uops.reduce((found, uop, index) => (usesAddress(uop) ? index : found), -1);
      const early = uops
        .slice(0, Math.max(lastUse, 0))
        .flatMap((uop) => architecturalWrites(uop, form))
        .filter((name) => name !== 'flags');
      return early.length === 0 ? null : `${early.join(' ')} before micro-op ${lastUse}`;
    };
    expect(violations(check)).toEqual([]);
  });

  it('gives a micro-op that addresses memory no immediate operand', () => {
    const check = ({ uops, form }: Case): string | null => {
      const isImmediate = (role: string | undefined): boolean =>
        role !== undefined &&
        (role === 'imm' ||
          (/^o\d$/.test(role) && form.operands[Number(role.slice(1))]?.kind === 'immediate'));
      const wrong = uops.find(
        (uop) => /^(Load|Store)/.test(Op[uop.op] ?? '') && isImmediate(uop.dst),
      );
      return wrong === undefined ? null : (Op[wrong.op] ?? '');
    };
    expect(violations(check)).toEqual([]);
  });

  it('reads no temporary before writing it', () => {
    const check = ({ uops }: Case): string | null => {
      const written = new Set<string>();
      for (const uop of uops) {
        const isStore = /^Store/.test(Op[uop.op] ?? '');
        const reads = [
          uop.a,
          uop.b,
          typeof uop.extra === 'string' && uop.extra !== 'address size' ? uop.extra : undefined,
          isStore ? uop.dst : undefined,
        ];
        const unwritten = reads.filter(isTemporary).find((role) => !written.has(role));
        if (unwritten !== undefined) return unwritten;
        if (isTemporary(uop.dst)) written.add(uop.dst);
      }
      return null;
    };
    expect(violations(check)).toEqual([]);
  });

  it('writes the flags that its form declares, and no others', () => {
    const check = ({ uops, form }: Case): string | null => {
      if (form.recipe.missing === true || uops.some(isDoor)) return null;
      const written = uops.reduce((mask, uop) => mask | flagsWrittenBy(uop.op), 0);
      const declared = form.flagsWritten | form.flagsUndefined;
      // An operation may leave a flag that the SDM calls undefined alone, but must produce every defined one.
      const absent = form.flagsWritten & ~written;
      const extra = written & ~declared;
      return absent === 0 && extra === 0
        ? null
        : `lacks ${flagNames(absent)}, has ${flagNames(extra)}`;
    };
    expect(violations(check)).toEqual([]);
  });

  it('declares a flag either written or undefined, not both', () => {
    const both = INSTRUCTION_FORMS.filter(
      (form) => (form.flagsWritten & form.flagsUndefined) !== 0,
    );
    expect(both.map((form) => form.syntax)).toEqual([]);
  });

  it('has whatever ends a block as its last micro-op', () => {
    const ends = (uop: RecipeUop): boolean =>
      uop.op === Op.MicrocodeEnd || (uop.op >= Op.Jmp && uop.op <= Op.Unimplemented);
    expect(violations(({ uops }) => (uops.slice(0, -1).some(ends) ? 'ends early' : null))).toEqual(
      [],
    );
  });

  it('has at most eleven micro-ops, so that BLOCK_UOPS_MAX can be kept', () => {
    // Each access to segmented memory becomes three: address, load, extension.
    const lowered = (uop: RecipeUop): number =>
      uop.op >= Op.Load8 && uop.op <= Op.Store64 ? 3 : 1;
    const size = ({ uops }: Case): number => uops.reduce((sum, uop) => sum + lowered(uop), 0);
    expect(violations((c) => (size(c) > 11 ? String(size(c)) : null))).toEqual([]);
  });
});

describe('the vocabulary', () => {
  const usedOps = new Set(CASES.flatMap((c) => c.uops.map((uop) => uop.op)));

  it('has no micro-op that neither a recipe nor the decoder uses', () => {
    const byDecoder = new Set(
      // Push64 and Pop64 complete their width families: a 64-bit stack is always flat.
      ['Stop', 'EndBlock', 'Ea16', 'Ea32', 'Count', 'Push64', 'Pop64'].concat(
        ['', 'ForStore'].flatMap((kind) =>
          [8, 16, 32, 64].map((bits) => `LoadSegment${kind}${bits}`),
        ),
        [8, 16, 32, 64].map((bits) => `StoreSegment${bits}`),
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
