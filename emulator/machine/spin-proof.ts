/**
 * Finds a loop that spins without touching memory or a port (`jmp $`, `pause; jmp`): once around, every register is
 * what it was, nothing was stored, no time was read. Only an interrupt can end it.
 */
import type { Processor } from '../cpu/processor.js';
import { ExitReason, RIP } from '../isa/state-layout.js';
import { equalWords, type IdlePass } from './idle-poll.js';

/** Longest loop that is recognised, in instructions. */
const LOOP_INSTRUCTIONS_MAX = 2048;

export class SpinProof {
  private readonly start: Uint32Array;
  private readonly current: Uint32Array;
  private slicesUntilNextTry = 1;
  private slicesBetweenTries = 1;

  constructor(private readonly processor: Processor) {
    this.start = new Uint32Array(processor.loopStateWords);
    this.current = new Uint32Array(processor.loopStateWords);
  }

  /** Counts a slice that used up its budget; true when the next one may try a proof. Tries get rarer as they fail. */
  due(): boolean {
    if (--this.slicesUntilNextTry > 0) return false;
    this.slicesBetweenTries *= 2;
    this.slicesUntilNextTry = this.slicesBetweenTries;
    return true;
  }

  /** Something other than spinning happened: try early again. */
  disturb(): void {
    this.slicesBetweenTries = 1;
    this.slicesUntilNextTry = 1;
  }

  /**
   * Executes at most `budget` instructions one by one, at most LOOP_INSTRUCTIONS_MAX.
   * @param pure tells whether, since the call began, no port was accessed and no time was read
   * @param nowCycles tells the present cycle
   * @returns the loop, when the state came back to where it began; else why stepping ended
   */
  attempt(budget: number, pure: () => boolean, nowCycles: () => number): IdlePass | ExitReason {
    const startCycle = nowCycles();
    const { processor } = this;
    processor.copyLoopState(this.start);
    const first = processor.memory.u32(RIP);
    processor.watchStores(true);
    try {
      for (let count = 1; count <= Math.min(budget, LOOP_INSTRUCTIONS_MAX); count++) {
        const reason = processor.run(1);
        if (reason !== ExitReason.Budget) return reason;
        if (processor.storeSeen || !pure()) return ExitReason.Budget;
        if (processor.memory.u32(RIP) !== first) continue; // the whole state is much to compare
        processor.copyLoopState(this.current);
        if (equalWords(this.start, this.current)) {
          return { instructions: count, cycles: nowCycles() - startCycle };
        }
      }
      return ExitReason.Budget;
    } finally {
      processor.watchStores(false);
    }
  }
}
