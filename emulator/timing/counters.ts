/**
 * What the timing engine counts. u64 each, at TIMING_COUNTERS + 8 × the number. Read by TypeScript and AssemblyScript.
 * Slots are dispatch slots: dispatch width × cycles. The top-down split is Yasin's ("A Top-Down Method for Performance
 * Analysis and Counters Architecture", ISPASS 2014), taken at dispatch.
 */
export enum TimingCounter {
  Instructions,
  /** Macro-ops dispatched: slots that retire useful work. */
  SlotsRetiring,
  SlotsBadSpeculation,
  SlotsFrontEnd,
  SlotsBackEndMemory,
  SlotsBackEndCore,
  Branches,
  BranchesTaken,
  BranchMispredictions,
  Loads,
  Stores,
  StoreForwards,
  StoreForwardFailures,
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
  /** Cycles by which instructions whose figures are estimates moved the retire clock. */
  EstimatedCycles,
  /** Instructions without a row in the model's tables: counted as one simple operation. */
  UnknownInstructions,
  Exceptions,
  Interrupts,
  /** Cycles that passed without instructions: HLT, port accesses. */
  WaitCycles,
  Count,
}
