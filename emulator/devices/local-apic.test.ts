/**
 * Expectations: Intel SDM Vol. 3A, "Advanced Programmable Interrupt Controller (APIC)": "Local APIC Register Address Map",
 * "Interrupt, Task, and Processor Priority", "Local Vector Table", "Error Handling", "x2APIC".
 */
import { beforeEach, describe, expect, it } from 'vitest';
import { ClockDomains } from '../clock/clock-domains.js';
import { EventQueue } from '../clock/event-queue.js';
import type { InterruptMessage } from './interrupt-message.js';
import { LocalApic } from './local-apic.js';

const CORE_HZ = 1_000_000_000;

let events: EventQueue;
let apic: LocalApic;
let log: string[];

const write = (offset: number, value: number): void => apic.writeWord(offset, value);
const read = (offset: number): number => apic.readWord(offset);
const enable = (): void => write(0xf0, 0x1ff);
const message = (vector: number, rest: Partial<InterruptMessage> = {}): InterruptMessage => ({
  vector,
  deliveryMode: 0,
  logical: false,
  destination: 0,
  levelTriggered: false,
  ...rest,
});

beforeEach(() => {
  events = new EventQueue();
  log = [];
  apic = new LocalApic({
    events,
    domains: new ClockDomains(CORE_HZ),
    tscOffset: () => 0n,
    onIntr: (level) => log.push(level ? 'INTR' : 'intr'),
    onNmi: () => log.push('NMI'),
    onInit: () => log.push('INIT'),
    onTaskPriority: (value) => log.push(`CR8=${value}`),
    onEndOfInterrupt: (vector) => log.push(`EOI ${vector}`),
  });
});

describe('after a reset', () => {
  it.each([
    ['ID', 0x20, 0],
    ['version: 14H, six LVT entries', 0x30, 0x0005_0014],
    ['TPR', 0x80, 0],
    ['PPR', 0xa0, 0],
    ['LDR', 0xd0, 0],
    ['DFR', 0xe0, 0xffff_ffff],
    ['SVR: disabled, vector FFH', 0xf0, 0xff],
    ['ESR', 0x280, 0],
    ['LVT timer', 0x320, 0x1_0000],
    ['LVT thermal sensor', 0x330, 0x1_0000],
    ['LVT performance counters', 0x340, 0x1_0000],
    ['LVT LINT0, as firmware leaves it: ExtINT', 0x350, 0x700],
    ['LVT LINT1', 0x360, 0x1_0000],
    ['LVT error', 0x370, 0x1_0000],
    ['initial count', 0x380, 0],
    ['current count', 0x390, 0],
    ['divide configuration', 0x3e0, 0],
  ])('%s', (_, offset, value) => {
    expect(read(offset)).toBe(value);
  });

  it('the 8259A reaches the processor; a fixed interrupt is not accepted', () => {
    expect(apic.receive(message(0x40))).toBe(false);
    apic.setLint0(true);
    expect(log).toEqual(['INTR']);
    expect(apic.acknowledge()).toBeNull();
    apic.setLint0(false);
    expect(log).toEqual(['INTR', 'intr']);
  });
});

describe('what can be written', () => {
  it.each([
    ['TPR', 0x80, 0xff],
    ['LDR', 0xd0, 0xff00_0000],
    ['SVR', 0xf0, 0x1ff],
    ['ICR high', 0x310, 0xff00_0000],
    ['LVT timer', 0x320, 0x0007_00ff],
    ['LVT thermal sensor', 0x330, 0x0001_07ff],
    ['LVT performance counters', 0x340, 0x0001_07ff],
    ['LVT LINT0', 0x350, 0x0001_a7ff],
    ['LVT LINT1', 0x360, 0x0001_a7ff],
    ['LVT error', 0x370, 0x0001_00ff],
    ['divide configuration', 0x3e0, 0xb],
    ['ID: nothing', 0x20, 0],
    ['version: nothing but what is there', 0x30, 0x0005_0014],
    ['PPR: nothing', 0xa0, 0xf0],
  ])('%s', (_, offset, mask) => {
    enable();
    if (offset === 0xa0) write(0x80, 0xf0);
    write(offset, 0xffff_ffff);
    expect(read(offset)).toBe(mask);
  });

  it('DFR: the model; the other bits are ones', () => {
    write(0xe0, 0);
    expect(read(0xe0)).toBe(0x0fff_ffff);
  });

  it('while it is disabled by software, entries of the LVT stay masked', () => {
    write(0x350, 0x700);
    expect(read(0x350)).toBe(0x1_0700);
    enable();
    write(0x370, 0x45);
    write(0xf0, 0xff);
    expect(read(0x370)).toBe(0x1_0045);
  });
});

