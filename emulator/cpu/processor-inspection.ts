/** What the core leaves in linear memory for crash reports, in plain records. */
import { NO_ERROR_CODE } from '../isa/exceptions.js';
import {
  BLOCK_INSTRUCTIONS,
  BLOCK_MODE,
  BLOCK_RIP,
  FAULT_CHAIN,
  FAULT_CHAIN_COUNT,
  FAULT_CHAIN_RECORD_BYTES,
  LAST_BLOCKS,
  LAST_BLOCKS_COUNT,
  LAST_BLOCKS_POSITION,
  MODE_KEY_REAL,
  SCRATCH,
  type CpuMode,
} from '../isa/state-layout.js';
import type { LinearMemory } from './linear-memory.js';

export interface FaultRecord {
  readonly vector: number;
  /** Null for exceptions without an error code. */
  readonly errorCode: number | null;
  readonly rip: bigint;
  readonly cr2: bigint;
  readonly cs: number;
  readonly mode: CpuMode;
  /** The vector in whose delivery this fault was met, or null for the instruction's own. */
  readonly whileDelivering: number | null;
}

export interface EnteredBlock {
  readonly rip: bigint;
  /** Real or virtual-8086 mode: RIP counts from a segment that is not known any more. */
  readonly isInRealMode: boolean;
  readonly instructions: number;
}

export interface PageWalkStep {
  /** `PML5`, `PML4`, `PDPT`, `PD`, `PT`. */
  readonly table: string;
  /** Physical address of the entry. */
  readonly entryAddress: bigint;
  readonly entry: bigint;
}

export interface PageWalk {
  /** From the top level down. None without paging. */
  readonly steps: readonly PageWalkStep[];
  readonly verdict: string;
}

const TABLE_NAMES = ['', 'PT', 'PD', 'PDPT', 'PML4', 'PML5'] as const;
const VERDICTS = ['mapped', 'not present', 'reserved bit set', 'address is not canonical'] as const;
const WALK_RECORD_BYTES = 24;
const STAGE_DELIVERY = 0x100;

export function faultChain(memory: LinearMemory): FaultRecord[] {
  return Array.from({ length: memory.u32(FAULT_CHAIN_COUNT) }, (_, index) => {
    const at = FAULT_CHAIN + index * FAULT_CHAIN_RECORD_BYTES;
    const errorCode = memory.u32(at + 4);
    const stage = memory.u32(at + 32);
    return {
      vector: memory.u32(at),
      errorCode: errorCode === NO_ERROR_CODE ? null : errorCode,
      rip: memory.u64(at + 8),
      cr2: memory.u64(at + 16),
      cs: memory.u32(at + 24),
      mode: memory.u32(at + 28),
      whileDelivering: (stage & STAGE_DELIVERY) === 0 ? null : stage & 0xff,
    };
  });
}

export function lastBlocks(memory: LinearMemory, max: number): EnteredBlock[] {
  const newest = memory.u32(LAST_BLOCKS_POSITION);
  const blocks: EnteredBlock[] = [];
  for (let age = Math.min(max, LAST_BLOCKS_COUNT) - 1; age >= 0; age--) {
    const place = (newest - age + LAST_BLOCKS_COUNT) % LAST_BLOCKS_COUNT;
    const block = memory.u32(LAST_BLOCKS + 4 * place);
    if (block === 0) continue;
    const instructions = memory.u32(block + BLOCK_INSTRUCTIONS);
    const isInRealMode = (memory.u32(block + BLOCK_MODE) & MODE_KEY_REAL) !== 0;
    blocks.push({ rip: memory.u64(block + BLOCK_RIP), isInRealMode, instructions });
  }
  return blocks;
}

/** The walk that the core's pageWalkDebug has written; see emulator/cpu/core/debug-walk.ts. */
export function pageWalkInScratch(memory: LinearMemory): PageWalk {
  const steps = Array.from({ length: memory.u32(SCRATCH + 4) }, (_, index) => {
    const at = SCRATCH + 8 + index * WALK_RECORD_BYTES;
    return {
      table: TABLE_NAMES[memory.u32(at)] ?? 'unknown',
      entryAddress: memory.u64(at + 8),
      entry: memory.u64(at + 16),
    };
  });
  return { steps, verdict: VERDICTS[memory.u32(SCRATCH)] ?? 'unknown' };
}
