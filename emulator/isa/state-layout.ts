/**
 * Where the processor's state lies in the one linear memory that the core (AssemblyScript) and the host
 * (TypeScript) share. Integer constants only: both languages read this file. All values are little-endian.
 */

// ── general state, 0x1000–0x1FFF ────────────────────────────────────────────────────────────────────────────────
/** SLOT_COUNT u64 slots: RAX RCX RDX RBX RSP RBP RSI RDI R8–R15, zero, temporaries (see uop.ts). */
export const REGISTERS = 0x1000;
/** u64: RIP of the next instruction to execute, whenever the core is not running. */
export const RIP = 0x1100;
/** i64: result of the last flag-setting operation, sign-extended from its width: ZF, SF and PF are read from it. */
export const FLAG_RESULT = 0x1108;
/**
 * u32: CF, AF, OF at their RFLAGS positions (bits 0, 4, 11). ZF = (FLAG_RESULT == 0); SF = sign of FLAG_RESULT, inverted by
 * bit 24; PF = even parity of (FLAG_RESULT & 0xFF) ^ bits 16-23. So any combination can be loaded (POPF, IRET).
 */
export const FLAG_AUX = 0x1110;
/** u32: the other RFLAGS bits at their positions (TF IF DF IOPL NT RF VM AC VIF VIP ID, bit 1 set). */
export const RFLAGS_REST = 0x1114;
export const CR0 = 0x1118;
export const CR2 = 0x1120;
export const CR3 = 0x1128;
export const CR4 = 0x1130;
export const CR8 = 0x1138;
/** u64 each: DR0–DR7. */
export const DEBUG_REGISTERS = 0x1140;
export const IA32_EFER = 0x1180;
/** u32: current privilege level, 0 to 3. */
export const CPL = 0x1188;
/** u32: CpuMode, kept in step with CR0, EFER and CS by the core. */
export const MODE = 0x118c;
/** u64 each: GDTR base, IDTR base; u32 each: their limits in bytes. */
export const GDTR_BASE = 0x1190;
export const IDTR_BASE = 0x1198;
export const GDTR_LIMIT = 0x11a0;
export const IDTR_LIMIT = 0x11a4;
/** u32: nonzero while the next instruction boundary takes no interrupt (after STI, MOV SS, POP SS). */
export const INTERRUPT_SHADOW = 0x11a8;
export const SHADOW_STI = 1;
/** After MOV SS and POP SS debug exceptions are held back too. */
export const SHADOW_SS = 2;
/** u32: nonzero while the interrupt controller holds INTR (written by the host). */
export const INTR_LINE = 0x11ac;
/** u32: nonzero when A20 is masked (address bit 20 forced to 0). */
export const A20_MASKED = 0x11b0;
/** u32: physical address width in bits (CPUID 80000008h:EAX[7:0]). */
export const MAXPHYADDR = 0x11b4;
/** u32: nonzero while a nonmaskable interrupt waits to be taken (written by the host). */
export const NMI_PENDING = 0x11b8;
/** u32: nonzero from the delivery of a nonmaskable interrupt to the next IRET: no other one is taken. */
export const NMI_BLOCKED = 0x11bc;

/** Segment caches: 8 × 32 bytes, in the order of `Segment` (ES CS SS DS FS GS LDTR TR). */
export const SEGMENTS = 0x1200;
export const SEGMENT_SIZE_BYTES = 32;
export const SEGMENT_BASE = 0; // u64
export const SEGMENT_LIMIT = 8; // u32, in bytes, granularity applied
/** u32: bits 40-55 of the descriptor (access byte in bits 0-7, then the limit nibble as zero, then AVL L D/B G in bits 12-15). */
export const SEGMENT_ATTRIBUTES = 12;
export const SEGMENT_SELECTOR = 16; // u32
/** u32: 1 when the cache holds no usable segment (null selector or reset of LDTR). */
export const SEGMENT_UNUSABLE = 20;

