/**
 * Memory micro-ops of 128 bits: flat (64-bit mode) and segmented. A comparison with the TLB's tag, then the access itself;
 * the rest is a call. All return whether the instruction has faulted.
 * Source: SDM Vol. 2, "Exception Type 1" to "Exception Type 4": #GP(0) for an aligned form whose address is no multiple
 * of 16. #AC is for accesses of 2, 4 and 8 bytes: a 128-bit access never raises it.
 */
import { UOP_A, UOP_DST, UOP_EXTRA } from '../../isa/uop';
import { logLoad, logStore } from './access-log';
import { noteDataAccess } from './breakpoints';
import { asStackFault, faulted, GP, raise } from './exceptions';
import { stopIfCodeModified } from './memory-operations';
import { hostForRead, hostForWrite, isCanonical, nextPage, probeWriteLinear } from './mmu';
import { effectiveAddress, SLOT_RBP, SLOT_RSP, sourceA } from './operations/operand';
import { ACCESS_READ } from './page-walk';
import { segmentedAddress } from './segmented-operations';
import { TIMED } from './timed';
import { TLB_ADDEND, TLB_WRITE_TAG, tlbBase } from './tlb';

const BYTES: u32 = 16;

/** @inline */
function tlbEntry(address: u64): u32 {
  return tlbBase + ((u32(address) >> 7) & 0x7fe0);
}

/** @inline */
function pageOfAccess(address: u64): u64 {
  return (address + (BYTES - 1)) & ~0xfff;
}

/** dst ← 16 bytes at the flat address. */
export function loadVector(uop: u32, aligned: bool): bool {
  const address = effectiveAddress(uop);
  if (TIMED) logLoad(uop, address, BYTES);
  const entry = tlbEntry(address);
  if (pageOfAccess(address) == load<u64>(entry) && !(aligned && (u32(address) & 15) != 0)) {
    v128.store(load<u32>(uop, UOP_DST), v128.load(u32(address) + load<u32>(entry, TLB_ADDEND)));
    return false;
  }
  if (readVector(address, load<u32>(uop, UOP_DST), aligned)) return addressFault(uop);
  return false;
}

/** 16 bytes at the flat address ← dst. */
export function storeVector(uop: u32, aligned: bool): bool {
  const address = effectiveAddress(uop);
  if (TIMED) logStore(uop, address, BYTES);
  const entry = tlbEntry(address);
  const tag = load<u64>(entry, TLB_WRITE_TAG);
  if (pageOfAccess(address) == tag && !(aligned && (u32(address) & 15) != 0)) {
    v128.store(u32(address) + load<u32>(entry, TLB_ADDEND), v128.load(load<u32>(uop, UOP_DST)));
    return false;
  }
  if (writeVector(address, load<u32>(uop, UOP_DST), aligned)) return addressFault(uop);
  stopIfCodeModified(uop);
  return false;
}

/** dst ← segment:[a] */
export function loadVectorSegmented(uop: u32, aligned: bool): bool {
  const linear = segmentedAddress(load<u32>(uop, UOP_EXTRA), sourceA<u64>(uop), BYTES, false);
  if (TIMED) logLoad(uop, linear, BYTES);
  return faulted() || readVector(linear, load<u32>(uop, UOP_DST), aligned);
}

/** segment:[a] ← dst */
export function storeVectorSegmented(uop: u32, aligned: bool): bool {
  const linear = segmentedAddress(load<u32>(uop, UOP_EXTRA), sourceA<u64>(uop), BYTES, true);
  if (TIMED) logStore(uop, linear, BYTES);
  if (faulted() || writeVector(linear, load<u32>(uop, UOP_DST), aligned)) return true;
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

function alignmentRefused(linear: u64, aligned: bool): bool {
  misaligned = aligned && (u32(linear) & 15) != 0;
  if (misaligned) raise(GP, 0);
  return misaligned;
}

/** Raises #GP(0) unless first and last byte are canonical. */
function canonicalRefused(linear: u64): bool {
  if (isCanonical(linear) && isCanonical(linear + (BYTES - 1))) return false;
  raise(GP, 0);
  return true;
}

/** Copies 16 bytes at a linear address to `target` in linear memory; true when faulted, and then nothing is copied. */
export function readVector(linear: u64, target: u32, aligned: bool): bool {
  if (alignmentRefused(linear, aligned) || canonicalRefused(linear)) return true;
  noteDataAccess(linear, BYTES, false);
  const inFirst = min(BYTES, 0x1000 - (u32(linear) & 0xfff));
  const first = hostForRead(linear);
  if (first == 0) return true;
  if (inFirst == BYTES) {
    v128.store(target, v128.load(first));
    return false;
  }
  const second = hostForRead(nextPage(linear, ACCESS_READ));
  if (second == 0) return true;
  memory.copy(target, first, inFirst);
  memory.copy(target + inFirst, second, BYTES - inFirst);
  return false;
}

/** Copies 16 bytes from `source` in linear memory to a linear address; true when faulted, and then nothing is stored. */
export function writeVector(linear: u64, source: u32, aligned: bool): bool {
  if (alignmentRefused(linear, aligned) || canonicalRefused(linear)) return true;
  noteDataAccess(linear, BYTES, true);
  const inFirst = min(BYTES, 0x1000 - (u32(linear) & 0xfff));
  if (inFirst == BYTES) {
    const host = hostForWrite(linear, BYTES);
    if (host == 0) return true;
    v128.store(host, v128.load(source));
    return false;
  }
  const next = nextPage(linear, ACCESS_READ);
  probeWriteLinear(linear, 1);
  if (!faulted()) probeWriteLinear(next, 1);
  if (faulted()) return true;
  memory.copy(hostForWrite(linear, inFirst), source, inFirst);
  memory.copy(hostForWrite(next, BYTES - inFirst), source + inFirst, BYTES - inFirst);
  return false;
}
