import type { PortDevice, PortWidthBytes } from '../memory/port-bus.js';

/**
 * The guest ends the run with a value, written with any width to any of its ports (0xF4).
 * Source: QEMU, hw/misc/debugexit.c, device "isa-debug-exit"; its exit status (value << 1) | 1 is the caller's work.
 */
export class DebugExit implements PortDevice<null> {
  readonly widths = [2, 4] as const;

  /** @param onExit called with an unsigned number of up to 32 bits */
  constructor(private readonly onExit: (value: number) => void) {}

  readPort(): number {
    return 0;
  }

  writePort(_offset: number, _widthBytes: PortWidthBytes, value: number): void {
    this.onExit(value);
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
