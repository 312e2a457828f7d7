/**
 * The processor's state as a whole: the linear memory but for decoded code, which is decoded anew, and the core's variables.
 * TLBs belong to it: a guest that has changed page tables without an invalidation must not be able to tell.
 */
import { assert } from '../base/assert.js';
import type { ModuleGlobals, ModuleGlobalValues } from '../base/module-globals.js';
import * as layout from '../isa/state-layout.js';
import type { LinearMemory } from './linear-memory.js';

/** Bytes of the linear memory from an address on. */
export interface MemoryRun {
  readonly address: number;
  readonly bytes: Uint8Array;
}

export interface ProcessorState {
  /** Length of the linear memory. */
  readonly memoryBytes: number;
  readonly globals: ModuleGlobalValues;
}

/** Pages of this size are left out where they are all zero. */
const PAGE_BYTES = 4096;

/** Below the frames: all but jump cache, hash of blocks, scratch, arena and the frames' code. */
const FIXED_SPANS: readonly (readonly [first: number, end: number])[] = [
  [layout.REGISTERS, layout.JUMP_CACHE],
  [layout.RAM_RANGES, layout.CODE_ARENA],
  [layout.TIMING_STATE, layout.MEMO],
];

/** Fields that are the host's own, and stay as they are: how it runs and debugs, not what. */
const HOSTS_WORDS: readonly number[] = [
  layout.ARENA_NEXT,
  layout.TRACE_MASK,
  layout.DESCRIPTION_BYTES_MAX,
  layout.TRANSLATION_THRESHOLD,
  layout.STOP_AT_FAULT,
  layout.WATCHPOINT_COUNT,
];

function spansOf(framesEnd: number): (readonly [number, number])[] {
  return [...FIXED_SPANS, [layout.FRAMES, Math.max(framesEnd, layout.FRAMES)]];
}

/** The pages that are not all zero, those that follow each other together. The bytes are the memory's own: not to be kept. */
export function savedMemory(memory: LinearMemory): MemoryRun[] {
  const runs: MemoryRun[] = [];
  for (const [first, end] of spansOf(memory.u32(layout.POOL_NEXT))) {
    const words = new Uint32Array(memory.buffer, first, (end - first) / 4);
    let begin = -1;
    for (let page = 0; page <= words.length; page += PAGE_BYTES / 4) {
      const isUsed = page < words.length && !isZero(words, page);
      if (isUsed && begin < 0) begin = page;
      if (isUsed || begin < 0) continue;
      runs.push({
        address: first + 4 * begin,
        bytes: memory.bytes(first + 4 * begin, 4 * (page - begin)),
      });
      begin = -1;
    }
  }
  return runs;
}

function isZero(words: Uint32Array, from: number): boolean {
  const end = Math.min(from + PAGE_BYTES / 4, words.length);
  for (let at = from; at < end; at++) if (words[at] !== 0) return false;
  return true;
}

/** Whether a snapshot may have such a run. */
export function isSavedRun(address: number, lengthBytes: number, memoryBytes: number): boolean {
  if (address % PAGE_BYTES !== 0 || lengthBytes % PAGE_BYTES !== 0 || lengthBytes <= 0)
    return false;
  const end = address + lengthBytes;
  return spansOf(memoryBytes).some(([first, last]) => address >= first && end <= last);
}

/** Replaces the memory's contents and the core's variables. Code is to be dropped afterwards. */
export function restoreMemory(
  memory: LinearMemory,
  globals: ModuleGlobals,
  state: ProcessorState,
  runs: readonly MemoryRun[],
): void {
  const kept = HOSTS_WORDS.map((address) => [address, memory.u32(address)] as const);
  memory.growTo(state.memoryBytes);
  for (const [first, end] of spansOf(memory.u32(layout.POOL_NEXT))) {
    memory.bytes(first, end - first).fill(0);
  }
  for (const { address, bytes } of runs) {
    assert(isSavedRun(address, bytes.length, state.memoryBytes), 'a run that no snapshot has');
    memory.bytes(address, bytes.length).set(bytes);
  }
  for (const [address, value] of kept) memory.setU32(address, value);
  globals.restore(state.globals);
}
