import { beforeEach, describe, expect, it } from 'vitest';
import { ClockDomains } from '../clock/clock-domains.js';
import { EventQueue } from '../clock/event-queue.js';
import { PowerManagement } from './power-management.js';

/** Expectations: ACPI 6.5, "PM1 Control Registers", "Power Management Timer"; S5 as in QEMU's machine `pc`. */

const CYCLES_PER_TICK = 3;
let events: EventQueue;
let device: PowerManagement;
let powerOffs: number;

const read = (offset: number, sizeBytes: number): number => {
  let value = 0;
  for (let byte = 0; byte < sizeBytes; byte++)
    value += device.readPort(offset + byte, 1) << (8 * byte);
  return value;
};
const write16 = (offset: number, value: number): void => {
  device.writePort(offset, 1, value & 0xff);
  device.writePort(offset + 1, 1, value >> 8);
};

beforeEach(() => {
  events = new EventQueue();
  powerOffs = 0;
  const domains = new ClockDomains(3_579_545 * CYCLES_PER_TICK);
  device = new PowerManagement(events, domains, () => powerOffs++);
});

describe('PM1a control', () => {
  it.each([
    ['SLP_EN with SLP_TYP 0', 0x2000, 1],
    ['the same with SCI_EN', 0x2001, 1],
    ['SLP_TYP 0 without SLP_EN', 0x0000, 0],
    ['SLP_EN with SLP_TYP 1', 0x2400, 0],
    ['SLP_EN with SLP_TYP 5', 0x3400, 0],
  ])('%s powers off as often as it must', (_name, value, expected) => {
    write16(4, value);
    expect(powerOffs).toBe(expected);
  });

  it('reads back SCI_EN and SLP_TYP, but SLP_EN as 0', () => {
    write16(4, 0x3c01);
    expect(read(4, 2)).toBe(0x1c01);
    device.reset();
    expect(read(4, 2)).toBe(0);
  });
});

describe('power management timer', () => {
  it('counts 3.579545 MHz in 24 bits', () => {
    events.advanceTo(1000 * CYCLES_PER_TICK);
    expect(read(8, 4)).toBe(1000);
    expect(device.readPort(8, 4)).toBe(1000);
    events.advanceTo((2 ** 24 + 5) * CYCLES_PER_TICK);
    expect(read(8, 4)).toBe(5);
  });

  it('sets TMR_STS when bit 23 changes, until a one is written to it', () => {
    events.advanceTo(2 ** 23 * CYCLES_PER_TICK - 1);
    expect(read(0, 2)).toBe(0);
    events.advanceTo(2 ** 23 * CYCLES_PER_TICK);
    expect(read(0, 2)).toBe(1);
    write16(0, 0);
    expect(read(0, 2)).toBe(1);
    write16(0, 1);
    expect(read(0, 2)).toBe(0);
    events.advanceTo(2 ** 24 * CYCLES_PER_TICK);
    expect(read(0, 2)).toBe(1);
  });

  it('takes status and enable as one doubleword too', () => {
    device.writePort(0, 4, 0x0101_0000);
    expect(device.readPort(0, 4)).toBe(0x0101_0000);
  });

  it('restores its registers', () => {
    write16(2, 0x0101);
    const state = device.snapshot();
    device.reset();
    expect(read(2, 2)).toBe(0);
    device.restore(state);
    expect(read(2, 2)).toBe(0x0101);
  });
});
