/** Against a set of addresses. */
import { expect, it } from 'vitest';
import { RandomWords } from '../../tests/boots/random-words.js';
import { WrittenBytes } from './written-bytes.js';

const BASE = 0x10_0000;
const PAGES = 6;

it.each([1, 2, 3, 4])('has what was added, and nothing else (seed %i)', (seed) => {
  const draw = new RandomWords(seed);
  const written = new WrittenBytes();
  const model = new Set<number>();
  for (let step = 0; step < 400; step++) {
    const length = 1 + draw.below(step % 40 === 0 ? 3 * 4096 : 24);
    const address = BASE + draw.below(PAGES * 4096 - length);
    written.add(address, length);
    for (let at = address; at < address + length; at++) model.add(at);
    const from = BASE + draw.below(PAGES * 4096 - 16);
    const count = 1 + draw.below(Math.min(16, 4096 - (from % 4096)));
    const any = Array.from({ length: count }, (_, index) => model.has(from + index)).includes(true);
    expect([step, from, count, written.hasAny(from, count)]).toEqual([step, from, count, any]);
  }
  for (let at = BASE; at < BASE + PAGES * 4096; at++) {
    if (written.hasAny(at, 1) !== model.has(at)) expect.fail(`byte 0x${at.toString(16)}`);
  }
});

it('a page that is written byte by byte is one that is written whole', () => {
  const written = new WrittenBytes();
  for (let at = 0; at < 4096; at++) written.add(BASE + at, 1);
  expect([written.hasAny(BASE, 4096), written.hasAny(BASE + 4096, 1)]).toEqual([true, false]);
});