// MSRs that are plain storage, u64 each
export const IA32_STAR = 0x1300;
export const IA32_LSTAR = 0x1308;
export const IA32_CSTAR = 0x1310;
export const IA32_FMASK = 0x1318;
export const IA32_KERNEL_GS_BASE = 0x1320;
export const IA32_TSC_AUX = 0x1328;
export const IA32_SYSENTER_CS = 0x1330;
export const IA32_SYSENTER_ESP = 0x1338;
export const IA32_SYSENTER_EIP = 0x1340;
export const IA32_PAT = 0x1348;
export const IA32_APIC_BASE = 0x1350;
export const IA32_MTRR_DEF_TYPE = 0x1358;
export const IA32_MISC_ENABLE = 0x1360;
/** i64: added to the clock's time-stamp to give TSC (WRMSR to IA32_TIME_STAMP_COUNTER). */
export const TSC_OFFSET = 0x1368;
/** u16 FCW, u16 FSW, u32 MXCSR. */
export const X87_CONTROL = 0x1370;
export const MXCSR = 0x1374;
export const XCR0 = 0x1378;
/** u64 each: 8 pairs of variable range registers, FIX64K, FIX16K ×2, FIX4K ×8. */
export const MTRR_REGISTERS = 0x1c00;
/** u64 each: the four PDPTE registers of PAE paging. */
export const PDPTE_REGISTERS = 0x1380;

// ── run control ─────────────────────────────────────────────────────────────────────────────────────────────────
/** u64: instructions retired since reset; exact whenever the core is not running or calls the host. */
export const RETIRED = 0x1400;
/** u32: ExitReason detail: port and width of I/O, vector of a shutdown, … */
export const EXIT_DETAIL = 0x1408;
/** u64: RIP, linear address or physical address that belongs to the exit. */
export const EXIT_ADDRESS = 0x1410;
/** u32 pending fault: 0 none, else 0x100 | vector; u32 its error code (NO_ERROR_CODE = none). */
export const FAULT = 0x1418;
export const FAULT_ERROR_CODE = 0x141c;
export const NO_ERROR_CODE = 0x80000000;
/** Pseudo-faults, never delivered to the guest: they end the run before the instruction's side effects. */
export const FAULT_RESIDENT_LIMIT = 0x1ff; // ExitReason.ResidentLimit
export const FAULT_UNIMPLEMENTED = 0x1fe; // ExitReason.Unimplemented
export const FAULT_DEVICE = 0x1fd; // the instruction is executed again, by itself: core/device-access.ts
export const FAULT_FERR = 0x1fc; // ExitReason.CoprocessorError
/** u32: the host sets it to make every store leave a trace in STORE_SEEN (proof of a hang). See watchStores(). */
export const WATCH_STORES = 0x1424;
export const STORE_SEEN = 0x1428;
/** u32: address of the block that is executing, 0 when none. */
export const CURRENT_BLOCK = 0x142c;
/** u32: next free byte of the code arena. */
export const ARENA_NEXT = 0x1430;
/** Counters since reset, for `stats`: 256 × u32, exceptions delivered by vector. */
export const EXCEPTION_COUNTS = 0x1800;
export const TLB_MISSES = 0x1438; // u64
export const PAGE_FAULTS = 0x1440; // u64
export const INTERRUPTS = 0x1448; // u64
export const BLOCKS_DECODED = 0x1450; // u64
/** u32: bit n set: the core calls the host's `trace` for TraceKind n. */
export const TRACE_MASK = 0x1458;

/** What the host must decode: see `Host.decode` in core/host.ts. */
export const FETCH_HOST = 0x1460; // u32: linear-memory address of the bytes at RIP
export const FETCH_LENGTH = 0x1464; // u32: how many bytes may be read there (to the end of the page; up to 15+ in the crossing window)
export const FETCH_RIP = 0x1468; // u64: RIP of the first byte
export const FETCH_MODE = 0x1470; // u32: mode key (ModeKey bits) the block is valid for
export const FETCH_CROSSING = 0x1474; // u32: 1: the bytes are a copy across a page boundary; decode one instruction only
/** 64 bytes: the copy of an instruction that crosses a page boundary. */
export const FETCH_BUFFER = 0x1480;

