/**
 * The translation look-aside buffers: one for CPL 0-2 and implicit supervisor accesses, one for CPL 3. Direct-mapped by
 * linear page, 4 KiB granularity. An entry: {i64 readTag, i64 writeTag, u32 addend, u32 flags, i64 execTag}; a tag is the
 * linear page address where that kind of access needs no further check, else TAG_NONE; a read tag may be one with TAG_HIDDEN, whose write tag
 * is then the physical page with TAG_HIDDEN where accesses are told (told-accesses.ts), which is no page's. Host address = linear + addend.
 */
import {
  CONTEXT_TAG,
  JUMP_CACHE,
  JUMP_CACHE_ENTRIES,
  MAPPINGS_BYTES,
  SHARED_MAPPINGS,
  SHARED_MAPPINGS_ANY,
  TLB_ENTRIES,
  TLB_ENTRY_BYTES,
  TLB_ENTRY_MASK,
  TLB_ENTRY_SHIFT,
  TLB_STORED,
  TLB_STORED_MAX,
  TLB_SUPERVISOR,
  TLB_USER,
  TLB_WRITTEN,
  TLB_WRITTEN_MAX,
  USER_MAPPINGS,
  USER_MAPPINGS_ANY,
} from '../../isa/state-layout';
import { SystemEvent } from '../../isa/timing-interface';
import { TIMED } from './timed';
import { systemEvent } from './timing';

export const TAG_NONE: i64 = -1;
/** In a readTag: the page is known, but each data access has to be looked at; see translate() in mmu.ts. */
export const TAG_HIDDEN: u64 = 1;
export const TLB_WRITE_TAG: usize = 8;
export const TLB_ADDEND: usize = 16;
export const TLB_FLAGS: usize = 20;
export const TLB_EXEC_TAG: usize = 24;

/** The page is global (PTE.G with CR4.PGE). */
export const TLB_GLOBAL: u32 = 1;
/** A user page (U/S = 1 at all levels). */
export const TLB_USER_PAGE: u32 = 2;
/** Rights, dirty flag and storage allow stores; writeTag may yet be TAG_NONE because stores are watched. */
export const TLB_STORABLE: u32 = 4;
/** Instructions have been fetched through the entry. */
export const TLB_FETCHED: u32 = 8;

const TLB_BYTES: u32 = TLB_ENTRIES * TLB_ENTRY_BYTES;

/** Entries in TLB_WRITTEN; more than fit there when they are not known. */
let written: u32 = TLB_WRITTEN_MAX + 1;

/** Entries in TLB_STORED; more than fit there when they are not known. */
let stored: u32 = TLB_STORED_MAX + 1;

/** The table that explicit accesses use at the current CPL. */
export let tlbBase: u32 = TLB_SUPERVISOR;
/** Changes whenever a remembered translation of an instruction address may be stale. */
let contextGeneration: u32 = 0;
/** An entry with TLB_FETCHED has gone since then, and what was fetched through it may be remembered. */
let fetchedLost: bool = false;
let userContext: u32 = 0;
/** Smallest aligned region that encloses every page larger than 4 KiB in the TLB: INVLPG within it flushes everything. */
let largePages: bool = false;
let largeRegion: u64 = 0;
let largeMask: u64 = 0;

/** What a jump cache entry must agree with, besides RIP. */
export function contextTag(): u32 {
  return (contextGeneration << 1) | userContext;
}

export function bumpContext(): void {
  fetchedLost = false;
  contextGeneration++;
  if (contextGeneration << 1 == 0) memory.fill(JUMP_CACHE, 0, JUMP_CACHE_ENTRIES * 16);
  store<u32>(CONTEXT_TAG, contextTag());
}

/** Switches to the table of CPL 3 or of CPL 0-2. */
export function selectTlb(user: bool): void {
  tlbBase = user ? TLB_USER : TLB_SUPERVISOR;
  userContext = user ? 1 : 0;
  store<u32>(CONTEXT_TAG, contextTag());
}

/** @inline */
export function entryAddress(table: u32, linear: u64): u32 {
  return table + (((<u32>linear) >> TLB_ENTRY_SHIFT) & TLB_ENTRY_MASK);
}

