import type { PortDevice, PortWidthBytes } from '../memory/port-bus.js';

/**
 * Reset control register (0xCF9).
 * Source: [82371SB] Intel, "82371SB PCI ISA IDE Xcelerator (PIIX3)", April 1997, "RC: Reset Control Register".
 */

const SYSTEM_RESET = 1 << 1; // hard instead of soft: the same here
const RESET_CPU = 1 << 2;

export interface ResetControlState {
  readonly control: number;
}

export class ResetControl implements PortDevice<ResetControlState> {
  private control = 0;

  constructor(private readonly onReset: () => void) {}

  readPort(): number {
    return this.control;
  }

  /** RESET_CPU resets when it goes from 0 to 1. */
  writePort(_offset: number, _widthBytes: PortWidthBytes, value: number): void {
    const before = this.control;
    this.control = value & (SYSTEM_RESET | RESET_CPU);
    if ((this.control & ~before & RESET_CPU) !== 0) this.onReset();
  }

  readsAreSteady(): boolean {
    return true;
  }

  reset(): void {
    this.control = 0;
  }

  snapshot(): ResetControlState {
    return { control: this.control };
  }

  restore(state: ResetControlState): void {
    this.control = state.control;
  }
}