/** The last LAST_BLOCKS_COUNT blocks entered, each once however often it is entered in a row: u32 addresses, a ring; u32 position. For crash reports. */
export const LAST_BLOCKS_POSITION = 0x14c0;
/** u64: RIP of the instruction in whose course the core calls the host (RIP is then the next one's). */
export const INSTRUCTION_RIP = 0x14c8;
// ── time, in a machine with a timing model (isa/timing-interface.ts) ────────────────────────────────────────────
/** u32: address behind the last entry of the access log. */
export const ACCESS_LOG_NEXT = 0x14d0;
/** u64: cycles of the core clock since power-on, as of the last call of the timing engine. */
export const TIMING_NOW = 0x14d8;
/** u64: the run ends at the first block boundary where TIMING_NOW has reached this. */
export const TIMING_DEADLINE = 0x14e0;
/** u32: the most bytes that the describer writes behind a block. */
export const DESCRIPTION_BYTES_MAX = 0x14e8;
/** u32: the host sets it when the platform's MSR does not exist or does not accept the value: #GP(0). */
export const MSR_REFUSED = 0x14ec;
/** u32: IGNNE# is asserted (by the host; negated where the core finds that FERR# is no longer). */
export const IGNNE = 0x14f0;
/** u32: the host sets it behind IN or OUT: so many instructions may follow before the run ends; 0: it ends here. */
export const PORT_ALLOWANCE = 0x14f4;
/** u16, the host sets it: this port keeps the byte last written to it, LATCH_VALUE (u16), and nothing else happens; 0: there is none. */
export const LATCH_PORT = 0x14f8;
export const LATCH_VALUE = 0x14fa;
/** u32: so many writes to it need no call of the host. */
export const LATCH_WRITES_LEFT = 0x14fc;
export const LAST_BLOCKS = 0x1500;
export const LAST_BLOCKS_COUNT = 64;

/** The chain of faults that led to a shutdown: count u32, then 4 records of 40 bytes {u32 vector, u32 errorCode, u64 rip, u64 cr2, u32 cs, u32 mode, u32 stage, u32 0}. */
export const FAULT_CHAIN_COUNT = 0x1600;
export const FAULT_CHAIN = 0x1608;
export const FAULT_CHAIN_RECORD_BYTES = 40;
/**
 * u32, the host sets it, in the timed core: this access, port | bytes << 16, reads STEADY_VALUE (u32) until the next event or write, in
 * STEADY_CYCLES (u32) cycles each time; 0: there is none. No event comes before TIMING_DEADLINE.
 */
export const STEADY_ACCESS = 0x16a8;
export const STEADY_VALUE = 0x16ac;
export const STEADY_CYCLES = 0x16b0;

// ── translated code (emulator/translator) ───────────────────────────────────────────────────────────────────────
/** u32: entries before a block is translated; 0: never, TRANSLATION_FORCED: at once, wherever a run has to stop. */
export const TRANSLATION_THRESHOLD = 0x16c0;
export const TRANSLATION_FORCED = 1;
/** i32: instructions that a region has left of those it was given, when it returns. */
export const REGION_REMAINING = 0x16c4;
/** A region returns the address of a micro-op, and in its low bits over which link of its block it goes on, if over one. */
export const GOES_TAKEN = 1; // BLOCK_TAKEN
export const GOES_FALL = 2; // BLOCK_FALL
export const GOES = 3;
/**
 * Flags that a region has left to be computed: the micro-op that sets them (0: none) and what it works on, see
 * core/pending-flags.ts. First those at BASE_*, then the others, which may keep some of them.
 */
export const PENDING_KIND = 0x16c8; // u32
export const BASE_KIND = 0x16cc; // u32
export const PENDING_A = 0x16d0; // u64
export const PENDING_B = 0x16d8; // u64
export const BASE_A = 0x16e0; // u64
export const BASE_B = 0x16e8; // u64
/** u32: what an entry of the jump cache must agree with, besides RIP (core/tlb.ts). */
export const CONTEXT_TAG = 0x16f0;
/** u32: bit n: segment n may be read below its limit without further checks; bit 8 + n: written. Not in 64-bit mode. */
export const PLAIN_SEGMENTS = 0x16f4;
/** u64: in a region RETIRED is this, less the instructions that it has left, those of its present block from the one executed on included. */
export const REGION_END = 0x16f8;

