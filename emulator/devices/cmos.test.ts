import { beforeEach, describe, expect, it } from 'vitest';
import { ClockDomains } from '../clock/clock-domains.js';
import { EventQueue } from '../clock/event-queue.js';
import { Cmos } from './cmos.js';

/** Expectations: Motorola MC146818A data sheet, 1984; IBM PC/AT Technical Reference for the memory bytes. */

const CYCLES_PER_TICK = 200;
const SECOND = 32768 * CYCLES_PER_TICK;
const MIB = 2 ** 20;
const GIB = 2 ** 30;

let events: EventQueue;
let cmos: Cmos;
let irq: boolean;

function build(ramBelow4GiBBytes = 128 * MIB, ramAbove4GiBBytes = 0): void {
  events = new EventQueue();
  irq = false;
  cmos = new Cmos({
    events,
    domains: new ClockDomains(SECOND),
    interrupt: {
      set: (level): void => {
        irq = level;
      },
    },
    memorySize: { ramBelow4GiBBytes, ramAbove4GiBBytes },
  });
}

const read = (index: number): number => {
  cmos.writePort(0, 1, index);
  return cmos.readPort(1);
};
const write = (index: number, value: number): void => {
  cmos.writePort(0, 1, index);
  cmos.writePort(1, 1, value);
};
const pass = (cycles: number): void => events.advanceTo(events.nowCycles + cycles);
/** century year-month-date hours:minutes:seconds, day of the week; as hexadecimal digits. */
const time = (): string => {
  const [century, year, month, date, hours, minutes, seconds, day] = [
    0x32, 0x09, 0x08, 0x07, 0x04, 0x02, 0x00, 0x06,
  ].map((index) => read(index).toString(16).padStart(2, '0'));
  return `${century}${year}-${month}-${date} ${hours}:${minutes}:${seconds} ${day}`;
};
const setTime = (registers: Readonly<Record<number, number>>): void => {
  const b = read(0x0b);
  write(0x0b, b | 0x80);
  for (const [index, value] of Object.entries(registers)) write(Number(index), value);
  write(0x0b, b);
};

beforeEach(() => build());

