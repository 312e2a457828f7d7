/** What the engine asks of the processor's core: the import module `processor`. Contract: isa/timing-interface.ts. */

/** A page walk for `linear` without side effects; its result lies at TIMING_WALK. */
export declare function walk(linear: u64): void;
