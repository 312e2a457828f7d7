/** Expectations: PC16550D, June 1995: Table IV (interrupt control), "Programmable Registers". */
import { beforeEach, describe, expect, it } from 'vitest';
import {
  IIR,
  LCR,
  LSR,
  SCR,
  THR,
  arrive,
  build,
  events,
  irq,
  irqEdges,
  lost,
  pass,
  read,
  sent,
  sentBytes,
  setUp,
  uart,
  write,
} from '../../tests/guests/uart16550-bench.js';

beforeEach(() => build('real'));

describe('PC16550D in instant mode', () => {
  it('sends without time, so that nothing is lost, and interrupts after each byte', () => {
    build('instant');
    setUp({ ier: 0x02 });
    read(IIR);
    for (const byte of [0x41, 0x42]) {
      write(THR, byte);
      expect(read(LSR)).toBe(0x60);
      expect(read(IIR)).toBe(0x02);
    }
    expect([sentBytes(), lost]).toEqual([[0x41, 0x42], []]);
    expect(irqEdges).toBe(3);
    uart.receive(0x43);
    expect(read(LSR)).toBe(0x61);
  });
});

describe('PC16550D snapshot', () => {
  it('continues a transmission, a reception and both interrupt timers as if nothing had happened', () => {
    const play = (interruptAt: number | null): string => {
      build('real');
      setUp({ fcr: 0xc1, ier: 0x0f });
      arrive(0x31, 0x04);
      write(THR, 0x41);
      uart.receive(0x32);
      const log: string[] = [];
      for (let step = 0; step < 200; step++) {
        if (step === interruptAt) {
          const saved = JSON.parse(JSON.stringify([events.snapshot(), uart.snapshot(), irq])) as [
            never,
            never,
            boolean,
          ];
          build('real', { sent, irq: saved[2] });
          events.restore(saved[0]);
          uart.restore(saved[1]);
        }
        pass(97);
        const line = [events.nowCycles, irq, read(SCR), JSON.stringify(uart.snapshot())];
        log.push(line.join(' '));
      }
      return [...log, JSON.stringify(sent)].join('\n');
    };
    const uninterrupted = play(null);
    expect(uninterrupted).toContain('[65,');
    for (const step of [0, 3, 10, 17, 60]) expect(play(step)).toBe(uninterrupted);
  });

  it('is back in the power-on state after reset, with no event left', () => {
    const fresh = uart.snapshot();
    setUp({ fcr: 0xc1, ier: 0x0f });
    write(SCR, 1);
    arrive(1);
    write(LCR, 0x1b);
    write(THR, 2);
    uart.setModemInputs(0);
    uart.receive(3);
    uart.reset();
    expect(uart.snapshot()).toEqual(fresh);
    expect(events.nextEventCycle).toBe(Infinity);
    expect(irq).toBe(false);
  });
});