describe('MC146818 time', () => {
  it('starts on Thursday 2026-01-01 at midnight and counts guest seconds', () => {
    expect(time()).toBe('2026-01-01 00:00:00 05');
    pass(SECOND - 1);
    expect(time()).toBe('2026-01-01 00:00:00 05');
    pass(1);
    expect(time()).toBe('2026-01-01 00:00:01 05');
    pass(3599 * SECOND);
    expect(time()).toBe('2026-01-01 01:00:00 05');
  });

  it.each([
    // BCD: year month date day of week → after one second from 23:59:59
    ['a month of 31 days', 0x26, 0x01, 0x31, 7, '2026-02-01 00:00:00 01'],
    ['a month of 30 days', 0x26, 0x04, 0x30, 5, '2026-05-01 00:00:00 06'],
    ['February', 0x26, 0x02, 0x28, 7, '2026-03-01 00:00:00 01'],
    ['February of a leap year', 0x28, 0x02, 0x28, 2, '2028-02-29 00:00:00 03'],
    ['the last day of a leap February', 0x28, 0x02, 0x29, 3, '2028-03-01 00:00:00 04'],
    ['a year', 0x26, 0x12, 0x31, 5, '2027-01-01 00:00:00 06'],
    ['a century', 0x99, 0x12, 0x31, 5, '2100-01-01 00:00:00 06'],
  ])('carries over %s', (_name, year, month, date, day, expected) => {
    setTime({ 0: 0x59, 2: 0x59, 4: 0x23, 6: day, 7: date, 8: month, 9: year });
    pass(SECOND);
    expect(time()).toBe(expected);
  });

  it.each([
    ['BCD, 24 hours', 0x02, 0x12, 0x59, 0x13],
    ['BCD, 12 hours: 11:59 AM → 12 PM', 0x00, 0x11, 0x59, 0x92],
    ['BCD, 12 hours: 12:59 PM → 1 PM', 0x00, 0x92, 0x59, 0x81],
    ['BCD, 12 hours: 11:59 PM → 12 AM', 0x00, 0x91, 0x59, 0x12],
    ['BCD, 12 hours: 12:59 AM → 1 AM', 0x00, 0x12, 0x59, 0x01],
    ['binary, 24 hours', 0x06, 19, 59, 20],
    ['binary, 12 hours: 9:59 PM → 10 PM', 0x04, 0x89, 59, 0x8a],
  ])('counts hours in %s', (_name, registerB, hours, fiftyNine, next) => {
    write(0x0b, registerB);
    setTime({ 0: fiftyNine, 2: fiftyNine, 4: hours });
    pass(SECOND);
    expect([read(4), read(2), read(0)]).toEqual([next, 0, 0]);
  });

  it('stands still while SET is set', () => {
    write(0x0b, 0x82);
    pass(10 * SECOND);
    expect(time()).toBe('2026-01-01 00:00:00 05');
    write(0x0b, 0x02);
    pass(SECOND);
    expect(time()).toBe('2026-01-01 00:00:01 05');
  });

  it('makes the first update half a second after the divider is released', () => {
    write(0x0a, 0x76);
    pass(10 * SECOND + 123);
    write(0x0a, 0x26);
    const start = events.nowCycles - (events.nowCycles % CYCLES_PER_TICK);
    events.advanceTo(start + SECOND / 2 - 1);
    expect(read(0)).toBe(0);
    pass(1);
    expect(read(0)).toBe(1);
  });

  it('sets UIP from 244 us before the update to its end, 2228 us in all', () => {
    const uip = (): number => read(0x0a) >> 7;
    pass(SECOND - 74 * CYCLES_PER_TICK);
    expect(uip()).toBe(0);
    pass(CYCLES_PER_TICK);
    expect(uip()).toBe(1);
    pass(73 * CYCLES_PER_TICK - 1);
    expect([uip(), read(0)]).toEqual([1, 0]);
    pass(1);
    expect([uip(), read(0)]).toEqual([0, 1]);
  });
});

describe('MC146818 flags and interrupts', () => {
  it('schedules nothing while no interrupt is enabled, and still sets the flags', () => {
    expect(events.nextEventCycle).toBe(Infinity);
    pass(SECOND);
    expect(read(0x0c)).toBe(0x50); // UF, PF; the alarm bytes are 0 but the time is 00:00:01
    expect(read(0x0c)).toBe(0x00);
  });

  it('interrupts with each update until register C is read', () => {
    write(0x0b, 0x12);
    pass(SECOND - 1);
    expect(irq).toBe(false);
    pass(1);
    expect(irq).toBe(true);
    expect(read(0x0c) & 0x90).toBe(0x90);
    expect(irq).toBe(false);
    pass(SECOND);
    expect(irq).toBe(true);
  });

  it.each([
    // rate, ticks of 32768 Hz
    [1, 128],
    [2, 256],
    [3, 4],
    [6, 32],
    [15, 16384],
  ])('periodic rate %i interrupts every %i ticks', (rate, ticks) => {
    write(0x0a, 0x20 | rate);
    write(0x0b, 0x42);
    read(0x0c);
    for (let count = 0; count < 3; count++) {
      pass(ticks * CYCLES_PER_TICK - 1);
      expect(irq).toBe(false);
      pass(1);
      expect(irq).toBe(true);
      expect(read(0x0c) & 0xc0).toBe(0xc0);
    }
  });

  it('has no periodic flag at rate 0', () => {
    write(0x0a, 0x20);
    write(0x0b, 0x42);
    pass(SECOND / 2);
    expect([read(0x0c), irq]).toEqual([0, false]);
  });

  it.each([
    ['exactly', 0x05, 0x01, 0x00, 65],
    ['every minute at second 5', 0x05, 0xff, 0xc0, 5],
    ['every second', 0xff, 0xff, 0xff, 1],
  ])('alarms %s', (_name, seconds, minutes, hours, firstSecond) => {
    write(0x01, seconds);
    write(0x03, minutes);
    write(0x05, hours);
    write(0x0b, 0x22);
    pass(firstSecond * SECOND - 1);
    expect(irq).toBe(false);
    pass(1);
    expect(irq).toBe(true);
    expect(read(0x0c) & 0xa0).toBe(0xa0);
  });

  it('clears UIE when SET is set', () => {
    write(0x0b, 0x92);
    expect(read(0x0b)).toBe(0x82);
  });

  it('says that RAM and time are valid, and lets neither C nor D be written', () => {
    write(0x0d, 0x00);
    write(0x0c, 0xff);
    expect([read(0x0d), read(0x0c)]).toEqual([0x80, 0x00]);
  });
});

