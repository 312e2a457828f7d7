/**
 * The decoder's index: from mode, opcode map, opcode byte, prefix, operand size and ModRM to a variant of a form.
 * Built from the forms when the decoder is made. One lookup per instruction, no search.
 */
import { OpcodeMap } from '../../isa/encoding.js';
import type { InstructionForm } from '../../isa/form.js';
import { INSTRUCTION_FORMS } from '../../isa/instruction-set.js';
import type { OperandSize } from '../../isa/recipe.js';
import type { FormTable } from './form-table.js';

/** Opcode 90 with REX.B: an exchange with R8, not NOP. */
export const MAP_90_WITH_REX_B = 7;
const MAPS = 8;
const MODES = 3;
const MODE_64 = 2;

/** Cells that each prefix key and operand-size key of an opcode has. The opcode is undefined: none. */
export const SHAPE_UNDEFINED = 0;
/** One: ModRM makes no difference. */
export const SHAPE_ONE = 1;
/** By ModRM.mod (memory: 0-7, register: 8-15) and ModRM.reg. */
export const SHAPE_BY_REG = 16;
/** In memory by ModRM.reg (0-7), else by ModRM.reg and ModRM.rm (8-71). */
export const SHAPE_BY_MODRM = 72;

/** Prefix keys: 0 none, 1: 66, 2: F3, 3: F2 (the order of VEX.pp). */
const PREFIX_KEYS = [0, 1, 2, 3];
/** Operand-size keys: 0: 16, 1: 32, 2: 64 bits. */
const SIZES: readonly OperandSize[] = [16, 32, 64];

export class OpcodeIndex {
  /** SHAPE_* by slot. */
  readonly shapes = new Uint8Array(MODES * MAPS * 256);
  /** By slot: 1 where 66, F3 or F2 choose among the forms. */
  readonly prefixed = new Uint8Array(MODES * MAPS * 256);
  private readonly bases = new Int32Array(MODES * MAPS * 256);
  private readonly cells: Uint16Array;

  constructor(private readonly table: FormTable) {
    const forms = [...INSTRUCTION_FORMS].sort((a, b) => weightOf(b) - weightOf(a));
    for (const form of forms) this.forEachSlot(form, (slot) => this.widen(slot, form));
    let total = 1;
    this.shapes.forEach((shape, slot) => {
      this.bases[slot] = total;
      total += shape * PREFIX_KEYS.length * SIZES.length;
    });
    this.cells = new Uint16Array(total);
    // A form fills what no more specific form has filled; only then does it stand in at operand sizes nobody names.
    for (const byPrefix of [true, false]) {
      const group = forms.filter((form) => (form.encoding.prefix !== 'any') === byPrefix);
      for (const named of [true, false]) {
        for (const form of group)
          this.forEachSlot(form, (slot, mode) => this.fill(slot, mode, form, named));
      }
    }
  }

  /** mode: 0, 1, 2 for a default code size of 16, 32, 64 bits. */
  slotOf(mode: number, map: number, opcode: number): number {
    return (mode * MAPS + map) * 256 + opcode;
  }

  /** The variant, 0 for an undefined opcode. `modrm` counts only where the slot's shape asks for it. */
  variantAt(slot: number, prefixKey: number, sizeKey: number, modrm: number): number {
    const shape = this.shapes[slot] ?? 0;
    const first = (this.bases[slot] ?? 0) + (prefixKey * SIZES.length + sizeKey) * shape;
    if (shape === SHAPE_ONE) return this.cells[first] ?? 0;
    if (shape === SHAPE_UNDEFINED) return 0;
    const reg = (modrm >> 3) & 7;
    if (modrm < 0xc0) return this.cells[first + reg] ?? 0;
    return this.cells[first + 8 + (shape === SHAPE_BY_REG ? reg : modrm - 0xc0)] ?? 0;
  }

