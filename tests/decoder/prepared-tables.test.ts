/** The decoder's tables that the build makes: the bundle has those of these sources, and they say what the forms say. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { FormTable, RULE_ALWAYS_MEMORY } from '../../emulator/cpu/decoder/form-table.js';
import { MAPS, MODES, OpcodeIndex } from '../../emulator/cpu/decoder/opcode-index.js';
import { type DecoderTables, PreparedTables } from '../../emulator/cpu/decoder/prepared-tables.js';
import { makeDecoderTables } from '../../scripts/decoder-tables.js';
import { projectRoot } from '../cli/s7x.js';

const tables = makeDecoderTables();

describe('the bundle', () => {
  const folder = join(projectRoot, 'dist/bundle');
  const text = readdirSync(folder)
    .filter((name) => name.endsWith('.cjs'))
    .map((name) => readFileSync(join(folder, name), 'utf8'))
    .join('\n');

  it.each(Object.entries<string>({ ...tables }))('has the %s of these sources', (name, lines) => {
    expect(lines.length).toBeGreaterThan(1000);
    expect(text.includes(`"${name}": ${JSON.stringify(lines)}`)).toBe(true);
  });
});

/** Places in mode, map, opcode, prefix, operand size and ModRM at which the tables say another thing than the forms. */
function differences(prepared: DecoderTables): string[] {
  const derivedTable = new FormTable();
  const derived = new OpcodeIndex(derivedTable);
  const preparedTable = new FormTable(new PreparedTables(prepared));
  const index = new OpcodeIndex(preparedTable);
  const seen = new Set<string>();
  const wrong: string[] = [];
  for (let place = 0; place < MODES * MAPS * 256; place++) {
    const [mode, map, opcode] = [Math.floor(place / 256 / MAPS), (place >> 8) % MAPS, place & 255];
    const cells = derived.at(mode, map, opcode);
    const found = index.at(mode, map, opcode);
    const where = `mode ${mode}, map ${map}, opcode ${opcode.toString(16)}`;
    if (cells.prefixed !== found.prefixed || cells.byModrm !== found.byModrm) wrong.push(where);
    for (let key = 0; key < 12; key++) {
      for (let modrm = cells.byModrm ? 0 : 255; modrm < 256; modrm++) {
        const variant = cells.variantAt(key % 4, key >> 2, modrm);
        const other = found.variantAt(key % 4, key >> 2, modrm);
        const pair = `${variant} ${other}`;
        if (seen.has(pair)) continue;
        seen.add(pair);
        if (rowOf(derivedTable, variant) !== rowOf(preparedTable, other)) {
          wrong.push(`${where}, key ${key}, ModRM ${modrm.toString(16)}`);
        }
      }
    }
  }
  return wrong;
}

function rowOf(table: FormTable, variant: number): string {
  if (variant === 0) return 'undefined';
  const rules = table.rules[variant] ?? 0;
  const recipes = (rules & RULE_ALWAYS_MEMORY) === 0 ? [false, true] : [true];
  return [
    table.formNumber[variant],
    table.operandSize[variant],
    rules,
    table.immediate[variant],
    ...recipes.map((inMemory) => table.recipeOf(variant, inMemory).words.join()),
  ].join(' ');
}

describe('prepared tables', () => {
  it('decode as the forms do, at every opcode, prefix, operand size and ModRM', () => {
    expect(differences(tables)).toEqual([]);
  });

  it.each([
    ['cells', /\n1 0 2 /, () => '\n1 0 1 '],
    ['variants', /\n1 /, () => '\n2 '],
    ['uops', /^\S+/, (first: string) => (parseInt(first, 36) + 1).toString(36)],
  ] as const)('are found out when a number of the %s is another', (name, pattern, change) => {
    const damaged = { ...tables, [name]: tables[name].replace(pattern, change) };
    expect(damaged[name]).not.toBe(tables[name]);
    expect(differences(damaged)).not.toEqual([]);
  });
});
