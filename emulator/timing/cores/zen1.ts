/**
 * AMD family 17h model 1 (Zen 1), as in EPYC 7551: parameters of the engine and rows of instructions.
 *
 * Sources. M: measured on such a processor with calibrated chains of dependent additions, see docs/timing-model.md; LLVM:
 * X86ScheduleZnver1.td, after AMD 55723; IL: InstLatx64, AuthenticAMD0800F11_K17_Zen; E: an estimate, and marked so.
 */
import type { CoreModel, Figure } from '../core-model.js';
import { ZEN1_INTEGER_ROWS } from './zen1-integer.js';
import { ZEN1_SYSTEM_ROWS } from './zen1-system.js';
import { ZEN1_VECTOR_ROWS } from './zen1-vector.js';
import { ZEN1_X87_ROWS } from './zen1-x87.js';

const ALU = 0b1111;
const AGU = 0b11 << 4;

function m(value: number, what: string): Figure {
  return { value, source: `M ${what}` };
}
function llvm(value: number, what = 'X86ScheduleZnver1.td'): Figure {
  return { value, source: `LLVM ${what}` };
}
function il(value: number, what = 'Zen 1 dump'): Figure {
  return { value, source: `IL ${what}` };
}
function e(value: number, why: string): Figure {
  return { value, source: why, estimate: true };
}

