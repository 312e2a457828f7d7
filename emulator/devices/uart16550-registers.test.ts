/** Expectations: PC16550D, June 1995: Table II (registers), Table III (divisors), Table IV (interrupt control). */
import { beforeEach, describe, expect, it } from 'vitest';
import {
  BIT,
  CHARACTER_8N1,
  DLL,
  DLM,
  FCR,
  IER,
  IIR,
  LCR,
  LSR,
  MCR,
  MSR,
  RBR,
  SCR,
  THR,
  arrive,
  build,
  irq,
  irqEdges,
  pass,
  read,
  sent,
  setUp,
  uart,
  write,
} from '../../tests/guests/uart16550-bench.js';

beforeEach(() => build('real'));

describe('PC16550D registers', () => {
  it.each([
    ['IER', IER, 0x00],
    ['IIR', IIR, 0x01],
    ['LCR', LCR, 0x00],
    ['MCR', MCR, 0x00],
    ['LSR', LSR, 0x60],
    ['MSR', MSR, 0xb0], // CTS, DSR and DCD of a connected and ready partner
  ])('%s at offset %i is %i after reset', (_name, offset, value) => {
    expect(read(offset)).toBe(value);
  });

  it.each([
    ['IER', IER, 0xff, 0x0f],
    ['LCR', LCR, 0x7f, 0x7f],
    ['MCR', MCR, 0xff, 0x1f],
    ['SCR', SCR, 0xa5, 0xa5],
  ])('%s at offset %i written with %i reads %i', (_name, offset, value, expected) => {
    write(offset, value);
    expect(read(offset)).toBe(expected);
  });

  it('shows the divisor latches instead of RBR, THR and IER while DLAB is set', () => {
    write(IER, 0x05);
    write(LCR, 0x83);
    write(DLL, 0x80);
    write(DLM, 0x25);
    expect([read(DLL), read(DLM)]).toEqual([0x80, 0x25]);
    write(LCR, 0x03);
    expect(read(IER)).toBe(0x05);
    pass(10 * CHARACTER_8N1);
    expect(sent).toEqual([]);
  });

  it('sets IIR bits 7 and 6 while the FIFOs are enabled', () => {
    write(FCR, 0x01);
    expect(read(IIR)).toBe(0xc1);
    write(FCR, 0x00);
    expect(read(IIR)).toBe(0x01);
  });

  it('ignores FCR bits other than 0 when bit 0 is not written as 1', () => {
    setUp({ fcr: 0xc1, ier: 0x01 }); // trigger 14
    write(FCR, 0x40);
    write(FCR, 0x01); // trigger 1, since these bits come with bit 0
    arrive(0x41);
    expect(read(IIR)).toBe(0xc4);
  });
});

describe('PC16550D interrupt priorities', () => {
  it('reports line status, data, THRE, modem status in this order', () => {
    setUp({ fcr: 0x01, ier: 0x0f });
    uart.setModemInputs(0x00);
    arrive(0x41, 0x08);
    expect(read(IIR)).toBe(0xc6);
    read(LSR);
    expect(read(IIR)).toBe(0xc4);
    read(RBR);
    expect(read(IIR)).toBe(0xc2);
    expect(read(IIR)).toBe(0xc0);
    expect(irq).toBe(true);
    read(MSR);
    expect(read(IIR)).toBe(0xc1);
    expect([irq, irqEdges]).toEqual([false, 1]);
  });
});

describe('PC16550D modem signals and loop-back', () => {
  it.each([
    // inputs before, after, MSR
    ['CTS falls', 0xb0, 0xa0, 0xa1],
    ['DSR falls', 0xb0, 0x90, 0x92],
    ['RI rises: no delta', 0x00, 0x40, 0x40],
    ['RI falls: TERI', 0x40, 0x00, 0x04],
    ['DCD falls', 0xb0, 0x30, 0x38],
  ])('%s', (_name, before, after, msr) => {
    uart.setModemInputs(before);
    read(MSR);
    uart.setModemInputs(after);
    expect(read(MSR)).toBe(msr);
    expect(read(MSR)).toBe(msr & 0xf0);
  });

  it.each([
    ['DTR to DSR', 0x11, 0x20],
    ['RTS to CTS', 0x12, 0x10],
    ['OUT1 to RI', 0x14, 0x40],
    ['OUT2 to DCD', 0x18, 0x80],
  ])('loops %s', (_name, mcr, msr) => {
    write(MCR, 0x10);
    read(MSR);
    write(MCR, mcr);
    expect(read(MSR) & 0xf0).toBe(msr);
  });

  it('receives what it sends in loop-back, after the character time, and nothing leaves or enters', () => {
    setUp({ ier: 0x01 });
    write(MCR, 0x1e);
    expect(uart.canReceive).toBe(false);
    uart.receive(0x77);
    write(THR, 0xae);
    pass(BIT + CHARACTER_8N1 - 1);
    expect(read(LSR) & 0x01).toBe(0);
    pass(1);
    expect(read(IIR)).toBe(0x04);
    expect(irq).toBe(false); // OUT2's pin is inactive
    expect(read(RBR)).toBe(0xae);
    expect(sent).toEqual([]);
  });

  it('receives a break in loop-back when LCR bit 6 is set', () => {
    setUp();
    write(MCR, 0x10);
    write(LCR, 0x43);
    expect(read(LSR)).toBe(0x71);
    expect(read(RBR)).toBe(0);
  });
});
