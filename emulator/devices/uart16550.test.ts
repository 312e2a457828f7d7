import { beforeEach, describe, expect, it } from 'vitest';
import { ClockDomains } from '../clock/clock-domains.js';
import { EventQueue } from '../clock/event-queue.js';
import { Uart16550, type UartMode } from './uart16550.js';

/**
 * Expectations: PC16550D, June 1995: Table II (registers), Table III (divisors), Table IV (interrupt control),
 * "FIFO Interrupt Mode Operation". The core clock is ten cycles per period of the UART's crystal.
 */

const CYCLES_PER_TICK = 10;
const CORE_HZ = 1_843_200 * CYCLES_PER_TICK;
/** 115200 baud: one bit is 16 crystal periods. */
const BIT = 16 * CYCLES_PER_TICK;
const CHARACTER_8N1 = 10 * BIT;

const RBR = 0;
const THR = 0;
const IER = 1;
const IIR = 2;
const FCR = 2;
const LCR = 3;
const MCR = 4;
const LSR = 5;
const MSR = 6;
const SCR = 7;
const DLL = 0;
const DLM = 1;

let events: EventQueue;
let uart: Uart16550;
let sent: [byte: number, cycle: number][];
let lost: number[];
let irq: boolean;
let irqEdges: number;
let ready: number;

function build(mode: UartMode): void {
  events = new EventQueue();
  sent = [];
  lost = [];
  irq = false;
  irqEdges = 0;
  ready = 0;
  uart = new Uart16550({
    events,
    domains: new ClockDomains(CORE_HZ),
    mode,
    interrupt: {
      set: (level): void => {
        if (level && !irq) irqEdges++;
        irq = level;
      },
    },
    onTransmit: (byte, cycle) => sent.push([byte, cycle]),
    onTransmitLost: (byte) => lost.push(byte),
    peer: {
      pending: false,
      open: false,
      onReceiveReady: () => ready++,
      onLineStatusRead: () => undefined,
      onRegisterWrite: () => undefined,
    },
  });
}

const read = (offset: number): number => uart.readPort(offset);
const write = (offset: number, value: number): void => uart.writePort(offset, 1, value);
const pass = (cycles: number): void => events.advanceTo(events.nowCycles + cycles);
const sentBytes = (): number[] => sent.map(([byte]) => byte);

/** 115200 8N1, OUT2 on, as a driver sets it up. */
function setUp(options: { fcr?: number; ier?: number; lcr?: number } = {}): void {
  write(LCR, 0x80);
  write(DLL, 1);
  write(DLM, 0);
  write(LCR, options.lcr ?? 0x03);
  write(FCR, options.fcr ?? 0);
  write(MCR, 0x0b);
  write(IER, options.ier ?? 0);
}

/** A character arrives from the other end, taking its time. */
function arrive(byte: number, errors = 0): void {
  uart.receive(byte, errors);
  pass(CHARACTER_8N1);
}

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

describe('PC16550D receiver', () => {
  it('has a character one character time after it began to arrive', () => {
    setUp();
    uart.receive(0x5a);
    pass(CHARACTER_8N1 - 1);
    expect(read(LSR)).toBe(0x60);
    pass(1);
    expect(read(LSR)).toBe(0x61);
    expect(read(RBR)).toBe(0x5a);
    expect(read(LSR)).toBe(0x60);
  });

  it('overruns without FIFO: the new character destroys the old one; OE lasts until LSR is read', () => {
    setUp();
    arrive(0x41);
    arrive(0x42);
    expect(read(LSR)).toBe(0x63);
    expect(read(LSR)).toBe(0x61);
    expect(read(RBR)).toBe(0x42);
  });

  it('overruns a full FIFO: the FIFO stays as it is', () => {
    setUp({ fcr: 0x01 });
    for (let byte = 0; byte < 17; byte++) arrive(byte);
    expect(read(LSR) & 0x02).toBe(0x02);
    const bytes: number[] = [];
    while ((read(LSR) & 0x01) !== 0) bytes.push(read(RBR));
    expect(bytes).toEqual(Array.from({ length: 16 }, (_, byte) => byte));
  });

  it.each([
    [0x01, 1],
    [0x41, 4],
    [0x81, 8],
    [0xc1, 14],
  ])('interrupts with FCR %i at %i bytes and stops below', (fcr, trigger) => {
    setUp({ fcr, ier: 0x01 });
    for (let count = 1; count < trigger; count++) {
      arrive(count);
      expect(irq).toBe(false);
    }
    arrive(trigger);
    expect(irq).toBe(true);
    expect(read(IIR)).toBe(0xc4);
    read(RBR);
    expect(irq).toBe(false);
  });

  it('times out four character times after the last character', () => {
    setUp({ fcr: 0xc1, ier: 0x01 });
    arrive(0x41);
    arrive(0x42);
    pass(4 * CHARACTER_8N1 - 1);
    expect(irq).toBe(false);
    pass(1);
    expect(irq).toBe(true);
    expect(read(IIR)).toBe(0xcc);
    expect(read(IIR)).toBe(0xcc); // only reading a character clears it
    expect(read(RBR)).toBe(0x41);
    expect(irq).toBe(false);
    pass(4 * CHARACTER_8N1); // one is left, and the timer was reset by the read
    expect(read(IIR)).toBe(0xcc);
    read(RBR);
    pass(100 * CHARACTER_8N1);
    expect(read(IIR)).toBe(0xc1);
  });

  it('restarts the time-out with every read and every character', () => {
    setUp({ fcr: 0xc1, ier: 0x01 });
    arrive(1);
    arrive(2);
    pass(3 * CHARACTER_8N1);
    read(RBR);
    pass(2 * CHARACTER_8N1);
    arrive(3);
    pass(4 * CHARACTER_8N1 - 1);
    expect(irq).toBe(false);
    pass(1);
    expect(irq).toBe(true);
  });

  it('shows the errors of a FIFO character when it is on top, and LSR7 while any are inside', () => {
    setUp({ fcr: 0x01 });
    arrive(0x41);
    arrive(0x42, 0x04); // parity
    arrive(0x43, 0x18); // break, framing
    expect(read(LSR)).toBe(0xe1);
    read(RBR);
    expect(read(LSR)).toBe(0xe5);
    expect(read(LSR)).toBe(0xe1); // the top's error is gone, the next one's is still inside
    read(RBR);
    expect(read(LSR)).toBe(0xf9);
    expect(read(LSR)).toBe(0x61);
  });

  it('empties the FIFO by FCR bit 1', () => {
    setUp({ fcr: 0x01 });
    arrive(0x41);
    write(FCR, 0x03);
    expect(read(LSR)).toBe(0x60);
  });

  it('says when it can receive, and asks for more when it can again', () => {
    setUp();
    expect(uart.canReceive).toBe(true);
    uart.receive(0x41);
    expect([uart.canReceive, uart.lineIdle]).toEqual([false, false]);
    pass(CHARACTER_8N1);
    expect([uart.canReceive, uart.lineIdle]).toEqual([false, true]);
    expect(ready).toBe(0);
    read(RBR);
    expect([uart.canReceive, ready]).toEqual([true, 1]);
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
          const before = sent;
          build('real');
          sent = before;
          events.restore(saved[0]);
          uart.restore(saved[1]);
          irq = saved[2];
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