function dropEntry(entry: u32): void {
  store<i64>(entry, TAG_NONE);
  store<i64>(entry, TAG_NONE, TLB_WRITE_TAG);
  store<i64>(entry, TAG_NONE, TLB_EXEC_TAG);
}

function isVacant(entry: u32): bool {
  return (
    (load<i64>(entry) & load<i64>(entry, TLB_WRITE_TAG) & load<i64>(entry, TLB_EXEC_TAG)) ==
    TAG_NONE
  );
}

/** To be called before `entry` is written. */
export function noteWritten(entry: u32): void {
  if (!isVacant(entry)) {
    if ((load<u32>(entry, TLB_FLAGS) & TLB_FETCHED) != 0) fetchedLost = true;
    return;
  }
  if (written > <u32>TLB_WRITTEN_MAX) return;
  if (written < <u32>TLB_WRITTEN_MAX) store<u32>(TLB_WRITTEN + written * 4, entry);
  written++;
}

/** Lets stores to `page` through at `entry` without a call. */
export function setWriteTag(entry: u32, page: u64): void {
  store<u64>(entry, page, TLB_WRITE_TAG);
  if (stored > <u32>TLB_STORED_MAX) return;
  if (stored < <u32>TLB_STORED_MAX) store<u32>(TLB_STORED + stored * 4, entry);
  stored++;
}

/** All entries that are not vacant are among so many: those written since all were vacant, where they are few. */
function candidates(): u32 {
  return written > <u32>TLB_WRITTEN_MAX ? 2 * TLB_ENTRIES : written;
}

function candidate(index: u32): u32 {
  if (written <= <u32>TLB_WRITTEN_MAX) return load<u32>(TLB_WRITTEN + index * 4);
  return TLB_SUPERVISOR + index * TLB_ENTRY_BYTES;
}

/** Forgets all translations, or all but those of global pages. */
export function flushTlb(keepGlobal: bool): void {
  if (keepGlobal) dropAllButGlobal();
  else {
    if (written > <u32>TLB_WRITTEN_MAX) memory.fill(TLB_SUPERVISOR, 0xff, 2 * TLB_BYTES);
    else for (let index: u32 = 0; index < written; index++) dropEntry(candidate(index));
    written = 0;
    stored = 0;
    clearMappings(SHARED_MAPPINGS, SHARED_MAPPINGS_ANY);
    clearMappings(USER_MAPPINGS, USER_MAPPINGS_ANY);
    largePages = false;
  }
  bumpContext();
}

function dropAllButGlobal(): void {
  const count = candidates();
  let kept: u32 = 0;
  for (let index: u32 = 0; index < count; index++) {
    const entry = candidate(index);
    if ((load<u32>(entry, TLB_FLAGS) & TLB_GLOBAL) == 0) dropEntry(entry);
    else if (!isVacant(entry)) {
      if (kept < <u32>TLB_WRITTEN_MAX) store<u32>(TLB_WRITTEN + kept * 4, entry);
      kept++;
    }
  }
  written = kept;
}

function clearMappings(bitmap: u32, any: u32): void {
  if (load<u32>(any) == 0) return;
  store<u32>(any, 0);
  memory.fill(bitmap, 0, MAPPINGS_BYTES);
}

/** An instruction makes the processor forget all translations, or all but those of global pages.
 * @inline */
export function invalidateTranslations(keepGlobal: bool): void {
  if (TIMED) {
    const kind = keepGlobal ? SystemEvent.FlushTranslations : SystemEvent.FlushAllTranslations;
    systemEvent(kind, 0);
  }
  flushTlb(keepGlobal);
}

/** The same for one page.
 * @inline */
export function invalidatePage(linear: u64): void {
  if (TIMED) systemEvent(SystemEvent.InvalidatePage, linear);
  flushTlbPage(linear);
}

/** INVLPG: forgets the page around `linear`, whatever its size, global or not. */
function flushTlbPage(linear: u64): void {
  if (largePages && (linear & largeMask) == largeRegion) {
    flushTlb(false);
    return;
  }
  dropTranslation(entryAddress(TLB_SUPERVISOR, linear));
  dropTranslation(entryAddress(TLB_USER, linear));
  if (fetchedLost) bumpContext();
}

