import { beforeEach, describe, expect, it } from 'vitest';
import { ClockDomains } from '../clock/clock-domains.js';
import { EventQueue } from '../clock/event-queue.js';
import { Pit8254 } from './pit8254.js';
import { SystemControlPortB } from './system-control-port-b.js';

/**
 * Expectations: Intel 8254 data sheet, September 1993, "Mode Definitions" (figures 15 to 20), "Read-Back Command".
 * The core clock is ten cycles per CLK.
 */

const CYCLES_PER_CLK = 10;
let events: EventQueue;
let pit: Pit8254;
let portB: SystemControlPortB;
let edges: [level: boolean, clk: number][];

const control = (word: number): void => pit.writePort(3, 1, word);
const count = (channel: number, ...bytes: number[]): void =>
  bytes.forEach((byte) => pit.writePort(channel, 1, byte));
const clocks = (amount: number): void =>
  events.advanceTo(events.nowCycles + amount * CYCLES_PER_CLK);
const gate2 = (level: boolean): void => portB.writePort(0, 1, level ? 1 : 0);
const out2 = (): number => (portB.readPort() >> 5) & 1;
/** OUT 2 in each of the next clocks. */
const out2During = (amount: number): string => {
  let levels = '';
  for (let clk = 0; clk < amount; clk++) {
    clocks(1);
    levels += out2();
  }
  return levels;
};
const latched16 = (channel: number): number => {
  control(channel << 6);
  return pit.readPort(channel) | (pit.readPort(channel) << 8);
};
const status = (channel: number): number => {
  control(0xe0 | (2 << channel));
  return pit.readPort(channel);
};

beforeEach(() => {
  events = new EventQueue();
  edges = [];
  const domains = new ClockDomains(1_193_182 * CYCLES_PER_CLK);
  pit = new Pit8254({
    events,
    domains,
    interrupt: {
      set: (level) => edges.push([level, Math.floor(events.nowCycles / CYCLES_PER_CLK)]),
    },
  });
  portB = new SystemControlPortB(events, domains, pit.speakerChannel);
});

describe('8254 mode 0, interrupt on terminal count', () => {
  it('raises OUT N + 1 clocks after the count was written', () => {
    control(0x30);
    count(0, 4, 0);
    clocks(100);
    expect(edges).toEqual([[true, 5]]);
  });

  it('counts down through zero and goes on', () => {
    control(0x30);
    count(0, 4, 0);
    const counts: number[] = [];
    for (let clk = 0; clk < 7; clk++) {
      clocks(1);
      counts.push(latched16(0));
    }
    expect(counts).toEqual([4, 3, 2, 1, 0, 0xffff, 0xfffe]);
  });

  it('lowers OUT when a new count is written, after its first byte already', () => {
    control(0x30);
    count(0, 2, 0);
    clocks(10);
    count(0, 3);
    expect(edges).toEqual([
      [true, 3],
      [false, 10],
    ]);
    clocks(50); // stopped until the second byte comes
    expect(edges.length).toBe(2);
    count(0, 0);
    clocks(50);
    expect(edges.at(-1)).toEqual([true, 64]);
  });

  it('pauses while GATE is low', () => {
    gate2(true);
    control(0xb0);
    count(2, 5, 0);
    clocks(3);
    expect(latched16(2)).toBe(3);
    gate2(false);
    clocks(100);
    expect(latched16(2)).toBe(3);
    gate2(true);
    expect(out2During(4)).toBe('0011');
  });

  it('counts a full 65536 for a count of 0', () => {
    control(0x30);
    count(0, 0, 0);
    clocks(70000);
    expect(edges).toEqual([[true, 65537]]);
  });
});

describe('8254 mode 1, hardware retriggerable one-shot', () => {
  it('starts low at the clock after the trigger, for N clocks, and again from a retrigger', () => {
    control(0xb2);
    count(2, 3, 0);
    expect(out2During(5)).toBe('11111');
    gate2(true);
    expect(out2During(6)).toBe('000111');
    gate2(false);
    gate2(true);
    clocks(1);
    gate2(false);
    gate2(true); // retriggered with two clocks left
    expect(out2During(5)).toBe('00011');
  });

  it('takes a new count only with the next trigger', () => {
    control(0xb2);
    count(2, 3, 0);
    gate2(true);
    clocks(1);
    count(2, 5, 0);
    expect(out2During(4)).toBe('0011');
    gate2(false);
    gate2(true);
    expect(out2During(7)).toBe('0000011');
  });
});

