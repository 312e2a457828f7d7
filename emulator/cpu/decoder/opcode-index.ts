/**
 * The decoder's index: from mode, opcode map, opcode byte, prefix, operand size and ModRM to a variant of a form.
 * One lookup per instruction, no search. An opcode's cells are filled from the forms when it is first met.
 */
import { OpcodeMap } from '../../isa/encoding.js';
import type { InstructionForm } from '../../isa/form.js';
import { instructionForms } from '../../isa/instruction-set.js';
import type { OperandSize } from '../../isa/recipe.js';
import type { FormTable } from './form-table.js';
import { type PreparedCells, type PreparedTables, tableLine } from './prepared-tables.js';

/** Opcode 90 with REX.B: an exchange with R8, not NOP. */
export const MAP_90_WITH_REX_B = 7;
/** VEX.L = 1: these many maps further. */
export const MAPS_OF_VEX_L1 = 4;
export const MAPS = OpcodeMap.Vex0F3A + MAPS_OF_VEX_L1 + 1;
export const MODES = 3;
const MODE_64 = 2;

/** Prefix keys: 0 none, 1: 66, 2: F3, 3: F2 (the order of VEX.pp). */
const PREFIX_KEYS = [0, 1, 2, 3];
/** Operand-size keys: 0: 16, 1: 32, 2: 64 bits. */
const SIZE_KEYS = 3;

/** The cells of one opcode byte in one map and mode. */
export class OpcodeCells {
  /** 66, F3 or F2 choose among the forms. */
  readonly prefixed: boolean;
  /** ModRM chooses among the forms. */
  readonly byModrm: boolean;
  /** Cells that each prefix key and operand-size key has: 1, or as `variantAt` counts them. */
  private readonly span: number;
  private readonly cells: Uint16Array;

  private constructor({ span, prefixed, cells }: PreparedCells) {
    this.prefixed = prefixed;
    this.span = span;
    this.byModrm = span > 1;
    this.cells = cells;
  }

  /** The cells that `forms` take in this mode. */
  static of(table: FormTable, mode: number, forms: readonly InstructionForm[]): OpcodeCells {
    const valid = forms.filter((form) => (mode === MODE_64 ? form.valid64 : form.validLegacy));
    const prefixed = valid.some((form) => form.encoding.prefix !== 'any');
    const span = Math.max(0, ...valid.map(spanOf));
    const cells = new Uint16Array(PREFIX_KEYS.length * SIZE_KEYS * span);
    const opcode = new OpcodeCells({ span, prefixed, cells });
    const byWeight = [...valid].sort((a, b) => weightOf(b) - weightOf(a));
    // A form fills what no more specific form has filled; only then does it stand in at operand sizes nobody names.
    for (const byPrefix of [true, false]) {
      const group = byWeight.filter((form) => (form.encoding.prefix !== 'any') === byPrefix);
      for (const form of group) opcode.fill(table, form, namedSizes(form, mode));
      for (const form of group) opcode.fill(table, form, otherSizes(form, mode));
    }
    return opcode;
  }

  static prepared(table: FormTable, tables: PreparedTables, number: number): OpcodeCells {
    const prepared = tables.cellsOf(number);
    for (const variant of prepared.cells) table.enterPrepared(tables, variant);
    return new OpcodeCells(prepared);
  }

  /** No form takes any of the cells. */
  get isEmpty(): boolean {
    return this.cells.length === 0;
  }

  /** The cells as a line of the prepared tables. */
  get line(): string {
    const runs: number[] = [];
    for (const variant of this.cells) {
      if (runs.at(-2) === variant) runs.push((runs.pop() ?? 0) + 1);
      else runs.push(variant, 1);
    }
    return tableLine([this.span, this.prefixed ? 1 : 0, ...runs]);
  }

