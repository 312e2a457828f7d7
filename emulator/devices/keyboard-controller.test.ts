import { beforeEach, describe, expect, it } from 'vitest';
import { KeyboardController } from './keyboard-controller.js';

/** Expectations: IBM PC/AT Technical Reference, "Keyboard Controller". */

let controller: KeyboardController;
let irq: boolean;
let a20: boolean[];
let resets: number;

const command = (value: number): void => controller.writePort(4, 1, value);
const data = (value: number): void => controller.writePort(0, 1, value);
const status = (): number => controller.readPort(4);
const read = (): number => controller.readPort(0);

beforeEach(() => {
  irq = false;
  a20 = [];
  resets = 0;
  controller = new KeyboardController({
    interrupt: {
      set: (level): void => {
        irq = level;
      },
    },
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

  it('times out on a byte to the keyboard that is not there', () => {
    data(0xed);
    expect(status() & 0x21).toBe(0x21);
    expect(read()).toBe(0xfe);
    expect(status() & 0x21).toBe(0);
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
