/** Which row of a core model belongs to an instruction form: the first that fits. */
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

  constructor(private readonly model: CoreModel) {}

  rowFor(form: InstructionForm, variant: FormVariant): TimingRow | undefined {
    const { width } = form.recipeContext(variant.operandSize);
    return this.rowsOf(form.mnemonic).find(
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
