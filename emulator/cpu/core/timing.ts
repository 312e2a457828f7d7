/** What the timed core asks of the timing engine: imports of module `timing`. See emulator/isa/timing-interface.ts. */

export declare function advance(block: u32, from: u32, to: u32): void;

export declare function leave(block: u32, from: u32, to: u32, nextRip: u64): u32;

export declare function systemEvent(kind: u32, detail: u64): void;
