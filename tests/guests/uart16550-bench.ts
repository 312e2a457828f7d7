/** A PC16550D on a bench: its registers, what it sends, and its interrupt. The core clock is ten cycles per period of the crystal. */
import { ClockDomains } from '../../emulator/clock/clock-domains.js';
import { EventQueue } from '../../emulator/clock/event-queue.js';
import { Uart16550, type UartMode } from '../../emulator/devices/uart16550.js';

export const CYCLES_PER_TICK = 10;
export const CORE_HZ = 1_843_200 * CYCLES_PER_TICK;
/** 115200 baud: one bit is 16 crystal periods. */
export const BIT = 16 * CYCLES_PER_TICK;
export const CHARACTER_8N1 = 10 * BIT;

export const RBR = 0;
export const THR = 0;
export const IER = 1;
export const IIR = 2;
export const FCR = 2;
export const LCR = 3;
export const MCR = 4;
export const LSR = 5;
export const MSR = 6;
export const SCR = 7;
export const DLL = 0;
export const DLM = 1;

export let events: EventQueue;
export let uart: Uart16550;
export let sent: [byte: number, cycle: number][];
export let lost: number[];
export let irq: boolean;
export let irqEdges: number;
export let ready: number;

/** A chip at power-on; or where another has sent and drives its interrupt already. */
export function build(
  mode: UartMode,
  before: { sent: [byte: number, cycle: number][]; irq: boolean } = { sent: [], irq: false },
): void {
  events = new EventQueue();
  sent = before.sent;
  lost = [];
  irq = before.irq;
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

export const read = (offset: number): number => uart.readPort(offset);
export const write = (offset: number, value: number): void => uart.writePort(offset, 1, value);
export const pass = (cycles: number): void => events.advanceTo(events.nowCycles + cycles);
export const sentBytes = (): number[] => sent.map(([byte]) => byte);

/** 115200 8N1, OUT2 on, as a driver sets it up. */
export function setUp(options: { fcr?: number; ier?: number; lcr?: number } = {}): void {
  write(LCR, 0x80);
  write(DLL, 1);
  write(DLM, 0);
  write(LCR, options.lcr ?? 0x03);
  write(FCR, options.fcr ?? 0);
  write(MCR, 0x0b);
  write(IER, options.ier ?? 0);
}

/** A character arrives from the other end, taking its time. */
export function arrive(byte: number, errors = 0): void {
  uart.receive(byte, errors);
  pass(CHARACTER_8N1);
}
