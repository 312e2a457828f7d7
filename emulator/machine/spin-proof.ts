/**
 * Finds a loop that spins without touching memory or a port (`jmp $`, `pause; jmp`): once around, every register is
 * what it was, nothing was stored, no time was read. Only an interrupt can end it.
 *
 * When it is tried depends on nothing but what the guest has done, so that a hang is told at the same cycle however a run is cut: at
 * multiples of SLOT_INSTRUCTIONS of retired instructions, 2, 4, 8… slots behind the one in which the guest last did what a spinning loop does not.
 */
import type { Processor } from '../cpu/processor.js';
import { ExitReason, RIP } from '../isa/state-layout.js';
import { equalWords, type IdlePass } from './idle-poll.js';

/** Longest loop that is recognised, in instructions. */
export const LOOP_INSTRUCTIONS_MAX = 2048;
/** Rare enough that tries cost nothing beside what is executed between them. */
const SLOT_INSTRUCTIONS = 100_000;
/** One slot without any disturbance lies behind the first try. */
const FIRST_TRY_SLOTS = 2;

export class SpinProof {
  private readonly start: Uint32Array;
  private readonly current: Uint32Array;
  /** The slot of the last disturbance; slots count from 1, power-on lies in slot 0. */
  private disturbedSlot = 0;
  /** Retired instructions at the last try, which is made once. */
  private triedAt = -1;

  constructor(private readonly processor: Processor) {
    this.start = new Uint32Array(processor.loopStateWords);
    this.current = new Uint32Array(processor.loopStateWords);
  }

  /** Instructions until a proof may be due: a run of the core does not go over that place. */
  instructionsToNextSlot(retired: number): number {
    return SLOT_INSTRUCTIONS - (retired % SLOT_INSTRUCTIONS);
  }

  /** Whether a proof is to be tried behind so many retired instructions; true once. Tries get rarer as they fail. */
  due(retired: number): boolean {
    if (retired % SLOT_INSTRUCTIONS !== 0 || retired === this.triedAt) return false;
    const slots = retired / SLOT_INSTRUCTIONS + 1 - this.disturbedSlot;
    if (slots < FIRST_TRY_SLOTS || !Number.isInteger(Math.log2(slots))) return false;
    this.triedAt = retired;
    return true;
  }

  /** The last of so many retired instructions, or what came behind it, was something other than spinning: try early again. */
  disturb(retired: number): void {
    this.disturbedSlot = Math.ceil(retired / SLOT_INSTRUCTIONS);
  }

  /** For a snapshot. */
  get lastDisturbedSlot(): number {
    return this.disturbedSlot;
  }

  restore(lastDisturbedSlot: number): void {
    this.disturbedSlot = lastDisturbedSlot;
  }

  /**
   * Executes at most `budget` instructions one by one, at most LOOP_INSTRUCTIONS_MAX.
   * @param pure tells whether, since the call began, no port was accessed and no time was read
   * @param nowCycles tells the present cycle
   * @param between called behind each instruction; true ends the attempt
   * @returns the loop, when the state came back to where it began; else why stepping ended
   */
  attempt(
    budget: number,
    pure: () => boolean,
    nowCycles: () => number,
    between: () => boolean,
  ): IdlePass | ExitReason {
    const startCycle = nowCycles();
    const { processor } = this;
    processor.copyLoopState(this.start);
    const first = processor.memory.u32(RIP);
    processor.watchStores(true);
    try {
      for (let count = 1; count <= Math.min(budget, LOOP_INSTRUCTIONS_MAX); count++) {
        const reason = processor.run(1);
        if (reason !== ExitReason.Budget) return reason;
        if (between() || processor.storeSeen || !pure()) return ExitReason.Budget;
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
