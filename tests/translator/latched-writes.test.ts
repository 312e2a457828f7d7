/**
 * Writes to a port that only keeps its byte (machine/port-latch.ts), in translated loops: as many as are granted are made without the
 * host, and what else is written the host hears of. Who may write: SDM Vol. 1, "I/O Privilege Level".
 */
import { describe, expect, it } from 'vitest';
import { LATCH_PORT, LATCH_VALUE, LATCH_WRITES_LEFT } from '../../emulator/isa/state-layout.js';
import { assemble } from '../../firmware/assembler/assemble.js';
import { CODE } from '../instructions/guest-machine.js';
import { TierMachine, TRANSLATING } from './tier-comparison.js';

const PASSES = 50;
const GRANTED = 20;
const PORT = 0x80;
const IOPL = 12n;
/** Page tables of the guest machine: the user may use all pages. */
const TABLES = [0x1000n, 0x2000n, 0x3000n];
const USER = 4;
/** The task-state segment's I/O permission map: where its offset stands, where it is, and its byte for the port. */
const MAP_BASE = 0x66n;
const MAP = 0x68n;
const MAP_OF_PORT = MAP + BigInt(PORT / 8);
/** The map forbids the port in this pass, if the guest shifts the word at MAP_OF_PORT right before each write. */
const FORBIDDEN = 30;
const SHIFT_MAP = 'db 0xd1, 0x2b ; shr dword [rbx], 1';

const loop = (write: string): string => `
  next:
    db 0x48
    add eax, 0x101
    ${write}
    sub ecx, 1
    jnz next
    hlt`;

interface Outcome {
  /** See TierMachine.finish. */
  readonly figures: string;
  readonly code: number;
  readonly left: number;
  readonly heard: readonly (readonly [port: number, value: number])[];
}

function outcome(
  tier: readonly [thresholdEntries: number | null, slice: number],
  write: string,
  { cpl = 0, iopl = 0n, rdx = 0x80n, granted = GRANTED } = {},
): Outcome {
  const [threshold, slice] = tier;
  const heard: (readonly [number, number])[] = [];
  const made = new TierMachine(threshold, {}, 64, {
    portOut: (port, _, value) => void heard.push([port, value]),
  });
  const { processor } = made.machine;
  for (const table of TABLES) {
    const entries = processor.read(table, 0x1000);
    const permitted = entries.map((byte, at) => (at % 8 === 0 && byte !== 0 ? byte | USER : byte));
    processor.write(table, permitted);
  }
  const { bytes } = assemble('test.asm', () => `bits 32\norg 0\n${loop(write)}\n`);
  made.load(CODE, bytes, { rax: 0n, rcx: BigInt(PASSES), rdx, rbx: MAP_OF_PORT });
  processor.rflags |= iopl << IOPL;
  processor.cpl = cpl;
  processor.setSegment('tr', { ...processor.segment('tr'), base: 0n });
  made.machine.setWord(MAP_BASE, MAP, 2);
  made.machine.setWord(MAP_OF_PORT, 1n << BigInt(FORBIDDEN), 4);
  const { memory } = processor;
  memory.setU16(LATCH_PORT, PORT);
  memory.setU32(LATCH_WRITES_LEFT, granted);
  const figures = made.finish(slice, 10_000);
  if (threshold !== null) expect(made.translator?.made ?? 0).toBeGreaterThan(0);
  return {
    figures,
    code: memory.u16(LATCH_VALUE),
    left: memory.u32(LATCH_WRITES_LEFT),
    heard,
  };
}

/** Values of AL (AX) in the passes from number `first` on. */
const written = (first: number, mask: number): number[] =>
  Array.from({ length: PASSES - first }, (_, pass) => ((first + pass + 1) * 0x101) & mask);

describe.each([[null, 1_000_000], ...TRANSLATING] as const)(
  'writes to the latch, threshold %s, in runs of %d',
  (...tier) => {
    it.each([
      ['out 0x80, al', {}],
      ['out dx, al', { rdx: 0xffff_0080n }],
      ['out 0x80, al', { cpl: 3, iopl: 3n }],
    ])('%s %o: those granted are made without the host', (write, situation) => {
      const { code, left, heard } = outcome(tier, write, situation);
      expect(left).toBe(0);
      expect(code).toBe(GRANTED);
      expect(heard).toEqual(written(GRANTED, 0xff).map((value) => [PORT, value]));
    });

    it.each([
      ['out 0x80, ax', { port: PORT, mask: 0xffff }],
      ['out 0x81, al', { port: 0x81, mask: 0xff }],
    ])('%s: the host hears of all', (write, { port, mask }) => {
      const { left, heard } = outcome(tier, write);
      expect(left).toBe(GRANTED);
      expect(heard).toEqual(written(0, mask).map((value) => [port, value]));
    });

    it('above the I/O privilege level they are made until the permission map forbids them', () => {
      const write = `${SHIFT_MAP}\nout 0x80, al`;
      const { figures, left } = outcome(tier, write, { cpl: 3, iopl: 2n, granted: PASSES });
      expect(figures).toMatch(new RegExp(`^Shutdown ${5 * (FORBIDDEN - 1) + 2} `));
      expect(left).toBe(PASSES - (FORBIDDEN - 1));
    });

    it('is the same to the guest as interpreted', () => {
      const interpreted = outcome([null, 1_000_000], 'out dx, al');
      expect(outcome(tier, 'out dx, al').figures).toBe(interpreted.figures);
    });
  },
);