export const ZEN1: CoreModel = {
  name: 'zen1',
  processor: 'AMD family 17h model 1 (Zen 1, EPYC 7551)',
  coreHz: 2_550_000_000,
  tscHz: 2_000_000_000,
  parameters: {
    DispatchWidth: m(6, 'xchg_rr_dep: three exchanges of two macro-ops; AMD 55723'),
    DispatchInstructions: m(5, 'NOPs and eliminated moves from the op cache, 4.94 to 5.0 a cycle'),
    RetireWidth: llvm(8),
    ReorderBufferSlots: llvm(192),
    LoadQueueEntries: llvm(72),
    StoreQueueEntries: llvm(44),
    OpQueueEntries: e(72, 'micro-op queue of 72, AMD 55723'),
    DispatchToExecute: e(4, 'fits the penalty of a mispredicted branch; only differences show'),
    DecodeInstructions: m(4, 'straight lines of NOPs of 1 to 4 bytes: 0.25 cycles each'),
    DecodeBytes: m(16, 'straight lines of NOPs of 5 to 8 bytes: 0.34 to 0.50'),
    DecodeLongBytes: m(8, 'straight lines of NOPs of 9 to 11 bytes: 1.0'),
    OpCacheSets: { value: 32, source: 'AMD 55723, "Op Cache"' },
    OpCacheWays: { value: 8, source: 'AMD 55723, "Op Cache"' },
    OpCacheOpsPerEntry: { value: 8, source: 'AMD 55723, "Op Cache"' },
    OpCacheOpsPerCycle: { value: 8, source: 'AMD 55723, "Op Cache"' },
    OpCacheLineShift: { value: 6, source: 'AMD 55723, "Op Cache": lines of 64 bytes' },
    TakenBranch: m(2, 'chain of taken jumps: 2.0 each'),
    TakenBranchL0: m(1, 'a loop with a branch that is never taken: 1.0 a pass'),
    BtbL0Entries: {
      value: 4,
      source: 'AMD 55723, "Branch Prediction": 4 forwards and 4 backwards, no bubble',
    },
    BtbL0Overridden: {
      value: 1,
      source: 'AMD 55723, "Branch Prediction": a bubble where the next level differs',
    },
    MispredictPenalty: m(18, 'random shr/jc: (10.85 - 1.8) / 0.5'),
    BranchTargetMiss: e(8, 'redirection by the decoder'),
    BtbL1Entries: { value: 256, source: 'AMD 55723, "Branch Prediction"' },
    BtbL2Entries: { value: 4096, source: 'AMD 55723, "Branch Prediction"' },
    BtbL2Penalty: { value: 4, source: 'AMD 55723, "Branch Prediction"' },
    ReturnStackEntries: { value: 32, source: 'AMD 55723, "Return Address Stack"' },
    IndirectTargets: { value: 512, source: 'AMD 55723, "Indirect Target Predictor"' },
    MoveElimination: m(1, 'mov_rr_chain2, xchg_rr_dep'),
    ZeroIdioms: m(1, 'xor_zero_tp8, imul_xor_break'),
    StackEngine: m(1, 'push4_pop4'),
    Fusion: m(1, 'jcc_not_taken fuses, dec_jnz_pair does not'),
    LoadLatency: m(4, 'l1_chase'),
    LineSplitLoad: m(2, 'l1_chase_split: 6.0'),
    PageSplitLoad: m(2, 'page_split: 6.0'),
    LineSplitStore: m(1, 'store_split_tp: 2.0'),
    PageSplitStore: m(23, 'store_page_split_tp: 24.0'),
    StoreForward: m(7, 'st_ld_fwd'),
    StoreForwardModify: m(1, 'rmw_add_dep: 7.0 with the addition'),
    ForwardedLoadExtra: m(1, 'blocks: movdqu of 16 bytes to a register and back, 8.0'),
    StoreForwardFail: m(15, 'st4_ld8_fail: 17.0'),
    LoadPorts: llvm(AGU),
    StoreAddressPorts: llvm(AGU),
    StoreDataPorts: m(
      ALU,
      'or, mov [m]: 1.28 cycles, as with an operation in the place of the store',
    ),
    VectorStorePorts: m(
      0b0100 << 6,
      'blocks: a vector stored, ucomiss: 2.0; two stored, ucomisd: 3.0',
    ),
    BranchPorts: llvm(0b1001, 'ALU0, ALU3'),
    AluPorts: llvm(ALU),
    AddressResultPorts: m(
      ALU,
      'blocks: sub in a chain, xor of a register with itself, lea [rax * 8 + 8]: 1.25 cycles',
    ),
    NarrowStoreBytes: m(4, 'byte stores to one dword: 1 a cycle'),
    NarrowStore: m(3, 'a qword store behind a byte store elsewhere: 5 cycles for both'),
    L1dSets: il(64),
    L1dWays: il(8),
    L1iSets: il(256),
    L1iWays: il(4),
    L2Sets: il(1024),
    L2Ways: il(8),
    L2Latency: m(12, 'chase of 40 to 256 KiB'),
    L3Sets: il(8192),
    L3Ways: e(9, 'chases of 6 to 16 MiB fit a share of 4.5 MiB: the measuring host was shared'),
    L3Latency: m(36, 'chase of 2 MiB: 43, 7 of them the second-level TLB of pages of 4 KiB'),
    DramLatency: il(235, '91.9 ns; M chases of 32 to 250 MiB, less the walks'),
    OutstandingMisses: m(10, 'independent random loads over 128 MiB'),
    WriteCombiningBuffers: e(4, 'not published for Zen; family 0Fh has four'),
    FillOccupancy: m(
      1,
      'loop load 8B, 64 KiB against 16 KiB: 0.6 cycles more a line, of two ports',
    ),
    StreamL2: il(3, 'linear forward, 6.8 cycles for 128 bytes'),
    StreamL3: m(5, 'loop load 8B, 1 and 4 MiB: 5.3 and 5.4 cycles a line; IL 5.8'),
    StreamDram: il(17, 'linear forward, 35'),
    DtlbL1Entries: il(64),
    DtlbL2Sets: { value: 128, source: 'AMD 55723, "L2 Translation Lookaside Buffers": 12 ways' },
    DtlbL2Ways: m(8, 'one line a page: 1024 fit, 1400 miss half; CPUID: pages of 4 KiB have 8'),
    DtlbL2Latency: m(8, 'one line a page, 80 to 512 pages: 12.0'),
    ItlbL1Entries: { value: 64, source: 'AMD 55723, "L1 and L2 TLBs"' },
    ItlbL2Sets: { value: 64, source: 'AMD 55723, "L1 and L2 TLBs"' },
    ItlbL2Ways: { value: 8, source: 'AMD 55723, "L1 and L2 TLBs"' },
    PageWalk: m(20, 'one line a page, 1400 to 16384 pages: two entries a walk under nested paging'),
    PageWalkers: m(2, 'independent random loads over 128 MiB'),
    NestedPaging: { value: 0, source: 'no hypervisor below the guest' },
    PageWalkCacheEntries: e(64, 'page directory caches'),
    Exception: e(400, 'exception entry on Haswell 715, iret 330'),
    Interrupt: e(500, 'an exception, and the acknowledge'),
    LockedStart: m(14, 'lock_add: 22.6 together with the load, the addition, the commit'),
    LockedCommit: m(1, 'lock_add'),
    RepeatStosElement: m(109, 'rep stosq, 1 to 32 elements'),
    RepeatMovsElement: m(113, 'rep movsq, 1 to 32 elements'),
    RepeatStosShortElements: m(32, 'rep stosq, rep stosb: between 32 and 64 elements'),
    RepeatMovsShortElements: m(32, 'rep movsq, rep movsb: between 32 and 64 elements'),
    RepeatStosFast: m(58, 'rep stosq: 82 less the start'),
    RepeatStosTail: m(25, 'rep stosb of 100 and 1000 bytes against whole lines'),
    RepeatMovsFast: m(56, 'rep movsq: 80 less the start'),
    RepeatPage: m(
      16,
      'rep stosq of 1 and 4 MiB, rep movsq of 256 KiB: 24 with the TLB, as a start takes',
    ),
    RepeatStosRateL2: m(1460, 'rep stosq, 16 to 256 KiB'),
    RepeatStosRateL3: m(1460, 'rep stosq, 1 to 4 MiB, less the pages'),
    RepeatStosRateDram: m(250, 'plain stores of 4 MiB: 3.2 cycles for 8 bytes'),
    RepeatMovsRateL1: m(1600, 'rep movsq to 16 KiB'),
    RepeatMovsRateL2: m(1200, 'rep movsq, 24 to 64 KiB'),
    RepeatMovsRateL3: m(542, 'rep movsq, 1 MiB, less the pages'),
    RepeatMovsRateDram: e(300, 'half of what stores take'),
    RepeatOtherElement: e(200, 'one element in two cycles'),
    QueuedPorts: m(ALU, 'sub, lea, cmp: 1.47 cycles; round robin over four queues gives 1.5'),
    SchedulerQueueEntries: llvm(14),
    AddressQueueEntries: llvm(14, 'Zn1AGU, 28 entries'),
    FillPath: { value: 2, source: 'AMD 55723, "L2 Cache": 32 bytes a cycle' },
    StackDisplacementBytes: m(
      1,
      'blocks: lea [rsp + disp32] and any other operation: 1 cycle; lea [rsp + disp8]: 0.53',
    ),
    QueuedPerCycle: m(4, 'blocks: two such LEA, an operation: 1.5 cycles; one and one: 1'),
    DivideBits: il(50, '64 bits: 14 to 46 cycles; M idiv32_big 28'),
    VectorBytes: m(16, '4 vaddps of 128 bits 2.0 cycles, of 256 bits 4.0; LLVM'),
  },
  ports: {
    alu: ALU,
    mul: 0b0010,
    div: 0b0100,
    branch: 0b1001,
    agu: AGU,
    alu01: 0b0011,
    fp: 0b1111 << 6,
    fp0: 0b0001 << 6,
    fp01: 0b0011 << 6,
    fp12: 0b0110 << 6,
    fp13: 0b1010 << 6,
    fp013: 0b1011 << 6,
    fp23: 0b1100 << 6,
    fp2: 0b0100 << 6,
    fp3: 0b1000 << 6,
    fp1: 0b0010 << 6,
  },
  rows: [...ZEN1_INTEGER_ROWS, ...ZEN1_VECTOR_ROWS, ...ZEN1_X87_ROWS, ...ZEN1_SYSTEM_ROWS],
};
