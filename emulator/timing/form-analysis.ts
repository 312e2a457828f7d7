/**
 * What the timing model needs to know of a form, found once: which row of the core model it belongs to, what it reads and
 * writes, whether it loads, computes and stores. Read out of the form, its recipe and the properties of its micro-ops.
 */
import type { DecodedInstruction } from '../isa/decoded-instruction.js';
import type { InstructionForm } from '../isa/form.js';
import { formByNumber } from '../isa/instruction-set.js';
import { impliedWrites } from '../isa/op-properties.js';
import type { Operand, OperandPlace } from '../isa/operand.js';
import {
  memoryOperandIndex,
  memoryVersion,
  type OperandSize,
  type RecipeUop,
} from '../isa/recipe.js';
import { flagMask } from '../isa/rflags.js';
import type { CoreModel, TimingRow } from './core-model.js';
import { CoreRows } from './core-rows.js';
import { readyOfSlot } from './ready-registers.js';
import * as layout from './engine-layout.js';
import { InstructionKind } from './engine-layout.js';

/** A register by where the instruction names it. `bank`: scoreboard number of the first register of its kind. */
export type RegisterRef =
  | {
      readonly place: 'fixed';
      readonly ready: number;
      readonly bank: number;
      readonly bits: number;
    }
  | {
      /** `base`, `index`: of the memory operand. */
      readonly place: Exclude<OperandPlace, 'immediate' | 'implied'> | 'base' | 'index' | 'vector index'; // prettier-ignore
      readonly bank: number;
      readonly bits: number;
    };

/** Where the record of an instruction has registers from. */
interface NamedRegisters {
  readonly reg: boolean;
  readonly rm: boolean;
  readonly opcode: boolean;
  /** VEX.vvvv, the immediate, or a vector index. */
  readonly byVex: boolean;
  /** Base and index. */
  readonly address: boolean;
}

const GPR_NAMES = ['RAX', 'RCX', 'RDX', 'RBX', 'RSP', 'RBP', 'RSI', 'RDI'];
const RSP = 4;
const CARRY = flagMask('CF');
const OTHER_FLAGS = flagMask('OF SF ZF AF PF');
const STACK = /^(PUSH|POP(?!CNT)|CALL|RET|LEAVE|ENTER)/;

/** Counted as one simple operation, and as an unknown instruction. */
const UNKNOWN_ROW: TimingRow = { mnemonics: '', source: 'no row' };

export class FormAnalyses {
  private readonly known = new Map<number, FormAnalysis>();
  private readonly rows: CoreRows;

  constructor(private readonly model: CoreModel) {
    this.rows = new CoreRows(model);
  }

  of(decoded: DecodedInstruction): FormAnalysis {
    const complex = isComplexAddress(decoded);
    const stackPointer = !decoded.inMemory && (decoded.reg === RSP || decoded.rm === RSP);
    const key =
      decoded.formNumber * 32 +
      (stackPointer ? 16 : 0) +
      (decoded.inMemory ? 8 : 0) +
      (decoded.operandSize >> 5) * 2 +
      (complex ? 1 : 0);
    let analysis = this.known.get(key);
    if (analysis === undefined) {
      const form = formByNumber(decoded.formNumber);
      const row =
        form === undefined
          ? undefined
          : this.rows.rowFor(form, {
              operandSize: sizeOf(decoded),
              accessesMemory: accessesMemory(form, decoded),
              complexAddress: complex,
              stackPointer,
            });
      analysis = new FormAnalysis(form, row ?? UNKNOWN_ROW, row === undefined, decoded, this.model);
      this.known.set(key, analysis);
    }
    return analysis;
  }
}

function sizeOf(decoded: DecodedInstruction): OperandSize {
  const { operandSize } = decoded;
  return operandSize === 16 || operandSize === 64 ? operandSize : 32;
}

function accessesMemory(form: InstructionForm, decoded: DecodedInstruction): boolean {
  return decoded.inMemory || form.operands.some(({ kind }) => kind === 'memory offset');
}

