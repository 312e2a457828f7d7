/** Expectations: Intel, "IA-PC HPET Specification" 1.0a, "Register Definitions", "Timer Operation". */
import { beforeEach, describe, expect, it } from 'vitest';
import { ClockDomains } from '../clock/clock-domains.js';
import { EventQueue } from '../clock/event-queue.js';
import { Hpet } from './hpet.js';

/** Ten cycles a tick. */
const CORE_HZ = 143_181_800;
const TICK = 10;

const CONFIGURATION = 0x10;
const STATUS = 0x20;
const COUNTER = 0xf0;
const LEVEL = 1 << 1;
const ENABLE = 1 << 2;
const PERIODIC = 1 << 3;
const VAL_SET = 1 << 6;
const MODE32 = 1 << 8;
const route = (input: number): number => input << 9;
const timer = (number: number): number => 0x100 + 0x20 * number;
const comparator = (number: number): number => timer(number) + 8;

let events: EventQueue;
let hpet: Hpet;
/** Rises and falls of lines, each with the tick at which it came. */
let log: string[];

const wire = (name: string) => ({
  set: (level: boolean) => log.push(`${name} ${level ? 'up' : 'down'} ${events.nowCycles / TICK}`),
});
const rises = (): string[] => log.filter((entry) => entry.includes('up'));
const at = (tick: number): void => events.advanceTo(tick * TICK);

beforeEach(() => {
  events = new EventQueue();
  log = [];
  hpet = new Hpet({
    events,
    domains: new ClockDomains(CORE_HZ),
    pin: (input) => wire(`input ${input}`),
    legacy: [wire('IRQ 0'), wire('IRQ 8')],
    onLegacyReplacement: (enabled) => log.push(`legacy ${enabled}`),
  });
});

describe('capabilities', () => {
  it('revision 1, three timers of 64 bits, legacy replacement, a period of 69841279 fs', () => {
    expect(hpet.readQuadword(0)).toBe((69_841_279n << 32n) | 0x8086_a201n);
    expect(hpet.readWord(4)).toBe(69_841_279);
  });

  it('of each timer: periodic, 64 bits, inputs 20 to 23; FSB delivery is not offered', () => {
    for (const number of [0, 1, 2]) {
      expect(hpet.readQuadword(timer(number))).toBe(0x00f0_0000_0000_0030n);
    }
    expect(hpet.readQuadword(timer(3))).toBe(0n);
  });

  it('a route that is not offered is not accepted', () => {
    hpet.writeWord(timer(0), route(21));
    expect(hpet.readWord(timer(0)) & route(31)).toBe(route(21));
    hpet.writeWord(timer(0), route(5));
    expect(hpet.readWord(timer(0)) & route(31)).toBe(0);
  });
});

describe('the main counter', () => {
  it('counts only while enabled, from where it is', () => {
    at(100);
    expect(hpet.readQuadword(COUNTER)).toBe(0n);
    hpet.writeWord(CONFIGURATION, 1);
    at(150);
    expect(hpet.readQuadword(COUNTER)).toBe(50n);
    hpet.writeWord(CONFIGURATION, 0);
    at(200);
    expect(hpet.readQuadword(COUNTER)).toBe(50n);
    hpet.writeQuadword(COUNTER, 0x1_ffff_fff0n);
    hpet.writeWord(CONFIGURATION, 1);
    at(220);
    expect([hpet.readWord(COUNTER), hpet.readWord(COUNTER + 4)]).toEqual([4, 2]);
  });

  it('is written in halves', () => {
    hpet.writeWord(COUNTER, 7);
    hpet.writeWord(COUNTER + 4, 9);
    expect(hpet.readQuadword(COUNTER)).toBe(0x9_0000_0007n);
  });
});

