import type { PortDevice, PortWidthBytes } from '../memory/port-bus.js';

/**
 * Debug console port (0xE9; 0x402 for SeaBIOS): a byte out is a character, without any status to poll.
 * Source: [Bochs] "The configuration file bochsrc", "port_e9_hack": a guest finds the port by reading 0xE9 from it.
 */

const PRESENT = 0xe9;

export class DebugPort implements PortDevice<null> {
  constructor(private readonly onDebug: (byte: number) => void) {}

  readPort(): number {
    return PRESENT;
  }

  writePort(_offset: number, _widthBytes: PortWidthBytes, value: number): void {
    this.onDebug(value);
  }

  readsAreSteady(): boolean {
    return true;
  }

  reset(): void {
    // no state
  }

  snapshot(): null {
    return null;
  }

  restore(): void {
    // no state
  }
}
