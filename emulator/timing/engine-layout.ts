/**
 * Where the timing engine keeps what it is given and what it knows, from TIMING_ENGINE on; and the records that the block
 * describer writes behind decoded blocks. Integer constants and enums, read by TypeScript and AssemblyScript alike.
 */
// ── parameters: u32 each, at PARAMETERS + 4 × the number ────────────────────────────────────────────────────────
/** TIMING_ENGINE of isa/state-layout.ts; written here because this file imports nothing: two languages read it. */
export const PARAMETERS = 0x5112000;

/** What a data file under cores/ says of a microarchitecture; times in cycles of the core clock. */
export enum Parameter {
  DispatchWidth,
  RetireWidth,
  ReorderBufferSlots,
  LoadQueueEntries,
  StoreQueueEntries,
  /** Entries of the queue between front end and dispatch. */
  OpQueueEntries,
  /** From dispatch to the earliest execution. */
  DispatchToExecute,
  DecodeInstructions,
  DecodeBytes,
  /** One instruction longer than this is decoded in a cycle. */
  DecodeLongBytes,
  OpCacheSets,
  OpCacheWays,
  OpCacheOpsPerEntry,
  OpCacheOpsPerCycle,
  /** Bytes of code that one op-cache entry can describe. */
  OpCacheLineShift,
  TakenBranch,
  /** From the resolution of a mispredicted branch to the resolution of the next, had it been waiting at the fetch. */
  MispredictPenalty,
  /** A taken branch that no target buffer knows, found by the decoder. */
  BranchTargetMiss,
  BtbL1Entries,
  BtbL2Entries,
  BtbL2Penalty,
  ReturnStackEntries,
  IndirectTargets,
  MoveElimination,
  ZeroIdioms,
  StackEngine,
  /** Bit 0: CMP and TEST fuse with a conditional branch; bit 1: ADD, SUB, AND, INC, DEC too. */
  Fusion,
  LoadLatency,
  LineSplitLoad,
  PageSplitLoad,
  LineSplitStore,
  PageSplitStore,
  StoreForward,
  /** Less by this when the data comes from the same instruction's operation (read-modify-write). */
  StoreForwardModify,
  /** Of the cycles that a load takes beyond LoadLatency (a vector), those that it takes with forwarded data, too. */
  ForwardedLoadExtra,
  /** From the commit of the older store to the load's data. */
  StoreForwardFail,
  /** Ports that loads, store addresses use: masks of the port calendar. */
  LoadPorts,
  StoreAddressPorts,
  StoreDataPorts,
  /** A vector's way to the store queue. */
  VectorStorePorts,
  BranchPorts,
  AluPorts,
  /** What LoadPorts compute beside addresses (LEA) passes through one of these in its last cycle; 0: its result comes from there. */
  AddressResultPorts,
  /** Bytes of a word of the first level: where stores in a row leave one written in part, it is read first, for NarrowStore cycles. */
  NarrowStoreBytes,
  NarrowStore,
  L1dSets,
  L1dWays,
  L1iSets,
  L1iWays,
  L2Sets,
  L2Ways,
  L2Latency,
  L3Sets,
  L3Ways,
  L3Latency,
  DramLatency,
  OutstandingMisses,
  /** Lines that non-temporal stores gather at a time. */
  WriteCombiningBuffers,
  /** Cycles for which a line that is filled into the first level takes a load port. */
  FillOccupancy,
  /** Cycles for a line that a prefetcher brings, by where it lies. */
  StreamL2,
  StreamL3,
  StreamDram,
  DtlbL1Entries,
  DtlbL2Sets,
  DtlbL2Ways,
  DtlbL2Latency,
  ItlbL1Entries,
  ItlbL2Sets,
  ItlbL2Ways,
  /** A page walk's own time for each entry that it reads, beside the access to it. */
  PageWalk,
  PageWalkCacheEntries,
  Exception,
  Interrupt,
  LockedStart,
  LockedCommit,
  /** Hundredths of a cycle for an element while the string is short. */
  RepeatStosElement,
  RepeatMovsElement,
  /** The most elements that are stored, moved one by one. */
  RepeatStosShortElements,
  RepeatMovsShortElements,
  RepeatStosFast,
  /** The last line, when a long string ends within it. */
  RepeatStosTail,
  RepeatMovsFast,
  /** A page of a string that the first-level TLB lacks: beside what its translation takes. */
  RepeatPage,
  /** Hundredths of a byte in a cycle. */
  RepeatStosRateL2,
  RepeatStosRateL3,
  RepeatStosRateDram,
  RepeatMovsRateL1,
  RepeatMovsRateL2,
  RepeatMovsRateL3,
  RepeatMovsRateDram,
  /** Hundredths of a cycle for an element of REP LODS, CMPS, SCAS. */
  RepeatOtherElement,
  /** Four neighbouring ports with a queue each that operations join at dispatch, a mask; other ports are chosen when the operation executes. */
  QueuedPorts,
  /** Entries of each such queue. */
  SchedulerQueueEntries,
  /** Entries of each queue of the ports of LoadPorts, which loads and store addresses join in the same way; 0: no queues. */
  AddressQueueEntries,
  DivideBits,
  /** Bytes that one operation computes, loads or stores: a wider vector takes two. */
  VectorBytes,
  /** The most instructions dispatched in a cycle, whose macro-ops are not parted; 0: DispatchWidth macro-ops of any. */
  DispatchInstructions,
  /** Cycles for which a line on its way into the first level takes the path from the second. */
  FillPath,
  /** Bytes of displacement from RSP that an address may have without an operation of its own; the describer's. */
  StackDisplacementBytes,
  /** The most operations that join the queues of QueuedPorts in a cycle; an instruction's are not parted. */
  QueuedPerCycle,
  /** Walks at a time. */
  PageWalkers,
  /** Taken branches of each direction, forwards and backwards, that the innermost target buffer holds; 0: there is none. */
  BtbL0Entries,
  /** A taken branch that it holds, instead of TakenBranch. */
  TakenBranchL0,
  /** A branch that it holds and that is rightly predicted not to be taken. */
  BtbL0Overridden,
  /** 1: a guest of a hypervisor, whose tables map all memory by pages of 4 KiB (nested paging). */
  NestedPaging,
  Count,
}