// ── the time-stamp, where it is a matter of counting ────────────────────────────────────────────────────────────
/**
 * u32, the host sets it: the clock's time-stamp is RETIRED + TIME_STAMP_BASE, and less LATCH_WRITE_TICKS for each of
 * LATCH_WRITES_LEFT; 0: the host is asked.
 */
export const TIME_STAMP_COUNTS = 0x1700;
export const LATCH_WRITE_TICKS = 0x1704; // u32
export const TIME_STAMP_BASE = 0x1708; // i64

// ── a debugger of the host's ────────────────────────────────────────────────────────────────────────────────────
/** u32, the host sets it to 1: a run ends behind the delivery of a fault, before the handler's first instruction, and then it is STOPPED_AT_FAULT. */
export const STOP_AT_FAULT = 0x1710;
export const STOPPED_AT_FAULT = 2;
/** u32: number + 1 of the watchpoint that the last instruction met, 0: none; the run then ends behind it. */
export const WATCHPOINT_MET = 0x1714;
/** Watchpoints on linear addresses: u32 count, then records {u64 address, u64 bytes, u32 accesses, u32 0}; see watchpointsChanged(). */
export const WATCHPOINT_COUNT = 0x1718;
export const WATCHPOINTS = 0x1720;
export const WATCHPOINTS_MAX = 8;
export const WATCHPOINT_BYTES = 24;
/** u32, the host sets it before anything is in a TLB: it is told of every access to memory; see watchpointsChanged(). */
export const ACCESSES_TOLD = 0x17e0;
/** u64: linear address of the access that it is being told of. */
export const TOLD_LINEAR = 0x17e8;
/** What it is told of an access, beside where it is: bits. */
export const ACCESS_STORES = 1;
/** Bytes of decoded code are stored to. */
export const ACCESS_HITS_CODE = 2;
/** There is neither RAM nor ROM nor a device. */
export const ACCESS_HITS_NOTHING = 4;
/** The host itself stores, not the guest. */
export const ACCESS_BY_HOST = 8;
/** By a translation in the TLB that page tables no longer have. */
export const ACCESS_STALE = 16;
export const WATCHES_READS = 1;
export const WATCHES_WRITES = 2;

