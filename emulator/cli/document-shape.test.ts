import { describe, expect, it } from 'vitest';
import { misshapenPart, optional, orNull, type Shape } from './document-shape.js';

const SHAPE = {
  name: '',
  bytes: /^\d+$/,
  stats: { cycles: 0, timing: orNull({ everyValue: 0 }) },
  rows: [[0, '']],
  parsed: optional({ count: 0 }),
} satisfies Shape;

const GOOD = {
  name: 'a',
  bytes: '12',
  stats: { cycles: 3, timing: { loads: 1, stores: 2 } },
  rows: [
    [1, 'x'],
    [2, 'y'],
  ],
  more: true,
};

describe('misshapenPart', () => {
  it('finds nothing where all is there, and does not mind more', () => {
    expect(misshapenPart(GOOD, SHAPE)).toBeNull();
    expect(misshapenPart({ ...GOOD, parsed: { count: 1 } }, SHAPE)).toBeNull();
    expect(misshapenPart({ ...GOOD, stats: { cycles: 0, timing: null } }, SHAPE)).toBeNull();
  });

  it.each<[string, object]>([
    ['name', { name: 5 }],
    ['name', { name: undefined }],
    ['bytes', { bytes: '12 KiB' }],
    ['stats', { stats: null }],
    ['stats', { stats: [] }],
    ['stats.cycles', { stats: { cycles: null, timing: null } }],
    ['stats.cycles', { stats: { cycles: -1, timing: null } }],
    ['stats.cycles', { stats: { cycles: 1e300, timing: null } }],
    ['stats.timing', { stats: { cycles: 1 } }],
    ['stats.timing.loads', { stats: { cycles: 1, timing: { loads: 'many' } } }],
    ['rows', { rows: {} }],
    ['rows[1]', { rows: [[1, 'x'], [2]] }],
    ['parsed', { parsed: null }],
    ['parsed.count', { parsed: { count: '1' } }],
    ['rows[0][1]', { rows: [[1, 2]] }],
  ])('names %s', (part, change) => {
    expect(misshapenPart({ ...GOOD, ...change }, SHAPE)).toBe(part);
  });
});
