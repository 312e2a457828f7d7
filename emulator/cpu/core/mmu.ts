/**
 * Memory accesses by linear address, the long way: canonical check, TLB or page walk, sparse storage, watched stores. The
 * fast path, which compares one TLB tag and also catches accesses that cross a page, is in memory-operations.ts.
 *
 * All functions may raise a fault; they then return 0 and have stored nothing. Values are zero-extended.
 */
import {
  CPL,
  CpuMode,
  MODE,
  PageUse,
  STORE_SEEN,
  TLB_MISSES,
  TLB_SUPERVISOR,
  TLB_USER,
  WATCH_STORES,
} from '../../isa/state-layout';
import { accessesTold, noteDataAccess, pageHasBreakpoint } from './breakpoints';
import { CR0_PG, CR4_SMAP, EFER_LMA, cr0, cr4, efer } from './control-bits';
import { noteLoad, noteStore as noteOperandStore } from './access-log';
import { deviceAddress, forgetDevice, meetDevice, readDevice, writeDevice } from './device-access';
import { AC, faulted, GP, raise } from './exceptions';
import { codeLines } from './frame-pool';
import { alignmentChecked, isCanonical } from './mode';
import {
  ACCESS_FETCH,
  ACCESS_IMPLICIT,
  ACCESS_READ,
  ACCESS_USER,
  ACCESS_WRITE,
  accessPermitted,
} from './page-walk';
import {
  pageWalk,
  walkDirty,
  walkGlobal,
  walkNoExecute,
  walkPage,
  walkShift,
  walkUser,
} from './page-walk';
import { entryOf, onesFrame, readableFrame, sinkFrame, writableFrame } from './physical';
import { noteStore, noteStored } from './physical-access';
import { gateA20, pageKind, PageKind } from './ram-ranges';
import { storeWaits } from './table-frames';
import { storesUnmarked } from './table-marks';
import { TIMED } from './timed';
import {
  dropAllWriteTags,
  entryAddress,
  noteLargePage,
  noteSharedMapping,
  noteUserMapping,
  noteWritten,
  setWriteTag,
  TAG_HIDDEN,
  TAG_NONE,
  TLB_ADDEND,
  TLB_EXEC_TAG,
  TLB_FETCHED,
  TLB_FLAGS,
  TLB_GLOBAL,
  TLB_STORABLE,
  TLB_USER_PAGE,
  TLB_WRITE_TAG,
  tlbBase,
} from './tlb';
import { noteFilled, noteTranslated, tagOfHidden, tellAccess } from './told-accesses';
import { reportPages } from './tracing';
import { ENTRY_FRAME, ENTRY_TAG } from './uniform';

/** Kind of access that an instruction at the current CPL makes. */
export function currentAccess(): u32 {
  return load<u32>(CPL) == 3 ? ACCESS_USER : ACCESS_READ;
}

/** @inline */
function tableOf(access: u32): u32 {
  return (access & ACCESS_USER) != 0 ? TLB_USER : TLB_SUPERVISOR;
}

/** Tells the host, where it wants to know, of bytes within one page that are about to be accessed; false when that faults. */
function tellAt(linear: u64, bytes: u32, access: u32): bool {
  const host = translate(linear, access);
  if (host == 0) return false;
  tellAccess(host, bytes, (access & ACCESS_WRITE) != 0);
  return true;
}

/** The same of bytes in two pages, neither of which faults. */
function tellSplit(linear: u64, inFirst: u32, bytes: u32, access: u32): void {
  if (!accessesTold) return;
  tellAt(linear, inFirst, access);
  tellAt(nextPage(linear, access), bytes - inFirst, access);
}

/** An instruction is about to read `bytes` bytes, which do not fault.
 * @inline */
export function tellLoad(linear: u64, bytes: u32): void {
  if (accessesTold) tellWithinPages(linear, bytes, currentAccess());
}

/** The same of a store, before code that it hits is dropped; false when it faults.
 * @inline */
export function tellStore(linear: u64, bytes: u32): bool {
  return !accessesTold || tellWithinPages(linear, bytes, currentAccess() | ACCESS_WRITE);
}