  /** The variant, 0 for an undefined opcode. `modrm` counts only where `byModrm`. */
  variantAt(prefixKey: number, sizeKey: number, modrm: number): number {
    const first = (prefixKey * SIZE_KEYS + sizeKey) * this.span;
    if (!this.byModrm) return this.cells[first] ?? 0;
    const reg = (modrm >> 3) & 7;
    if (modrm < 0xc0) return this.cells[first + reg] ?? 0;
    return this.cells[first + 8 + (this.span === SPAN_BY_REG ? reg : modrm - 0xc0)] ?? 0;
  }

  private fill(table: FormTable, form: InstructionForm, sizes: SizeKeys): void {
    const cells = cellsOf(form, this.span);
    for (const prefixKey of this.prefixed ? prefixKeysOf(form) : [0]) {
      for (const [sizeKey, size] of sizes) {
        const first = (prefixKey * SIZE_KEYS + sizeKey) * this.span;
        const variant = table.variantOf(form, size);
        for (const cell of cells) {
          if (this.cells[first + cell] === 0) this.cells[first + cell] = variant;
        }
      }
    }
  }
}

export class OpcodeIndex {
  private readonly formsByOpcode = new Map<number, InstructionForm[]>();
  private readonly opcodes: (OpcodeCells | undefined)[] = new Array<undefined>(MODES * MAPS * 256);
  /** Prepared: numbers of cells by opcode byte, for each mode and map that was met. */
  private readonly numbers = new Map<number, ReadonlyMap<number, number>>();
  private readonly none: OpcodeCells;
  private vexIndexed = false;

  constructor(private readonly table: FormTable) {
    this.none = OpcodeCells.of(table, MODE_64, []);
    if (table.prepared === null) this.index(false);
  }

  /** mode: 0, 1, 2 for a default code size of 16, 32, 64 bits. */
  at(mode: number, map: number, opcode: number): OpcodeCells {
    const slot = (mode * MAPS + map) * 256 + opcode;
    return this.opcodes[slot] ?? (this.opcodes[slot] = this.find(mode, map, opcode));
  }

  private find(mode: number, map: number, opcode: number): OpcodeCells {
    const { prepared } = this.table;
    if (prepared !== null) return this.findPrepared(prepared, mode * MAPS + map, opcode);
    if (map >= OpcodeMap.Vex0F && map !== MAP_90_WITH_REX_B && !this.vexIndexed) {
      this.vexIndexed = true;
      this.index(true);
    }
    const forms = this.formsByOpcode.get(map * 256 + opcode);
    return forms === undefined ? this.none : OpcodeCells.of(this.table, mode, forms);
  }

  private findPrepared(tables: PreparedTables, place: number, opcode: number): OpcodeCells {
    let numbers = this.numbers.get(place);
    if (numbers === undefined) this.numbers.set(place, (numbers = tables.opcodesOf(place)));
    const number = numbers.get(opcode);
    return number === undefined ? this.none : OpcodeCells.prepared(this.table, tables, number);
  }

  /** Enters all forms with a VEX prefix, which few programs use, or all without. */
  private index(vex: boolean): void {
    for (const form of instructionForms()) {
      if (form.vex !== vex) continue;
      const { map, opcode, opcodeRegister, vexLength } = form.encoding;
      for (let register = 0; register < (opcodeRegister ? 8 : 1); register++) {
        if (vexLength !== 256) this.add(map, opcode + register, form);
        if (vexLength === 256 || vexLength === 'LIG') this.add(map + MAPS_OF_VEX_L1, opcode, form);
      }
      if (opcode === 0x90 && map === OpcodeMap.OneByte && opcodeRegister) {
        this.add(MAP_90_WITH_REX_B, opcode, form);
      }
    }
  }

  private add(map: number, opcode: number, form: InstructionForm): void {
    const key = map * 256 + opcode;
    const forms = this.formsByOpcode.get(key);
    if (forms === undefined) this.formsByOpcode.set(key, [form]);
    else forms.push(form);
  }
}

/** By ModRM.mod (memory: 0-7, register: 8-15) and ModRM.reg. */
const SPAN_BY_REG = 16;
/** In memory by ModRM.reg (0-7), else by ModRM.reg and ModRM.rm (8-71). */
const SPAN_BY_MODRM = 72;

