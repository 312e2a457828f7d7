/**
 * Which row of a core model belongs to an instruction form: the first that fits. A VEX form without a row for its own mnemonic has
 * that of SSE; where vectors of 256 bits are two operations, twice over.
 */
import type { InstructionForm } from '../isa/form.js';
import type { OperandSize } from '../isa/recipe.js';
import type { CoreModel, TimingRow } from './core-model.js';

/** What rows ask of an instruction beyond its form. */
export interface FormVariant {
  readonly operandSize: OperandSize;
  readonly accessesMemory: boolean;
  /** The address has three parts, or a factor. */
  readonly complexAddress: boolean;
  /** A register operand is RSP. */
  readonly stackPointer: boolean;
}

export class CoreRows {
  private readonly rowsByMnemonic = new Map<string, TimingRow[]>();
  private readonly doubled = new Map<TimingRow, TimingRow>();

  constructor(private readonly model: CoreModel) {}

  rowFor(form: InstructionForm, variant: FormVariant): TimingRow | undefined {
    const own = this.fitting(this.rowsOf(form.mnemonic), form, variant);
    if (own !== undefined || !form.encoding.vex) return own;
    const row = this.fitting(this.rowsOf(form.mnemonic.slice(1)), form, variant);
    const isTwo = form.syntax.includes('ymm') && this.model.parameters.VectorBytes.value < 32;
    return row === undefined || !isTwo ? row : this.twice(row);
  }

  private twice(row: TimingRow): TimingRow {
    const { slots = 1, occupancy = 1 } = row;
    const made = this.doubled.get(row) ?? { ...row, slots: 2 * slots, occupancy: 2 * occupancy };
    this.doubled.set(row, made);
    return made;
  }

  private fitting(
    rows: readonly TimingRow[],
    form: InstructionForm,
    variant: FormVariant,
  ): TimingRow | undefined {
    const { width } = form.recipeContext(variant.operandSize);
    return rows.find(
      (row) =>
        (row.operand === undefined || (row.operand === 'memory') === variant.accessesMemory) &&
        (row.widths === undefined || row.widths.includes(width)) &&
        (row.syntax === undefined || row.syntax.test(form.syntax)) &&
        (row.address === undefined || variant.complexAddress) &&
        (row.stackPointer === undefined || variant.stackPointer),
    );
  }

  private rowsOf(mnemonic: string): readonly TimingRow[] {
    let rows = this.rowsByMnemonic.get(mnemonic);
    if (rows === undefined) {
      rows = this.model.rows.filter(({ mnemonics }) =>
        mnemonics
          .split(' ')
          .some((name) =>
            name.endsWith('*') ? mnemonic.startsWith(name.slice(0, -1)) : name === mnemonic,
          ),
      );
      this.rowsByMnemonic.set(mnemonic, rows);
    }
    return rows;
  }
}