/** Three parts, or a factor: more than the sum of two registers, or of one and a displacement. */
function isComplexAddress(decoded: DecodedInstruction): boolean {
  const base = readyOfSlot(decoded.base) !== layout.READY_NEVER_WAITS;
  const index = readyOfSlot(decoded.index) !== layout.READY_NEVER_WAITS;
  // With RBP or R13 as the base there is always a displacement, be it 0.
  const always = [layout.READY_GPR + 5, layout.READY_GPR + 13].includes(readyOfSlot(decoded.base));
  const displacement = always || decoded.displacementLow !== 0;
  return decoded.scale !== 0 || (base && index && displacement);
}

export class FormAnalysis {
  readonly kind: InstructionKind;
  readonly flags: number;
  readonly slots: number;
  readonly ports: number;
  readonly loads: boolean;
  readonly stores: boolean;
  readonly computes: boolean;
  /** What it computes are its pointers: they do not wait for what it loads. */
  readonly pointersApart: boolean;
  /** The address comes from ModRM (or moffs), not from the stack pointer or a string register. */
  readonly memoryOperand: boolean;
  readonly sources: readonly RegisterRef[];
  readonly destinations: readonly RegisterRef[];
  readonly moveSource: RegisterRef | undefined;
  readonly writesFlags: boolean;
  readonly writesCarry: boolean;
  readonly wideImmediate: boolean;
  /** XCHG with memory locks without a prefix. */
  readonly alwaysLocked: boolean;
  private readonly sameOperands: boolean;
  /** Where the first source is. */
  private readonly first: 'reg' | 'vvvv';
  private found: NamedRegisters | null = null;

  constructor(
    private readonly form: InstructionForm | undefined,
    readonly row: TimingRow,
    unknown: boolean,
    decoded: DecodedInstruction,
    model: CoreModel,
  ) {
    this.kind = InstructionKind[row.kind ?? 'Normal'];
    this.slots = row.slots ?? 1;
    this.ports = row.ports === undefined ? 0 : (model.ports[row.ports] ?? 0);
    const operands = form?.operands ?? [];
    const uops = form === undefined ? [] : recipeUops(form, decoded);
    const memory = decoded.inMemory ? operands[memoryOperandIndex(operands)] : undefined;
    const offset = operands.find(({ kind }) => kind === 'memory offset');
    const inMemory = memory ?? offset;
    const mnemonic = form?.mnemonic ?? '';
    const address = /^(LEA|NOP|INVLPG|CLFLUSH|CLWB)/.test(mnemonic);
    this.memoryOperand = inMemory !== undefined && !address;
    const access = this.memoryOperand ? (inMemory?.access ?? 'none') : 'none';
    const stack = STACK.test(mnemonic);
    // MOVSD and CMPSD are vector instructions too.
    const string = this.kind === InstructionKind.String;
    this.loads =
      access === 'read' ||
      access === 'read and write' ||
      /^(POP(?!CNT)|RET|LEAVE|XLAT|PREFETCH)/.test(mnemonic) ||
      (string && /^(LODS|SCAS|CMPS|MOVS)/.test(mnemonic));
    this.stores =
      access === 'write' ||
      access === 'read and write' ||
      /^(PUSH|CALL|ENTER)/.test(mnemonic) ||
      (string && /^(STOS|MOVS)/.test(mnemonic));
    this.pointersApart = string && /^(LODS|STOS|MOVS)/.test(mnemonic);
    const branch =
      this.kind >= InstructionKind.ConditionalBranch && this.kind <= InstructionKind.Return;
    this.sources = this.findSources(operands, inMemory, uops, address);
    this.destinations = this.findDestinations(operands, inMemory, uops, stack);
    this.moveSource = row.eliminated === true ? registerRef(operands[1]) : undefined;
    const written = form === undefined ? 0 : form.flagsWritten | form.flagsUndefined;
    this.writesFlags = (written & OTHER_FLAGS) !== 0;
    this.writesCarry = (written & CARRY) !== 0;
    const merges =
      row.move === true &&
      this.loads &&
      this.destinations.some(
        ({ bank, bits }) => bank === layout.READY_GPR && bits > 0 && bits < 32,
      );
    const pureStack = stack && !branch && mnemonic !== 'ENTER' && this.destinations.length <= 1;
    this.computes =
      row.eliminated === true || this.kind === InstructionKind.Nop
        ? false
        : row.move === true
          ? merges || (!this.loads && !this.stores)
          : !pureStack;
    const threeOperands = operands[1]?.place === 'VEX.vvvv' && operands[2]?.place === 'ModRM.rm';
    const register = operands.filter(({ place }) => place === 'ModRM.reg' || place === 'ModRM.rm');
    this.sameOperands = register.length === 2 && inMemory === undefined;
    this.first = threeOperands ? 'vvvv' : 'reg';
    this.wideImmediate = operands.some(({ text }) => text === 'imm64');
    this.alwaysLocked = mnemonic === 'XCHG' && this.memoryOperand;
    this.flags =
      (row.estimate === true ? layout.RECORD_ESTIMATED : 0) |
      (unknown ? layout.RECORD_UNKNOWN : 0) |
      (row.byValue === true ? layout.RECORD_BY_VALUE : 0) |
      (stack ? layout.RECORD_STACK : 0) |
      (fuses(mnemonic, model) &&
      !this.loads &&
      !operands.some(({ kind }) => kind === 'immediate' && this.loads)
        ? layout.RECORD_FUSES
        : 0);
  }