function spanOf(form: InstructionForm): number {
  const { modrm } = form.encoding;
  if (modrm === 'fixed') return SPAN_BY_MODRM;
  return typeof modrm === 'number' || form.mod !== 'any' ? SPAN_BY_REG : 1;
}

/** The more a form demands, the earlier it takes its cells. */
function weightOf(form: InstructionForm): number {
  const { opcodeRegister, modrm } = form.encoding;
  return (
    (opcodeRegister ? 0 : 16) +
    (modrm === 'fixed' ? 8 : 0) +
    (typeof modrm === 'number' ? 4 : 0) +
    (form.mod !== 'any' ? 2 : 0) +
    (form.operandSize === 'none' ? 0 : 1)
  );
}

function prefixKeysOf(form: InstructionForm): readonly number[] {
  const keys = { any: PREFIX_KEYS, NP: [0], NFx: [0, 1], '66': [1], F3: [2], F2: [3] };
  return keys[form.encoding.prefix];
}

type SizeKeys = readonly (readonly [sizeKey: number, size: OperandSize])[];

const EVERY_SIZE: SizeKeys = [
  [0, 16],
  [1, 32],
  [2, 64],
];
const ANY_AS_32: SizeKeys = EVERY_SIZE.map(([key]) => [key, 32]);
const ANY_AS_64: SizeKeys = EVERY_SIZE.map(([key]) => [key, 64]);

/** Operand-size keys that the form names, each with the operand size that its recipe then has. */
function namedSizes(form: InstructionForm, mode: number): SizeKeys {
  const size = form.operandSize;
  if (form.encoding.vex) return sizesByVexW(form, mode);
  const in64 = mode === MODE_64 ? form.attributes.in64 : undefined;
  if (size === 'none') return ANY_AS_32;
  if (in64 === 'forced 64') return ANY_AS_64;
  if (in64 === 'default 64' && size !== 16) {
    const wide: SizeKeys = [
      [1, 64],
      [2, 64],
    ];
    return size === 'any' ? [[0, 16], ...wide] : wide;
  }
  if (size === 'any') return EVERY_SIZE;
  // 66 as a mandatory prefix says nothing about the operand size.
  if (size === 32 && form.encoding.prefix === '66') return ANY_AS_32.slice(0, 2);
  return [[size >> 5, size]];
}

/** VEX.W is ignored outside 64-bit mode where it would choose a general-purpose register's size. */
function sizesByVexW(form: InstructionForm, mode: number): SizeKeys {
  const { vexWIgnored, rexW } = form.encoding;
  const isSize = mode !== MODE_64 && form.operands.some(({ kind }) => /register/.test(kind));
  const size: OperandSize = rexW ? 64 : 32;
  if (vexWIgnored || isSize) {
    return [
      [1, size],
      [2, size],
    ];
  }
  return [[rexW ? 2 : 1, size]];
}

/** Keys at which the form is what remains: 66 or REX.W without a line of their own. */
function otherSizes(form: InstructionForm, mode: number): SizeKeys {
  if (form.encoding.vex) return [];
  if (form.operandSize === 32) return ANY_AS_32;
  return form.operandSize === 16 && mode !== MODE_64 ? [[1, 16]] : [];
}

function cellsOf(form: InstructionForm, span: number): readonly number[] {
  if (span === 1) return [0];
  const { modrm, fixedModrm } = form.encoding;
  if (modrm === 'fixed') return [8 + fixedModrm - 0xc0];
  const registers = typeof modrm === 'number' ? [modrm] : [0, 1, 2, 3, 4, 5, 6, 7];
  const inMemory = form.mod === 'register' ? [] : registers;
  if (form.mod === 'memory') return inMemory;
  if (span === SPAN_BY_REG) return [...inMemory, ...registers.map((reg) => 8 + reg)];
  const byRm = (reg: number): number[] => [0, 1, 2, 3, 4, 5, 6, 7].map((rm) => 8 + reg * 8 + rm);
  return [...inMemory, ...registers.flatMap(byRm)];
}
