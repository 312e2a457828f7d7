import { beforeEach, describe, expect, it } from 'vitest';
import { ClockDomains } from '../clock/clock-domains.js';
import { EventQueue } from '../clock/event-queue.js';
import { KeyboardController } from './keyboard-controller.js';

/**
 * Expectations: IBM PC/AT Technical Reference, "Keyboard Controller"; IBM PS/2 Hardware Interface Technical Reference, "Keyboards
 * (101- and 102-Key)". What the keyboard answers was compared with QEMU's (tests/boots/hobby-kernel.test.ts does it again).
 */

let controller: KeyboardController;
let irq: boolean;
let auxiliaryIrq: boolean;
let events: EventQueue;
let a20: boolean[];
let resets: number;

const command = (value: number): void => controller.writePort(4, 1, value);
const data = (value: number): void => controller.writePort(0, 1, value);
const status = (): number => controller.readPort(4);
const read = (): number => controller.readPort(0);

const CORE_HZ = 1_000_000_000;
/** 20 ms: how long the system waits for a response of the keyboard, and more than three bytes take. */
const RESPONSE_CYCLES = 20_000_000;

const pass = (cycles: number): void => events.advanceTo(events.nowCycles + cycles);

/** Bytes that come within 20 ms of each other. */
function answers(): number[] {
  const bytes: number[] = [];
  for (;;) {
    pass(RESPONSE_CYCLES);
    if ((status() & 0x01) === 0) return bytes;
    bytes.push(read());
  }
}

beforeEach(() => {
  irq = false;
  auxiliaryIrq = false;
  events = new EventQueue();
  a20 = [];
  resets = 0;
  controller = new KeyboardController({
    interrupt: {
      set: (level): void => {
        irq = level;
      },
    },
    auxiliaryInterrupt: {
      set: (level): void => {
        auxiliaryIrq = level;
      },
    },
    events,
    domains: new ClockDomains(CORE_HZ),
    onA20: (enabled) => a20.push(enabled),
    onReset: () => resets++,
  });
});

describe('8042 keyboard controller', () => {
  it.each([
    ['self test', 0xaa, 0x55],
    ['keyboard interface test', 0xab, 0x00],
    ['output port: A20 enabled, reset inactive', 0xd0, 0xcf],
    ['input port: not locked', 0xc0, 0xa0],
  ])('answers the %s', (_name, code, answer) => {
    expect(status() & 1).toBe(0);
    command(code);
    expect(status() & 1).toBe(1);
    expect(read()).toBe(answer);
    expect(status() & 1).toBe(0);
  });

  it('sets the system flag when the self test has passed', () => {
    expect(status() & 0x04).toBe(0);
    command(0xaa);
    expect(status() & 0x04).toBe(0x04);
  });

  it('tells a command from data in status bit 3', () => {
    command(0xad);
    expect(status() & 0x08).toBe(0x08);
    command(0x60);
    data(0x45);
    expect(status() & 0x08).toBe(0);
    command(0x20);
    expect(read()).toBe(0x45);
  });

  it('disables and enables keyboard and auxiliary device in the command byte', () => {
    for (const code of [0xad, 0xa7, 0x20]) command(code);
    expect(read()).toBe(0x30);
    for (const code of [0xae, 0xa8, 0x20]) command(code);
    expect(read()).toBe(0x00);
  });

  it('drives A20 through the output port, and by 0xDD and 0xDF', () => {
    command(0xd1);
    data(0xcd);
    command(0xd1);
    data(0xcf);
    command(0xdd);
    command(0xdd);
    command(0xdf);
    expect(a20).toEqual([false, true, false, true]);
    expect(resets).toBe(0);
  });

  it.each([
    ['pulse 0xFE', (): void => command(0xfe), 1],
    ['pulse 0xF0', (): void => command(0xf0), 1],
    ['pulse 0xFF of no line', (): void => command(0xff), 0],
    [
      'output port bit 0',
      (): void => {
        command(0xd1);
        data(0xce);
      },
      1,
    ],
  ])('resets the processor by %s as often as it must', (_name, action, expected) => {
    action();
    expect(resets).toBe(expected);
  });

  it('times out on a byte to the auxiliary device, which is not there: status bits 5 and 6, IRQ 12', () => {
    command(0x60);
    data(0x03);
    command(0xd4);
    data(0xff);
    expect(status() & 0x61).toBe(0x61);
    expect([irq, auxiliaryIrq]).toEqual([false, true]);
    expect(read()).toBe(0xfe);
    expect(status() & 0x61).toBe(0);
    expect(auxiliaryIrq).toBe(false);
  });

  it('gives what is written to the auxiliary output buffer as if the auxiliary device had sent it', () => {
    command(0xd3);
    data(0x5a);
    expect(status() & 0x61).toBe(0x21);
    expect(read()).toBe(0x5a);
  });

  it('keeps an answer until the output buffer has been read', () => {
    command(0x60);
    data(0x44);
    command(0xaa);
    command(0x20);
    expect([read(), read(), status() & 0x01]).toEqual([0x55, 0x44, 0]);
  });

  it('interrupts while the output buffer is full and the command byte allows it', () => {
    command(0xaa);
    expect(irq).toBe(false);
    command(0x60);
    data(0x01);
    expect(irq).toBe(true);
    read();
    expect(irq).toBe(false);
    command(0xd2);
    data(0x1c);
    expect([irq, read(), irq]).toEqual([true, 0x1c, false]);
  });

  it('restores a command that waits for its parameter, and resets to power-on', () => {
    const fresh = controller.snapshot();
    command(0x60);
    const state = controller.snapshot();
    controller.reset();
    expect(controller.snapshot()).toEqual(fresh);
    controller.restore(state);
    data(0x04);
    command(0x20);
    expect(read()).toBe(0x04);
    command(0xdd);
    controller.reset();
    expect(a20).toEqual([false, true]);
  });
});

