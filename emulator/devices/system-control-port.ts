import type { PortDevice, PortWidthBytes } from '../memory/port-bus.js';

/**
 * System control port A (0x92): alternate A20 gate and fast processor reset.
 * Source: [PS/2 Hardware Interface "System Control Port A"]; [ICH] Intel, "I/O Controller Hub", "PORT92".
 */

const INIT_NOW = 1 << 0;
const ALT_A20_GATE = 1 << 1;
/** Bits 7 and 6 were disk activity lights, bit 3 the password lock; they keep what is written. */
const WRITABLE = 0xcb;

export interface SystemControlPortState {
  readonly control: number;
}

export interface SystemControlPortPorts {
  onA20(enabled: boolean): void;
  onReset(): void;
}

export class SystemControlPort implements PortDevice<SystemControlPortState> {
  private control = 0;

  constructor(private readonly ports: SystemControlPortPorts) {}

  get a20(): boolean {
    return (this.control & ALT_A20_GATE) !== 0;
  }

  readPort(): number {
    return this.control;
  }

  /** INIT_NOW resets when it goes from 0 to 1. */
  writePort(_offset: number, _widthBytes: PortWidthBytes, value: number): void {
    const before = this.control;
    this.control = value & WRITABLE;
    if (((before ^ this.control) & ALT_A20_GATE) !== 0) this.ports.onA20(this.a20);
    if ((this.control & ~before & INIT_NOW) !== 0) this.ports.onReset();
  }

  readsAreSteady(): boolean {
    return true;
  }

  reset(): void {
    const before = this.a20;
    this.control = 0;
    if (before) this.ports.onA20(false);
  }

  snapshot(): SystemControlPortState {
    return { control: this.control };
  }

  restore(state: SystemControlPortState): void {
    this.control = state.control;
  }
}