// ── tables ──────────────────────────────────────────────────────────────────────────────────────────────────────
/** CPUID: u32 count, then records of 24 bytes {u32 leaf, u32 subleaf (0xFFFFFFFF = any), u32 eax, ebx, ecx, edx}; written by the host. */
export const CPUID_TABLE = 0x2000;
/** Vector registers: VECTOR_SLOT_COUNT × 64 bytes, so that XMM, YMM and ZMM registers lie at their slots' beginning. */
export const VECTOR_REGISTERS = 0x8000;
export const VECTOR_REGISTER_BYTES = 64;
/** u8 FTW in the form that FXSAVE stores (bit n: physical register n is not empty); see X87_REGISTERS. */
export const X87_TAGS = 0x8c00;
/** u16 FOP, u64 FIP, u64 FDP, without gaps: of the last x87 instruction that is no control instruction. */
export const X87_POINTERS = 0x8c08;
/** Physical x87 registers R0 to R7: 8 × 16 bytes {u64 significand (the MMX register), u16 sign and exponent, 0}. */
export const X87_REGISTERS = 0x8c80;
export const X87_REGISTER_BYTES = 16;
/** Pages that a region's loops are in: LOOP_PAGES_MAX entries {u64 tag as in the TLB, -1: none; u32 addend, 0}. They mean something only while the region runs. */
export const LOOP_PAGES = 0x9000;
export const LOOP_PAGES_MAX = 8;
export const LOOP_PAGE_BYTES = 16;
export const LOOP_PAGE_ADDEND = 8;
/** Jump cache: 4096 × 16 bytes {u64 rip, u32 block, u32 context}, by the low bits of RIP ^ (RIP >> 12). */
export const JUMP_CACHE = 0x20000;
export const JUMP_CACHE_ENTRIES = 4096;
export const JUMP_BLOCK = 8;
export const JUMP_CONTEXT = 12;
/** Hash of blocks: 65536 × u32. */
export const BLOCK_HASH = 0x30000;
export const BLOCK_HASH_ENTRIES = 65536;
/** 64 KiB through which the host moves bytes in and out of guest physical memory. */
export const SCRATCH = 0x70000;
export const SCRATCH_BYTES = 0x10000;
/** RAM that exists: sorted, disjoint records {u64 base, u64 end, u32 kind (RamKind), u32 0}; count u32 at RAM_RANGES, records from +8. */
export const RAM_RANGES = 0x80000;
export const RAM_RANGES_MAX = 5000;
export const RAM_RANGE_BYTES = 24;
/** Uniform content: 512 × 16 bytes {u64 pattern, u32 representative frame or 0, u32 references}; index 0 = power-on content. */
export const UNIFORM_PATTERNS = 0x9d800;
export const UNIFORM_PATTERNS_MAX = 512;
/** 16 × 16 bytes {u64 key, u32 leaf node, u32 0}: leaf nodes of the radix tree that were used last. */
export const LEAF_CACHE = 0x9fc00;
/** Storage: u32 radix root, u32 next unused frame, u32 first free frame, u32 frames in use, u32 most frames allowed (0 = all). */
export const RADIX_ROOT = 0x9fd00;
export const POOL_NEXT = 0x9fd04;
export const POOL_FREE = 0x9fd08;
export const POOL_USED = 0x9fd0c;
export const POOL_LIMIT = 0x9fd10;
/** u32: frame of ones (what addresses without RAM read as), frame that swallows writes; 0 until needed. */
export const ONES_FRAME = 0x9fd14;
export const SINK_FRAME = 0x9fd18;
/** u32: nonzero when SHARED_MAPPINGS, USER_MAPPINGS has a bit set. */
export const SHARED_MAPPINGS_ANY = 0x9fd1c;
export const USER_MAPPINGS_ANY = 0x9fd20;
/** u32: slots of UNIFORM_PATTERNS that were ever used, slot 0 included. */
export const UNIFORM_PATTERNS_USED = 0x9fd24;
/** AssemblyScript's own static data and globals. */
export const CORE_STATIC = 0xa0000;
/** Decoded code, 64 MiB, from here, touched on use: a boot of Debian's Linux decodes more than 16. */
export const CODE_ARENA = 0x100000;
export const CODE_ARENA_END = 0x4100000;
/** Per frame of host storage (index = host address >> 12): 16 bytes {u64 mask of 64-byte lines that hold decoded code, u32 first block, u32 blocks of translated regions lost to stores}. 16 MiB, touched on use. */
export const FRAME_INFO = 0x4100000;
export const FRAME_INFO_BYTES = 16;
export const FRAME_FIRST_BLOCK = 8;
export const FRAME_REGIONS_LOST = 12;
/** A block of more instructions than this is translated after fewer entries than the threshold: when these are as many instructions. */
export const THRESHOLD_BLOCK_INSTRUCTIONS = 8;
/** The threshold for translation doubles with every so many of them in the frame, so often at most: it stays below 2^31. */
export const REGION_LOSSES_PER_DOUBLING = 4;
export const REGION_DOUBLINGS_MAX = 15;
/** State of the timing engine, 8 MiB: the access log, the last page walk, then what emulator/timing lays out itself. */
export const TIMING_STATE = 0x5100000;
/** What instructions did to memory since the timing engine was last called: entries of 16 bytes (isa/timing-interface.ts). */
export const ACCESS_LOG = TIMING_STATE;
export const ACCESS_LOG_END = 0x5110000;
/** Result of the core's `walk`: u64 physical address of the page, u32 log2 of its size (0: not mapped), u32 count, u64 × 5 physical addresses of the entries read. */
export const TIMING_WALK = 0x5110000;
/** u64 each, by `TimingCounter` (emulator/timing/counters.ts). */
export const TIMING_COUNTERS = 0x5111000;
/** From here on the memory is the timing engine's own. */
export const TIMING_ENGINE = 0x5112000;
export const TIMING_STATE_END = 0x5900000;
/** TLBs: supervisor, user; TLB_ENTRIES × 32 bytes {i64 readTag, i64 writeTag, u32 addend, u32 flags, i64 execTag}. */
export const TLB_SUPERVISOR = 0x5900000;
export const TLB_USER = 0x5940000;
export const TLB_ENTRIES = 8192;
export const TLB_ENTRY_BYTES = 32;
/** An entry's offset in its table: the linear address, shifted right by the one, of which the other leaves the page's low bits. */
export const TLB_ENTRY_SHIFT = 7; // 12 bits of the offset in the page less 5 of an entry's size
export const TLB_ENTRY_MASK = 0x3ffe0; // (TLB_ENTRIES - 1) * TLB_ENTRY_BYTES
/** Bitmaps of TLB entries, both tables: mappings of representative frames; user pages that CPL 0-2 may touch because AC = 1. */
export const SHARED_MAPPINGS = 0x5980000;
export const USER_MAPPINGS = 0x5980800;
export const MAPPINGS_BYTES = 2048;
/** u32 each: addresses of TLB entries that were written since all were vacant, as long as they are no more than this. */
export const TLB_WRITTEN = 0x5981000;
export const TLB_WRITTEN_MAX = 1024;
/** u32 each: addresses of TLB entries that have been given a write tag since none had one, as long as they are no more than this. */
export const TLB_STORED = 0x5982000;
export const TLB_STORED_MAX = 256;
/** What the timing engine remembers so as to be faster, 48 MiB, touched on use: no part of the state. */
export const MEMO = 0x5990000;
/** u8 per frame of host storage (index = host address >> 12), timed core: at which levels of page tables it is one, bit 1 = PTEs. 1 MiB, touched on use. */
export const TABLE_LEVELS = 0x8990000;
/** Storage: 4 KiB frames of guest memory and radix nodes, from here to the end of linear memory. */
export const FRAMES = 0x8a90000;