describe('keyboard', () => {
  it.each([
    ['echo', [0xee], [0xee]],
    ['read ID', [0xf2], [0xfa, 0xab, 0x83]],
    ['set indicators', [0xed, 0x07], [0xfa, 0xfa]],
    ['set typematic rate and delay', [0xf3, 0x20], [0xfa, 0xfa]],
    [
      'select scan codes of set 3, ask for them',
      [0xf0, 0x03, 0xf0, 0x00],
      [0xfa, 0xfa, 0xfa, 0xfa, 0x03],
    ],
    ['select scan codes of no set', [0xf0, 0x04], [0xfa, 0xfe]],
    [
      'default, after another set',
      [0xf0, 0x01, 0xf6, 0xf0, 0x00],
      [0xfa, 0xfa, 0xfa, 0xfa, 0xfa, 0x02],
    ],
    ['enable, default disable', [0xf4, 0xf5], [0xfa, 0xfa]],
    [
      'set all keys; set two keys of set 3',
      [0xfa, 0xfc, 0x15, 0x16, 0xf4],
      [0xfa, 0xfa, 0xfa, 0xfa, 0xfa],
    ],
    ['a command in the place of a parameter', [0xed, 0xee], [0xfa, 0xee]],
    ['resend', [0xf2, 0xfe], [0xfa, 0xab, 0x83, 0x83]],
    ['no command: EFh, 12h', [0xef, 0x12], [0xfe, 0xfe]],
  ])('answers %s', (_title, sent, expected) => {
    const received = sent.flatMap((byte) => {
      data(byte);
      expect(status() & 0x02).toBe(0x02); // on the wire
      return answers();
    });
    expect(received).toEqual(expected);
  });

  it('acknowledges a reset in 20 ms and passes its test 300 to 500 ms later', () => {
    data(0xff);
    expect(answers()).toEqual([0xfa]);
    pass(250_000_000);
    expect([status() & 0x01, controller.isSettled()]).toEqual([0, false]);
    pass(250_000_000);
    expect([status() & 0x01, read(), controller.isSettled()]).toEqual([1, 0xaa, true]);
  });

  it('sends scan codes of set 1 where the command byte asks for translation', () => {
    command(0x60);
    data(0x40);
    const received = [0xf2, 0xf0, 0x00].flatMap((byte) => {
      data(byte);
      return answers();
    });
    expect(received).toEqual([0xfa, 0xab, 0x41, 0xfa, 0xfa, 0x41]);
  });

  it('interrupts byte by byte, and is silent while its interface is disabled or the buffer is full', () => {
    command(0x60);
    data(0x01);
    data(0xf2);
    pass(RESPONSE_CYCLES);
    expect([irq, read(), irq]).toEqual([true, 0xfa, false]);
    command(0xad);
    pass(RESPONSE_CYCLES);
    expect([irq, controller.isSettled()]).toEqual([false, true]);
    command(0xae);
    pass(RESPONSE_CYCLES);
    pass(RESPONSE_CYCLES);
    expect([irq, read(), irq]).toEqual([true, 0xab, false]);
    pass(RESPONSE_CYCLES);
    expect([irq, read(), irq]).toEqual([true, 0x83, false]);
  });

  it('lets no answer of the controller interrupt while the keyboard is disabled', () => {
    command(0x60);
    data(0x11);
    command(0xaa);
    expect([status() & 0x01, irq]).toEqual([1, false]);
    command(0xae);
    expect(irq).toBe(true);
  });

  it('goes on from a snapshot in the middle of an answer', () => {
    data(0xf2);
    pass(RESPONSE_CYCLES);
    read();
    const state = controller.snapshot();
    const queue = events.snapshot();
    expect(answers()).toEqual([0xab, 0x83]);
    events = new EventQueue();
    events.restore(queue);
    controller = new KeyboardController({
      events,
      domains: new ClockDomains(CORE_HZ),
      interrupt: { set: () => undefined },
      auxiliaryInterrupt: { set: () => undefined },
      onA20: () => undefined,
      onReset: () => undefined,
    });
    controller.restore(state);
    expect(answers()).toEqual([0xab, 0x83]);
  });
});