function tellWithinPages(linear: u64, bytes: u32, access: u32): bool {
  const inFirst = bytesInPage(linear, bytes);
  if (inFirst == bytes) return tellAt(linear, bytes, access);
  if (translate(nextPage(linear, access), access) == 0 || translate(linear, access) == 0)
    return false;
  tellSplit(linear, inFirst, bytes, access);
  return true;
}

/** Loads of `size` bytes and then stores of as many, each within one page; false when the stores fault. */
export function tellMove(from: u64, to: u64, size: u32): bool {
  if (!accessesTold) return true;
  const access = currentAccess();
  if (translate(to, access | ACCESS_WRITE) == 0) return false;
  tellAt(from, size, access);
  return tellAt(to, size, access | ACCESS_WRITE);
}

/**
 * Translates `linear` for `access` the long way and enters the page into the TLB.
 * Returns the host address of the byte (for a store to ROM or to nothing: in the sink frame), 0 when faulted.
 */
function fillTlb(linear: u64, access: u32): u32 {
  store<u64>(TLB_MISSES, load<u64>(TLB_MISSES) + 1);
  const paging = cr0(CR0_PG);
  if (paging) {
    if (!pageWalk(linear, access)) return 0;
  }
  const physical = gateA20(paging ? walkPage : linear & ~0xfff) >> 12;
  const kind = pageKind(physical);
  const write = (access & ACCESS_WRITE) != 0;
  noteFilled(linear, (physical << 12) | (linear & 0xfff), kind == PageKind.None);
  if (kind == PageKind.Device) return deviceHost((physical << 12) | (linear & 0xfff), access);
  let frame: u32 = 0;
  let shared = false;
  if (kind == PageKind.None) frame = onesFrame();
  else if (kind == PageKind.Ram && (write || (access & ACCESS_FETCH) != 0)) {
    // Executed pages get a frame of their own: decoded code must not outlive a uniform page's first store.
    frame = writableFrame(physical);
    if (frame == 0) return 0;
    if (!write) reportPages(PageUse.Executed, physical, 1);
  } else {
    frame = readableFrame(physical);
    shared = (entryOf(physical) & ENTRY_TAG) != ENTRY_FRAME;
    if (shared && !write) reportPages(PageUse.Read, physical, 1);
  }
  enterTlb(linear, access, frame, kind == PageKind.Ram && !shared, shared, paging);
  return (write && kind != PageKind.Ram ? sinkFrame() : frame) + ((<u32>linear) & 0xfff);
}

/**
 * Host address that stands for a byte of a device, 0 when the access has to wait for its turn (device-access.ts). What no
 * register answers to (fetches, descriptor tables, stacks of handlers) finds ones and stores nothing. Never in the TLB.
 */
function deviceHost(physical: u64, access: u32): u32 {
  if ((access & (ACCESS_FETCH | ACCESS_IMPLICIT)) == 0 && !meetDevice(physical)) {
    store<u64>(TLB_MISSES, load<u64>(TLB_MISSES) - 1);
    return 0;
  }
  const frame = (access & ACCESS_WRITE) != 0 ? sinkFrame() : onesFrame();
  return frame + ((<u32>physical) & 0xfff);
}

/** Whether each data access to the page of `linear` takes the long way, because somebody looks at it. */
function isLookedAt(linear: u64, access: u32): bool {
  return (alignmentChecked && (access & ACCESS_USER) != 0) || pageHasBreakpoint(linear);
}

/** Writes the TLB entry for the page of `linear`, with all rights that the walk found. */
function enterTlb(
  linear: u64,
  access: u32,
  frame: u32,
  storable: bool,
  shared: bool,
  paging: bool,
): void {
  const who = access & (ACCESS_USER | ACCESS_IMPLICIT);
  const page = linear & ~0xfff;
  const entry = entryAddress(tableOf(access), linear);
  noteWritten(entry);
  const readable = !paging || accessPermitted(who);
  const executable = !shared && (!paging || accessPermitted(who | ACCESS_FETCH));
  const mayStore = storable && (!paging || (walkDirty && accessPermitted(who | ACCESS_WRITE)));
  let flags: u32 = (access & ACCESS_FETCH) != 0 ? TLB_FETCHED : 0;
  if (paging) {
    if (walkGlobal) flags |= TLB_GLOBAL;
    if (walkUser) flags |= TLB_USER_PAGE;
    if (walkShift > 12) noteLargePage(linear, walkShift);
    if (walkUser && (access & ACCESS_USER) == 0 && readable && cr4(CR4_SMAP))
      noteUserMapping(entry);
  }
  if (mayStore) flags |= TLB_STORABLE;
  const hidden = isLookedAt(linear, access);
  store<i64>(entry, readable ? (hidden ? page | TAG_HIDDEN : page) : TAG_NONE);
  if (mayStore && !hidden && storesUnwatched(frame)) setWriteTag(entry, page);
  else store<i64>(entry, hidden ? tagOfHidden() : TAG_NONE, TLB_WRITE_TAG);
  store<u32>(entry, frame - <u32>page, TLB_ADDEND);
  store<u32>(entry, flags, TLB_FLAGS);
  store<i64>(entry, executable ? page : TAG_NONE, TLB_EXEC_TAG);
  if (shared) noteSharedMapping(entry);
}