describe('priorities', () => {
  beforeEach(enable);

  it('the highest vector goes first; its class holds back its own and lower classes until EOI', () => {
    for (const vector of [0x31, 0x52, 0x58]) apic.receive(message(vector));
    expect(log).toEqual(['INTR']);
    expect(read(0x210)).toBe(1 << 17); // IRR: 31H
    expect(read(0x220)).toBe((1 << 18) | (1 << 24));
    expect(apic.acknowledge()).toBe(0x58);
    expect([read(0xa0), read(0x120), read(0x220)]).toEqual([0x50, 1 << 24, 1 << 18]);
    expect(log).toEqual(['INTR', 'intr']);
    apic.receive(message(0x61));
    expect(apic.acknowledge()).toBe(0x61);
    write(0xb0, 0);
    expect(read(0xa0)).toBe(0x50);
    write(0xb0, 0);
    expect(apic.acknowledge()).toBe(0x52);
    write(0xb0, 0);
    expect(apic.acknowledge()).toBe(0x31);
    expect(log.filter((entry) => entry === 'intr').length).toBe(4);
  });

  it.each([
    // TPR, vector, delivered
    [0x30, 0x3f, false],
    [0x30, 0x40, true],
    [0x3f, 0x40, true],
    [0xf0, 0xff, false],
    [0x00, 0x10, true],
  ])('TPR %s and vector %s: delivered is %s', (tpr, vector, delivered) => {
    write(0x80, tpr);
    apic.receive(message(vector));
    expect(log).toEqual([`CR8=${tpr >> 4}`, ...(delivered ? ['INTR'] : [])]);
  });

  it('CR8 is the high half of TPR, and lowering it lets an interrupt through', () => {
    apic.taskPriorityClass = 5;
    expect([read(0x80), read(0xa0)]).toEqual([0x50, 0x50]);
    apic.receive(message(0x55));
    expect(log).toEqual([]);
    apic.taskPriorityClass = 4;
    expect(log).toEqual(['INTR']);
  });

  it('PPR is TPR where that is of the higher class, else the class in service', () => {
    write(0x80, 0x23);
    expect(read(0xa0)).toBe(0x23);
    apic.receive(message(0x99));
    apic.acknowledge();
    expect(read(0xa0)).toBe(0x90);
    write(0x80, 0x95);
    expect(read(0xa0)).toBe(0x95);
  });

  it('an ExtINT of LINT0 does not look at TPR', () => {
    write(0x350, 0x700);
    write(0x80, 0xff);
    apic.setLint0(true);
    expect(log.at(-1)).toBe('INTR');
    expect(apic.acknowledge()).toBeNull();
  });

  it('acknowledged with nothing to deliver, it gives the spurious vector, and nothing is in service', () => {
    write(0xf0, 0x1ef);
    expect(apic.acknowledge()).toBe(0xef);
    expect(read(0x170)).toBe(0);
  });

  it('EOI of a level-triggered interrupt is broadcast, that of an edge is not', () => {
    apic.receive(message(0x41));
    apic.acknowledge();
    write(0xb0, 0);
    apic.receive(message(0x42, { levelTriggered: true }));
    expect(read(0x1a0)).toBe(1 << 2); // TMR
    apic.acknowledge();
    write(0xb0, 0);
    expect(log.filter((entry) => entry.startsWith('EOI'))).toEqual(['EOI 66']);
  });
});

