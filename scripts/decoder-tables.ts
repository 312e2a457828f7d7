/** Makes the decoder's tables (emulator/cpu/decoder/prepared-tables.ts) from the forms: every opcode of every map and mode. */
import { RECIPE_WORDS } from '../emulator/cpu/decoder/compiled-recipe.js';
import { FormTable, RULE_ALWAYS_MEMORY } from '../emulator/cpu/decoder/form-table.js';
import { MAPS, MODES, OpcodeIndex } from '../emulator/cpu/decoder/opcode-index.js';
import { type DecoderTables, tableLine } from '../emulator/cpu/decoder/prepared-tables.js';

/** Different lines, numbered in the order in which they come. */
class Lines {
  private readonly numbers = new Map<string, number>();

  numberOf(line: string): number {
    const known = this.numbers.get(line);
    if (known !== undefined) return known;
    this.numbers.set(line, this.numbers.size);
    return this.numbers.size - 1;
  }

  get text(): string {
    return [...this.numbers.keys()].join('\n');
  }
}

export function makeDecoderTables(): DecoderTables {
  const table = new FormTable();
  const index = new OpcodeIndex(table);
  const cells = new Lines();
  const opcodes: string[] = [];
  for (let mode = 0; mode < MODES; mode++) {
    for (let map = 0; map < MAPS; map++) opcodes.push(opcodesOf(index, mode, map, cells));
  }
  const recipes = new Lines();
  const uops = new Lines();
  const variants = [''];
  for (let variant = 1; variant < table.variantCount; variant++) {
    variants.push(variantLine(table, variant, recipes, uops));
  }
  return {
    opcodes: opcodes.join('\n'),
    cells: cells.text,
    variants: variants.join('\n'),
    recipes: recipes.text,
    uops: uops.text,
  };
}

function opcodesOf(index: OpcodeIndex, mode: number, map: number, cells: Lines): string {
  const numbers: number[] = [];
  for (let opcode = 0; opcode < 256; opcode++) {
    const found = index.at(mode, map, opcode);
    if (!found.isEmpty) numbers.push(opcode, cells.numberOf(found.line));
  }
  return tableLine(numbers);
}

function variantLine(table: FormTable, variant: number, recipes: Lines, uops: Lines): string {
  const rules = table.rules[variant] ?? 0;
  const recipe = (inMemory: boolean): number => {
    const { words } = table.recipeOf(variant, inMemory);
    const numbers: number[] = [];
    for (let at = 0; at < words.length; at += RECIPE_WORDS) {
      numbers.push(uops.numberOf(tableLine(words.subarray(at, at + RECIPE_WORDS))));
    }
    return recipes.numberOf(tableLine(numbers));
  };
  return tableLine([
    table.formNumber[variant] ?? 0,
    table.operandSize[variant] ?? 0,
    rules,
    table.immediate[variant] ?? 0,
    (rules & RULE_ALWAYS_MEMORY) === 0 ? recipe(false) : -1,
    recipe(true),
  ]);
}
