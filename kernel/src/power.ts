import { serialDrain } from './serial';
import { x86 } from './x86';

/**
 * How a run ends.
 *
 * A good end is ACPI S5: SLP_TYP and SLP_EN written to PM1a_CNT, which QEMU's `pc` machine and ours have at 0x604.
 * A bad end is a value at the isa-debug-exit port 0xF4, which makes the emulator end with status (value << 1) | 1.
 * On a machine that has neither port the processor halts for ever with interrupts off.
 */
const PM1A_CNT: u32 = 0x604;
const SLP_EN: u32 = 0x2000;
const DEBUG_EXIT: u32 = 0xf4;

/** A self-test failed: emulator status 35. */
export const EXIT_TESTS_FAILED: u32 = 0x11;
/** An exception that nobody handles, or a broken invariant: emulator status 37. */
export const EXIT_PANIC: u32 = 0x12;
/** The memory map leaves too little RAM to run in: emulator status 39. */
export const EXIT_TOO_LITTLE_MEMORY: u32 = 0x13;
/** What the loader handed over cannot be used: emulator status 41. */
export const EXIT_BAD_BOOT_INFORMATION: u32 = 0x14;

/** Does not return. */
export function powerOff(): void {
  serialDrain();
  x86.out16(PM1A_CNT, SLP_EN);
  haltForEver();
}

/** Ends the run with one of the EXIT_ values. Does not return. */
export function exitWith(value: u32): void {
  serialDrain();
  x86.out8(DEBUG_EXIT, value);
  haltForEver();
}

/** Does not return. */
export function haltForEver(): void {
  x86.cli();
  while (true) x86.hlt();
}
