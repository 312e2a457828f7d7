/**
 * Non-temporal stores go to memory past the caches, and what a cache had of their lines is evicted (SDM Vol. 1, "Caching of
 * Temporal vs. Non-Temporal Data"); SFENCE waits for them.
 */
import { describe, expect, it } from 'vitest';
import { ZEN1 } from '../../emulator/timing/cores/zen1.js';
import { DATA } from '../../scripts/staircases/timed-guest.js';
import { cyclesOf, guestOf, MFENCE, run } from './fenced-cycles.js';

const { DramLatency, OutstandingMisses } = ZEN1.parameters;
const LINES = 4096;
const SFENCE = 'db 0x0f, 0xae, 0xf8';
const MOVNTI = 'db 0x0f, 0xc3, 0x07'; // [rdi], eax
/** A line from RDI on. */
const KINDS = [
  ['MOVNTI', Array.from({ length: 16 }, (_, place) => `db 0x0f, 0xc3, 0x47, ${place * 4}`)],
  ['MOVNTDQ', Array.from({ length: 4 }, (_, place) => `db 0x66, 0x0f, 0xe7, 0x47, ${place * 16}`)],
  ['MOVNTPS', Array.from({ length: 4 }, (_, place) => `db 0x0f, 0x2b, 0x47, ${place * 16}`)],
] as const;
const PLAIN = Array.from({ length: 16 }, (_, place) => `mov [edi + ${place * 4}], eax`);

function loop(line: readonly string[]): string {
  return `mov edi, ${DATA}\nmov ecx, ${LINES}\nline:\n${line.join('\n')}\nadd edi, 64\nsub ecx, 1\njnz line`;
}

/** Lines that the first level lacks when 16 KiB are read before and behind `between`. */
function missesOf(between: string): number {
  const read = (label: string): string =>
    `mov esi, ${DATA + 0x100_0000}\nmov ecx, 256\n${label}:\nmov eax, [esi]\nadd esi, 64\nsub ecx, 1\njnz ${label}`;
  return run(`${read('first')}\n${between}\n${read('second')}`).counters().L1dMisses;
}

describe.each(KINDS)('%s', (_name, line) => {
  it('displaces nothing from the caches', () => {
    expect(missesOf(loop(line))).toBe(missesOf(''));
    expect(missesOf(loop(PLAIN))).toBeGreaterThan(missesOf('') + 256);
  });

  it('sends lines to memory no faster than they can be outstanding', () => {
    const pace = DramLatency.value / OutstandingMisses.value;
    const time = guestOf(`${loop(line)}\n${SFENCE}`).run();
    expect(time / LINES).toBeGreaterThan(0.95 * pace);
    expect(time / LINES).toBeLessThan(1.1 * pace);
  });
});

describe('a non-temporal store', () => {
  const load = 'mov eax, [edi]';

  it('to a line that the first level has: it is in no cache afterwards', () => {
    expect(cyclesOf(`${load}\n${MFENCE}\n${MOVNTI}`, load)).toBeGreaterThan(DramLatency.value);
    expect(cyclesOf(load, load)).toBeLessThan(DramLatency.value);
  });

  it('is waited for by SFENCE, and by no dependent instruction', () => {
    const warm = load;
    const nothing = cyclesOf(warm, '');
    expect(cyclesOf(warm, MOVNTI)).toBeLessThan(nothing + 20);
    expect(cyclesOf(warm, `${MOVNTI}\n${SFENCE}`)).toBeGreaterThan(nothing + DramLatency.value);
  });

  it('is forwarded to a load right behind it', () => {
    expect(cyclesOf(load, `${MOVNTI}\n${load}`)).toBeLessThan(DramLatency.value);
  });
});
