/** Expectations: PC16550D, June 1995: "FIFO Interrupt Mode Operation", registers THR, LSR and IIR. */
import { beforeEach, describe, expect, it } from 'vitest';
import { ClockDomains } from '../clock/clock-domains.js';
import { EventQueue } from '../clock/event-queue.js';
import { Uart16550 } from './uart16550.js';
import {
  BIT,
  CHARACTER_8N1,
  DLL,
  DLM,
  FCR,
  IIR,
  LCR,
  LSR,
  MCR,
  THR,
  build,
  irq,
  lost,
  pass,
  read,
  sent,
  sentBytes,
  setUp,
  write,
} from '../../tests/guests/uart16550-bench.js';

beforeEach(() => build('real'));

describe('PC16550D transmitter', () => {
  it('clears THRE and TEMT on a write, and sends after the start delay and one character time', () => {
    setUp();
    write(THR, 0x41);
    expect(read(LSR)).toBe(0x00);
    pass(BIT - 1);
    expect(read(LSR)).toBe(0x00);
    pass(1); // the shift register has taken the character
    expect(read(LSR)).toBe(0x20);
    pass(CHARACTER_8N1 - 1);
    expect(sent).toEqual([]);
    pass(1);
    expect(sent).toEqual([[0x41, BIT + CHARACTER_8N1]]);
    expect(read(LSR)).toBe(0x60);
  });

  it.each([
    // divisor, LCR, half bits of a character: start + data + parity + stop
    ['115200 8N1', 1, 0x03, 20],
    ['9600 8N1', 12, 0x03, 20],
    ['50 7E1', 2304, 0x1a, 20],
    ['300 8E2', 384, 0x1f, 24],
    ['115200 5N1.5', 1, 0x04, 15],
    ['115200 6N2', 1, 0x05, 18],
    ['115200 5N1', 1, 0x00, 14],
  ])('takes the time of %s', (_name, divisor, lcr, halfBits) => {
    write(LCR, 0x80);
    write(DLL, divisor & 0xff);
    write(DLM, divisor >> 8);
    write(LCR, lcr);
    write(THR, 0x15);
    pass(BIT * divisor);
    write(THR, 0x0a); // waits in THR: back to back
    pass(20 * CHARACTER_8N1 * divisor);
    const [first, second] = sent;
    expect([first?.[0], second?.[0]]).toEqual([0x15, 0x0a]);
    expect((second?.[1] ?? 0) - (first?.[1] ?? 0)).toBe((halfBits * BIT * divisor) / 2);
  });

  it('counts a divisor latch of 0 as 65536', () => {
    setUp();
    write(LCR, 0x80);
    write(DLL, 0);
    write(LCR, 0x03);
    write(THR, 1);
    pass(65536 * (BIT + CHARACTER_8N1) - 1);
    expect(sent).toEqual([]);
    pass(1);
    expect(sentBytes()).toEqual([1]);
  });

  it('sends only the data bits of the programmed word length', () => {
    setUp({ lcr: 0x00 });
    write(THR, 0xff);
    pass(2 * CHARACTER_8N1);
    expect(sentBytes()).toEqual([0x1f]);
  });

  it('loses the old byte when THR is written while it is full', () => {
    setUp();
    write(THR, 0x41);
    write(THR, 0x42);
    pass(3 * CHARACTER_8N1);
    expect(sentBytes()).toEqual([0x42]);
    expect(lost).toEqual([0x41]);
  });

  it('takes 16 bytes into an empty FIFO and loses the ones after', () => {
    setUp({ fcr: 0x07 });
    for (let byte = 0; byte < 18; byte++) write(THR, byte);
    expect(lost).toEqual([16, 17]);
    pass(BIT + 15 * CHARACTER_8N1 - 1);
    expect(read(LSR) & 0x20).toBe(0);
    pass(1); // the last one moves to the shift register
    expect(read(LSR) & 0x60).toBe(0x20);
    pass(CHARACTER_8N1);
    expect(read(LSR) & 0x60).toBe(0x60);
    expect(sentBytes()).toEqual(Array.from({ length: 16 }, (_, byte) => byte));
  });

  it('sends characters back to back without drift at a core clock that is no multiple', () => {
    const coreHz = 1_000_000_007;
    const clock = new EventQueue();
    const cycles: number[] = [];
    const odd = new Uart16550({
      events: clock,
      domains: new ClockDomains(coreHz),
      mode: 'real',
      interrupt: { set: (): void => undefined },
      onTransmit: (_byte, cycle) => cycles.push(cycle),
      onTransmitLost: () => expect.fail('a byte was lost'),
    });
    odd.writePort(LCR, 1, 0x83);
    odd.writePort(DLL, 1, 1);
    odd.writePort(LCR, 1, 0x03);
    for (let count = 0; count < 1000; count++) {
      while ((odd.readPort(LSR) & 0x20) === 0) clock.advanceTo(clock.nextEventCycle);
      odd.writePort(THR, 1, 0x55);
    }
    clock.advanceTo(clock.nowCycles + coreHz);
    // 16 ticks of start delay and 160 ticks a character, from power-on, rounded up once
    expect(cycles[999]).toBe(Math.ceil(((16 + 160 * 1000) * coreHz) / 1_843_200));
  });

  it('empties the FIFO by FCR bit 2, but finishes the character that is being sent', () => {
    setUp({ fcr: 0x01 });
    for (const byte of [1, 2, 3]) write(THR, byte);
    pass(2 * BIT);
    write(FCR, 0x05);
    expect(read(LSR) & 0x60).toBe(0x20);
    pass(3 * CHARACTER_8N1);
    expect(sentBytes()).toEqual([1]);
  });

  it('loses what is sent during a break', () => {
    setUp({ lcr: 0x43 });
    write(THR, 0x41);
    pass(2 * CHARACTER_8N1);
    expect([sent, lost]).toEqual([[], [0x41]]);
  });
});

