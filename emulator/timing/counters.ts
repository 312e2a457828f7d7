/**
 * What the timing engine counts. u64 each, at TIMING_COUNTERS + 8 × the number. Read by TypeScript and AssemblyScript.
 * Slots are dispatch slots: dispatch width × cycles. The top-down split is Yasin's ("A Top-Down Method for Performance
 * Analysis and Counters Architecture", ISPASS 2014), taken at dispatch.
 */
export enum TimingCounter {
  // What the pipeline itself counts: the first PIPELINE_COUNTERS.
  Instructions,
  /** Macro-ops dispatched: slots that retire useful work. */
  SlotsRetiring,
  SlotsBadSpeculation,
  SlotsFrontEnd,
  SlotsBackEndMemory,
  SlotsBackEndCore,
  Loads,
  Stores,
  StoreForwards,
  StoreForwardFailures,
  /** Cycles by which instructions whose figures are estimates moved the retire clock. */
  EstimatedCycles,
  /** Instructions without a row in the model's tables: counted as one simple operation. */
  UnknownInstructions,
  // What prediction, caches, TLBs and the machine count.
  Branches,
  BranchesTaken,
  BranchMispredictions,
  L1dMisses,
  L1iMisses,
  /** L2 and L3 misses of data, fetches and page walks together. */
  L2Misses,
  L3Misses,
  DtlbL1Misses,
  DtlbL2Misses,
  ItlbL1Misses,
  ItlbL2Misses,
  PageWalks,
  OpCacheMisses,
  Exceptions,
  Interrupts,
  /** Cycles that passed without instructions: HLT, port accesses. */
  WaitCycles,
  Count,
}

/** Counters that a step of the pipeline adds to (engine/memo.ts). */
export const PIPELINE_COUNTERS = 12;
