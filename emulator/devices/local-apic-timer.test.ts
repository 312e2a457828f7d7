/** Expectations: Intel SDM Vol. 3A, "Advanced Programmable Interrupt Controller (APIC)": "APIC Timer", "TSC-Deadline Mode". */
import { beforeEach, expect, it } from 'vitest';
import { ClockDomains } from '../clock/clock-domains.js';
import { EventQueue } from '../clock/event-queue.js';
import { LocalApic } from './local-apic.js';

/** Ten cycles a tick of the timer, and one a tick of the TSC. */
const CORE_HZ = 1_000_000_000;
const TICK = 10;

let events: EventQueue;
let apic: LocalApic;
let log: string[];
let tscOffset: bigint;

const write = (offset: number, value: number): void => apic.writeWord(offset, value);
const read = (offset: number): number => apic.readWord(offset);

beforeEach(() => {
  events = new EventQueue();
  log = [];
  tscOffset = 0n;
  apic = new LocalApic({
    events,
    domains: new ClockDomains(CORE_HZ),
    tscOffset: () => tscOffset,
    onIntr: (level) => log.push(level ? 'INTR' : 'intr'),
    onNmi: () => log.push('NMI'),
    onInit: () => log.push('INIT'),
    onTaskPriority: (value) => log.push(`CR8=${value}`),
    onEndOfInterrupt: (vector) => log.push(`EOI ${vector}`),
  });
  write(0xf0, 0x1ff);
});

it.each([
  [0b0000, 2],
  [0b0001, 4],
  [0b0010, 8],
  [0b0011, 16],
  [0b1000, 32],
  [0b1001, 64],
  [0b1010, 128],
  [0b1011, 1],
])('divide configuration %i divides by %i', (code, divisor) => {
  write(0x3e0, code);
  write(0x320, 0x40);
  write(0x380, 100);
  const whole = 100 * divisor * TICK;
  events.advanceTo(whole / 2);
  expect(read(0x390)).toBe(50);
  events.advanceTo(whole - 1);
  expect(log).toEqual([]);
  events.advanceTo(whole);
  expect([log, read(0x390)]).toEqual([['INTR'], 0]);
});

it('one-shot: once; the count stays 0', () => {
  write(0x3e0, 0xb);
  write(0x320, 0x40);
  write(0x380, 5);
  events.advanceTo(1000);
  expect(apic.acknowledge()).toBe(0x40);
  expect([events.nextEventCycle, read(0x390), read(0x380)]).toEqual([Infinity, 0, 5]);
});

it('periodic: loads itself again', () => {
  write(0x3e0, 0xb);
  write(0x320, 0x2_0040);
  write(0x380, 5);
  const cycles: number[] = [];
  while (cycles.length < 3) {
    events.advanceTo(events.nextEventCycle);
    cycles.push(events.nowCycles);
  }
  expect(cycles).toEqual([50, 100, 150]);
  expect(read(0x390)).toBe(5);
  write(0x380, 0);
  expect(events.nextEventCycle).toBe(Infinity);
});

it('counts while it is masked, and then interrupts nobody', () => {
  write(0x3e0, 0xb);
  write(0x320, 0x1_0040);
  write(0x380, 100);
  events.advanceTo(500);
  expect(read(0x390)).toBe(50);
  events.advanceTo(2000);
  expect(log).toEqual([]);
});

it('goes on with what is left when it is divided otherwise', () => {
  write(0x3e0, 0xb);
  write(0x320, 0x40);
  write(0x380, 100);
  events.advanceTo(500);
  write(0x3e0, 0x0);
  events.advanceTo(1499);
  expect([log, read(0x390)]).toEqual([[], 1]);
  events.advanceTo(1500);
  expect(log).toEqual(['INTR']);
});

it('TSC-deadline: at the time-stamp counter of the guest; the register is 0 afterwards', () => {
  write(0x320, 0x4_0040);
  tscOffset = 1000n;
  apic.tscDeadline = 1500n;
  expect(apic.tscDeadline).toBe(1500n);
  write(0x380, 7); // ignored
  expect([read(0x380), read(0x390)]).toEqual([0, 0]);
  events.advanceTo(499);
  expect(log).toEqual([]);
  events.advanceTo(500);
  expect([log, apic.tscDeadline]).toEqual([['INTR'], 0n]);
});

it('TSC-deadline: a deadline that is over, at once; 0 disarms; a write of the counter counts', () => {
  write(0x320, 0x4_0040);
  events.advanceTo(100);
  apic.tscDeadline = 50n;
  events.advanceTo(101);
  expect(apic.acknowledge()).toBe(0x40);
  apic.tscDeadline = 200n;
  apic.tscDeadline = 0n;
  expect(events.nextEventCycle).toBe(Infinity);
  apic.tscDeadline = 10_000n;
  tscOffset = 5000n;
  apic.tscChanged();
  expect(events.nextEventCycle).toBe(5000);
});

it('TSC-deadline: the register is 0 and stays 0 in the other modes; a change of mode disarms', () => {
  apic.tscDeadline = 50n;
  expect(apic.tscDeadline).toBe(0n);
  write(0x320, 0x4_0040);
  apic.tscDeadline = 50n;
  write(0x320, 0x40);
  expect([apic.tscDeadline, events.nextEventCycle]).toEqual([0n, Infinity]);
});