describe('8254 mode 2, rate generator', () => {
  it('is low in the last clock of each period', () => {
    control(0x34);
    count(0, 4, 0);
    clocks(10);
    expect(edges).toEqual([
      [true, 0], // the control word sets OUT high
      [false, 4],
      [true, 5],
      [false, 8],
      [true, 9],
    ]);
  });

  it('takes a new count at the end of the period', () => {
    control(0xb4);
    gate2(true);
    count(2, 4, 0);
    clocks(2);
    count(2, 3, 0);
    expect(out2During(9)).toBe('101101101');
  });

  it('holds OUT high and stops while GATE is low, and reloads when it rises', () => {
    control(0xb4);
    gate2(true);
    count(2, 4, 0);
    clocks(4);
    expect(out2()).toBe(0);
    gate2(false);
    expect(out2()).toBe(1);
    clocks(50);
    gate2(true);
    expect(out2During(5)).toBe('11101');
  });

  it('drifts nowhere: a thousand periods later the interrupt comes at the exact clock', () => {
    control(0x34);
    count(0, 1193 & 0xff, 1193 >> 8);
    clocks(1 + 1193 * 1000);
    expect(edges.at(-1)).toEqual([true, 1 + 1193 * 1000]);
    expect(edges.length).toBe(1 + 2 * 1000);
  });

  it('reads right after an hour in which nobody looked', () => {
    control(0xb4);
    gate2(true);
    count(2, 100, 0);
    clocks(1 + 100 * 40_000_000 + 37);
    expect(latched16(2)).toBe(63);
  });
});

describe('8254 mode 3, square wave', () => {
  it.each([
    // N, OUT from the load on
    [4, '110011001'],
    [5, '1110011100'],
    [2, '101010'],
    [3, '110110'],
  ])('with N = %i gives OUT %s', (n, wave) => {
    control(0xb6);
    gate2(true);
    count(2, n, 0);
    expect(out2During(wave.length)).toBe(wave);
  });

  it.each([
    // even: N, N - 2, …; odd: N - 1, N - 3, …
    [6, [6, 4, 2, 6, 4, 2, 6]],
    [5, [4, 2, 0, 4, 2, 4, 2]],
  ])('with N = %i reads the counts %j', (n, expected) => {
    control(0xb6);
    gate2(true);
    count(2, n, 0);
    const counts: number[] = [];
    for (let clk = 0; clk < expected.length; clk++) {
      clocks(1);
      counts.push(latched16(2));
    }
    expect(counts).toEqual(expected);
  });

  it('takes a new count at the end of the half period', () => {
    control(0xb6);
    gate2(true);
    count(2, 6, 0);
    clocks(2);
    count(2, 2, 0);
    expect(out2During(5)).toBe('10101');
  });

  it('interrupts at 18.2 Hz with a count of 0, as a BIOS sets it', () => {
    control(0x36);
    count(0, 0, 0);
    clocks(1 + 65536 * 3);
    expect(edges.filter(([level]) => level).map(([, clk]) => clk)).toEqual([
      0,
      1 + 65536,
      1 + 65536 * 2,
      1 + 65536 * 3,
    ]);
  });
});

describe('8254 modes 4 and 5, strobes', () => {
  it('mode 4 strobes low for one clock, N + 1 clocks after the write, once', () => {
    control(0xb8);
    gate2(true);
    count(2, 3, 0);
    expect(out2During(8)).toBe('11101111');
  });

  it('mode 5 does so after a trigger, and again from a retrigger', () => {
    control(0xba);
    count(2, 3, 0);
    expect(out2During(3)).toBe('111');
    gate2(true);
    clocks(2);
    gate2(false);
    gate2(true);
    expect(out2During(7)).toBe('1110111');
  });
});