describe('one-shot', () => {
  it('interrupts when the counter comes to the comparator, once', () => {
    hpet.writeWord(timer(1), ENABLE | route(22));
    hpet.writeQuadword(comparator(1), 1000n);
    hpet.writeWord(CONFIGURATION, 1);
    at(999);
    expect(log).toEqual([]);
    at(5000);
    expect(log).toEqual(['input 22 up 1000']);
  });

  it('without its enable bit interrupts nobody, and is never set a status', () => {
    hpet.writeWord(timer(1), LEVEL | route(22));
    hpet.writeQuadword(comparator(1), 10n);
    hpet.writeWord(CONFIGURATION, 1);
    log = [];
    at(100);
    expect([rises(), hpet.readWord(STATUS)]).toEqual([[], 0]);
  });

  it.each([4_000_000, 3_000_000_000, 2 ** 34])(
    'on a core of %i Hz any match may be asked for; only one within days is waited for',
    (coreHz) => {
      const line = { set: () => undefined };
      const queue = new EventQueue();
      const chip = new Hpet({
        events: queue,
        domains: new ClockDomains(coreHz),
        pin: () => line,
        legacy: [line, line],
        onLegacyReplacement: () => undefined,
      });
      chip.writeWord(timer(0), ENABLE);
      chip.writeWord(CONFIGURATION, 1);
      for (let bit = 0n; bit < 64n; bit++) {
        chip.writeQuadword(comparator(0), 1n << bit);
        const seconds = 2 ** Number(bit) / 14_318_180;
        const due = bit < 43n ? Math.ceil(seconds * coreHz) : Infinity;
        if (bit < 40n || bit > 52n) expect(queue.nextEventCycle, `bit ${bit}`).toBe(due);
      }
    },
  );

  it('of 32 bits comes again when the low half comes round', () => {
    hpet.writeWord(timer(0), ENABLE | MODE32 | route(20));
    hpet.writeQuadword(COUNTER, 0x5_ffff_fff0n);
    hpet.writeWord(comparator(0), 16);
    hpet.writeWord(CONFIGURATION, 1);
    at(2 ** 32 + 32);
    expect(rises()).toEqual(['input 20 up 32', `input 20 up ${2 ** 32 + 32}`]);
  });
});

describe('periodic', () => {
  it('VAL_SET: the first write sets the comparator, the second the period', () => {
    hpet.writeWord(timer(0), ENABLE | PERIODIC | VAL_SET | MODE32 | route(20));
    hpet.writeWord(comparator(0), 100);
    hpet.writeWord(comparator(0), 30);
    hpet.writeWord(CONFIGURATION, 1);
    at(165);
    expect(rises()).toEqual(['input 20 up 100', 'input 20 up 130', 'input 20 up 160']);
    expect(hpet.readWord(comparator(0))).toBe(190);
    expect(hpet.readWord(timer(0)) & VAL_SET).toBe(0);
  });

  it('a write of 64 bits sets both', () => {
    hpet.writeWord(timer(2), ENABLE | PERIODIC | VAL_SET | route(23));
    hpet.writeQuadword(comparator(2), 40n);
    hpet.writeWord(CONFIGURATION, 1);
    at(85);
    expect(rises()).toEqual(['input 23 up 40', 'input 23 up 80']);
  });
});

it('two timers on one input: high while either is', () => {
  for (const number of [1, 2]) {
    hpet.writeWord(timer(number), ENABLE | LEVEL | route(21));
    hpet.writeQuadword(comparator(number), BigInt(10 * number));
  }
  hpet.writeWord(CONFIGURATION, 1);
  at(30);
  hpet.writeWord(STATUS, 2);
  hpet.writeWord(STATUS, 4);
  expect(log).toEqual(['input 21 up 10', 'input 21 down 30']);
});

describe('level-triggered', () => {
  it('holds its line until the status bit is written with 1', () => {
    hpet.writeWord(timer(2), ENABLE | LEVEL | route(21));
    hpet.writeQuadword(comparator(2), 10n);
    hpet.writeWord(CONFIGURATION, 1);
    log = [];
    at(20);
    expect([hpet.readWord(STATUS), rises()]).toEqual([4, ['input 21 up 10']]);
    hpet.writeWord(STATUS, 3);
    expect(hpet.readWord(STATUS)).toBe(4);
    hpet.writeWord(STATUS, 4);
    expect([hpet.readWord(STATUS), log.at(-1)]).toEqual([0, 'input 21 down 20']);
  });
});

describe('legacy replacement', () => {
  it('timers 0 and 1 drive IRQ 0 and IRQ 8, whatever their routes; timer 2 keeps its route', () => {
    for (const number of [0, 1, 2]) {
      hpet.writeWord(timer(number), ENABLE | route(20 + number));
      hpet.writeQuadword(comparator(number), BigInt(10 + number));
    }
    hpet.writeWord(CONFIGURATION, 3);
    at(100);
    expect(log[0]).toBe('legacy true');
    expect(rises()).toEqual(['IRQ 0 up 10', 'IRQ 8 up 11', 'input 22 up 12']);
    hpet.writeWord(CONFIGURATION, 1);
    expect(log.slice(-2)).toEqual(['input 22 down 100', 'legacy false']);
  });
});

it('a snapshot goes on where it was taken', () => {
  hpet.writeWord(timer(0), ENABLE | PERIODIC | VAL_SET | route(20));
  hpet.writeQuadword(comparator(0), 50n);
  hpet.writeWord(CONFIGURATION, 1);
  at(60);
  const state = hpet.snapshot();
  const queue = events.snapshot();
  hpet.reset();
  expect(hpet.snapshot()).not.toEqual(state);
  events.restore(queue);
  hpet.restore(state);
  expect(hpet.snapshot()).toEqual(state);
  log = [];
  at(105);
  expect(rises()).toEqual(['input 20 up 100']);
});