/** Drops the entry, and notes what was fetched through it. */
function dropTranslation(entry: u32): void {
  if (isVacant(entry)) return;
  if ((load<u32>(entry, TLB_FLAGS) & TLB_FETCHED) != 0) fetchedLost = true;
  dropEntry(entry);
}

/** A page of 1 << shift bytes, larger than 4 KiB, enters the TLB in pieces. */
export function noteLargePage(linear: u64, shift: u32): void {
  let mask = ~(((<u64>1) << shift) - 1);
  if (!largePages) {
    largePages = true;
    largeRegion = linear & mask;
    largeMask = mask;
    return;
  }
  mask &= largeMask;
  while (((linear ^ largeRegion) & mask) != 0) mask <<= 1;
  largeRegion &= mask;
  largeMask = mask;
}

/** Sets the bit of `entry` in a bitmap of TLB entries. */
function markEntry(bitmap: u32, entry: u32): void {
  const index = (entry - TLB_SUPERVISOR) / TLB_ENTRY_BYTES;
  const word = bitmap + ((index >> 6) << 3);
  store<u64>(word, load<u64>(word) | ((<u64>1) << (index & 63)));
}

/** Remembers that `entry` maps a frame which stands for many pages: a store to one of them ends that. */
export function noteSharedMapping(entry: u32): void {
  markEntry(SHARED_MAPPINGS, entry);
  store<u32>(SHARED_MAPPINGS_ANY, 1);
}

/** Forgets all mappings of representative frames. */
export function dropSharedMappings(): void {
  if (load<u32>(SHARED_MAPPINGS_ANY) == 0) return;
  store<u32>(SHARED_MAPPINGS_ANY, 0);
  dropMarked(SHARED_MAPPINGS);
}

/** Remembers that `entry` (supervisor table) lets CPL 0-2 touch a user page although CR4.SMAP = 1, because AC = 1. */
export function noteUserMapping(entry: u32): void {
  markEntry(USER_MAPPINGS, entry);
  store<u32>(USER_MAPPINGS_ANY, 1);
}

/** RFLAGS.AC has become 0: SMAP protects user pages again. */
export function dropUserMappings(): void {
  if (load<u32>(USER_MAPPINGS_ANY) == 0) return;
  store<u32>(USER_MAPPINGS_ANY, 0);
  dropMarked(USER_MAPPINGS);
}

/** Drops the entries whose bits are set, and clears the bitmap. */
function dropMarked(bitmap: u32): void {
  for (let word: u32 = 0; word < <u32>MAPPINGS_BYTES; word += 8) {
    let bits = load<u64>(bitmap + word);
    if (bits == 0) continue;
    store<u64>(bitmap + word, 0);
    const first = TLB_SUPERVISOR + (word << 3) * TLB_ENTRY_BYTES;
    for (; bits != 0; bits &= bits - 1) dropTranslation(first + <u32>ctz(bits) * TLB_ENTRY_BYTES);
  }
}

/** Decoded code lies in this frame from now on: every store to it takes the slow path. */
export function dropWriteMappings(host: u32): void {
  const frame = host & ~0xfff;
  for (let index: u32 = 0, count = candidates(); index < count; index++) {
    const entry = candidate(index);
    const tag = load<i64>(entry, TLB_WRITE_TAG);
    if (tag != TAG_NONE && <u32>tag + load<u32>(entry, TLB_ADDEND) == frame)
      store<i64>(entry, TAG_NONE, TLB_WRITE_TAG);
  }
}

/** Data accesses at CPL 3 take the slow path, where their alignment is checked. */
export function dropUserDataTags(): void {
  for (let index: u32 = 0, count = candidates(); index < count; index++) {
    const entry = candidate(index);
    if (entry < <u32>TLB_USER) continue;
    store<i64>(entry, TAG_NONE);
    store<i64>(entry, TAG_NONE, TLB_WRITE_TAG);
  }
}

/** Every store takes the slow path until it has been seen there. */
export function dropAllWriteTags(): void {
  const known: bool = stored <= <u32>TLB_STORED_MAX;
  for (let index: u32 = 0, count = known ? stored : candidates(); index < count; index++) {
    const entry = known ? load<u32>(TLB_STORED + index * 4) : candidate(index);
    store<i64>(entry, TAG_NONE, TLB_WRITE_TAG);
  }
  stored = 0;
}