/** Raises #AC(0) for a misaligned data access while alignment is checked; an address that is not canonical is #GP(0) or #SS(0) before.
 * @inline */
function alignmentFault(linear: u64, bytes: u32, access: u32): bool {
  if (!alignmentChecked || (access & ACCESS_USER) == 0 || (linear & (bytes - 1)) == 0) return false;
  if (!isCanonical(linear) || !isCanonical(linear + bytes - 1)) return false;
  raise(AC, 0);
  return true;
}

/** The same for an area of which `bytes` is the unit that is to be aligned; it is accessed in other portions. */
export function areaAlignmentFault(linear: u64, bytes: u32): bool {
  return alignmentFault(linear, bytes, currentAccess());
}

/** Host address of the byte at `linear` for a data access within one page; 0 when faulted. */
function translate(linear: u64, access: u32): u32 {
  const host = hostOf(linear, access);
  return TIMED && host != 0 && (access & ACCESS_WRITE) != 0 && storeWaits(host) ? 0 : host;
}

function hostOf(linear: u64, access: u32): u32 {
  forgetDevice();
  const entry = entryAddress(tableOf(access), linear);
  const tag = load<u64>(entry);
  const isHidden = tag == ((linear & ~0xfff) | TAG_HIDDEN);
  if ((isHidden || tag == (linear & ~0xfff)) && smapAllows(entry, access)) {
    const host = <u32>linear + load<u32>(entry, TLB_ADDEND);
    const write = (access & ACCESS_WRITE) != 0;
    if (!write || (load<u32>(entry, TLB_FLAGS) & TLB_STORABLE) != 0) {
      const staysHidden = isHidden && isLookedAt(linear, access);
      if (isHidden && !staysHidden) store<u64>(entry, linear & ~0xfff);
      if (staysHidden) noteTranslated(linear, load<i64>(entry, TLB_WRITE_TAG), access);
      else if (write && storesUnwatched(host)) setWriteTag(entry, linear & ~0xfff);
      return host;
    }
  }
  if (!isCanonical(linear)) {
    raise(GP, 0);
    return 0;
  }
  return fillTlb(linear, access);
}

/** @inline */
function storesUnwatched(host: u32): bool {
  if (TIMED && !storesUnmarked(host)) return false;
  return codeLines(host) == 0 && load<u32>(WATCH_STORES) == 0;
}

/** An entry that AC = 1 opened to explicit accesses is closed to implicit ones.
 * @inline */
function smapAllows(entry: u32, access: u32): bool {
  return (
    (access & ACCESS_IMPLICIT) == 0 ||
    (load<u32>(entry, TLB_FLAGS) & TLB_USER_PAGE) == 0 ||
    !cr4(CR4_SMAP)
  );
}

/** First byte of the page behind the one of `linear`: beyond 4 GiB only where linear addresses have 64 bits. */
export function nextPage(linear: u64, access: u32): u64 {
  const next = (linear & ~0xfff) + 0x1000;
  const wide = (access & ACCESS_IMPLICIT) != 0 ? efer(EFER_LMA) : load<u32>(MODE) == CpuMode.Long;
  return wide ? next : next & 0xffffffff;
}

/** @inline */
function bytesInPage(linear: u64, bytes: u32): u32 {
  return min(bytes, 0x1000 - ((<u32>linear) & 0xfff));
}

