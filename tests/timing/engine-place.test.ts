/** The engine's memory begins where the core ends: two files say where, as one of them imports nothing. */
import { expect, it } from 'vitest';
import { TIMING_ENGINE, TIMING_STATE_END } from '../../emulator/isa/state-layout.js';
import { ENGINE_END, PARAMETERS } from '../../emulator/timing/engine-layout.js';

it('the timing engine keeps its state in the place that the core leaves to it', () => {
  expect(PARAMETERS).toBe(TIMING_ENGINE);
  expect(ENGINE_END).toBeLessThanOrEqual(TIMING_STATE_END);
});