describe('PC16550D transmitter interrupt', () => {
  it('comes at once when it is enabled with THRE set, and goes when IIR shows it', () => {
    setUp({ ier: 0x02 });
    expect(irq).toBe(true);
    expect(read(IIR)).toBe(0x02);
    expect(irq).toBe(false);
    expect(read(IIR)).toBe(0x01);
  });

  it('goes when THR is written, and comes again when THR is empty', () => {
    setUp({ ier: 0x02 });
    write(THR, 0x41);
    expect(irq).toBe(false);
    pass(BIT);
    expect(irq).toBe(true);
    expect(read(LSR)).toBe(0x20);
  });

  it('is delayed by a character time less the stop bit after a single byte in FIFO mode', () => {
    setUp({ fcr: 0x01, ier: 0x02 });
    read(IIR);
    write(THR, 0x41);
    pass(BIT);
    expect(read(LSR) & 0x20).toBe(0x20);
    expect(irq).toBe(false);
    pass(CHARACTER_8N1 - BIT - 1);
    expect(irq).toBe(false);
    pass(1);
    expect(irq).toBe(true);
  });

  it('is not delayed when two bytes were in the FIFO together', () => {
    setUp({ fcr: 0x01, ier: 0x02 });
    read(IIR);
    write(THR, 0x41);
    write(THR, 0x42);
    pass(BIT + CHARACTER_8N1 - 1);
    expect(irq).toBe(false);
    pass(1);
    expect(irq).toBe(true);
  });

  it('is immediate when FCR0 changes', () => {
    setUp({ ier: 0x02 });
    read(IIR);
    expect(irq).toBe(false);
    write(FCR, 0x01);
    expect(irq).toBe(true);
  });

  it('does not reach the bus while OUT2 is off', () => {
    setUp({ ier: 0x02 });
    write(MCR, 0x03);
    expect(irq).toBe(false);
    expect(read(IIR)).toBe(0x02);
  });
});