// ── the describer's records ─────────────────────────────────────────────────────────────────────────────────────
/** One record of 64 bytes for each instruction of the block: a header of 16 bytes, then up to three operations of 16. */
export const RECORD_BYTES = 64;
export const RECORD_START = 0; // u16: offset of the instruction from the block's first byte
export const RECORD_LENGTH = 2; // u8: bytes
export const RECORD_SLOTS = 3; // u8: macro-ops
export const RECORD_OPERATIONS = 4; // u8: operations that follow, 0 to 3
export const RECORD_OP_CACHE = 5; // u8: op-cache slots
export const RECORD_KIND = 6; // u8: InstructionKind
export const RECORD_FLAGS = 7; // u8: RECORD_*
export const RECORD_COST = 8; // u16: cycles of a serialising or microcoded instruction
export const RECORD_SOURCE = 10; // u8: eliminated move: where the value comes from
export const RECORD_DESTINATION = 11; // u8: and where it goes; of a zero idiom: what it clears
export const RECORD_MICROCODE = 12; // u8: cycles for which the microcode sequencer holds the front end
export const RECORD_ACCESSES = 13; // u8: entries of the access log that belong to the operations

export const RECORD_QUEUED = 14; // u8: operations of the ports with queues, the store's data among them
export const RECORD_SHAPE = 15; // u8: SHAPE_*

/** A plain shape: these operations, and no flags but those of the stack pointer; one macro-op where nothing else is said. */
export const SHAPE_OTHER = 0;
export const SHAPE_EXECUTE = 1;
/** One operation; a conditional branch behind it may take it along. */
export const SHAPE_FUSES = 2;
export const SHAPE_LOAD = 3;
export const SHAPE_STORE = 4;
export const SHAPE_LOAD_EXECUTE = 5;
/** Of any number of macro-ops. */
export const SHAPE_LONG_EXECUTE = 6;
export const SHAPE_LONG_EXECUTE_STORE = 7;
/** Read, modify, write; of any number of macro-ops, too. */
export const SHAPE_LOAD_EXECUTE_STORE = 8;
/** An eliminated move. */
export const SHAPE_MOVE = 9;

