/** Expectations: Intel 82093AA datasheet, May 1996, "Register Description"; ICH datasheet, "EOI Register". */
import { beforeEach, describe, expect, it } from 'vitest';
import type { InterruptMessage } from './interrupt-message.js';
import { IoApic } from './io-apic.js';

let apic: IoApic;
let sent: InterruptMessage[];
let external: boolean[];
let accepts: boolean;

const read = (index: number): number => {
  apic.writeWord(0x00, index);
  return apic.readWord(0x10);
};
const write = (index: number, value: number): void => {
  apic.writeWord(0x00, index);
  apic.writeWord(0x10, value);
};
const entry = (pin: number, low: number, high = 0): void => {
  write(0x11 + 2 * pin, high);
  write(0x10 + 2 * pin, low);
};
const pulse = (pin: number): void => {
  apic.setPin(pin, true);
  apic.setPin(pin, false);
};
const vectors = (): number[] => sent.map(({ vector }) => vector);

beforeEach(() => {
  sent = [];
  external = [];
  accepts = true;
  apic = new IoApic({
    send: (message) => {
      sent.push(message);
      return accepts;
    },
    onExternal: (level) => external.push(level),
  });
});

describe('registers', () => {
  it.each([
    ['ID', 0x00, 0],
    ['version 20H, highest entry 23', 0x01, 0x0017_0020],
    ['arbitration', 0x02, 0],
    ['the first entry: masked', 0x10, 0x1_0000],
    ['its destination', 0x11, 0],
    ['the last entry', 0x3e, 0x1_0000],
    ['behind the last entry', 0x40, 0],
  ])('after a reset: %s', (_, index, value) => {
    expect(read(index)).toBe(value);
  });

  it.each([
    ['ID: bits 27-24, which the arbitration register shows', 0x00, 0x02, 0x0f00_0000],
    ['an entry but for delivery status and remote IRR', 0x24, 0x24, 0x0001_afff],
    ['a destination', 0x25, 0x25, 0xff00_0000],
    ['version: nothing', 0x01, 0x01, 0x0017_0020],
  ])('writable: %s', (_, index, shownAt, value) => {
    write(index, 0xffff_ffff);
    expect(read(shownAt)).toBe(value);
  });
});

describe('an edge', () => {
  it('sends one message, as its entry says', () => {
    entry(4, 0x0941, 0x8100_0000);
    pulse(4);
    expect(sent).toEqual([
      { vector: 0x41, deliveryMode: 1, logical: true, destination: 0x81, levelTriggered: false },
    ]);
  });

  it('at a masked pin is lost', () => {
    entry(4, 0x1_0041);
    pulse(4);
    apic.setPin(4, true);
    entry(4, 0x0041);
    expect(sent).toEqual([]);
  });

  it('of an active-low pin is the falling one', () => {
    entry(4, 0x2041);
    apic.setPin(4, true);
    expect(sent).toEqual([]);
    apic.setPin(4, false);
    expect(vectors()).toEqual([0x41]);
  });
});

describe('a level', () => {
  beforeEach(() => entry(9, 0x8051));

  it('is sent once and sets remote IRR until the end of the interrupt, then again while it is active', () => {
    apic.setPin(9, true);
    expect([vectors(), read(0x22)]).toEqual([[0x51], 0xc051]);
    apic.endOfInterrupt(0x52);
    expect(vectors()).toEqual([0x51]);
    apic.endOfInterrupt(0x51);
    expect([vectors(), read(0x22)]).toEqual([[0x51, 0x51], 0xc051]);
    apic.setPin(9, false);
    apic.endOfInterrupt(0x51);
    expect([vectors(), read(0x22)]).toEqual([[0x51, 0x51], 0x8051]);
  });

  it('ends by the EOI register, too', () => {
    apic.setPin(9, true);
    apic.setPin(9, false);
    apic.writeWord(0x40, 0x51);
    expect(read(0x22)).toBe(0x8051);
  });

  it('that came while masked is sent when the mask goes', () => {
    entry(9, 0x1_8051);
    apic.setPin(9, true);
    expect(sent).toEqual([]);
    entry(9, 0x8051);
    expect(vectors()).toEqual([0x51]);
  });

  it('that nobody accepts leaves remote IRR clear', () => {
    accepts = false;
    apic.setPin(9, true);
    expect(read(0x22)).toBe(0x8051);
  });

  it('loses its remote IRR when the entry becomes an edge', () => {
    apic.setPin(9, true);
    entry(9, 0x0051);
    expect(read(0x22)).toBe(0x0051);
  });
});

describe('other delivery modes', () => {
  it('NMI is an edge whatever the trigger bit says', () => {
    entry(2, 0x8400);
    pulse(2);
    pulse(2);
    expect(sent.map(({ deliveryMode, levelTriggered }) => [deliveryMode, levelTriggered])).toEqual([
      [4, false],
      [4, false],
    ]);
    expect(apic.sendsNmi).toBe(true);
  });

  it('ExtINT passes the level on and sends nothing', () => {
    entry(0, 0x0700);
    pulse(0);
    apic.setPin(0, true);
    entry(0, 0x1_0700);
    expect([sent, external]).toEqual([[], [true, false, true, false]]);
  });
});

it('a snapshot goes on where it was taken', () => {
  entry(9, 0x8051, 0x0300_0000);
  apic.setPin(9, true);
  const state = apic.snapshot();
  apic.reset();
  expect(apic.snapshot()).not.toEqual(state);
  apic.restore(state);
  expect(apic.snapshot()).toEqual(state);
  apic.endOfInterrupt(0x51);
  expect(vectors()).toEqual([0x51, 0x51]);
});
