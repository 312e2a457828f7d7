/**
 * Intel Skylake, client: parameters of the engine and rows of instructions, for the same engine as zen1.ts.
 *
 * Sources. UI: uops.info, instruction tables and the microArchConfigs of uiCA (Abel and Reineke, "uiCA: Accurate Throughput
 * Prediction of Basic Blocks on Recent Intel Microarchitectures", ICS 2022); IL: InstLatx64, GenuineIntel00506E3; ORM: Intel
 * 64 and IA-32 Architectures Optimization Reference Manual, "Skylake Client Microarchitecture"; E: an estimate, and marked
 * so. A label names where the figure is to be found; the rows were written from general knowledge and have not been checked
 * one by one against these documents, nor measured on this processor.
 */
import type { CoreModel, Figure } from '../core-model.js';
import { SKYLAKE_INTEGER_ROWS } from './skylake-integer.js';
import { SKYLAKE_SYSTEM_ROWS } from './skylake-system.js';
import { SKYLAKE_VECTOR_ROWS } from './skylake-vector.js';
import { SKYLAKE_X87_ROWS } from './skylake-x87.js';

const P0 = 1 << 0;
const P1 = 1 << 1;
const P2 = 1 << 2;
const P3 = 1 << 3;
const P4 = 1 << 4;
const P5 = 1 << 5;
const P6 = 1 << 6;
const P7 = 1 << 7;

function ui(value: number, what = 'microArchConfigs, SKL'): Figure {
  return { value, source: `UI ${what}` };
}
function il(value: number, what: string): Figure {
  return { value, source: `IL ${what}` };
}
function orm(value: number, what = 'Table "Cache Parameters"'): Figure {
  return { value, source: `ORM ${what}` };
}
function e(value: number, why: string): Figure {
  return { value, source: `E: ${why}`, estimate: true };
}
/** The engine has a mechanism that this core lacks. */
function none(value: number, why: string): Figure {
  return { value, source: `not in this core: ${why}` };
}

