/**
 * The access log of the timed core: what the instructions since the engine's last call did to memory. An entry's layout is
 * in isa/timing-interface.ts. The log is emptied after each call of the engine, and one block cannot fill it: 32
 * instructions of at most 62 accesses each (ENTER) are fewer than its 4096 entries.
 *
 * Micro-ops with an address of their own say which instruction they belong to; what is called below them (stack, doors,
 * strings) uses the instruction that `beginInstruction` named. Callers ask for TIMED first: in the plain core nothing of
 * this exists.
 */
import {
  ACCESS_BYTES,
  ACCESS_ELEMENTS,
  ACCESS_INDEX,
  ACCESS_SIZE,
  AccessKind,
} from '../../isa/timing-interface';
import {
  ACCESS_LOG,
  ACCESS_LOG_NEXT,
  CpuMode,
  MODE,
  SEGMENT_BASE,
  SEGMENT_SIZE_BYTES,
  SEGMENTS,
} from '../../isa/state-layout';
import { Segment } from '../../isa/uop';

/** Bits of a micro-op's first word that hold its instruction's index: in place for the word at ACCESS_SIZE. */
const INDEX_BITS: u32 = 0xff0000;

/** The index, in those bits, of the instruction that stack, doors and strings work for. */
let currentIndex: u32 = 0;
/** The same of the first instruction of the block that is not handed over. */
let firstIndex: u32 = 0;

/** @inline */
function append(linear: u64, word: u64): void {
  const at = load<u32>(ACCESS_LOG_NEXT);
  store<u64>(at, linear);
  store<u64>(at, word, ACCESS_SIZE);
  store<u32>(ACCESS_LOG_NEXT, at + ACCESS_BYTES);
}

/** Names the instruction that later entries without a micro-op belong to.
 * @inline */
export function beginInstruction(uop: u32): void {
  currentIndex = load<u32>(uop) & INDEX_BITS;
}

/** @inline */
export function logLoad(uop: u32, linear: u64, bytes: u32): void {
  append(linear, u64((load<u32>(uop) & INDEX_BITS) | bytes));
}

/** @inline */
export function logStore(uop: u32, linear: u64, bytes: u32): void {
  append(linear, u64((load<u32>(uop) & INDEX_BITS) | bytes | (AccessKind.Store << 8)));
}

export function logPrefetch(uop: u32, linear: u64): void {
  append(linear, u64((load<u32>(uop) & INDEX_BITS) | 1 | (AccessKind.Prefetch << 8)));
}

/** @inline */
export function noteLoad(linear: u64, bytes: u32): void {
  append(linear, u64(currentIndex | bytes));
}

/** @inline */
export function noteStore(linear: u64, bytes: u32): void {
  append(linear, u64(currentIndex | bytes | (AccessKind.Store << 8)));
}

/** DIV, IDIV: notes how many bits the magnitude of the quotient has.
 * @inline */
export function noteQuotient(magnitude: u64): void {
  append(64 - clz<u64>(magnitude), u64(currentIndex | (AccessKind.Value << 8)));
}

/** `elements` elements of `bytes` bytes from segment:`offset` on; the access was permitted. */
export function noteExtent(
  kind: AccessKind,
  segment: u32,
  offset: u64,
  bytes: u32,
  elements: u64,
): void {
  if (elements == 0) return;
  const base = load<u64>(SEGMENTS + segment * SEGMENT_SIZE_BYTES, SEGMENT_BASE);
  const long = load<u32>(MODE) == CpuMode.Long;
  const based = !long || segment >= u32(Segment.FS) ? base + offset : offset;
  const count = elements < 0xffffffff ? elements : 0xffffffff;
  append(
    long ? based : based & 0xffffffff,
    (count << (8 * (ACCESS_ELEMENTS - ACCESS_SIZE))) | u64(currentIndex | bytes | (kind << 8)),
  );
}

/** Where the log ends now, for `forgetAccesses`. */
export function accessMark(): u32 {
  return load<u32>(ACCESS_LOG_NEXT);
}

/** Takes back what was logged since `accessMark`: the instruction looked at the same bytes twice. */
export function forgetAccesses(mark: u32): void {
  store<u32>(ACCESS_LOG_NEXT, mark);
}

/** The next instruction that is executed is the first of a block. */
export function emptyAccessLog(): void {
  emptyAccessLogBefore(0);
}

/** The instructions of the block before number `index` are handed over. */
export function emptyAccessLogBefore(index: u32): void {
  store<u32>(ACCESS_LOG_NEXT, ACCESS_LOG);
  firstIndex = index << 16;
  currentIndex = firstIndex;
}

/** A region has been left within a block, none of whose instructions is handed over; it has written the log itself. */
export function resumeAccessLog(): void {
  firstIndex = 0;
  currentIndex = 0;
}

/**
 * Whether instructions before the one that stores now are not handed over: it has logged an access, or beginInstruction was called for it.
 */
export function instructionsWait(): bool {
  return storingIndex() > firstIndex;
}

function storingIndex(): u32 {
  const end = load<u32>(ACCESS_LOG_NEXT);
  if (end == ACCESS_LOG) return currentIndex;
  const logged = load<u32>(end - ACCESS_BYTES, ACCESS_SIZE) & INDEX_BITS;
  return logged > currentIndex ? logged : currentIndex;
}

/** Where the entries end of the instructions before the one that stores now. */
export function waitingEnd(): u32 {
  const storing = storingIndex();
  let end = load<u32>(ACCESS_LOG_NEXT);
  while (end != ACCESS_LOG && (load<u32>(end - ACCESS_BYTES, ACCESS_SIZE) & INDEX_BITS) == storing)
    end -= ACCESS_BYTES;
  return end;
}

/** Takes back what instruction `index`, the last one in the log, has logged: it has faulted. */
export function dropAccessesOf(index: u32): void {
  let end = load<u32>(ACCESS_LOG_NEXT);
  while (end != ACCESS_LOG && load<u8>(end - ACCESS_BYTES, ACCESS_INDEX) == index) {
    end -= ACCESS_BYTES;
  }
  store<u32>(ACCESS_LOG_NEXT, end);
}
