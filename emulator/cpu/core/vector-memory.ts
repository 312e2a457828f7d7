/**
 * Memory micro-ops of 128 and 256 bits: flat (64-bit mode) and segmented. A comparison with the TLB's tag, then the access itself;
 * the rest is a call. All return whether the instruction has faulted.
 * Source: SDM Vol. 2, "Exception Type 1" to "Exception Type 4": #GP(0) for an aligned form whose address is no multiple
 * of its size. #AC is for accesses of 2, 4 and 8 bytes: these never raise it.
 */
import { UOP_A, UOP_DST, UOP_EXTRA } from '../../isa/uop';
import { logLoad, logStore } from './access-log';
import { noteDataAccess } from './breakpoints';
import { asStackFault, faulted, GP, raise } from './exceptions';
import { stopIfCodeModified } from './memory-operations';
import { hostForRead, hostForWrite, nextPage, probeWriteLinear, tellLoad, tellStore } from './mmu';
import { effectiveAddress, SLOT_RBP, SLOT_RSP, sourceA } from './operations/operand';
import { ACCESS_READ } from './page-walk';
import { segmentedAddress } from './segmented-operations';
import { TIMED } from './timed';
import { entryAddress, TLB_ADDEND, TLB_WRITE_TAG, tlbBase } from './tlb';
import { isCanonical } from './mode';

/** @inline */
function pageOfAccess(address: u64, bytes: u32): u64 {
  return (address + (bytes - 1)) & ~0xfff;
}

/** @inline */
function copyVector(to: u32, from: u32, bytes: u32): void {
  const low = v128.load(from);
  if (bytes == 32) v128.store(to, v128.load(from, 16), 16);
  v128.store(to, low);
}

/** dst ← `bytes` (16, 32) bytes at the flat address. */
export function loadVector(uop: u32, bytes: u32, aligned: bool): bool {
  const address = effectiveAddress(uop);
  if (TIMED) logLoad(uop, address, bytes);
  const entry = entryAddress(tlbBase, address);
  const tag = load<u64>(entry);
  if (pageOfAccess(address, bytes) == tag && !(aligned && (u32(address) & (bytes - 1)) != 0)) {
    copyVector(load<u32>(uop, UOP_DST), u32(address) + load<u32>(entry, TLB_ADDEND), bytes);
    return false;
  }
  if (readVector(address, load<u32>(uop, UOP_DST), bytes, aligned)) return addressFault(uop);
  return false;
}

/** `bytes` bytes at the flat address ← dst. */
export function storeVector(uop: u32, bytes: u32, aligned: bool): bool {
  const address = effectiveAddress(uop);
  if (TIMED) logStore(uop, address, bytes);
  const entry = entryAddress(tlbBase, address);
  const tag = load<u64>(entry, TLB_WRITE_TAG);
  if (pageOfAccess(address, bytes) == tag && !(aligned && (u32(address) & (bytes - 1)) != 0)) {
    copyVector(u32(address) + load<u32>(entry, TLB_ADDEND), load<u32>(uop, UOP_DST), bytes);
    return false;
  }
  if (writeVector(address, load<u32>(uop, UOP_DST), bytes, aligned)) return addressFault(uop);
  stopIfCodeModified(uop);
  return false;
}

/** dst ← segment:[a] */
export function loadVectorSegmented(uop: u32, bytes: u32, aligned: bool): bool {
  const linear = segmentedAddress(load<u32>(uop, UOP_EXTRA), sourceA<u64>(uop), bytes, false);
  if (TIMED) logLoad(uop, linear, bytes);
  return faulted() || readVector(linear, load<u32>(uop, UOP_DST), bytes, aligned);
}

/** segment:[a] ← dst */
export function storeVectorSegmented(uop: u32, bytes: u32, aligned: bool): bool {
  const linear = segmentedAddress(load<u32>(uop, UOP_EXTRA), sourceA<u64>(uop), bytes, true);
  if (TIMED) logStore(uop, linear, bytes);
  if (faulted() || writeVector(linear, load<u32>(uop, UOP_DST), bytes, aligned)) return true;
  stopIfCodeModified(uop);
  return false;
}

/** An address with base rSP or rBP lies in the stack segment: #SS(0) instead of #GP(0), but for alignment. */
function addressFault(uop: u32): bool {
  const base = load<u32>(uop, UOP_A);
  if ((base == SLOT_RSP || base == SLOT_RBP) && !misaligned) asStackFault();
  return true;
}

/** The last access was refused for its alignment. */
let misaligned: bool = false;

function alignmentRefused(linear: u64, bytes: u32, aligned: bool): bool {
  misaligned = aligned && (u32(linear) & (bytes - 1)) != 0;
  if (misaligned) raise(GP, 0);
  return misaligned;
}

/** Raises #GP(0) unless first and last byte are canonical. */
function canonicalRefused(linear: u64, bytes: u32): bool {
  if (isCanonical(linear) && isCanonical(linear + (bytes - 1))) return false;
  raise(GP, 0);
  return true;
}

/** Copies up to 32 bytes at a linear address to `target` in linear memory; true when faulted, and then nothing is copied. */
export function readVector(linear: u64, target: u32, bytes: u32, aligned: bool): bool {
  if (alignmentRefused(linear, bytes, aligned) || canonicalRefused(linear, bytes)) return true;
  noteDataAccess(linear, bytes, false);
  const inFirst = min(bytes, 0x1000 - (u32(linear) & 0xfff));
  const first = hostForRead(linear);
  if (first == 0) return true;
  if (inFirst == bytes) {
    tellLoad(linear, bytes);
    memory.copy(target, first, bytes);
    return false;
  }
  const second = hostForRead(nextPage(linear, ACCESS_READ));
  if (second == 0) return true;
  tellLoad(linear, bytes);
  memory.copy(target, first, inFirst);
  memory.copy(target + inFirst, second, bytes - inFirst);
  return false;
}

/** Copies up to 32 bytes from `source` in linear memory to a linear address; true when faulted, and then nothing is stored. */
export function writeVector(linear: u64, source: u32, bytes: u32, aligned: bool): bool {
  if (alignmentRefused(linear, bytes, aligned) || canonicalRefused(linear, bytes)) return true;
  noteDataAccess(linear, bytes, true);
  const inFirst = min(bytes, 0x1000 - (u32(linear) & 0xfff));
  if (inFirst == bytes) {
    if (!tellStore(linear, bytes)) return true;
    const host = hostForWrite(linear, bytes);
    if (host == 0) return true;
    memory.copy(host, source, bytes);
    return false;
  }
  const next = nextPage(linear, ACCESS_READ);
  probeWriteLinear(linear, 1);
  if (!faulted()) probeWriteLinear(next, 1);
  if (faulted()) return true;
  tellStore(linear, bytes);
  memory.copy(hostForWrite(linear, inFirst), source, inFirst);
  memory.copy(hostForWrite(next, bytes - inFirst), source + inFirst, bytes - inFirst);
  return false;
}
