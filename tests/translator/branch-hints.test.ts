/**
 * What a region's module expects of its branches stands where WebAssembly's "Branch Hinting" has it: a section of pairs of a place in the function's
 * body, with its locals, and what is expected there. V8 leaves a section aside, without a word, in which one thing is wrong.
 */
import { afterEach, beforeEach, expect, it } from 'vitest';
import { webAssembly } from '../../emulator/base/web-assembly.js';
import { TRANSLATION_FORCED } from '../../emulator/isa/state-layout.js';
import { ByteReader } from '../../kernel/compiler/byte-reader.js';
import { Scatter } from '../instructions/scatter.js';
import { KINDS, nextProgram, runProgram } from './random-programs.js';
import { TierMachine } from './tier-comparison.js';

const PROGRAMS = 10;
const INSTRUCTIONS_MAX = 4000;
const MAGIC_AND_VERSION_BYTES = 8;
const SECTION_CUSTOM = 0;
const SECTION_CODE = 10;
const IF = 0x04;
const BR_IF = 0x0d;

const made: Uint8Array[] = [];
const { Module } = webAssembly;

beforeEach(() => {
  Object.assign(webAssembly, {
    Module: class extends Module {
      constructor(bytes: Uint8Array) {
        super(bytes);
        made.push(bytes.slice());
      }
    },
  });
});

afterEach(() => {
  Object.assign(webAssembly, { Module });
});

/** The function's body, and each place in it with what is expected there. */
function hintsOf(module: Uint8Array): { body: Uint8Array; hints: [number, number][] } {
  const reader = new ByteReader(module, MAGIC_AND_VERSION_BYTES);
  const hints: [number, number][] = [];
  while (!reader.done) {
    const id = reader.u8();
    const content = new ByteReader(reader.slice(reader.u32()));
    if (id === SECTION_CODE) {
      expect(content.u32()).toBe(1);
      return { body: content.slice(content.u32()), hints };
    }
    if (id !== SECTION_CUSTOM) continue;
    expect(content.name()).toBe('metadata.code.branch_hint');
    expect(content.u32()).toBe(1);
    content.u32();
    for (let left = content.u32(); left > 0; left--) {
      const place = content.u32();
      expect(content.u32()).toBe(1);
      hints.push([place, content.u8()]);
    }
    expect(content.done).toBe(true);
  }
  throw new Error('a module without code');
}

it('each place is an if or a br_if, in their order', () => {
  const scatter = new Scatter(0x41_17);
  for (const kind of KINDS) {
    const tier = new TierMachine(TRANSLATION_FORCED, {}, kind.bits);
    for (let number = 0; number < PROGRAMS; number++)
      runProgram(tier, nextProgram(kind, scatter, number), INSTRUCTIONS_MAX, INSTRUCTIONS_MAX);
  }
  const regions = made.filter((bytes) => bytes.length < 0x1_0000).map(hintsOf);
  expect(regions.length).toBeGreaterThan(100);
  for (const { body, hints } of regions) {
    let before = 0;
    for (const [place, expected] of hints) {
      expect(place).toBeGreaterThan(before);
      expect([IF, BR_IF]).toContain(body[place]);
      expect([0, 1]).toContain(expected);
      before = place;
    }
  }
  expect(regions.reduce((sum, { hints }) => sum + hints.length, 0)).toBeGreaterThan(regions.length);
});
