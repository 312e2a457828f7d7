/** Bounds of a model's parameters: what the engine's memory (engine-layout.ts) has room for. */
import { describe, expect, it } from 'vitest';
import type { CoreModel, ParameterName } from './core-model.js';
import { createTimingModel } from './models.js';
import { parametersOutOfBounds } from './parameter-bounds.js';

function coreOf(name: string): CoreModel {
  const model = createTimingModel(name);
  if (model.kind !== 'engine') throw new Error(`${name} has no engine`);
  return model.core;
}

describe('parametersOutOfBounds', () => {
  it.each(['zen1', 'skylake'])('has nothing against %s', (name) => {
    expect(parametersOutOfBounds(coreOf(name).parameters)).toEqual([]);
  });

  it.each<[ParameterName, number, string]>([
    ['ReorderBufferSlots', 513, 'ReorderBufferSlots must be 64 to 512'],
    ['RepeatStosRateDram', 0, 'RepeatStosRateDram must be 1 to 1000000'],
    ['AluPorts', 0, 'AluPorts must be 1 to 65535'],
    ['L1dSets', 63, 'L1dSets must be a power of two'],
    ['L3Sets', 65_536, 'L3Sets × L3Ways must be at most 262144'],
    ['L3Ways', 17, 'L3Ways must be 0 to 16'],
  ])('names %s = %i', (name, value, sentence) => {
    const { parameters } = coreOf('zen1');
    const changed = { ...parameters, [name]: { ...parameters[name], value } };
    expect(parametersOutOfBounds(changed)).toEqual([sentence]);
  });
});