describe('8254 reading', () => {
  it('reads a latched count, low byte first, however late', () => {
    control(0x30);
    count(0, 0x34, 0x12);
    clocks(1);
    control(0x00);
    clocks(100);
    control(0x00); // the first latch holds
    expect([pit.readPort(0), pit.readPort(0)]).toEqual([0x34, 0x12]);
    expect([pit.readPort(0), pit.readPort(0)]).toEqual([0x34 - 100 + 256, 0x11]);
  });

  it.each([
    ['LSB only', 0x10, 0x34, 0x0034],
    ['MSB only', 0x20, 0x12, 0x1200],
  ])('%s loads and reads one byte', (_name, access, byte, value) => {
    control(access);
    count(0, byte);
    clocks(1);
    control(0x00);
    expect(pit.readPort(0)).toBe(byte);
    expect(pit.readPort(0)).toBe(access === 0x10 ? value & 0xff : value >> 8);
  });

  it('counts in BCD', () => {
    control(0x31);
    count(0, 0x00, 0x10);
    clocks(2);
    expect(latched16(0)).toBe(0x0999);
    clocks(999);
    expect(latched16(0)).toBe(0x0000);
    clocks(1);
    expect(latched16(0)).toBe(0x9999);
    expect(edges).toEqual([[true, 1001]]);
  });

  it('reads back status, then count', () => {
    control(0x34);
    expect(status(0)).toBe(0xf4); // OUT, null count, both bytes, mode 2
    count(0, 0x10, 0x00);
    expect(status(0) & 0x40).toBe(0x40);
    clocks(1);
    control(0xc2);
    expect([pit.readPort(0), pit.readPort(0), pit.readPort(0)]).toEqual([0xb4, 0x10, 0x00]);
    count(0, 0x20, 0x00);
    expect(status(0)).toBe(0xf4); // written, not yet loaded
    clocks(16);
    expect(status(0)).toBe(0xb4);
  });

  it('reads back several counters with one command', () => {
    gate2(true);
    for (const channel of [0, 1, 2]) {
      control((channel << 6) | 0x30);
      count(channel, 0x40 + channel, 0);
    }
    clocks(1);
    control(0xdc); // count of 1 and 2
    clocks(5);
    expect([pit.readPort(1), pit.readPort(2)]).toEqual([0x41, 0x42]);
    expect(pit.readPort(0)).toBe(0x40 - 5);
  });

  it('takes modes 6 and 7 as 2 and 3', () => {
    control(0x3c);
    expect(status(0) & 0x0e).toBe(0x04);
    control(0x3e);
    expect(status(0) & 0x0e).toBe(0x06);
  });
});

describe('system control port B', () => {
  it('keeps bits 0 to 3 and toggles bit 4 with every refresh of 18 clocks', () => {
    portB.writePort(0, 1, 0xfe);
    expect(portB.readPort() & 0xcf).toBe(0x0e);
    const refresh = (): number => portB.readPort() & 0x10;
    const before = refresh();
    clocks(18);
    expect(refresh()).toBe(before ^ 0x10);
    clocks(18);
    expect(refresh()).toBe(before);
  });
});

describe('8254 snapshot', () => {
  it('continues as if nothing had happened', () => {
    const run = (interruptAt: number): string => {
      const queue = new EventQueue();
      const log: string[] = [];
      const build = (clock: EventQueue): Pit8254 =>
        new Pit8254({
          events: clock,
          domains: new ClockDomains(1_000_000_007),
          interrupt: { set: (level) => log.push(`${level} ${clock.nowCycles}`) },
        });
      let timer = build(queue);
      let clock = queue;
      timer.writePort(3, 1, 0x36);
      for (const byte of [0x0d, 0x00]) timer.writePort(0, 1, byte);
      for (let step = 0; step < 40; step++) {
        if (step === interruptAt) {
          const saved = JSON.parse(JSON.stringify([clock.snapshot(), timer.snapshot()])) as [
            never,
            never,
          ];
          clock = new EventQueue();
          clock.restore(saved[0]);
          timer = build(clock);
          timer.restore(saved[1]);
        }
        clock.advanceTo(clock.nowCycles + 1777);
        log.push(JSON.stringify(timer.snapshot().channels));
      }
      return log.join('\n');
    };
    expect(run(5)).toBe(run(-1));
    expect(run(23)).toBe(run(-1));
  });

  it('is silent after reset', () => {
    const fresh = pit.snapshot();
    control(0x36);
    count(0, 0, 0);
    clocks(5);
    pit.reset();
    expect(pit.snapshot()).toEqual(fresh);
    expect(events.nextEventCycle).toBe(Infinity);
  });
});
