/** What the guests of this folder do on our machine, against arithmetic from data sheets and the manual. */
import { describe, expect, it } from 'vitest';
import type { MachineConfig } from '../../emulator/machine/machine.js';
import { pcMap } from '../../emulator/memory/pc-map.js';
import { guestImage } from './guest.js';
import { TestMachine } from './test-machine.js';

function serialOf(name: string, config: Partial<MachineConfig> = {}): string {
  const host = new TestMachine(guestImage(name), config);
  const end = host.run();
  expect(end.kind).toBe('power-off');
  return host.serial;
}

const counters = (text: string): number[] =>
  text
    .trim()
    .split('\n')
    .map((line) => Number.parseInt(line, 16));

const differences = (values: readonly number[]): number[] =>
  values.slice(1).map((value, index) => value - (values[index] ?? 0));

describe('the timer at 100 Hz', () => {
  // A divisor of 11932 at 1193182 Hz [8254 "Mode 2"], in cycles of 1 GHz.
  const PERIOD = (11_932 / 1_193_182) * 1e9;

  it('wakes the processor from HLT each 10 000 150.9 cycles, and does not drift', () => {
    const times = counters(serialOf('ticks'));
    expect(times).toHaveLength(10);
    for (const period of differences(times)) expect(Math.abs(period - PERIOD)).toBeLessThan(2);
    expect(Math.abs((times[9] ?? 0) - (times[0] ?? 0) - 9 * PERIOD)).toBeLessThan(2);
  });

  it('interrupts a loop that does not halt within that loop', () => {
    const times = counters(serialOf('ticks-busy'));
    expect(times).toHaveLength(3);
    for (const period of differences(times)) expect(Math.abs(period - PERIOD)).toBeLessThan(5);
  });
});

it('the TSC counts instructions, and the time that ports take', () => {
  expect(counters(serialOf('time-stamps'))).toEqual([0]);
});

it('code that changes itself runs as changed [SDM-3A "Self-Modifying Code"]', () => {
  expect(serialOf('modifies-itself').trim().split('\n')).toEqual([
    '00000022', // the next instruction
    '0000000f', // its own increment: 1 + 2 + 4 + 8
    '12345678', // an instruction across two pages
    '99345678', // changed in the second page
    '99345677', // changed in the first
    '12346230', // changed a thousand times, by 3
  ]);
});

it('4-MByte pages lie at addresses of 40 bits [SDM-3A "32-Bit Paging", "Page-Fault Exceptions"]', () => {
  const memoryMap = pcMap(5n << 30n).map;
  expect(serialOf('pse-36', { memoryMap }).trim().split('\n')).toEqual([
    ...['00000001', 'ffffffff'], // CPUID.01H:EDX[17]
    '004020e3', // A and D set
    '11111111', // below 4 GiB the page is as it was
    ...['36363636', 'ffffffff'], // by PAE paging, 4 GiB above
    ...['36363636', 'ffffffff'], // bit 12 is PAT
    'ffffffff', // bits 20:13 all set: an address beyond memory, and no page fault
    ...['0e00090a', '00400010'], // bit 21 is reserved: #PF, P and RSVD
    ...['0e000b0a', '00400010'], // P, W/R and RSVD
  ]);
});
