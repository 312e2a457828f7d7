/** The data files of cores: nothing that the processor executes is without a row, and no row or group is idle. */
import { describe, expect, it } from 'vitest';
import type { InstructionForm } from '../../emulator/isa/form.js';
import { instructionForms } from '../../emulator/isa/instruction-set.js';
import { canBeInMemory } from '../../emulator/isa/operand.js';
import type { OperandSize } from '../../emulator/isa/recipe.js';
import type { CoreModel, TimingRow } from '../../emulator/timing/core-model.js';
import { CoreRows, type FormVariant } from '../../emulator/timing/core-rows.js';
import { SKYLAKE } from '../../emulator/timing/cores/skylake.js';
import { ZEN1 } from '../../emulator/timing/cores/zen1.js';
import { Parameter } from '../../emulator/timing/engine-layout.js';
import { createTimingModel } from '../../emulator/timing/models.js';

/** Ports are bits of 16, and operations choose between four queues at most. */
const PORTS_MAX = 16;

const EXECUTABLE = instructionForms().filter(({ recipe }) => recipe.missing !== true);

/** In memory or not, by operand size, with plain and complex addresses, with and without RSP, as far as the form allows. */
function variantsOf(form: InstructionForm): FormVariant[] {
  const { operandSize } = form;
  const sizes: OperandSize[] = typeof operandSize === 'number' ? [operandSize] : [16, 32, 64];
  const offset = form.operands.some(({ kind }) => kind === 'memory offset');
  const mayBe = form.operands.some(canBeInMemory);
  const places: boolean[] = [];
  if (!offset && form.mod !== 'memory') places.push(false);
  if (mayBe && form.mod !== 'register') places.push(true);
  return sizes.flatMap((size) =>
    places.flatMap((accessesMemory) =>
      [false, true].map((second) => ({
        operandSize: size,
        accessesMemory,
        complexAddress: second && accessesMemory && !offset,
        stackPointer: second && !accessesMemory,
      })),
    ),
  );
}

describe.each<[string, CoreModel]>([
  ['zen1', ZEN1],
  ['skylake', SKYLAKE],
])('the data file of %s', (name, core) => {
  it('is what --cpu names', () => {
    const model = createTimingModel(name);
    expect(model.kind === 'engine' ? model.core : null).toBe(core);
  });

  const rows = new CoreRows(core);
  const used = new Set<TimingRow>();
  const without = new Set<string>();
  for (const form of EXECUTABLE) {
    for (const variant of variantsOf(form)) {
      const row = rows.rowFor(form, variant);
      if (row === undefined) without.add(form.syntax);
      else used.add(row);
    }
  }

  it(`has a row for each of ${EXECUTABLE.length} forms that the processor executes`, () => {
    expect([...without]).toEqual([]);
  });

  it('has no row that no form reaches', () => {
    const idle = core.rows.filter((row) => !used.has(row));
    expect(idle.map(({ mnemonics, syntax }) => `${mnemonics} ${syntax?.source ?? ''}`)).toEqual([]);
  });

  it('names only groups of ports that there are', () => {
    const named = core.rows.flatMap(({ ports }) => (ports === undefined ? [] : [ports]));
    expect(named.filter((group) => core.ports[group] === undefined)).toEqual([]);
    for (const [group, mask] of Object.entries(core.ports)) {
      expect(mask > 0 && mask < 2 ** PORTS_MAX, group).toBe(true);
    }
  });

  it('says where every figure comes from', () => {
    expect(core.rows.filter(({ source }) => source.trim() === '')).toEqual([]);
    const silent = Object.entries(core.parameters).filter(([, { source }]) => source.trim() === '');
    expect(silent).toEqual([]);
    const guesses = core.rows.filter((row) => /^E\b/.test(row.source) && row.estimate !== true);
    expect(guesses.map(({ mnemonics }) => mnemonics)).toEqual([]);
  });

  it('has a value for every parameter, a whole number of 32 bits', () => {
    expect(Object.keys(core.parameters).sort()).toEqual(
      Object.keys(Parameter)
        .filter((key) => Number.isNaN(Number(key)) && key !== 'Count')
        .sort(),
    );
    for (const [key, { value }] of Object.entries(core.parameters)) {
      expect(Number.isInteger(value) && value >= 0 && value < 2 ** 32, key).toBe(true);
    }
  });

  it('keeps to the sizes that the engine has room for', () => {
    const of = (key: keyof typeof core.parameters): number => core.parameters[key].value;
    const limits: [number, number][] = [
      [of('ReorderBufferSlots'), 512],
      [of('LoadQueueEntries'), 256],
      [of('StoreQueueEntries'), 256],
      [of('OpQueueEntries'), 256],
      [of('OutstandingMisses'), 64],
      [of('ReturnStackEntries'), 64],
      [of('BtbL1Entries'), 512],
      [of('BtbL2Entries'), 8192],
      [of('IndirectTargets'), 512],
      [of('OpCacheSets') * of('OpCacheWays'), 1024],
      [of('DtlbL1Entries'), 128],
      [of('ItlbL1Entries'), 128],
      [of('DtlbL2Sets') * of('DtlbL2Ways'), 2048],
      [of('ItlbL2Sets') * of('ItlbL2Ways'), 2048],
      [of('PageWalkCacheEntries'), 64],
      [of('L1dSets') * of('L1dWays'), 1024],
      [of('L1iSets') * of('L1iWays'), 2048],
      [of('L2Sets'), 4096],
      [of('L2Sets') * of('L2Ways'), 16_384],
      [of('L3Sets') * of('L3Ways'), 262_144],
    ];
    for (const [value, max] of limits) expect(value).toBeLessThanOrEqual(max);
  });
});
