/** What the core asks of the host (TypeScript): the imports of the WebAssembly module, under `host`. */

/** Reads `widthBytes` (1, 2, 4) bytes from an I/O port. RETIRED is exact when this is called. */
export declare function portIn(port: u32, widthBytes: u32): u32;

/** Writes the low `widthBytes` bytes of `value` to an I/O port. RETIRED is exact when this is called. */
export declare function portOut(port: u32, widthBytes: u32, value: u32): void;

/** Reads `bytes` (1, 2, 4, 8) bytes at a physical address that belongs to a device. RETIRED is exact when this is called. */
export declare function deviceRead(address: u64, bytes: u32): u64;

/** Writes the low `bytes` bytes of `value`; as deviceRead. */
export declare function deviceWrite(address: u64, bytes: u32, value: u64): void;

/** The value of a register that the platform owns (platform-msr.ts); MSR_REFUSED says that there is none. RETIRED is exact. */
export declare function platformRead(msr: u32): u64;

/** A register that the platform owns, or looks at, is written; as platformRead. */
export declare function platformWrite(msr: u32, value: u64): void;

/** MOV to CR8: the local APIC's task-priority class. RETIRED is exact when this is called. */
export declare function writeTaskPriority(taskPriorityClass: u32): void;

/**
 * Decodes the block described by FETCH_* to ARENA_NEXT. Returns the bytes used there (a multiple of 64), or 0 when the
 * first instruction runs past FETCH_LENGTH and FETCH_CROSSING is 0.
 */
export declare function decode(): u32;

/** The clock's time-stamp in cycles at this instruction; TSC_OFFSET is not yet added. RETIRED is exact. */
export declare function timeStamp(): u64;

/** Something worth a line in the log: see `TraceKind` in emulator/isa/state-layout.ts. */
export declare function trace(kind: u32, a: u64, b: u64): void;

/**
 * An access to `bytes` bytes of physical memory from `address` on, where ACCESSES_TOLD asks for it; `what` is bits ACCESS_*. RIP is
 * that of the instruction. What page walks and fetches read, and devices' registers, is not told.
 */
export declare function accessed(address: f64, bytes: f64, what: u32): void;

/**
 * Translates the region that begins with `block`, or, while a stop is planted in it, the block alone and for the moment.
 * Returns its place in the core's table of functions, 0 when there is nothing to be gained.
 */
export declare function translate(block: u32, planted: u32): u32;

/** `block`, which some region contains, is about to die; 0: every block. */
export declare function untranslate(block: u32): void;

/** Control went from the region at `place` to the region that begins with `block`: told now and then, for regions to grow. */
export declare function widen(place: u32, block: u32): void;