describe('CMOS memory', () => {
  const word = (index: number): number => read(index) | (read(index + 1) << 8);
  const above4GiB = (): number => word(0x5b) + read(0x5d) * 0x1_0000;

  it.each([
    // below 4 GiB, above → KiB above 1 MiB, 64 KiB above 16 MiB, 64 KiB above 4 GiB
    [8 * MIB, 0, 7 * 1024, 0, 0],
    [16 * MIB, 0, 15 * 1024, 0, 0],
    [64 * MIB, 0, 63 * 1024, 768, 0],
    [128 * MIB, 0, 65535, 1792, 0],
    [3 * GIB, 5 * GIB, 65535, 48896, 81920],
    [3 * GIB, 2 ** 40, 65535, 48896, 0xff_ffff],
    [3 * GIB, 2 ** 52 - 4 * GIB, 65535, 48896, 0xff_ffff],
  ])('describes RAM of %d and %d bytes', (below, above, extended, above16, above4) => {
    build(below, above);
    expect(word(0x15)).toBe(640);
    expect([word(0x17), word(0x30), word(0x34), above4GiB()]).toEqual([
      extended,
      extended,
      above16,
      above4,
    ]);
  });

  it('has the checksum of bytes 0x10 to 0x2D at 0x2E', () => {
    let sum = 0;
    for (let index = 0x10; index <= 0x2d; index++) sum += read(index);
    expect(read(0x2e) * 256 + read(0x2f)).toBe(sum);
    expect(sum).toBeGreaterThan(0);
  });

  it('keeps what is written, ignores the NMI mask in the index, and floats at the index port', () => {
    write(0x80 | 0x40, 0x5a);
    expect(read(0x40)).toBe(0x5a);
    expect(cmos.readPort(0)).toBe(0xff);
  });

  it('keeps time and memory over a reset, which turns the interrupts off', () => {
    write(0x40, 0x5a);
    write(0x0b, 0x72);
    pass(3 * SECOND);
    expect(irq).toBe(true);
    cmos.reset();
    expect([irq, read(0x0b), read(0x40), read(0)]).toEqual([false, 0x02, 0x5a, 3]);
    expect(events.nextEventCycle).toBe(Infinity);
  });

  it('continues from a snapshot as if nothing had happened', () => {
    write(0x0b, 0x52);
    pass(SECOND + 12345);
    const saved = JSON.parse(JSON.stringify([events.snapshot(), cmos.snapshot()])) as [
      never,
      never,
    ];
    const observe = (): unknown[] => {
      const seen: unknown[] = [];
      for (let step = 0; step < 50; step++) {
        pass(Math.floor(SECOND / 23));
        seen.push(irq, read(0x0c), time(), events.nextEventCycle);
      }
      return seen;
    };
    const before = irq;
    const expected = observe();
    build();
    irq = before;
    events.restore(saved[0]);
    cmos.restore(saved[1]);
    expect(observe()).toEqual(expected);
  });
});
