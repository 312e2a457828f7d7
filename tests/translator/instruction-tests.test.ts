/** The tests of tests/instructions whose machines run 64-bit code, with every block translated before its first instruction. */
import { afterAll, expect } from 'vitest';
import { GuestMachine } from '../instructions/guest-machine.js';
import { forcedTranslation, regionsMade } from '../instructions/tiers.js';

GuestMachine.translator = forcedTranslation(3000);

await import('../instructions/arithmetic-flags.test.js');
await import('../instructions/budget.test.js');
await import('../instructions/long-strings.test.js');
await import('../instructions/random-programs.test.js');
await import('../instructions/self-modifying-code.test.js');
await import('../instructions/sse-state.test.js');
await import('../instructions/stepping.test.js');

afterAll(() => {
  expect(regionsMade).toBeGreaterThan(1000);
});
