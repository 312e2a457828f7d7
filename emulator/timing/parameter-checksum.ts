import type { CoreModel } from './core-model.js';

/** A number that changes with any parameter of the model: an engine that has them as constants fits no other. Never 0. */
export function parameterChecksum({ parameters }: CoreModel): number {
  let sum = 1;
  for (const { value } of Object.values(parameters)) sum = Math.imul(sum ^ value, 0x01000193) >>> 0;
  return sum === 0 ? 1 : sum;
}
