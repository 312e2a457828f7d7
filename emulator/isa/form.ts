/**
 * Instruction forms: one record per opcode line of the SDM (Vol. 2), in the SDM's notation. Everything that knows
 * about instructions is derived from these records: decoder, disassembler, documentation, coverage list.
 */
import { assert } from '../base/assert.js';
import { type Encoding, parseEncoding } from './encoding.js';
import { type Operand, parseOperands } from './operand.js';
import { type OperandSize, type Recipe, memoryOperandIndex } from './recipe.js';
import { flagMask } from './rflags.js';

/** What the lines of one table have in common. */
export interface FormAttributes {
  readonly recipe: Recipe;
  /** RFLAGS the form writes with a defined value, writes with an undefined value, and reads. */
  readonly flags?: {
    readonly writes?: string;
    readonly undefined?: string;
    readonly tests?: string;
  };
  /** LOCK is allowed when the destination is in memory. */
  readonly lockable?: boolean;
  /** F3 and F2 repeat it (string instructions). */
  readonly repeat?: boolean;
  /**
   * Operand size that selects the line: `line`: what the syntax says (r/m16, r32, rel16 …); `any`: every size, and the
   * recipe depends on it; `none`: every size, and it makes no difference. Default: `line`, or `none` where the syntax
   * names no size.
   */
  readonly size?: 'any' | 'none' | OperandSize;
  /** 64-bit mode: `default 64`: 64 bits without REX.W, 16 with 66; `forced 64`: always (near branches: Intel ignores 66). */
  readonly in64?: 'default 64' | 'forced 64';
  /** #UD in real-address and virtual-8086 mode. */
  readonly protectedOnly?: boolean;
  /** ModRM.mod is ignored and ModRM.rm always names a register (MOV to and from control and debug registers). */
  readonly modIgnored?: boolean;
  /** Mnemonics by address size 16, 32, 64 where the SDM lists one line for each (JCXZ, JECXZ, JRCXZ). */
  readonly mnemonicByAddressSize?: readonly [string, string, string];
  /** Feature that CPUID reports, in the SDM's word. */
  readonly feature?: string;
}

export interface FormDefinition extends FormAttributes {
  readonly encoding: Encoding;
  /** `ADD r/m64, r64` */
  readonly syntax: string;
  readonly mnemonic: string;
  readonly operands: readonly Operand[];
  /** Operand size that selects the form, or that its recipe is made for. */
  readonly operandSize: OperandSize | 'any' | 'none';
  readonly valid64: boolean;
  readonly validLegacy: boolean;
  readonly flagsWritten: number;
  readonly flagsUndefined: number;
  readonly flagsTested: number;
  /** Where ModRM may place the r/m operand. */
  readonly mod: 'any' | 'memory' | 'register';
}

export interface InstructionForm extends FormDefinition {
  /** Position in the list of all forms, from 1. */
  readonly number: number;
  /** The SDM's group (Vol. 1, "Instruction Set Summary"). */
  readonly group: string;
}

/**
 * Reads a table with the columns of the SDM's instruction pages: `opcode | instruction | 64-bit mode, compat/legacy`.
 * The third column holds `V`, `I`, `N.E.` or `N.S.` twice; without it the form is valid in both (with a 64-bit general
 * register or REX.W: in 64-bit mode only).
 */
export function forms(attributes: FormAttributes, table: string): FormDefinition[] {
  return table
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => {
      const [encoding, syntax, validity] = line
        .split('|')
        .map((cell) => cell.trim().replace(/\s+/g, ' '));
      assert(encoding !== undefined && syntax !== undefined, `incomplete line "${line}"`);
      return form(encoding, syntax, attributes, validity ?? '');
    });
}

/** One line of such a table. */
export function form(
  encodingText: string,
  syntax: string,
  attributes: FormAttributes,
  validity = '',
): FormDefinition {
  const encoding = parseEncoding(encodingText);
  const space = syntax.indexOf(' ');
  const mnemonic = space < 0 ? syntax : syntax.slice(0, space);
  const texts = space < 0 ? [] : syntax.slice(space + 1).split(/, ?/);
  const operands = parseOperands(syntax, texts, attributes.recipe.access, {
    hasDigit: typeof encoding.modrm === 'number',
    hasModrm: encoding.modrm !== 'none',
    opcodeRegister: encoding.opcodeRegister,
    vex: encoding.vex,
  });
  const wide =
    encoding.rexW ||
    operands.some((operand) => /register/.test(operand.kind) && operand.bits === 64);
  const [in64, inLegacy] = (validity === '' ? `V ${wide ? 'N.E.' : 'V'}` : validity).split(' ');
  const flags = attributes.flags ?? {};
  return {
    ...attributes,
    encoding,
    syntax,
    mnemonic,
    operands,
    operandSize: encoding.rexW ? 64 : (attributes.size ?? lineSize(operands)),
    valid64: in64 === 'V',
    validLegacy: inLegacy === 'V',
    flagsWritten: flagMask(flags.writes ?? ''),
    flagsUndefined: flagMask(flags.undefined ?? ''),
    flagsTested: flagMask(flags.tests ?? ''),
    mod: modRestriction(encoding, operands, attributes),
  };
}

/** The operand size that the syntax itself names. */
function lineSize(operands: readonly Operand[]): OperandSize | 'none' {
  for (const kinds of [/register/, /relative|far pointer|memory/, /immediate/]) {
    for (const operand of operands) {
      const sizeBits =
        operand.kind === 'memory' ? operand.bits || operand.memoryBits : operand.bits;
      if (!kinds.test(operand.kind) || /segment|control|debug|implied seg/.test(operand.kind))
        continue;
      if (operand.text === 'DX' || operand.text === 'CL') continue;
      if (sizeBits === 16 || sizeBits === 32 || sizeBits === 64) return sizeBits;
    }
  }
  return 'none';
}

function modRestriction(
  encoding: Encoding,
  operands: readonly Operand[],
  attributes: FormAttributes,
): FormDefinition['mod'] {
  if (encoding.modrm === 'none' || attributes.modIgnored === true) return 'any';
  if (encoding.mod === 'register' || encoding.modrm === 'fixed') return 'register';
  const rm = operands.find((operand) => operand.place === 'ModRM.rm');
  if (rm?.kind === 'memory') return 'memory';
  return rm?.kind === 'register' ? 'register' : 'any';
}

/** Whether the form has an operand that can lie in memory. */
export function hasMemoryOperand(definition: FormDefinition): boolean {
  return memoryOperandIndex(definition.operands) >= 0;
}
