/**
 * Instruction forms: one record per opcode line of the SDM (Vol. 2), in the SDM's notation. Everything that knows
 * about instructions is derived from these records: decoder, disassembler, documentation, coverage list.
 */
import { assert } from '../base/assert.js';
import { type Encoding, parseEncoding } from './encoding.js';
import { type Operand, type OperandPlace, parseOperands } from './operand.js';
import type { OperandSize, Recipe, RecipeContext } from './recipe.js';
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
  /** Places of the operands where they are not those of the SDM's usual tables. */
  readonly operandEncoding?: 'MVR';
  /** Mnemonics by address size 16, 32, 64 where the SDM lists one line for each (JCXZ, JECXZ, JRCXZ). */
  readonly mnemonicByAddressSize?: readonly [string, string, string];
  /** Feature that CPUID reports, in the SDM's word. */
  readonly feature?: string;
  /** State that CR0, CR4 and XCR0 must have enabled: else #UD or #NM. */
  readonly requires?: 'SSE' | 'MMX' | 'AVX';
}

/** One line of a table, not yet read further than its columns. */
export interface FormLine {
  readonly encodingText: string;
  /** `ADD r/m64, r64` */
  readonly syntax: string;
  /** The third column, or the empty string. */
  readonly validity: string;
}

/** A table that has not been read: a run meets few of the forms, and start-up is shorter without the others. */
export interface FormDefinition {
  readonly table: string;
  readonly attributesOf: (line: FormLine) => FormAttributes;
}

/**
 * A table with the columns of the SDM's instruction pages: `opcode | instruction | 64-bit mode, compat/legacy`.
 * The third column holds `V`, `I`, `N.E.` or `N.S.` twice; without it the form is valid in both (with a 64-bit general
 * register or REX.W: in 64-bit mode only).
 */
export function forms(attributes: FormAttributes, table: string): FormDefinition[] {
  return formsByLine(table, () => attributes);
}

/** The same where the attributes follow from the line: they are made when the form is first met. */
export function formsByLine(
  table: string,
  attributesOf: (line: FormLine) => FormAttributes,
): FormDefinition[] {
  return [{ table, attributesOf }];
}

/** The table's lines that hold a form. */
export function linesOf({ table }: FormDefinition): string[] {
  return table.split('\n').filter((line) => line.trim() !== '');
}

function parseLine(text: string): FormLine {
  const [encoding, syntax, validity] = text.split('|');
  assert(encoding !== undefined && syntax !== undefined, `incomplete line "${text}"`);
  return {
    encodingText: encoding.trim(),
    syntax: syntax.trim(),
    validity: validity === undefined ? '' : validity.trim(),
  };
}

/** `ADD` of `ADD r/m64, r64` */
export function mnemonicOf(syntax: string): string {
  return syntax.split(' ', 1)[0] ?? '';
}

/** What the columns say, read when first asked for: most forms are not met in a run. */
interface FormDetails {
  readonly operands: readonly Operand[];
  readonly operandSize: OperandSize | 'any' | 'none';
  readonly valid64: boolean;
  readonly validLegacy: boolean;
  readonly mod: 'any' | 'memory' | 'register';
}

/** A form with its place in the list of all forms. */
export class InstructionForm {
  private parsedEncoding: Encoding | null = null;
  private madeAttributes: FormAttributes | null = null;
  private parsed: FormDetails | null = null;
  private readonly line: FormLine;

  constructor(
    private readonly definition: FormDefinition,
    /** Of the definition's lines the one that is this form. */
    lineText: string,
    /** Position in the list of all forms, from 1. */
    readonly number: number,
    /** The SDM's group (Vol. 1, "Instruction Set Summary"). */
    readonly group: string,
  ) {
    this.line = parseLine(lineText);
  }

  get syntax(): string {
    return this.line.syntax;
  }

  get mnemonic(): string {
    return mnemonicOf(this.syntax);
  }

  get encoding(): Encoding {
    return (this.parsedEncoding ??= parseEncoding(this.line.encodingText));
  }

  /** The encoding begins with a VEX prefix. */
  get vex(): boolean {
    return this.line.encodingText.startsWith('VEX.');
  }

  get attributes(): FormAttributes {
    return (this.madeAttributes ??= this.definition.attributesOf(this.line));
  }

  get recipe(): Recipe {
    return this.attributes.recipe;
  }

  get operands(): readonly Operand[] {
    return this.details.operands;
  }

  /** Operand size that selects the form, or that its recipe is made for. */
  get operandSize(): OperandSize | 'any' | 'none' {
    return this.details.operandSize;
  }

  get valid64(): boolean {
    return this.details.valid64;
  }

  get validLegacy(): boolean {
    return this.details.validLegacy;
  }

  /** Where ModRM may place the r/m operand. */
  get mod(): 'any' | 'memory' | 'register' {
    return this.details.mod;
  }

  /** RFLAGS masks. */
  get flagsWritten(): number {
    return flagMask(this.attributes.flags?.writes ?? '');
  }

  get flagsUndefined(): number {
    return flagMask(this.attributes.flags?.undefined ?? '');
  }

  get flagsTested(): number {
    return flagMask(this.attributes.flags?.tests ?? '');
  }

  /** What the form's recipe is made for at an operand size. */
  recipeContext(size: OperandSize): RecipeContext {
    const first = this.operands[0];
    const width = first === undefined ? 0 : first.bits || first.memoryBits;
    return { operands: this.operands, size, width };
  }

  private get details(): FormDetails {
    return (this.parsed ??= this.parse());
  }

  private parse(): FormDetails {
    const { encoding, attributes, syntax } = this;
    const space = syntax.indexOf(' ');
    const texts =
      space < 0
        ? []
        : syntax
            .slice(space + 1)
            .trim()
            .split(/, */);
    const parsed = parseOperands(syntax, texts, attributes.recipe.access, encoding);
    const operands =
      attributes.operandEncoding === 'MVR'
        ? parsed.map((operand, index) => ({ ...operand, place: MVR_PLACES[index] ?? 'implied' }))
        : parsed;
    const wide =
      (encoding.rexW && !encoding.vex) ||
      operands.some((operand) => operand.bits === 64 && operand.kind.includes('register'));
    const validity = this.line.validity || `V ${wide ? 'N.E.' : 'V'}`;
    const [in64, inLegacy] = validity.split(' ');
    return {
      operands,
      operandSize: encoding.rexW ? 64 : (attributes.size ?? lineSize(operands)),
      valid64: in64 === 'V',
      validLegacy: inLegacy === 'V',
      mod: modRestriction(encoding, operands, attributes),
    };
  }
}

const MVR_PLACES: readonly OperandPlace[] = ['ModRM.rm', 'VEX.vvvv', 'ModRM.reg'];

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
): InstructionForm['mod'] {
  if (encoding.modrm === 'none' || attributes.modIgnored === true) return 'any';
  if (encoding.mod === 'register' || encoding.modrm === 'fixed') return 'register';
  const rm = operands.find((operand) => operand.place === 'ModRM.rm');
  if (rm?.kind === 'memory') return 'memory';
  if (encoding.vex && rm?.kind === 'vector') return 'register';
  return rm?.kind === 'register' ? 'register' : 'any';
}
