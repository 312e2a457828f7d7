import { describe, expect, it } from 'vitest';
import { TRANSMIT_LOST } from '../machine/trace.js';
import { GuestErrors } from './guest-errors.js';

const readOf = (msr: string) =>
  ({
    category: 'guest-error',
    message: 'read of an MSR that does not exist',
    values: { msr },
  }) as const;
const lostAt = (port: string, byte: number) =>
  ({ category: 'guest-error', message: TRANSMIT_LOST, values: { port, byte } }) as const;

describe("the guest's errors", () => {
  it('are logged once for each register or port, and counted', () => {
    const errors = new GuestErrors(false);
    const events = [
      readOf('0x1'),
      readOf('0x2'),
      readOf('0x1'),
      lostAt('COM1', 65),
      lostAt('COM1', 66),
    ];
    expect(events.map((event) => errors.isLogged(event))).toEqual([true, true, false, true, false]);
    expect(errors.repeated).toEqual([
      'read of an MSR that does not exist (0x1): 2 times; -d guest-error logs each',
      `${TRANSMIT_LOST} (COM1): 2 times; wait for bit 5 (THRE) of the line status, or run with --uart instant; -d guest-error logs each`,
    ]);
  });

  it('of a guest that tries everything are kept to a thousand, and told in eleven sentences', () => {
    const errors = new GuestErrors(false);
    const events = Array.from({ length: 3000 }, (_, number) => readOf(`0x${number % 1500}`));
    expect(events.filter((event) => errors.isLogged(event))).toHaveLength(1000);
    expect(errors.repeated).toHaveLength(11);
    // 990 of the thousand twice, and twice 500 that are not told apart
    expect(errors.repeated.at(-1)).toBe(
      'errors of the guest about other registers and ports: 2 980; -d guest-error logs each',
    );
  });

  it('are all logged where that is asked for, as other categories are', () => {
    const errors = new GuestErrors(true);
    expect([errors.isLogged(readOf('0x1')), errors.isLogged(readOf('0x1'))]).toEqual([true, true]);
    const others = new GuestErrors(false);
    const event = { category: 'msr', message: 'MSR read', values: { msr: '0x10' } } as const;
    expect([others.isLogged(event), others.isLogged(event)]).toEqual([true, true]);
    expect([...errors.repeated, ...others.repeated]).toEqual([]);
  });
});