/** CMP or TEST (or, bit 1 of Parameter.Fusion, more): fuses with a conditional branch right behind it. */
export const RECORD_FUSES = 1;
/** Moves the stack pointer implicitly. */
export const RECORD_STACK = 2;
/** Names the stack pointer as a register. */
export const RECORD_NAMES_RSP = 4;
/** Rests on an estimated figure. */
export const RECORD_ESTIMATED = 8;
/** The model has no row for it. */
export const RECORD_UNKNOWN = 16;
export const RECORD_LOCKED = 32;
/** A zero idiom sets the flags as well. */
export const RECORD_CLEARS_FLAGS = 64;
/** Latency by the operands' values: DIV and IDIV. */
export const RECORD_BY_VALUE = 128;

export enum InstructionKind {
  Normal,
  /** No operation, no dependency. */
  Nop,
  ZeroIdiom,
  EliminatedMove,
  /** XCHG r, r: two eliminated moves. */
  EliminatedExchange,
  ConditionalBranch,
  Jump,
  Call,
  IndirectJump,
  IndirectCall,
  Return,
  /** Waits until all before it has retired, and holds all behind it. */
  Serialising,
  /** A string instruction, repeated or not. */
  String,
  /** Waits until the stores before it are visible. */
  StoreFence,
  LoadFence,
  FullFence,
}

export const OPERATIONS = 16;
export const OPERATION_BYTES = 16;
export const OPERATION_KIND = 0; // u8: OperationKind
export const OPERATION_LATENCY = 1; // u8
export const OPERATION_OCCUPANCY = 2; // u8: cycles for which the port is taken
export const OPERATION_LATENCY_2 = 3; // u8: of the second destination
export const OPERATION_PORTS = 4; // u16
export const OPERATION_SOURCE = 6; // u8 × 4; of loads and stores the address's registers first
/** u8 × 4: first result, flags, second result, carry; of a load the first alone. */
export const OPERATION_DESTINATION = 10;
export const OPERATION_DATA = 13; // u8: register whose value a store writes
export const OPERATION_EXTRA = 14; // u8: a load's cycles beyond the load-to-use latency

export enum OperationKind {
  Execute,
  Load,
  Store,
  /** A load whose line is asked for and whose data nobody waits for. */
  Prefetch,
  /** A store past the caches. */
  NonTemporalStore,
}

// ── registers of the scoreboard: u64 each, the cycle at which the value is there ────────────────────────────────
export const READY_NEVER_WAITS = 0;
export const READY_GPR = 1; // 16
export const READY_RSP = READY_GPR + 4;
export const READY_CARRY = 17;
export const READY_FLAGS = 18;
export const READY_DIRECTION = 19;
export const READY_T0 = 20;
export const READY_T1 = 21;
export const READY_NOWHERE = 23;
export const READY_VECTOR = 24; // 16
export const READY_X87 = 40; // 8, MMX too
export const READY_COUNT = 64;

