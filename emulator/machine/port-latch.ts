/**
 * A port that keeps the byte last written to it and does nothing else: the core keeps the byte itself and goes on, without a call of
 * the host. The access takes its time as any other does: the host grants so many writes that no event can become due before the
 * run has ended, and asks afterwards how many were made.
 */
import type { LinearMemory } from '../cpu/linear-memory.js';
import type { PostCodeRegister } from '../devices/post-code.js';
import { LATCH_PORT, LATCH_VALUE, LATCH_WRITES_LEFT } from '../isa/state-layout.js';

/** A turn of the host is not to be had more often; and a run of the core shall not take long because of them. */
const WRITES_MAX = 16_384;

export class PortLatch implements PostCodeRegister {
  private granted = 0;
  private cyclesEach = 0;

  constructor(private readonly memory: LinearMemory) {}

  get code(): number {
    return this.memory.u16(LATCH_VALUE);
  }

  set code(value: number) {
    this.memory.setU16(LATCH_VALUE, value);
  }

  /** From now on writes to `port` may be granted, of which each takes so many cycles. */
  open(port: number, cyclesEach: number): void {
    this.memory.setU16(LATCH_PORT, port);
    this.cyclesEach = cyclesEach;
  }

  /** Writes made since the last grant, and the cycles that they have taken. */
  get writes(): number {
    return this.granted === 0 ? 0 : this.granted - this.memory.u32(LATCH_WRITES_LEFT);
  }

  get cycles(): number {
    return this.writes * this.cyclesEach;
  }

  get cyclesOfWrite(): number {
    return this.cyclesEach;
  }

  /** Cycles of all writes of the last grant. */
  get grantedCycles(): number {
    return this.granted * this.cyclesEach;
  }

  /** Takes back what is left of the last grant, and grants writes of `cyclesMax` in all. Returns the cycles of all of them. */
  grant(cyclesMax: number): number {
    const writes = this.cyclesEach === 0 ? 0 : Math.floor(cyclesMax / this.cyclesEach);
    this.granted = Math.max(0, Math.min(writes, WRITES_MAX));
    this.memory.setU32(LATCH_WRITES_LEFT, this.granted);
    return this.grantedCycles;
  }
}