// ── decoded blocks ──────────────────────────────────────────────────────────────────────────────────────────────
/** A block: this header, its micro-ops, then one u32 per instruction: the form's number (for timing and reports). */
export const BLOCK_HEADER_BYTES = 64;
export const BLOCK_RIP = 0; // u64: RIP of the first byte
export const BLOCK_HOST = 8; // u32: linear-memory address of the first byte
export const BLOCK_MODE = 12; // u32: mode key
export const BLOCK_INSTRUCTIONS = 16; // u32
export const BLOCK_LENGTH = 20; // u32: bytes of guest code
export const BLOCK_UOPS = 24; // u32
export const BLOCK_HASH_NEXT = 28; // u32
export const BLOCK_TAKEN = 32; // u32: block at the branch target, when it lies in the same page; 0 unknown
export const BLOCK_FALL = 36; // u32: block behind the last instruction, likewise
/** In place of a link: the block that follows lies in another frame, and is asked of the jump cache each time. */
export const LINK_ELSEWHERE = 1;
export const BLOCK_PAGE_NEXT = 40; // u32: next block of the same frame
export const BLOCK_DEAD = 44; // u32: 1 once its bytes were written to
export const BLOCK_HEAT = 48; // i32: entries until the block is worth translating; counted down at each, 0 and less: due or done
export const BLOCK_REGION = 52; // u16: place in the core's table of the translated region that can be entered at the block; 0 none
export const BLOCK_MEMBER = 54; // u8: 1 when some region contains the block
export const BLOCK_ENTRY = 55; // u8: number of the block among the entries of BLOCK_REGION
export const BLOCK_TIMING = 56; // u32: address of what the timing model's describer wrote for the block; 0 without one
export const BLOCK_BYTES = 60; // u32: bytes that the block takes in the arena
/** Limits that the decoder keeps. */
export const BLOCK_INSTRUCTIONS_MAX = 32;
export const BLOCK_UOPS_MAX = 250;

