/**
 * The decoder's tables as text: what follows from the forms, so that a run need neither read them nor work it out. The build
 * writes them (scripts/decoder-tables.ts) and puts them into the bundle; an entry is read when it is first needed.
 *
 * Each table is lines of numbers to base 36, separated by blanks; the line's place is the number of the entry.
 */
import type { CompiledRecipe } from './compiled-recipe.js';
import { RECIPE_WORDS } from './compiled-recipe.js';

const BASE = 36;

export interface DecoderTables {
  /** By mode and map: opcode byte and number of its cells, in turn. */
  readonly opcodes: string;
  /** Span, 1 where a prefix chooses; then variants, each with the number of cells in a row that hold it. */
  readonly cells: string;
  /** Form number, operand size, rules, immediate layout; recipes with the operand in a register and in memory, or -1. */
  readonly variants: string;
  /** Numbers of micro-ops. */
  readonly recipes: string;
  /** The words of a compiled micro-op. */
  readonly uops: string;
}

/** Numbers as a line of a table. */
export function tableLine(numbers: Iterable<number>): string {
  return Array.from(numbers, (number) => number.toString(BASE)).join(' ');
}

export interface PreparedCells {
  readonly span: number;
  readonly prefixed: boolean;
  readonly cells: Uint16Array;
}

export class PreparedTables {
  private readonly opcodes: readonly string[];
  private readonly cells: readonly string[];
  private readonly variants: readonly string[];
  private readonly recipes: readonly string[];
  private readonly uops: readonly string[];

  constructor(tables: DecoderTables) {
    this.opcodes = tables.opcodes.split('\n');
    this.cells = tables.cells.split('\n');
    this.variants = tables.variants.split('\n');
    this.recipes = tables.recipes.split('\n');
    this.uops = tables.uops.split('\n');
  }

  /** Variants, with variant 0. */
  get variantCount(): number {
    return this.variants.length;
  }

  /** Numbers of cells by opcode byte, of one mode and map. */
  opcodesOf(place: number): ReadonlyMap<number, number> {
    const numbers = numbersOf(this.opcodes[place]);
    const found = new Map<number, number>();
    for (let i = 0; i < numbers.length; i += 2) found.set(numbers[i] ?? 0, numbers[i + 1] ?? 0);
    return found;
  }

  cellsOf(number: number): PreparedCells {
    const [span = 0, prefixed, ...runs] = numbersOf(this.cells[number]);
    const cells: number[] = [];
    for (let i = 0; i < runs.length; i += 2) {
      for (let count = runs[i + 1] ?? 0; count > 0; count--) cells.push(runs[i] ?? 0);
    }
    return { span, prefixed: prefixed === 1, cells: Uint16Array.from(cells) };
  }

  /** As `DecoderTables.variants` has it. */
  variantOf(variant: number): readonly number[] {
    return numbersOf(this.variants[variant]);
  }

  recipeOf(number: number): CompiledRecipe {
    const uops = numbersOf(this.recipes[number]);
    const words = new Int32Array(uops.length * RECIPE_WORDS);
    uops.forEach((uop, index) => {
      words.set(numbersOf(this.uops[uop]), index * RECIPE_WORDS);
    });
    return { words, count: uops.length };
  }
}

function numbersOf(line: string | undefined): number[] {
  return line === undefined || line === ''
    ? []
    : line.split(' ').map((digits) => parseInt(digits, BASE));
}
