import { newLine, print, printAddress } from './console';
import { DEBUG } from './debug-build';
import { panic } from './last-words';

/**
 * Every refusal is counted by kind, so that a caller's mistake shows up in the statistics and not in somebody
 * else's data. A refused call changes nothing else.
 */
export enum MemoryError {
  /** The page or block is free already. */
  DoubleFree,
  /** Not an allocation of this allocator: outside its RAM, inside somebody's block, or somebody else's kind. */
  Foreign,
  /** Not the start of a page, or of an object. */
  Misaligned,
  /** The kernel image, the bitmap, the heap…: pages that were never handed out. */
  Reserved,
  /** kfree_pages with another number of pages than the allocation has. */
  SizeMismatch,
  /** Called before pmm_init or kheap_init. */
  Uninitialised,
  /** No room, or a size that no machine has. */
  OutOfMemory,
  /** A second pmm_init or kheap_init while something is allocated, or one over a range that cannot be used. */
  InitRefused,
  /** An entry of the firmware's map cut or dropped at the address limit. */
  MapClipped,
  /** vm_map and its kin: a range or rights that cannot be, something mapped already or not at all. */
  BadMapping,
  /** kmem_cache_destroy of a cache with objects in use. */
  StillInUse,
  /** The debug build: memory that was written after it was freed. */
  WrittenAfterFree,
  /** The debug build: memory that was written between a block's size and the end of its page. */
  WrittenBeyondEnd,
}

export const MEMORY_ERROR_KINDS: u32 = 13;

const counters: usize = memory.data(104, 8);

/** Messages printed since boot; a caller in a loop must not bury the console. */
const MESSAGES_MAX: u32 = 16;
let messages: u32 = 0;
let messagesOn: bool = true;

/** Errors of one kind since boot (0 to 12, see MemoryError); 0 for a number that is no kind. */
export function nk_mem_errors(kind: u32): u64 {
  return kind < MEMORY_ERROR_KINDS ? load<u64>(counters + ((kind as usize) << 3)) : 0;
}

export function totalMemoryErrors(): u64 {
  let total: u64 = 0;
  for (let kind: u32 = 0; kind < MEMORY_ERROR_KINDS; kind++) total += nk_mem_errors(kind);
  return total;
}

export function countMemoryError(kind: MemoryError): void {
  const counter = counters + ((kind as usize) << 3);
  store<u64>(counter, load<u64>(counter) + 1);
}

/** Counts a refusal, and says which call refused which address. The debug build stops there, if a caller was wrong. */
export function refuse(kind: MemoryError, call: string, address: usize): void {
  countMemoryError(kind);
  if (!messagesOn || messages >= MESSAGES_MAX) return;
  messages += 1;
  print('[nk_mem] ');
  print(call);
  print('(');
  printAddress(address);
  print(') refused: ');
  print(memoryErrorName(kind));
  newLine();
  if (DEBUG && isMisuse(kind)) panic('the memory manager was misused');
}

function isMisuse(kind: MemoryError): bool {
  return kind <= MemoryError.SizeMismatch || kind >= MemoryError.StillInUse;
}

/** Whether refusals are expected: by the self-tests. */
export function memoryErrorsSilent(): bool {
  return !messagesOn;
}

/** The self-tests provoke errors on purpose: they run silent and leave the counters as they were. */
export function memoryErrorMessages(on: bool): void {
  messagesOn = on;
}

export function setMemoryErrors(kind: u32, count: u64): void {
  store<u64>(counters + ((kind as usize) << 3), count);
}

export function memoryErrorName(kind: u32): string {
  switch (kind) {
    case MemoryError.DoubleFree:
      return 'double free';
    case MemoryError.Foreign:
      return 'foreign address';
    case MemoryError.Misaligned:
      return 'misaligned address';
    case MemoryError.Reserved:
      return 'reserved page';
    case MemoryError.SizeMismatch:
      return 'wrong size';
    case MemoryError.Uninitialised:
      return 'not initialised';
    case MemoryError.OutOfMemory:
      return 'out of memory';
    case MemoryError.InitRefused:
      return 'initialisation refused';
    case MemoryError.MapClipped:
      return 'map entry clipped';
    case MemoryError.StillInUse:
      return 'still in use';
    case MemoryError.WrittenAfterFree:
      return 'written after free';
    case MemoryError.WrittenBeyondEnd:
      return 'written beyond its end';
    default:
      return 'bad mapping';
  }
}