describe('destinations', () => {
  it.each([
    // logical, destination, LDR, DFR, meant
    [false, 0, 0, 0xffff_ffff, true],
    [false, 0xff, 0, 0xffff_ffff, true],
    [false, 1, 0, 0xffff_ffff, false],
    [true, 0x81, 0x0100_0000, 0xffff_ffff, true],
    [true, 0x80, 0x0100_0000, 0xffff_ffff, false],
    [true, 0xff, 0x0000_0000, 0xffff_ffff, false],
    [true, 0x23, 0x2100_0000, 0x0fff_ffff, true],
    [true, 0x13, 0x2100_0000, 0x0fff_ffff, false],
    [true, 0xff, 0x2100_0000, 0x0fff_ffff, true],
    [true, 0x22, 0x2100_0000, 0x0fff_ffff, false],
  ])('logical %s, %i with LDR %i, DFR %i: %s', (logical, destination, ldr, dfr, meant) => {
    enable();
    write(0xd0, ldr);
    write(0xe0, dfr);
    expect(apic.receive(message(0x40, { logical, destination }))).toBe(meant);
  });
});

describe('interprocessor interrupts', () => {
  beforeEach(enable);

  it.each([
    ['fixed to the own id', 0x0000_0045, ['INTR']],
    ['fixed to another id', 0x0100_0000_0045, []],
    ['self shorthand', 0x0004_0045, ['INTR']],
    ['all including self', 0x0008_0045, ['INTR']],
    ['all excluding self', 0x000c_0045, []],
    ['NMI to the own id', 0x0000_0400, ['NMI']],
    ['NMI with a self shorthand is not valid', 0x0004_0400, []],
    ['INIT to the own id', 0x0000_4500, ['INIT']],
    ['INIT level de-assert', 0x0000_8500, []],
    ['start-up: the processor does not wait for one', 0x0000_0608, []],
    ['SMI', 0x0000_0200, []],
  ])('%s', (_, command, expected) => {
    write(0x310, Math.floor(command / 2 ** 32) << 16);
    write(0x300, command % 2 ** 32);
    expect(log).toEqual(expected);
    expect(read(0x300) & 0x1000).toBe(0); // idle
  });
});

describe('errors', () => {
  beforeEach(enable);

  it.each([
    ['a vector below 16 sent', () => write(0x300, 0x0004_000f), 1 << 5],
    ['a vector below 16 received', () => apic.receive(message(0x0f)), 1 << 6],
    ['a register that does not exist read', () => read(0x3f0), 1 << 7],
    ['a register that does not exist written', () => write(0x000, 1), 1 << 7],
  ])('%s: in ESR once that is written, and an interrupt of its own', (_, act, bit) => {
    write(0x370, 0x77);
    act();
    expect(read(0x280)).toBe(0);
    expect(apic.acknowledge()).toBe(0x77);
    write(0x280, 0);
    expect(read(0x280)).toBe(bit);
    write(0x280, 0);
    expect(read(0x280)).toBe(0);
  });
});

describe('LINT0', () => {
  it('fixed and edge: one interrupt an edge, none while masked', () => {
    enable();
    write(0x350, 0x1_0041);
    apic.setLint0(true);
    apic.setLint0(false);
    write(0x350, 0x41);
    expect(log).toEqual([]);
    apic.setLint0(true);
    expect(apic.acknowledge()).toBe(0x41);
    write(0xb0, 0);
    expect(log).toEqual(['INTR', 'intr']);
  });

  it('fixed and level: again after EOI while the line is high', () => {
    enable();
    write(0x350, 0x8041);
    apic.setLint0(true);
    expect(read(0x350)).toBe(0xc041); // remote IRR
    expect(apic.acknowledge()).toBe(0x41);
    write(0xb0, 0);
    expect(apic.acknowledge()).toBe(0x41);
    apic.setLint0(false);
    write(0xb0, 0);
    expect(read(0x350)).toBe(0x8041);
  });

  it('NMI', () => {
    enable();
    write(0x350, 0x400);
    apic.setLint0(true);
    expect(log).toEqual(['NMI']);
  });
});

