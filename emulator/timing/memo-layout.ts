/**
 * Where the timing engine keeps what it remembers of the pipeline's steps (engine/memo.ts): memory that is no part of the machine's
 * state. Integer constants and enums, read by TypeScript and AssemblyScript alike.
 */
/** MEMO of isa/state-layout.ts; written here because this file imports nothing: two languages read it. */
export const MEMO_MEMORY = 0x5990000;

/** The memo's own numbers: u32 each, at MEMO_WORDS + 4 × the number. */
export const MEMO_WORDS = MEMO_MEMORY;
export enum MemoWord {
  /** Next free byte of the arena; states and steps that it has. */
  ArenaNext,
  States,
  Steps,
  /** Address of the state that the pipeline is in; 0: it is not known. */
  Current,
  /** 1: the pipeline's own structures are older than that. */
  IsStale,
  /** The end of the step that led there, 0: none did. It knows the step that followed last. */
  LastEnd,
  /** Steps that were known; those that were, but for what they met; those that were not; how often all was forgotten. */
  Known,
  Strayed,
  Unknown,
  Forgotten,
  /** i32: see engine/memo-credit.ts. */
  Credit,
  KnownBefore,
  Pause,
  NextPause,
  /** The ends of steps whose counters have not been added yet: the first of a list, 0: there are none. */
  Uncounted,
}

/** What a step asks of memory and prediction: kinds of nodes (engine/met-record.ts). */
export enum Met {
  Load,
  Store,
  LastLine,
  Write,
  OpCache,
  CodeLine,
  Fill,
  Value,
  Buffers,
  Branch,
  /** The end of a step. */
  End,
}
export const NODE_BYTES = 40;
/** u8 at 0: the kind, Met. */
export const NODE_ENTRY = 2; // u16: entry of the access log
export const NODE_OTHER = 4; // u32: node of the same question with another answer, 0: there is none
export const NODE_TIME = 8; // i32: when it is asked, relative to the step's beginning
export const NODE_ABOUT = 12; // u32: size, kind and number of the access; operations; a branch's record
export const NODE_FIRST = 16; // i64: the answer
export const NODE_SECOND = 24; // i64
export const NODE_MORE = 32; // i64: an address of code, or another time, relative to the step's beginning

/** The end of a step. */
export const END_STATE = 4; // u32: the state to which it leads
export const END_CYCLES = 8; // u32: from dispatch cycle to dispatch cycle
export const END_RETIREMENT = 12; // u32: from there to the retire cycle
export const END_COUNTERS = 16; // u32 × PIPELINE_COUNTERS: what is added to them
export const END_NEXT_BLOCK = 64; // u32: the step that followed last: block, part, first node
export const END_NEXT_PART = 68; // u32
export const END_NEXT_NODE = 72; // u32
export const END_TIMES = 76; // u32: so often its counters are to be added
export const END_UNCOUNTED = 80; // u32: the next of the ends of which that is so
export const END_BYTES = 88;

/** Nodes of the step that is being recorded. */
export const MEMO_RECORD = MEMO_MEMORY + 0x1000;
export const MEMO_RECORD_MAX = 300;
/** u32 addresses of nodes whose answers are known; a node for one that is new. */
export const MEMO_ANSWERS = MEMO_MEMORY + 0x5000;
export const MEMO_NEW_ANSWER = MEMO_MEMORY + 0x5800;
/** Counters before the step. */
export const MEMO_COUNTERS = MEMO_MEMORY + 0x5900;
/** A state as it is packed; larger ones, of hundreds of cycles ahead, hardly recur and are not kept. */
export const MEMO_PACKED = MEMO_MEMORY + 0x6000;
export const STATE_BYTES_MAX = 1536;
/** A state: what was packed, a multiple of 8 bytes, behind this. */
export const STATE_BYTES = 0; // u32
export const STATE_HASH = 4; // u32
export const STATE_PACKED = 8;

/** u32 addresses of states, by their hash. */
export const MEMO_STATES = MEMO_MEMORY + 0x10000;
export const MEMO_STATES_MAX = 0x20000;
/** Steps, by a hash of state, block and part: {u32 state, u32 block, u32 part, u32 first node}. */
export const MEMO_STEPS = MEMO_MEMORY + 0x90000;
export const MEMO_STEPS_MAX = 0x40000;
export const STEP_BYTES = 16;
/** u8: executions of blocks, by the low bits of their numbers. */
export const MEMO_VISITS = MEMO_MEMORY + 0x490000;
export const MEMO_VISITS_MAX = 0x10000;
/** States and nodes, one behind the other. */
export const MEMO_ARENA = MEMO_MEMORY + 0x4a0000;
export const MEMO_END = MEMO_MEMORY + 0x3000000;
