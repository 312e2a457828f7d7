/**
 * Registers of the PC16550D.
 * Source: [PC16550D] National Semiconductor, "PC16550D Universal Asynchronous Receiver/Transmitter with FIFOs",
 * June 1995, "Registers", Tables I and II.
 */

/** Register offsets; the first two select the divisor latches while LCR.DLAB is set. */
export const RBR_THR_DLL = 0;
export const IER_DLM = 1;
export const IIR_FCR = 2;
export const LCR = 3;
export const MCR = 4;
export const LSR = 5;
export const MSR = 6;
export const SCR = 7;

/** Interrupt Enable Register. */
export const IER_ERBFI = 1 << 0; // received data available, and the character time-out
export const IER_ETBEI = 1 << 1; // transmitter holding register empty
export const IER_ELSI = 1 << 2; // receiver line status
export const IER_EDSSI = 1 << 3; // modem status
export const IER_MASK = 0x0f;

/** Interrupt Identification Register, bits 3-0. */
export const IIR_MODEM_STATUS = 0x0;
export const IIR_NONE = 0x1;
export const IIR_THRE = 0x2;
export const IIR_RECEIVED_DATA = 0x4;
export const IIR_LINE_STATUS = 0x6;
export const IIR_CHARACTER_TIMEOUT = 0xc;
/** Both bits are set while FCR0 is. */
export const IIR_FIFOS_ENABLED = 0xc0;

/** FIFO Control Register. */
export const FCR_FIFO_ENABLE = 1 << 0;
export const FCR_RCVR_FIFO_RESET = 1 << 1;
export const FCR_XMIT_FIFO_RESET = 1 << 2;
export const FCR_DMA_MODE_SELECT = 1 << 3;
export const FCR_TRIGGER_SHIFT = 6;
/** Bytes in the receiver FIFO that raise the interrupt, by FCR bits 7-6. */
export const RCVR_TRIGGER_BYTES = [1, 4, 8, 14] as const;
export const FIFO_BYTES = 16;

/** Line Control Register. */
export const LCR_WLS = 0x03; // word length: 5 + WLS bits
export const LCR_STB = 1 << 2; // two stop bits (one and a half with 5-bit words)
export const LCR_PEN = 1 << 3; // parity bit
export const LCR_BREAK = 1 << 6;
export const LCR_DLAB = 1 << 7;

/** Modem Control Register. */
export const MCR_DTR = 1 << 0;
export const MCR_RTS = 1 << 1;
export const MCR_OUT1 = 1 << 2;
export const MCR_OUT2 = 1 << 3;
export const MCR_LOOP = 1 << 4;
export const MCR_MASK = 0x1f;

/** Line Status Register. */
export const LSR_DR = 1 << 0; // data ready
export const LSR_OE = 1 << 1; // overrun error
export const LSR_PE = 1 << 2; // parity error
export const LSR_FE = 1 << 3; // framing error
export const LSR_BI = 1 << 4; // break interrupt
export const LSR_THRE = 1 << 5; // transmitter holding register (FIFO) empty
export const LSR_TEMT = 1 << 6; // ... and the shift register too
export const LSR_RCVR_FIFO_ERROR = 1 << 7;
/** Errors that belong to one character. */
export const LSR_CHARACTER_ERRORS = LSR_PE | LSR_FE | LSR_BI;

/** Modem Status Register. */
export const MSR_DCTS = 1 << 0; // changed since the last read
export const MSR_DDSR = 1 << 1;
export const MSR_TERI = 1 << 2; // ring indicator went off
export const MSR_DDCD = 1 << 3;
export const MSR_CTS = 1 << 4;
export const MSR_DSR = 1 << 5;
export const MSR_RI = 1 << 6;
export const MSR_DCD = 1 << 7;
export const MSR_DELTAS = 0x0f;
export const MSR_INPUTS = 0xf0;

/** The 16x clock's periods in one bit. */
const CLOCKS_PER_BIT = 16;

/** The serial format and speed that LCR and the divisor latches set. */
export interface LineFormat {
  /** Periods of the UART's crystal in one period of BAUDOUT. */
  readonly divisor: number;
  readonly lcr: number;
}

/**
 * Crystal periods in one period of BAUDOUT. The data sheet defines divisors from 1 to 2^16 - 1 only; a latch of 0
 * lets the 16-bit counter run through all its 65536 states.
 */
export function effectiveDivisor(divisorLatch: number): number {
  return divisorLatch === 0 ? 0x1_0000 : divisorLatch;
}

/** Crystal ticks of one bit. */
export function bitTicks(format: LineFormat): number {
  return CLOCKS_PER_BIT * format.divisor;
}

/** Crystal ticks of the stop bits: 1, 2, or 1.5 with 5-bit words [PC16550D "Line Control Register", bit 2]. */
export function stopTicks(format: LineFormat): number {
  const { lcr } = format;
  const halfBits = (lcr & LCR_STB) === 0 ? 2 : (lcr & LCR_WLS) === 0 ? 3 : 4;
  return (halfBits * bitTicks(format)) / 2;
}

/** Crystal ticks of one character: start bit, data bits, parity bit, stop bits. */
export function characterTicks(format: LineFormat): number {
  const dataBits = 5 + (format.lcr & LCR_WLS);
  const parityBits = (format.lcr & LCR_PEN) === 0 ? 0 : 1;
  return (1 + dataBits + parityBits) * bitTicks(format) + stopTicks(format);
}

/** The data bits of a word of the programmed length. */
export function wordMask(lcr: number): number {
  return 0xff >> (3 - (lcr & LCR_WLS));
}