  private forEachSlot(form: InstructionForm, visit: (slot: number, mode: number) => void): void {
    const { map, opcode, opcodeRegister } = form.encoding;
    for (let mode = 0; mode < MODES; mode++) {
      if (mode === MODE_64 ? !form.valid64 : !form.validLegacy) continue;
      for (let register = 0; register < (opcodeRegister ? 8 : 1); register++) {
        visit(this.slotOf(mode, map, opcode + register), mode);
      }
      if (opcode === 0x90 && map === OpcodeMap.OneByte && opcodeRegister) {
        visit(this.slotOf(mode, MAP_90_WITH_REX_B, opcode), mode);
      }
    }
  }

  private widen(slot: number, form: InstructionForm): void {
    const { modrm, prefix } = form.encoding;
    let shape = SHAPE_ONE;
    if (typeof modrm === 'number' || form.mod !== 'any') shape = SHAPE_BY_REG;
    if (modrm === 'fixed') shape = SHAPE_BY_MODRM;
    this.shapes[slot] = Math.max(this.shapes[slot] ?? 0, shape);
    if (prefix !== 'any') this.prefixed[slot] = 1;
  }

  private fill(slot: number, mode: number, form: InstructionForm, named: boolean): void {
    const shape = this.shapes[slot] ?? 0;
    const cells = cellsOf(form, shape);
    for (const prefixKey of prefixKeysOf(form)) {
      for (const [sizeKey, size] of named ? namedSizes(form, mode) : otherSizes(form, mode)) {
        const first = (this.bases[slot] ?? 0) + (prefixKey * SIZES.length + sizeKey) * shape;
        const variant = this.table.variantOf(form, size);
        for (const cell of cells) {
          if (this.cells[first + cell] === 0) this.cells[first + cell] = variant;
        }
      }
    }
  }
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

/** Operand-size keys that the form names, each with the operand size that its recipe then has. */
function namedSizes(form: InstructionForm, mode: number): SizeKeys {
  const size = form.operandSize;
  if (size === 'none')
    return [
      [0, 32],
      [1, 32],
      [2, 32],
    ];
  if (mode === MODE_64 && form.in64 === 'forced 64')
    return [
      [0, 64],
      [1, 64],
      [2, 64],
    ];
  if (size === 'any') {
    return mode === MODE_64 && form.in64 === 'default 64'
      ? [
          [0, 16],
          [1, 64],
          [2, 64],
        ]
      : [
          [0, 16],
          [1, 32],
          [2, 64],
        ];
  }
  if (mode === MODE_64 && form.in64 === 'default 64' && size >= 32)
    return [
      [1, 64],
      [2, 64],
    ];
  // 66 as a mandatory prefix says nothing about the operand size.
  if (size === 32 && form.encoding.prefix === '66')
    return [
      [0, 32],
      [1, 32],
    ];
  return [[size >> 5, size]];
}

/** Keys at which the form is what remains: 66 or REX.W without a line of their own. */
function otherSizes(form: InstructionForm, mode: number): SizeKeys {
  if (form.operandSize === 32)
    return mode === MODE_64
      ? [
          [0, 32],
          [2, 32],
        ]
      : [[0, 32]];
  if (form.operandSize === 16 && mode !== MODE_64) return [[1, 16]];
  return [];
}

function cellsOf(form: InstructionForm, shape: number): readonly number[] {
  if (shape === SHAPE_ONE) return [0];
  const { modrm, fixedModrm } = form.encoding;
  const registers = typeof modrm === 'number' ? [modrm] : [0, 1, 2, 3, 4, 5, 6, 7];
  const memory = form.mod === 'register' ? [] : registers;
  if (form.mod === 'memory') return memory;
  if (shape === SHAPE_BY_REG) return [...memory, ...registers.map((reg) => 8 + reg)];
  if (modrm === 'fixed') return [8 + fixedModrm - 0xc0];
  return [
    ...memory,
    ...registers.flatMap((reg) => [0, 1, 2, 3, 4, 5, 6, 7].map((rm) => 8 + reg * 8 + rm)),
  ];
}