/** Raises #GP(0) unless the last byte is canonical too: segmentation comes before paging, for all bytes. */
function lastByteFault(linear: u64, bytes: u32): bool {
  if (isCanonical(linear) && isCanonical(linear + bytes - 1)) return false;
  raise(GP, 0);
  return true;
}

/** The host address of `bytes` bytes that the tag at `tag` lets `access` reach without further checks, else 0.
 * @inline */
function knownHost(linear: u64, bytes: u32, access: u32, tag: usize): u32 {
  const entry = entryAddress(tableOf(access), linear);
  const known = load<u64>(entry + tag) == ((linear + bytes - 1) & ~0xfff);
  return known && smapAllows(entry, access) ? <u32>linear + load<u32>(entry, TLB_ADDEND) : 0;
}

/** Host address of bytes within one page that `access` reads without further checks, else 0.
 * @inline */
export function hostOfLoads(linear: u64, bytes: u32, access: u32): u32 {
  return knownHost(linear, bytes, access, 0);
}

/** The same for stores.
 * @inline */
export function hostOfStores(linear: u64, bytes: u32, access: u32): u32 {
  return knownHost(linear, bytes, access, TLB_WRITE_TAG);
}

/** Reads 1 to 8 bytes, by a call: the TLB is tried first for those who have not. */
export function readSlow(linear: u64, bytes: u32, access: u32): u64 {
  const known = knownHost(linear, bytes, access, 0);
  if (known != 0) return readHost(known, bytes);
  if (alignmentFault(linear, bytes, access)) return 0;
  if ((access & ACCESS_IMPLICIT) == 0) noteDataAccess(linear, bytes, false);
  const inFirst = bytesInPage(linear, bytes);
  if (inFirst != bytes && lastByteFault(linear, bytes)) return 0;
  const host = translate(linear, access);
  if (host == 0) return 0;
  if (inFirst == bytes) {
    tellAccess(host, bytes, false);
    return deviceAddress == 0 ? readHost(host, bytes) : readDevice(bytes);
  }
  const second = translate(nextPage(linear, access), access);
  if (second == 0) return 0;
  tellSplit(linear, inFirst, bytes, access);
  let value: u64 = 0;
  for (let index: u32 = 0; index < bytes; index++) {
    const at = index < inFirst ? host + index : second + (index - inFirst);
    value |= (<u64>load<u8>(at)) << ((<u64>index) << 3);
  }
  return value;
}

/** @inline */
function readHost(host: u32, bytes: u32): u64 {
  if (bytes == 8) return load<u64>(host);
  if (bytes == 4) return load<u32>(host);
  return bytes == 2 ? load<u16>(host) : load<u8>(host);
}

/** @inline */
function writeHost(host: u32, value: u64, bytes: u32): void {
  if (bytes == 8) store<u64>(host, value);
  else if (bytes == 4) store<u32>(host, <u32>value);
  else if (bytes == 2) store<u16>(host, <u16>value);
  else store<u8>(host, <u8>value);
}

/** Writes 1 to 8 bytes; as readSlow. */
export function writeSlow(linear: u64, value: u64, bytes: u32, access: u32): void {
  const known = knownHost(linear, bytes, access, TLB_WRITE_TAG);
  if (known != 0) {
    writeHost(known, value, bytes);
    return;
  }
  if (alignmentFault(linear, bytes, access)) return;
  if ((access & ACCESS_IMPLICIT) == 0) noteDataAccess(linear, bytes, true);
  const inFirst = bytesInPage(linear, bytes);
  if (inFirst != bytes && lastByteFault(linear, bytes)) return;
  const host = translate(linear, access | ACCESS_WRITE);
  if (host == 0) return;
  if (inFirst == bytes) {
    tellAccess(host, bytes, true);
    if (deviceAddress != 0) {
      writeDevice(bytes, value);
      return;
    }
    writeHost(host, value, bytes);
    noteStored(host, bytes);
    return;
  }
  const second = translate(nextPage(linear, access), access | ACCESS_WRITE);
  if (second == 0) return;
  tellSplit(linear, inFirst, bytes, access | ACCESS_WRITE);
  for (let index: u32 = 0; index < bytes; index++) {
    const at = index < inFirst ? host + index : second + (index - inFirst);
    store<u8>(at, <u8>(value >> ((<u64>index) << 3)));
  }
  noteStore(host, inFirst);
  noteStore(second, bytes - inFirst);
}

