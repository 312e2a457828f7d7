/**
 * Registers of a local APIC: numbers (offset / 16 in memory, MSR - 800H for an x2APIC), bits, and what can be written.
 * Source: [SDM-3A "Advanced Programmable Interrupt Controller (APIC)", table "Local APIC Register Address Map", "Local
 * Vector Table", "x2APIC Register Address Space"].
 */

export const APIC_ID = 0x02;
export const APIC_VERSION = 0x03;
export const APIC_TPR = 0x08;
/** Arbitration priority and remote read: of the Pentium, reserved since; they read as 0. */
const APIC_APR = 0x09;
const APIC_RRD = 0x0c;
export const APIC_PPR = 0x0a;
export const APIC_EOI = 0x0b;
export const APIC_LDR = 0x0d;
export const APIC_DFR = 0x0e;
export const APIC_SVR = 0x0f;
export const APIC_ISR = 0x10;
export const APIC_ESR = 0x28;
export const APIC_ICR_LOW = 0x30;
export const APIC_ICR_HIGH = 0x31;
export const APIC_LVT_TIMER = 0x32;
export const APIC_LVT_LINT0 = 0x35;
export const APIC_LVT_ERROR = 0x37;
export const APIC_INITIAL_COUNT = 0x38;
export const APIC_CURRENT_COUNT = 0x39;
export const APIC_DIVIDE = 0x3e;
export const X2APIC_SELF_IPI = 0x3f;

/** Version 14H: on-chip; six LVT entries, the highest is number 5. */
export const VERSION_VALUE = 0x0005_0014;

export const SVR_ENABLED = 1 << 8;
export const SVR_WRITABLE = 0x1ff;

export const LVT_MASKED = 1 << 16;
export const LVT_DELIVERY_STATUS = 1 << 12;
export const LVT_REMOTE_IRR = 1 << 14;
export const LVT_LEVEL = 1 << 15;
const LVT_VECTOR = 0xff;
const LVT_DELIVERY_MODE = 0x700;
const LVT_POLARITY = 1 << 13;
const LVT_TIMER_MODE = 3 << 17;

/** What of each LVT entry can be written: timer, thermal sensor, performance counters, LINT0, LINT1, error. */
export const LVT_WRITABLE: readonly number[] = [
  LVT_VECTOR | LVT_MASKED | LVT_TIMER_MODE,
  LVT_VECTOR | LVT_DELIVERY_MODE | LVT_MASKED,
  LVT_VECTOR | LVT_DELIVERY_MODE | LVT_MASKED,
  LVT_VECTOR | LVT_DELIVERY_MODE | LVT_POLARITY | LVT_LEVEL | LVT_MASKED,
  LVT_VECTOR | LVT_DELIVERY_MODE | LVT_POLARITY | LVT_LEVEL | LVT_MASKED,
  LVT_VECTOR | LVT_MASKED,
];
export const LVT_COUNT = LVT_WRITABLE.length;
export const LVT_NUMBER_LINT0 = APIC_LVT_LINT0 - APIC_LVT_TIMER;

export const ESR_SEND_ILLEGAL_VECTOR = 1 << 5;
export const ESR_RECEIVE_ILLEGAL_VECTOR = 1 << 6;
export const ESR_ILLEGAL_REGISTER = 1 << 7;

export const ICR_LOGICAL = 1 << 11;
export const ICR_ASSERT = 1 << 14;
export const ICR_LEVEL = 1 << 15;
/** Vector, delivery mode, destination mode, level, trigger mode, shorthand. */
export const ICR_WRITABLE = 0x000c_cfff;
export const SHORTHAND_NONE = 0;
export const SHORTHAND_SELF = 1;
export const SHORTHAND_ALL = 2;

/** Registers that MMIO may read, or write; other addresses are illegal. */
const READABLE: readonly (readonly [first: number, last: number])[] = [
  [APIC_ID, APIC_VERSION],
  [APIC_TPR, APIC_APR],
  [APIC_PPR, APIC_PPR],
  [APIC_RRD, APIC_ESR],
  [APIC_ICR_LOW, APIC_CURRENT_COUNT],
  [APIC_DIVIDE, APIC_DIVIDE],
];

export function readableInMemory(register: number): boolean {
  return READABLE.some(([first, last]) => register >= first && register <= last);
}

/** Bits that WRMSR may set in a register of an x2APIC; null: the register cannot be written. */
export function x2apicWritable(register: number): bigint | null {
  switch (register) {
    case APIC_TPR:
    case X2APIC_SELF_IPI:
      return 0xffn;
    case APIC_EOI:
    case APIC_ESR:
      return 0n;
    case APIC_SVR:
      return BigInt(SVR_WRITABLE);
    case APIC_ICR_LOW:
      return 0xffff_ffff_0000_0000n | BigInt(ICR_WRITABLE);
    case APIC_INITIAL_COUNT:
      return 0xffff_ffffn;
    case APIC_DIVIDE:
      return 0xbn;
  }
  const writable = LVT_WRITABLE[register - APIC_LVT_TIMER];
  if (writable === undefined) return null;
  const readOnly = (writable & LVT_LEVEL) === 0 ? 0 : LVT_REMOTE_IRR;
  return BigInt(writable | LVT_DELIVERY_STATUS | readOnly);
}

/** Registers of an x2APIC that RDMSR reads. */
export function x2apicReadable(register: number): boolean {
  const absent = [APIC_APR, APIC_RRD, APIC_DFR, APIC_ICR_HIGH];
  return readableInMemory(register) && !absent.includes(register);
}
