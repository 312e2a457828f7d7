/** The state's memory: nothing lies where something else does. */
import { expect, it } from 'vitest';
import * as layout from './state-layout.js';

/** The timing engine's part as a whole; the access log is at its beginning. */
const WHOLE = 'TIMING_STATE';
/** Addresses begin here; what is below, or a power of two above all memory, is a number of another kind. */
const FIRST_ADDRESS = layout.REGISTERS;
const NOT_ADDRESSES = /_(BYTES|MAX|COUNT|ENTRIES|END|MASK|SHIFT|SLOTS|WORDS)$/;

it('no two fields begin at one address', () => {
  const names = new Map<number, string[]>();
  for (const [name, value] of Object.entries(layout)) {
    if (typeof value !== 'number' || value < FIRST_ADDRESS) continue;
    if (name === WHOLE || NOT_ADDRESSES.test(name)) continue;
    names.set(value, [...(names.get(value) ?? []), name]);
  }
  expect(names.size).toBeGreaterThan(100);
  expect([...names.values()].filter((fields) => fields.length > 1)).toEqual([]);
});
