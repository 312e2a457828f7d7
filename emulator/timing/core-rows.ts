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

  private readonly places: RowPlaces;

  constructor(private readonly model: CoreModel) {
    this.places = placesOf(model.rows);
  }

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

  /** The rows that name the mnemonic, in the model's order. */
  private rowsOf(mnemonic: string): readonly TimingRow[] {
    let rows = this.rowsByMnemonic.get(mnemonic);
    if (rows === undefined) {
      const { byName, byBeginning } = this.places;
      const places = new Set(byName.get(mnemonic));
      for (const { beginning, place } of byBeginning) {
        if (mnemonic.startsWith(beginning)) places.add(place);
      }
      const inOrder = [...places].sort((a, b) => a - b);
      rows = inOrder.flatMap((place) => this.model.rows[place] ?? []);
      this.rowsByMnemonic.set(mnemonic, rows);
    }
    return rows;
  }
}

/** Where among a model's rows each name stands: as a whole mnemonic, or as the beginning of some. */
interface RowPlaces {
  readonly byName: ReadonlyMap<string, readonly number[]>;
  readonly byBeginning: readonly { readonly beginning: string; readonly place: number }[];
}

function placesOf(rows: readonly TimingRow[]): RowPlaces {
  const byName = new Map<string, number[]>();
  const byBeginning: { beginning: string; place: number }[] = [];
  rows.forEach(({ mnemonics }, place) => {
    for (const name of mnemonics.split(' ')) {
      if (name.endsWith('*')) {
        byBeginning.push({ beginning: name.slice(0, -1), place });
        continue;
      }
      const places = byName.get(name);
      if (places === undefined) byName.set(name, [place]);
      else places.push(place);
    }
  });
  return { byName, byBeginning };
}