// ── the engine's memory ─────────────────────────────────────────────────────────────────────────────────────────
export const SCOREBOARD = PARAMETERS + 0x400;
/** u64 rings: retire cycles by slot, load and store queues, dispatch cycles. */
export const REORDER_BUFFER = PARAMETERS + 0x1000; // 512
export const LOAD_QUEUE = PARAMETERS + 0x2000; // 256
export const STORE_QUEUE = PARAMETERS + 0x2800; // 256
export const OP_QUEUE = PARAMETERS + 0x3000; // 256
/** By port, 16 each: i64 cycle from which on the port's queue has room; its departures. */
export const QUEUE_ROOMS = PARAMETERS + 0x4f00;
export const SCHEDULER_QUEUES = PARAMETERS + 0x5000; // 16 queues of 32 i32
/** u8: the port to join in bits 0 to 3, places passed over in bits 4 and up, by state of the order, place and ports. */
export const PORT_ORDERS = PARAMETERS + 0x6000;
export const PORT_ORDER_BYTES = 0x1000;
/** Calendar of the path into the first level: {u64 cycles taken, a bit each; i64 cycle >> 6}. */
export const FILL_PATH = PARAMETERS + 0x7000;
export const FILL_PATH_WORDS = 128;
/** Calls on a limited number of units: {i64 from, i64 to} each. */
export const OUTSTANDING = PARAMETERS + 0x4400; // 64 × 16
export const PAGE_WALKERS = PARAMETERS + 0x4800; // 16 × 16
export const RETURN_STACK = PARAMETERS + 0x4200; // 64 u64
/** u64: address of the branch + 1; forwards, then backwards. */
export const BTB_L0 = PARAMETERS + 0x4e00;
export const BTB_L0_DIRECTION_MAX = 4;
/** Port calendar: u64 {cycle >> CALENDAR_SHIFT in bits 16 and up, ports taken in bits 0 to 15}. */
export const CALENDAR_SHIFT = 12;
export const CALENDAR = PARAMETERS + 0x8000; // 32 KiB
/** Store forwarding: sets of four entries of 32 bytes {u64 granule + 1, u64 data ready, u64 commit, u32 store number, u8 bytes, …}. */
export const FORWARD_SETS = 256;
export const FORWARDS = PARAMETERS + 0x10000;
/** Branch prediction. */
export const PERCEPTRON_ENTRIES = 1024;
export const PERCEPTRONS = PARAMETERS + 0x18000; // i8, 8 KiB
export const BTB_L1 = PARAMETERS + 0x1a000; // u64, up to 512
export const BTB_L2 = PARAMETERS + 0x1b000; // u64, up to 8192
export const INDIRECT = PARAMETERS + 0x2b000; // 1024 × {u64 key, u64 target}
export const OP_CACHE = PARAMETERS + 0x2f000; // u64, up to 1024
/** Translation: L1 entries {u64 key, u64 physical page, u32 shift, u32 0, u64 used}, 32 bytes. */
export const DTLB_L1 = PARAMETERS + 0x31000; // 128
export const ITLB_L1 = PARAMETERS + 0x32000; // 128
/** L2 entries {u64 key, u64 physical page | shift}, most recent first. */
export const DTLB_L2 = PARAMETERS + 0x33000; // 2048 × 16
export const ITLB_L2 = PARAMETERS + 0x3b000; // 2048 × 16
/** Page → L1 DTLB entry: 256 × {u64 page + 1, u32 entry, u32 0}. */
export const DTLB_FILTER = PARAMETERS + 0x43000;
export const PAGE_WALK_CACHE = PARAMETERS + 0x44000; // 64 × u64
/** Bits 21 to 26 of an address → L1 DTLB entry: u32. */
export const DTLB_REGIONS = PARAMETERS + 0x44200; // 64
/** Second-level entries that were filled since all were forgotten: u32 addresses. */
export const TLB_FILLED = PARAMETERS + 0x44300;
export const TLB_FILLED_MAX = 256;
/** Lines that non-temporal stores gather: u64 line + 1. */
export const WRITE_COMBINING = PARAMETERS + 0x44700; // 16 × 8
export const WRITE_COMBINING_MAX = 16;
export const STREAMS = PARAMETERS + 0x44800; // 16 × 32 bytes
/** By stream: u64 line with which it goes on upwards; then the same downwards. ~0: with none. */
export const STREAMS_UP = PARAMETERS + 0x44a00; // 16 × 8
export const STREAMS_DOWN = PARAMETERS + 0x44a80;
/** Caches: u64 line number + 1 by set and way; first levels: then u64 cycle at which the line is there. */
export const L1D_TAGS = PARAMETERS + 0x50000; // 1024 × 16
export const L1I_TAGS = PARAMETERS + 0x54000; // 1024 × 8
export const L2_TAGS = PARAMETERS + 0x60000; // 16384 × 8
export const L2_REPLACEMENT = PARAMETERS + 0x80000; // u8 by set, 4096
/** What other nodes have of the RAM: u64 count; then {u64 first line, u64 line behind the last, u64 cycles to its memory}. */
export const REMOTE_MEMORY = PARAMETERS + 0x82000;
export const REMOTE_RANGES = REMOTE_MEMORY + 8;
export const REMOTE_RANGE_BYTES = 24;
export const REMOTE_RANGES_MAX = 1024;
export const REMOTE_MEMORY_END = PARAMETERS + 0x89000;
/** One record: where that of the instruction which waits for its branch lies after a snapshot (instructions.ts). */
export const WAITING_RECORD = PARAMETERS + 0x90000;
export const L3_TAGS = PARAMETERS + 0x100000; // 262144 × 8 = 2 MiB
export const ENGINE_END = PARAMETERS + 0x300000;
