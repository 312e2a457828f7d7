import type { PortDevice, PortWidthBytes } from '../memory/port-bus.js';

/**
 * Diagnostic port 0x80: firmware writes a code at each step of its power-on self test.
 * Source: [82371SB] Intel, "82371SB PCI ISA IDE Xcelerator (PIIX3)", April 1997: a page register of the DMA
 * controller that no channel uses, readable and writable.
 */

/** Where the last code is kept. */
export interface PostCodeRegister {
  code: number;
}

export interface PostCodeState {
  readonly code: number;
}

export class PostCode implements PortDevice<PostCodeState> {
  constructor(
    private readonly register: PostCodeRegister,
    private readonly onPost: (code: number) => void,
  ) {}

  /** The last code. */
  readPort(): number {
    return this.register.code;
  }

  writePort(_offset: number, _widthBytes: PortWidthBytes, value: number): void {
    this.register.code = value;
    this.onPost(value);
  }

  readsAreSteady(): boolean {
    return true;
  }

  reset(): void {
    this.register.code = 0;
  }

  snapshot(): PostCodeState {
    return { code: this.register.code };
  }

  restore(state: PostCodeState): void {
    this.register.code = state.code;
  }
}
