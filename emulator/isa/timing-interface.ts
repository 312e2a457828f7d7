/**
 * Where the processor and the timing engine meet: the access log, system events, and the calls between the two
 * WebAssembly modules. Enums and integer constants, read by TypeScript and AssemblyScript alike.
 *
 * The core calls the engine (imports of the core, exports of the engine):
 *   advance(block: u32, from: u32, to: u32): void
 *     Instructions `from` up to, not including, `to` of the block have completed; the access log holds what they did.
 *   leave(block: u32, from: u32, to: u32, nextRip: u64): u32
 *     The same, and control has left the block for `nextRip`. Nonzero when TIMING_NOW has reached TIMING_DEADLINE: the run
 *     then ends with ExitReason.Deadline. Called only where the place depends on the code alone: behind a branch, taken or
 *     not, behind an instruction that always ends a block, and where the page ends.
 *   systemEvent(kind: u32, detail: u64): void
 *     A `SystemEvent`.
 * The host calls the engine: reset(): void, wait(cycles: u64): void (time passes without instructions; the pipeline is
 * empty afterwards).
 * The engine calls the core: walk(linear: u64): void, a page walk without side effects; its result is at TIMING_WALK.
 *
 * An entry of the access log is 16 bytes:
 *   +0  u64 linear   linear address of the first byte; for `Value` the value
 *   +8  u8  size     bytes, 1 to 64; for a string extent the element's size
 *   +9  u8  kind     an `AccessKind`
 *   +10 u8  index    number of the instruction within its block
 *   +11 u8  0
 *   +12 u32 elements of a string extent, 0xFFFFFFFF for that many and more; otherwise 0
 * Entries of one instruction are in the order of its accesses. The core empties the log after each call; one block cannot
 * fill it.
 */

export const ACCESS_LINEAR = 0;
export const ACCESS_SIZE = 8;
export const ACCESS_KIND = 9;
export const ACCESS_INDEX = 10;
export const ACCESS_ELEMENTS = 12;
export const ACCESS_BYTES = 16;

export enum AccessKind {
  Load = 0,
  Store = 1,
  /** Elements that a string instruction has read or written, towards higher addresses from `linear`. */
  StringLoad = 2,
  StringStore = 3,
  /** The same, towards lower addresses. */
  StringLoadDown = 4,
  StringStoreDown = 5,
  /** DIV, IDIV: significant bits of the quotient's magnitude. */
  Value = 6,
  /** A byte whose line is prefetched (PREFETCHh, PREFETCHW): of an address that translates, else nothing is logged. */
  Prefetch = 7,
}

export enum SystemEvent {
  /** An exception is being delivered: detail = vector. */
  Exception = 0,
  /** An external interrupt is being delivered: detail = vector. */
  Interrupt = 1,
  /** All TLB entries are invalid, global ones included. */
  FlushAllTranslations = 2,
  /** TLB entries of pages that are not global are invalid. */
  FlushTranslations = 3,
  /** The TLB entry of one page is invalid: detail = linear address. */
  InvalidatePage = 4,
  /** An access to a port takes its time, in which no instruction retires: detail = cycles. */
  PortAccess = 5,
}

/** Offsets at TIMING_WALK. */
export const WALK_PHYSICAL = 0;
export const WALK_SHIFT = 8;
export const WALK_COUNT = 12;
export const WALK_ENTRIES = 16;