/** Faults where a store of these bytes would, and sets A and D: afterwards that store cannot fault. */
function probeWrite(linear: u64, bytes: u32, access: u32): void {
  if (alignmentFault(linear, bytes, access)) return;
  const crosses = bytesInPage(linear, bytes) != bytes;
  if (crosses && lastByteFault(linear, bytes)) return;
  if (translate(linear, access | ACCESS_WRITE) == 0) return;
  if (crosses) translate(nextPage(linear, access), access | ACCESS_WRITE);
}

/** Accesses by the instruction at the current CPL; the callers have tried the TLB themselves where that pays. */
export function readExplicit(linear: u64, bytes: u32): u64 {
  return readSlow(linear, bytes, currentAccess());
}

export function writeExplicit(linear: u64, value: u64, bytes: u32): void {
  writeSlow(linear, value, bytes, currentAccess());
}

/** A data access of a door: as readExplicit, and part of the access log.
 * @inline */
export function readOperand(linear: u64, bytes: u32): u64 {
  if (TIMED) noteLoad(linear, bytes);
  return readExplicit(linear, bytes);
}

/** What a load of a byte does before it loads: CLFLUSH is subject to its checks and faults, and reads nothing, a device least of all. */
export function touchOperand(linear: u64): void {
  if (TIMED) noteLoad(linear, 1);
  noteDataAccess(linear, 1, false);
  translate(linear, currentAccess());
}

/** @inline */
export function writeOperand(linear: u64, value: u64, bytes: u32): void {
  if (TIMED) noteOperandStore(linear, bytes);
  writeExplicit(linear, value, bytes);
}

export function readForStore(linear: u64, bytes: u32): u64 {
  probeWriteLinear(linear, bytes);
  if (faulted()) return 0;
  const entry = entryAddress(tlbBase, linear);
  if (load<u64>(entry) == ((linear + bytes - 1) & ~0xfff))
    return readHost(<u32>linear + load<u32>(entry, TLB_ADDEND), bytes);
  return readExplicit(linear, bytes);
}

export function probeWriteLinear(linear: u64, bytes: u32): void {
  probeWrite(linear, bytes, currentAccess());
}

/** Implicit supervisor accesses: descriptor tables, TSS. */
export function readSupervisor(linear: u64, bytes: u32): u64 {
  return readSlow(linear, bytes, ACCESS_IMPLICIT);
}

export function writeSupervisor(linear: u64, value: u64, bytes: u32): void {
  writeSlow(linear, value, bytes, ACCESS_IMPLICIT);
}

/** Faults where an implicit supervisor store of these bytes would; afterwards that store cannot fault. */
export function probeSupervisor(linear: u64, bytes: u32): void {
  probeWrite(linear, bytes, ACCESS_IMPLICIT);
}

/** Host address of the instruction byte at `linear`; 0 with #PF or #GP raised. */
export function translateForExecute(linear: u64): u32 {
  const entry = entryAddress(tlbBase, linear);
  if (load<u64>(entry, TLB_EXEC_TAG) == (linear & ~0xfff)) {
    store<u32>(entry, load<u32>(entry, TLB_FLAGS) | TLB_FETCHED, TLB_FLAGS);
    return <u32>linear + load<u32>(entry, TLB_ADDEND);
  }
  if (!isCanonical(linear)) {
    raise(GP, 0);
    return 0;
  }
  return fillTlb(linear, currentAccess() | ACCESS_FETCH);
}

// ── bulk accesses of string instructions ────────────────────────────────────────────────────────────────────────

/** Host address of the byte at `linear`, readable up to the end of its page; 0 when faulted. */
export function hostForRead(linear: u64): u32 {
  return translate(linear, currentAccess());
}

/** Host address of `bytes` bytes within one page that the caller is about to overwrite; 0 when faulted. */
export function hostForWrite(linear: u64, bytes: u32): u32 {
  const host = translate(linear, currentAccess() | ACCESS_WRITE);
  if (host != 0) noteStore(host, bytes);
  return host;
}

/** While on, every store takes the slow path and sets STORE_SEEN, which this clears. */
export function watchStores(on: bool): void {
  store<u32>(WATCH_STORES, on ? 1 : 0);
  store<u32>(STORE_SEEN, 0);
  if (on) dropAllWriteTags();
}