// ── mode key: what decoding and block identity depend on ────────────────────────────────────────────────────────
/** Bits 0-1: default code size, 0 = 16, 1 = 32, 2 = 64 bits. */
export const MODE_KEY_SIZE = 0x3;
/** Bit 2: real-address mode or virtual-8086 mode (instructions that are #UD there). */
export const MODE_KEY_REAL = 0x4;
/** Bit 3: CPL 3. Bit 4: virtual-8086 mode. Bit 5: LMA (IA-32e mode active). */
export const MODE_KEY_USER = 0x8;
export const MODE_KEY_V86 = 0x10;
export const MODE_KEY_LONG = 0x20;
/** Bit 6: the CS limit is FFFFh in 16-bit code, FFFFFFFFh in 32-bit code: no target of the code's own size exceeds it. */
export const MODE_KEY_WHOLE_LIMIT = 0x40;

export enum CpuMode {
  Real = 0,
  Protected = 1,
  Virtual8086 = 2,
  Compatibility = 3,
  Long = 4,
}

export enum RamKind {
  Ram = 0,
  Rom = 1,
  /** Registers of a device: each access is a call of the host. */
  Device = 2,
}

/** Why the core stopped running. */
export enum ExitReason {
  /** The instruction budget is used up. */
  Budget = 0,
  /** A port or a device's register was accessed: device state or time may have moved. */
  Io = 1,
  /** HLT. */
  Halt = 2,
  /** Shutdown: a fault while delivering #DF. FAULT_CHAIN says how. */
  Shutdown = 3,
  /** An instruction of the SDM without a recipe: EXIT_ADDRESS = RIP. */
  Unimplemented = 4,
  /** Guest memory touched more storage than allowed: EXIT_ADDRESS = physical address. */
  ResidentLimit = 5,
  /** INTR is pending and interrupts have just become possible. */
  InterruptWindow = 6,
  /** A long repeated string instruction paused between iterations; nothing to do but go on. */
  Pause = 7,
  /**
   * The timing engine says that TIMING_DEADLINE has come, at a place that does not depend on how the run was cut. Behind Budget
   * the time may have come too, but between such places: the machine looks at it only where this, or another reason, says.
   */
  Deadline = 8,
  /** FERR#: a waiting x87 or MMX instruction meets an exception with CR0.NE = 0. The processor waits before it for an interrupt. */
  CoprocessorError = 9,
}

/** Events that the core reports through the host's `trace(kind, a, b)` when TRACE_MASK asks for them. */
export enum TraceKind {
  /** Exception about to be delivered: a = vector | error code << 32 (NO_ERROR_CODE: none), b = RIP. */
  Exception = 0,
  /** External interrupt: a = vector, b = RIP. */
  Interrupt = 1,
  /** INT n, INT3, INTO, INT1: a = vector, b = RIP of the next instruction. */
  SoftwareInterrupt = 2,
  /** Page fault: a = linear address, b = error code. */
  PageFault = 3,
  /** MOV CRn: a = number, b = new value. */
  ControlRegister = 4,
  /** RDMSR: a = MSR, b = value. WRMSR: a = MSR, b = new value. */
  MsrRead = 5,
  MsrWrite = 6,
  /** An MSR that does not exist was read (b = 0) or written (b = 1): a = MSR. #GP(0) follows. */
  MsrUnknown = 7,
  /** CPUID: a = leaf | subleaf << 32. */
  Cpuid = 8,
  /** Pages of RAM are used: a = first page number | PageUse << 56, b = count. For a write once for each storage, else repeatedly. */
  PageUsed = 9,
}

/** In what way a page of RAM is used, for TraceKind.PageUsed. */
export enum PageUse {
  /** Storage of its own is made for it: the first write, or the first fetch of an instruction. */
  Stored = 0,
  /** A whole page is filled with a repeated pattern. */
  Filled = 1,
  /** An instruction is fetched from it: at TLB misses. */
  Executed = 2,
  /** It is read while it has no storage of its own: at TLB misses. */
  Read = 3,
}
export const PAGE_USE_SHIFT = 56;
