/**
 * When characters begin to arrive at the receiver of a PC16550D. Times: a character of 8N1 at 115200 baud takes 160 ticks of the
 * 1.8432 MHz clock [PC16550D "Programmable Baud Generator"]; with a core of 1.8432 GHz a tick is 1000 cycles.
 */
import { beforeEach, describe, expect, it } from 'vitest';
import { ClockDomains } from '../clock/clock-domains.js';
import { EventQueue } from '../clock/event-queue.js';
import { Uart16550 } from '../devices/uart16550.js';
import { SerialTerminal } from './serial-terminal.js';

const CHARACTER_CYCLES = 160_000;
const RBR = 0;
const IER = 1;
const IIR = 2;
const FCR = 2;
const LCR = 3;
const MCR = 4;
const LSR = 5;
const LSR_DR = 1;
const LSR_OE = 2;

let events: EventQueue;
let uart: Uart16550;
let terminal: SerialTerminal;
let interrupt: boolean;

function build(mode: 'real' | 'instant' = 'real'): void {
  events = new EventQueue();
  interrupt = false;
  terminal = new SerialTerminal();
  uart = new Uart16550({
    events,
    domains: new ClockDomains(1_843_200_000),
    mode,
    interrupt: { set: (level) => (interrupt = level) },
    onTransmit: () => undefined,
    onTransmitLost: () => undefined,
    peer: terminal,
  });
  terminal.connect(uart);
}

const read = (offset: number): number => uart.readPort(offset);
const write = (offset: number, value: number): void => uart.writePort(offset, 1, value);
const pass = (cycles: number): void => events.advanceTo(events.nowCycles + cycles);
const type = (text: string): void => terminal.give(Buffer.from(text));

/** 115200 8N1, the FIFO as told, OUT2 on. */
function setUp(fcr: number, ier: number): void {
  write(LCR, 0x83);
  write(0, 1);
  write(1, 0);
  write(LCR, 0x03);
  write(FCR, fcr);
  write(MCR, 0x0b);
  write(IER, ier);
}

const readAll = (): string => {
  let text = '';
  while ((read(LSR) & LSR_DR) !== 0) text += String.fromCharCode(read(RBR));
  return text;
};

beforeEach(() => build());

describe('nothing is sent', () => {
  it('before the guest has set up its port', () => {
    type('hello');
    pass(100 * CHARACTER_CYCLES);
    expect([read(LSR) & LSR_DR, terminal.waitingBytes]).toEqual([0, 5]);
  });

  it('to a driver that reads LSR only to find room for what it writes', () => {
    setUp(0x01, 0);
    type('x');
    for (let count = 0; count < 20; count++) {
      read(LSR);
      write(RBR, 0x41);
      pass(2 * CHARACTER_CYCLES);
    }
    expect(terminal.waitingBytes).toBe(1);
  });

  it('during loop-back', () => {
    setUp(0x01, 0x01);
    write(MCR, 0x1b);
    type('x');
    pass(2 * CHARACTER_CYCLES);
    expect(terminal.waitingBytes).toBe(1);
    write(MCR, 0x0b);
    pass(CHARACTER_CYCLES);
    expect(readAll()).toBe('x');
  });
});

describe('with the received data interrupt', () => {
  it('characters follow each other at the rate of the line, from the moment it is enabled', () => {
    setUp(0x01, 0);
    type('abc');
    pass(777_000);
    write(IER, 0x01);
    for (const expected of ['a', 'b', 'c']) {
      pass(CHARACTER_CYCLES - 1);
      expect(read(LSR) & LSR_DR).toBe(0);
      pass(1);
      expect([interrupt, read(IIR)]).toEqual([true, 0xc4]);
      expect(String.fromCharCode(read(RBR))).toBe(expected);
    }
  });

  it('a full FIFO holds the line: 16 characters, the rest when there is room, nothing overruns', () => {
    setUp(0xc1, 0x01);
    type('0123456789abcdefghij');
    pass(100 * CHARACTER_CYCLES);
    expect(terminal.waitingBytes).toBe(4);
    expect(readAll()).toBe('0123456789abcdef');
    pass(10 * CHARACTER_CYCLES);
    expect(readAll()).toBe('ghij');
    expect(read(LSR) & LSR_OE).toBe(0);
  });

  it('characters that come later are sent at once', () => {
    setUp(0x01, 0x01);
    pass(5 * CHARACTER_CYCLES);
    expect(readAll()).toBe('');
    type('z');
    pass(CHARACTER_CYCLES);
    expect(readAll()).toBe('z');
  });

  it('instant lines fill the FIFO without time', () => {
    build('instant');
    setUp(0x01, 0x01);
    type('0123456789abcdefghij');
    expect([terminal.waitingBytes, readAll()]).toEqual([4, '0123456789abcdefghij']);
    expect(terminal.waitingBytes).toBe(0);
  });
});

describe('a guest that polls', () => {
  it('is sent the first character after four reads of LSR, and one for each that it takes', () => {
    setUp(0x00, 0);
    type('ab');
    for (let count = 0; count < 3; count++) read(LSR);
    pass(CHARACTER_CYCLES);
    expect(terminal.waitingBytes).toBe(2);
    read(LSR);
    expect(terminal.waitingBytes).toBe(1);
    pass(10 * CHARACTER_CYCLES);
    expect([terminal.waitingBytes, read(LSR) & 0x03]).toEqual([1, LSR_DR]);
    expect(String.fromCharCode(read(RBR))).toBe('a');
    pass(CHARACTER_CYCLES);
    expect(String.fromCharCode(read(RBR))).toBe('b');
  });
});

describe('what may still happen', () => {
  it('a port whose other end may type is not settled; after the last character it is', () => {
    expect(uart.isSettled()).toBe(false);
    terminal.end();
    expect(uart.isSettled()).toBe(true);
  });

  it('reads of LSR are no idle reads while they bring a character nearer', () => {
    setUp(0x00, 0);
    expect(uart.readsAreSteady(LSR)).toBe(true);
    type('a');
    expect(uart.readsAreSteady(LSR)).toBe(false);
    for (let count = 0; count < 4; count++) read(LSR);
    expect(uart.readsAreSteady(LSR)).toBe(true); // on the line
  });

  it('a restored terminal sends the same again', () => {
    setUp(0x01, 0x01);
    const before = [uart.snapshot(), terminal.snapshot()] as const;
    type('q');
    pass(CHARACTER_CYCLES);
    expect(readAll()).toBe('q');
    events.advanceTo(events.nowCycles);
    terminal.restore(before[1]);
    expect(terminal.waitingBytes).toBe(1);
  });
});
