/**
 * Skips the waiting in a polling loop, and proves that some loops wait for ever.
 *
 * A loop that reads a status register, finds nothing and starts again is a pure function of the processor's state
 * and of the device's: when two passes begin and end in the same state, have stored nothing and asked for no time,
 * then every further pass will do the same until the next event changes the device. The passes up to that event can
 * be counted instead of executed: same cycles, same instructions, same state. When no event is due, nothing can ever
 * change: the guest hangs, and that is known at once.
 */
import { RIP } from '../isa/state-layout.js';
import type { Processor } from '../cpu/processor.js';

/**
 * Equal passes seen before stores are watched: watching costs the loop its fast stores. None where a pass was proved before: a kernel
 * waits in the same loop for each byte that it prints.
 */
const EQUAL_PASSES_BEFORE_WATCHING = 2;

/** Where a pass ended. */
interface PassMark {
  readonly retired: number;
  readonly cycle: number;
}

export interface IdlePass {
  /** Instructions and cycles of one pass of the loop. */
  readonly instructions: number;
  readonly cycles: number;
}

export class IdlePoll {
  /** General-purpose registers and RIP where the last pass ended: what nearly every loop that does something changes. */
  private lastRegisters: Uint32Array;
  private currentRegisters: Uint32Array;
  /** The whole state where the watched pass began, and where it ended. */
  private readonly start: Uint32Array;
  private readonly current: Uint32Array;
  private lastMark: PassMark | null = null;
  private equalPasses = 0;
  /** Low half of RIP where the pass ended that was proved last; null: a watch that began at once has proved nothing there. */
  private provedRip: number | null = null;
  /** Stores are watched: the next pass may be the proof. */
  watching = false;

  constructor(private readonly processor: Processor) {
    this.lastRegisters = new Uint32Array(processor.loopRegisterWords);
    this.currentRegisters = new Uint32Array(processor.loopRegisterWords);
    this.start = new Uint32Array(processor.loopStateWords);
    this.current = new Uint32Array(processor.loopStateWords);
  }

  /** Something happened that a pure loop does not do: a port write, a read that depends on time or has side effects. */
  disturb(): void {
    this.equalPasses = 0;
    this.lastMark = null;
    this.stopWatching();
  }

  /**
   * Called when a pass may have ended: just after a read of a status register.
   * @returns one pass, when it is proved that passes repeat until the next event; null otherwise
   */
  passEnded(retired: number, cycle: number): IdlePass | null {
    this.processor.copyLoopRegisters(this.currentRegisters);
    const mark = this.lastMark;
    this.lastMark = { retired, cycle };
    if (mark === null || !equalWords(this.lastRegisters, this.currentRegisters)) {
      [this.lastRegisters, this.currentRegisters] = [this.currentRegisters, this.lastRegisters];
      this.equalPasses = 0;
      if (this.watching) this.provedRip = null;
      this.stopWatching();
      if (this.rip === this.provedRip) this.startWatching();
      return null;
    }
    this.equalPasses++;
    if (!this.watching) {
      if (this.equalPasses >= EQUAL_PASSES_BEFORE_WATCHING) this.startWatching();
      return null;
    }
    const proved = this.watchedPassChangedNothing();
    this.disturb();
    this.provedRip = proved ? this.rip : null;
    if (!proved) return null;
    return { instructions: retired - mark.retired, cycles: cycle - mark.cycle };
  }

  private get rip(): number {
    return this.processor.memory.u32(RIP);
  }

  private watchedPassChangedNothing(): boolean {
    if (this.processor.storeSeen) return false;
    this.processor.copyLoopState(this.current);
    return equalWords(this.start, this.current);
  }

  private startWatching(): void {
    this.watching = true;
    this.processor.copyLoopState(this.start);
    this.processor.watchStores(true);
  }

  private stopWatching(): void {
    if (!this.watching) return;
    this.watching = false;
    this.processor.watchStores(false);
  }
}

export function equalWords(a: Uint32Array, b: Uint32Array): boolean {
  for (let index = 0; index < a.length; index++) {
    if (a[index] !== b[index]) return false;
  }
  return true;
}
