/**
 * A port that reads the same again until the next event or write: under a timing engine the core repeats such a read by itself, and
 * has the engine pass the time of the access, where no event comes due by then. Polls of a busy UART are most of what a kernel that
 * prints does with ports.
 */
import type { LinearMemory } from '../cpu/linear-memory.js';
import { STEADY_ACCESS, STEADY_CYCLES, STEADY_VALUE } from '../isa/state-layout.js';

const NO_PORT = -1;

export class SteadyRead {
  private isOpen = false;
  /** What the last access was, where it was such a read, and the next event that was then due. */
  private port = NO_PORT;
  private value = 0;
  private nextEventCycle = 0;

  constructor(private readonly memory: LinearMemory) {}

  /**
   * A byte of `port`, whose reads are steady, has been read; each further read takes so many cycles. The first read may have taken
   * something away (`PortDevice.readsAreSteady`): it takes a second of the same value, without an event between them.
   */
  seen(port: number, value: number, cycles: number, nextEventCycle: number): void {
    const { memory } = this;
    if (port === this.port && value === this.value && nextEventCycle === this.nextEventCycle) {
      memory.setU32(STEADY_ACCESS, port | (1 << 16));
      memory.setU32(STEADY_VALUE, value);
      memory.setU32(STEADY_CYCLES, cycles);
      this.isOpen = true;
      return;
    }
    this.disturb();
    this.port = port;
    this.value = value;
    this.nextEventCycle = nextEventCycle;
  }

  /** Something else was done than such a read: the host is asked again. */
  disturb(): void {
    this.port = NO_PORT;
    if (!this.isOpen) return;
    this.memory.setU32(STEADY_ACCESS, 0);
    this.isOpen = false;
  }
}