export const SKYLAKE: CoreModel = {
  name: 'skylake',
  processor: 'Intel family 6 model 5Eh (Skylake client, Core i7-6700)',
  coreHz: 3_400_000_000,
  tscHz: 3_400_000_000,
  parameters: {
    DispatchWidth: ui(4, 'issue width, fused micro-ops'),
    RetireWidth: ui(4),
    ReorderBufferSlots: ui(224),
    LoadQueueEntries: orm(72, '"Skylake Client Microarchitecture"'),
    StoreQueueEntries: orm(56, '"Skylake Client Microarchitecture"'),
    OpQueueEntries: ui(64, 'IDQ'),
    DispatchToExecute: e(5, 'part of the penalty of a mispredicted branch; only differences show'),
    DecodeInstructions: ui(4, 'decoders; the predecoder finds 5 instructions a cycle'),
    DecodeBytes: ui(16, 'predecode window'),
    DecodeLongBytes: none(15, 'no decoder is reserved for long instructions'),
    OpCacheSets: orm(32, '"Decoded ICache"'),
    OpCacheWays: orm(8, '"Decoded ICache"'),
    OpCacheOpsPerEntry: orm(6, '"Decoded ICache"'),
    OpCacheOpsPerCycle: ui(6, 'DSB'),
    OpCacheLineShift: orm(5, '"Decoded ICache": windows of 32 bytes'),
    TakenBranch: e(1, 'one taken branch a cycle in loops that the predictor holds'),
    TakenBranchL0: none(0, 'TakenBranch is that of loops'),
    BtbL0Entries: none(0, 'TakenBranch is that of loops'),
    BtbL0Overridden: none(0, 'TakenBranch is that of loops'),
    MispredictPenalty: e(16, '16 to 17 cycles, generally known'),
    BranchTargetMiss: e(8, 'redirection by the decoder'),
    BtbL1Entries: e(256, 'the sizes are not published'),
    BtbL2Entries: e(4096, 'the sizes are not published'),
    BtbL2Penalty: e(1, 'the sizes are not published'),
    ReturnStackEntries: e(16, 'generally known'),
    IndirectTargets: e(512, 'not published'),
    MoveElimination: ui(1, 'MOV r64, r64'),
    ZeroIdioms: ui(1, 'XOR r, r'),
    StackEngine: ui(1, 'stack synchronisation micro-ops'),
    Fusion: ui(3, 'CMP, TEST, ADD, SUB, AND, INC, DEC with a conditional branch'),
    LoadLatency: ui(5, 'MOV r64, m64; 4 only behind a load with a short displacement'),
    LineSplitLoad: e(6, 'a second access'),
    PageSplitLoad: e(6, 'the same since Skylake'),
    LineSplitStore: e(1, 'a second commit'),
    PageSplitStore: e(20, 'a second commit and translation'),
    StoreForward: e(5, '4 to 5 cycles, generally known'),
    StoreForwardModify: e(0, 'not seen'),
    ForwardedLoadExtra: none(15, 'forwarded vectors were not looked up'),
    StoreForwardFail: e(11, 'about 11 cycles, generally known'),
    LoadPorts: ui(P2 | P3, 'p23'),
    StoreAddressPorts: ui(P2 | P3 | P7, 'p237'),
    StoreDataPorts: ui(P4, 'p4'),
    VectorStorePorts: ui(P4, 'p4'),
    BranchPorts: ui(P0 | P6, 'p06; taken branches p6'),
    AluPorts: ui(P0 | P1 | P5 | P6, 'p0156'),
    AddressResultPorts: none(0, 'LEA has ports of its own'),
    NarrowStoreBytes: none(0, 'narrow stores are not merged'),
    NarrowStore: none(0, 'narrow stores are not merged'),
    L1dSets: orm(64),
    L1dWays: orm(8),
    L1iSets: orm(64),
    L1iWays: orm(8),
    L2Sets: orm(1024),
    L2Ways: orm(4),
    L2Latency: orm(12),
    L3Sets: orm(8192),
    L3Ways: orm(16),
    L3Latency: il(40, '40 to 45 cycles'),
    DramLatency: e(200, 'L3 and about 50 ns'),
    OutstandingMisses: orm(10, 'line fill buffers'),
    WriteCombiningBuffers: none(10, 'line fill buffers'),
    FillOccupancy: orm(1, 'L2 to L1: 64 bytes a cycle'),
    StreamL2: e(2, 'from the bandwidth of the path'),
    StreamL3: e(4, 'from the bandwidth of the path'),
    StreamDram: e(14, '64 bytes at about 16 GB/s for one core'),
    DtlbL1Entries: orm(64, '"TLB Parameters"'),
    DtlbL2Sets: orm(128, '"TLB Parameters": STLB of 1536'),
    DtlbL2Ways: orm(12, '"TLB Parameters"'),
    DtlbL2Latency: e(7, 'generally known'),
    ItlbL1Entries: orm(128, '"TLB Parameters"'),
    ItlbL2Sets: orm(128, '"TLB Parameters": the STLB is shared'),
    ItlbL2Ways: orm(12, '"TLB Parameters"'),
    PageWalk: e(15, 'beside the accesses to its entries'),
    PageWalkers: e(2, 'two page miss handlers, generally known'),
    NestedPaging: { value: 0, source: 'no hypervisor below the guest' },
    PageWalkCacheEntries: e(32, 'paging-structure caches; sizes are not published'),
    Exception: e(400, 'exception entry on Haswell 715, IRET 330'),
    Interrupt: e(500, 'an exception, and the acknowledge'),
    LockedStart: e(10, 'with the load, the operation and the commit about 18'),
    LockedCommit: e(1, 'with the load, the operation and the commit about 18'),
    RepeatStosElement: e(100, 'an element in a cycle while the string is short'),
    RepeatMovsElement: e(150, 'less than two cycles an element while the string is short'),
    RepeatStosShortElements: e(16, 'when fast strings begin'),
    RepeatMovsShortElements: e(16, 'when fast strings begin'),
    RepeatStosFast: e(10, 'beyond the start'),
    RepeatStosTail: none(0, 'not published'),
    RepeatMovsFast: e(10, 'beyond the start'),
    RepeatPage: e(0, 'not known'),
    RepeatStosRateL2: e(3200, '32 bytes a cycle'),
    RepeatStosRateL3: e(1600, 'half of it'),
    RepeatStosRateDram: e(400, 'bandwidth of one core'),
    RepeatMovsRateL1: e(3200, '32 bytes a cycle'),
    RepeatMovsRateL2: e(2000, 'lines through the first level'),
    RepeatMovsRateL3: e(1000, 'half of it'),
    RepeatMovsRateDram: e(300, 'bandwidth of one core'),
    RepeatOtherElement: e(200, 'one element in two cycles'),
    QueuedPorts: none(
      0,
      'one scheduler of 97 entries; a port is chosen when an operation executes',
    ),
    SchedulerQueueEntries: none(14, 'there are no queues by port'),
    AddressQueueEntries: none(0, 'there are no queues by port'),
    DispatchInstructions: { value: 0, source: 'no such limit' },
    FillPath: {
      value: 1,
      source: 'Intel, "Optimization Reference Manual": 64 bytes a cycle from the second level',
    },
    StackDisplacementBytes: { value: 4, source: 'no such limit' },
    QueuedPerCycle: { value: 0, source: 'no queues by port' },
    DivideBits: e(80, 'DIV r64: 35 to 88 cycles'),
    VectorBytes: e(32, 'the same figures for 128 and 256 bits'),
  },
  ports: {
    p0: P0,
    p1: P1,
    p5: P5,
    p6: P6,
    p01: P0 | P1,
    p05: P0 | P5,
    p06: P0 | P6,
    p15: P1 | P5,
    p015: P0 | P1 | P5,
    p0156: P0 | P1 | P5 | P6,
  },
  rows: [
    ...SKYLAKE_INTEGER_ROWS,
    ...SKYLAKE_VECTOR_ROWS,
    ...SKYLAKE_X87_ROWS,
    ...SKYLAKE_SYSTEM_ROWS,
  ],
};