describe('x2APIC', () => {
  beforeEach(() => {
    enable();
    apic.setMode('x2apic');
  });

  it.each<readonly [string, number, bigint | null]>([
    ['ID', 0x02, 0n],
    ['version', 0x03, 0x0005_0014n],
    ['TPR', 0x08, 0n],
    ['EOI is only written', 0x0b, null],
    ['LDR: cluster 0, member 0', 0x0d, 1n],
    ['DFR does not exist', 0x0e, null],
    ['SVR', 0x0f, 0x1ffn],
    ['ICR high does not exist', 0x31, null],
    ['initial count', 0x38, 0n],
    ['self IPI is only written', 0x3f, null],
    ['reserved', 0x40, null],
  ])('RDMSR: %s', (_, register, value) => {
    expect(apic.readX2apic(register)).toBe(value);
  });

  it.each<readonly [string, number, bigint, boolean]>([
    ['ID is only read', 0x02, 0n, false],
    ['TPR', 0x08, 0xffn, true],
    ['TPR with a reserved bit', 0x08, 0x100n, false],
    ['EOI 0', 0x0b, 0n, true],
    ['EOI 1', 0x0b, 1n, false],
    ['LDR is only read', 0x0d, 1n, false],
    ['ESR 0', 0x28, 0n, true],
    ['ESR 1', 0x28, 1n, false],
    ['LVT timer, TSC-deadline', 0x32, 0x4_0040n, true],
    ['LVT timer with a reserved bit', 0x32, 0x400n, false],
    ['divide configuration', 0x3e, 0xbn, true],
    ['divide configuration, reserved bit 2', 0x3e, 0x4n, false],
    ['initial count beyond 32 bits', 0x38, 1n << 32n, false],
    ['self IPI', 0x3f, 0x40n, true],
    ['self IPI with a reserved bit', 0x3f, 0x140n, false],
  ])('WRMSR: %s', (_, register, value, accepted) => {
    expect(apic.writeX2apic(register, value)).toBe(accepted);
  });

  it('self IPI and the 64-bit ICR', () => {
    apic.writeX2apic(0x3f, 0x61n);
    expect(apic.acknowledge()).toBe(0x61);
    apic.writeX2apic(0x30, 0x62n);
    expect(apic.readX2apic(0x30)).toBe(0x62n);
    apic.writeX2apic(0x0b, 0n); // that of 61H, of the same class
    expect(apic.acknowledge()).toBe(0x62);
    apic.writeX2apic(0x0b, 0n);
    apic.writeX2apic(0x30, 0x0001_0000_0000_0863n);
    apic.writeX2apic(0x30, 0x0000_0001_0000_0864n); // logical: cluster 0, member 0
    expect(apic.acknowledge()).toBe(0x64);
  });

  it('is not there in the other modes', () => {
    apic.setMode('disabled');
    apic.setMode('xapic');
    expect([apic.readX2apic(2), apic.writeX2apic(8, 0n)]).toEqual([null, false]);
  });
});

describe('disabled by IA32_APIC_BASE', () => {
  it('the 8259A drives INTR, nothing else is accepted, and it begins anew', () => {
    enable();
    write(0x350, 0x1_0700);
    write(0xd0, 0xff00_0000);
    apic.setMode('disabled');
    apic.setLint0(true);
    expect(log.at(-1)).toBe('INTR');
    expect(apic.acknowledge()).toBeNull();
    expect(apic.receive(message(0x40))).toBe(false);
    apic.setMode('xapic');
    expect([read(0xd0), read(0xf0)]).toEqual([0, 0xff]);
  });
});

describe('a snapshot', () => {
  it('goes on where it was taken', () => {
    enable();
    write(0x3e0, 0xb);
    write(0x320, 0x2_0040);
    write(0x380, 5);
    apic.receive(message(0x51, { levelTriggered: true }));
    const state = apic.snapshot();
    const queue = events.snapshot();
    apic.acknowledge();
    apic.reset();
    expect(apic.snapshot()).not.toEqual(state);
    events.restore(queue);
    apic.restore(state);
    expect(apic.snapshot()).toEqual(state);
    expect(events.nextEventCycle).toBe(50);
    expect(apic.acknowledge()).toBe(0x51);
  });
});