  /** Nobody waits for what it loads. */
  get prefetches(): boolean {
    return this.form?.mnemonic.startsWith('PREFETCH') === true;
  }

  /** What it stores goes past the caches. */
  get isNonTemporal(): boolean {
    return /^V?MOVNT(?!DQA)/.test(this.form?.mnemonic ?? '');
  }

  /** Both sources are the same register. */
  sameRegister(decoded: DecodedInstruction): boolean {
    return this.sameOperands && decoded[this.first] === decoded.rm;
  }

  /** A number for the registers that the instruction names, as far as it depends on them: equal ones are equal instructions. */
  registersOf(decoded: DecodedInstruction): number {
    const named = (this.found ??= this.named());
    let number = named.reg ? decoded.reg : 0;
    number = number * 16 + (named.rm ? decoded.rm : 0);
    number = number * 16 + (named.opcode ? decoded.opcodeRegister : 0);
    if (named.byVex) {
      number = ((number * 16 + decoded.vvvv) * 16 + decoded.is4) * 16 + decoded.vectorIndex;
    }
    if (named.address) {
      const base = readyOfSlot(decoded.base);
      number = (number * layout.READY_COUNT + base) * layout.READY_COUNT;
      number += readyOfSlot(decoded.index);
    }
    return number;
  }

  private named(): NamedRegisters {
    const { sources, destinations, moveSource, sameOperands } = this;
    const places = new Set([...sources, ...destinations, moveSource].map((ref) => ref?.place));
    const vex = ['VEX.vvvv', 'is4', 'vector index'] as const;
    return {
      reg: sameOperands || places.has('ModRM.reg'),
      rm: sameOperands || places.has('ModRM.rm'),
      opcode: places.has('opcode'),
      byVex: this.first === 'vvvv' || vex.some((place) => places.has(place)),
      address: this.memoryOperand || places.has('base') || places.has('index'),
    };
  }

  isRepeated(decoded: DecodedInstruction): boolean {
    return decoded.repeat !== 0 && this.form?.attributes.repeat === true;
  }

  /** Scoreboard registers that the address of the load or store depends on. */
  addressOf(decoded: DecodedInstruction, ofStore: boolean): readonly [number, number] {
    if (this.memoryOperand) return [readyOfSlot(decoded.base), readyOfSlot(decoded.index)];
    const mnemonic = this.form?.mnemonic ?? '';
    if (/^(LODS|CMPS|MOVS)/.test(mnemonic) && !ofStore) return [layout.READY_GPR + 6, 0];
    if (/^XLAT/.test(mnemonic)) return [layout.READY_GPR + 3, layout.READY_GPR];
    if (/^(STOS|SCAS|MOVS)/.test(mnemonic)) return [layout.READY_GPR + 7, 0];
    return [mnemonic === 'LEAVE' ? layout.READY_GPR + 5 : layout.READY_RSP, 0];
  }

