/**
 * The way of an x87 exception when CR0.NE = 0: FERR# becomes interrupt request 13, and port F0h makes the processor go on.
 * Source: [82371SB] Intel, "82371SB PCI ISA IDE Xcelerator (PIIX3)", April 1997, "CPERR—Coprocessor Error Register" and the
 * signals FERR# and IGNNE#; SDM Vol. 1, "MS-DOS* Compatibility Sub-mode".
 */
import type { PortDevice } from '../memory/port-bus.js';
import type { InterruptLine } from './interrupt-line.js';

export interface CoprocessorErrorState {
  readonly request: boolean;
}

export interface CoprocessorErrorPorts {
  readonly interrupt: InterruptLine;
  /** Whether the processor asserts FERR# now. */
  isFerrActive(): boolean;
  /** Asserts IGNNE#; it is negated with FERR#, and by reset. */
  onIgnne(): void;
}

export class CoprocessorError implements PortDevice<CoprocessorErrorState> {
  private request = false;

  constructor(private readonly ports: CoprocessorErrorPorts) {}

  /** FERR# was asserted: the request stays until port F0h is written. */
  ferr(): void {
    this.setRequest(true);
  }

  /** The register is for writing only. */
  readPort(): number {
    return 0xff;
  }

  /** Any value. */
  writePort(): void {
    this.setRequest(false);
    if (this.ports.isFerrActive()) this.ports.onIgnne();
  }

  readsAreSteady(): boolean {
    return true;
  }

  reset(): void {
    this.setRequest(false);
  }

  snapshot(): CoprocessorErrorState {
    return { request: this.request };
  }

  /** The interrupt controller restores its own inputs. */
  restore({ request }: CoprocessorErrorState): void {
    this.request = request;
  }

  private setRequest(level: boolean): void {
    if (this.request === level) return;
    this.request = level;
    this.ports.interrupt.set(level);
  }
}
