import { x86 } from './x86';

/**
 * COM1, a 16550A, as a one-way line: 115200 baud, 8 data bits, no parity, 1 stop bit, polled.
 * Source: National Semiconductor PC16550D, June 1995, "Registers" and "FIFO Polled Mode Operation".
 */
const COM1: u32 = 0x3f8;
const THR: u32 = COM1 + 0; // transmitter holding register (DLAB = 0)
const DLL: u32 = COM1 + 0; // divisor latch, low (DLAB = 1)
const IER: u32 = COM1 + 1; // interrupt enable
const DLM: u32 = COM1 + 1; // divisor latch, high (DLAB = 1)
const IIR: u32 = COM1 + 2; // interrupt identification (read)
const FCR: u32 = COM1 + 2; // FIFO control (write)
const LCR: u32 = COM1 + 3; // line control
const MCR: u32 = COM1 + 4; // modem control
const LSR: u32 = COM1 + 5; // line status

const FCR_ENABLE_AND_CLEAR: u32 = 0x07;
const IIR_FIFOS_ENABLED: u32 = 0xc0;
const LCR_DLAB: u32 = 0x80;
const LCR_8N1: u32 = 0x03;
const MCR_DTR_RTS: u32 = 0x03;
const LSR_THRE: u32 = 0x20;
const LSR_TEMT: u32 = 0x40;
const DIVISOR_115200: u32 = 1;
const FIFO_DEPTH: u32 = 16;

/** Characters that THRE promises room for: 16 with a working FIFO, 1 without. */
let depth: u32 = 1;
/** Of these, how many are not used up since THRE was last seen. */
let room: u32 = 0;

export function serialInit(): void {
  x86.out8(IER, 0);
  x86.out8(LCR, LCR_DLAB);
  x86.out8(DLL, DIVISOR_115200);
  x86.out8(DLM, 0);
  x86.out8(LCR, LCR_8N1);
  x86.out8(FCR, FCR_ENABLE_AND_CLEAR);
  x86.out8(MCR, MCR_DTR_RTS);
  depth = (x86.in8(IIR) & IIR_FIFOS_ENABLED) == IIR_FIFOS_ENABLED ? FIFO_DEPTH : 1;
  room = 0;
}

/** Sends one byte, after waiting for room. THRE = 1 says that the whole FIFO is empty: up to 16 bytes follow it unasked. */
export function serialWrite(byte: u32): void {
  if (room == 0) {
    while ((x86.in8(LSR) & LSR_THRE) == 0) x86.pause();
    room = depth;
  }
  x86.out8(THR, byte);
  room -= 1;
}

/** Waits until the last stop bit is on the line: what is said before power-off must be heard. */
export function serialDrain(): void {
  while ((x86.in8(LSR) & LSR_TEMT) == 0) x86.pause();
}