  private findSources(
    operands: readonly Operand[],
    inMemory: Operand | undefined,
    uops: readonly RecipeUop[],
    address: boolean,
  ): RegisterRef[] {
    const found: RegisterRef[] = [];
    for (const operand of operands) {
      if (operand.text.startsWith('vm'))
        found.push({ place: 'vector index', bank: layout.READY_VECTOR, bits: 128 });
      const partial = operand.access === 'write' && operand.bits < 32 && operand.bits > 0;
      const merged =
        partial && this.row.move !== true
          ? true
          : partial && operand !== inMemory && !(this.stores && !this.loads);
      if (operand === inMemory || (!operand.access.startsWith('read') && !merged)) continue;
      const isMerged = operand === operands[0] || operand.place === 'VEX.vvvv';
      if (this.row.replaces === true && isMerged) continue;
      const ref = registerRef(operand);
      if (ref !== undefined) found.push(ref);
    }
    for (const { a, b, extra } of uops) {
      for (const role of [a, b, extra]) {
        const number = GPR_NAMES.indexOf(typeof role === 'string' ? role : '');
        if (number >= 0) found.push(fixed(layout.READY_GPR + number));
      }
    }
    for (const name of (this.row.reads ?? '').split(' ')) if (name !== '') found.push(named(name));
    if (address && this.form?.mnemonic === 'LEA') {
      found.push({ place: 'base', bank: 0, bits: 64 }, { place: 'index', bank: 0, bits: 64 });
    }
    const tested = this.form?.flagsTested ?? 0;
    if ((tested & CARRY) !== 0) found.push(fixed(layout.READY_CARRY));
    if ((tested & OTHER_FLAGS) !== 0) found.push(fixed(layout.READY_FLAGS));
    return found;
  }

  private findDestinations(
    operands: readonly Operand[],
    inMemory: Operand | undefined,
    uops: readonly RecipeUop[],
    stack: boolean,
  ): RegisterRef[] {
    const found: RegisterRef[] = [];
    for (const operand of operands) {
      if (operand === inMemory || !/write/.test(operand.access)) continue;
      const ref = registerRef(operand);
      if (ref !== undefined) found.push(ref);
    }
    const names = new Set<string>();
    for (const { op, dst } of uops) {
      if (dst !== undefined) names.add(dst);
      for (const name of impliedWrites(op)) names.add(name);
    }
    for (const name of (this.row.writes ?? '').split(' ')) names.add(name);
    for (const name of names) {
      if (stack && name === 'RSP') continue; // the stack engine's
      if (GPR_NAMES.includes(name) || /^(AH|DF|ST)$/.test(name)) found.push(named(name));
    }
    return found;
  }
}

function fuses(mnemonic: string, model: CoreModel): boolean {
  const { value } = model.parameters.Fusion;
  if ((value & 1) !== 0 && /^(CMP|TEST)$/.test(mnemonic)) return true;
  return (value & 2) !== 0 && /^(ADD|SUB|AND|INC|DEC)$/.test(mnemonic);
}

function recipeUops(form: InstructionForm, decoded: DecodedInstruction): readonly RecipeUop[] {
  const context = form.recipeContext(sizeOf(decoded));
  return accessesMemory(form, decoded)
    ? memoryVersion(form.recipe, context)
    : form.recipe.uops(context);
}

function fixed(ready: number): RegisterRef {
  return { place: 'fixed', ready, bank: 0, bits: 64 };
}

function named(name: string): RegisterRef {
  if (name === 'AH') return fixed(layout.READY_GPR);
  if (name === 'DF') return fixed(layout.READY_DIRECTION);
  if (name === 'ST') return fixed(layout.READY_X87); // the stack as a whole
  const vector = /^XMM(\d+)$/.exec(name);
  if (vector !== null) return fixed(layout.READY_VECTOR + Number(vector[1]));
  return fixed(layout.READY_GPR + GPR_NAMES.indexOf(name));
}

function registerRef(operand: Operand | undefined): RegisterRef | undefined {
  if (operand === undefined) return undefined;
  const { kind, place, bits, number } = operand;
  if (kind === 'implied register') return fixed(layout.READY_GPR + number);
  const vector = kind === 'vector' || kind === 'vector or memory';
  if (!vector && kind !== 'register' && kind !== 'register or memory') return undefined;
  if (operand.text.startsWith('ST')) return undefined; // the rows name the stack
  if (place === 'implied') return vector ? fixed(layout.READY_VECTOR) : undefined;
  if (place === 'immediate') return undefined;
  const bank = !vector
    ? layout.READY_GPR
    : operand.text.startsWith('mm')
      ? layout.READY_X87
      : layout.READY_VECTOR;
  return { place, bank, bits: vector ? 128 : bits };
}
