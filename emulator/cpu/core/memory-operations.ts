/**
 * Memory micro-ops of 64-bit mode with flat addresses: a comparison with the TLB's tag, then the access itself. What the
 * TLB does not answer goes to the slow paths, which are calls. All return whether the instruction has faulted.
 */
import { BLOCK_DEAD, BLOCK_HEADER_BYTES, BLOCK_UOPS, CURRENT_BLOCK } from '../../isa/state-layout';
import { Op, UOP_A, UOP_INDEX, UOP_OP, UOP_SIZE_BYTES } from '../../isa/uop';
import { logLoad, logStore, noteLoad, noteStore } from './access-log';
import { asStackFault, faulted } from './exceptions';
import { readExplicit, readForStore, writeExplicit } from './mmu';
import {
  destination,
  effectiveAddress,
  setDestination,
  SLOT_RBP,
  SLOT_RSP,
} from './operations/operand';
import { TIMED } from './timed';
import { entryAddress, TLB_ADDEND, TLB_WRITE_TAG, tlbBase } from './tlb';

/** The page of an access of type T, or no page at all when it crosses into the next.
 * @inline */
function pageOfAccess<T extends number>(address: u64): u64 {
  return (address + (sizeof<T>() - 1)) & ~0xfff;
}

/** @inline */
function hostAddress(address: u64, entry: u32): u32 {
  return u32(address) + load<u32>(entry, TLB_ADDEND);
}

/** Reads at a linear address, which a slow path may refuse: check faulted().
 * @inline */
export function readLinear<T extends number>(address: u64): u64 {
  if (TIMED) noteLoad(address, u32(sizeof<T>()));
  const entry = entryAddress(tlbBase, address);
  if (pageOfAccess<T>(address) == load<u64>(entry)) {
    return u64(load<T>(hostAddress(address, entry)));
  }
  return readExplicit(address, u32(sizeof<T>()));
}

/** The same, and a store to these bytes cannot fault afterwards.
 * @inline */
export function readLinearForStore<T extends number>(address: u64): u64 {
  if (TIMED) noteLoad(address, u32(sizeof<T>()));
  const entry = entryAddress(tlbBase, address);
  if (pageOfAccess<T>(address) == load<u64>(entry, TLB_WRITE_TAG)) {
    return u64(load<T>(hostAddress(address, entry)));
  }
  return readForStore(address, u32(sizeof<T>()));
}

/** Writes at a linear address; check faulted().
 * @inline */
export function writeLinear<T extends number>(address: u64, value: T): void {
  if (TIMED) noteStore(address, u32(sizeof<T>()));
  const entry = entryAddress(tlbBase, address);
  if (pageOfAccess<T>(address) == load<u64>(entry, TLB_WRITE_TAG)) {
    store<T>(hostAddress(address, entry), value);
  } else {
    writeExplicit(address, u64(value), u32(sizeof<T>()));
  }
}

/** dst ← memory of type T, converted to type D (zero- or sign-extended as T says).
 * @inline */
export function loadOperand<T extends number, D extends T>(uop: u32): bool {
  const address = effectiveAddress(uop);
  if (TIMED) logLoad(uop, address, u32(sizeof<T>()));
  const entry = entryAddress(tlbBase, address);
  if (pageOfAccess<T>(address) == load<u64>(entry)) {
    setDestination<D>(uop, load<T>(hostAddress(address, entry)) as D);
    return false;
  }
  return loadSlow<T, D>(uop, address);
}

/** The same, and a store to these bytes cannot fault afterwards.
 * @inline */
export function loadOperandForStore<T extends number>(uop: u32): bool {
  const address = effectiveAddress(uop);
  if (TIMED) logLoad(uop, address, u32(sizeof<T>()));
  const entry = entryAddress(tlbBase, address);
  if (pageOfAccess<T>(address) == load<u64>(entry, TLB_WRITE_TAG)) {
    setDestination<T>(uop, load<T>(hostAddress(address, entry)));
    return false;
  }
  return loadForStoreSlow<T>(uop, address);
}

/** memory ← the operand at dst.
 * @inline */
export function storeOperand<T extends number>(uop: u32): bool {
  const address = effectiveAddress(uop);
  if (TIMED) logStore(uop, address, u32(sizeof<T>()));
  const entry = entryAddress(tlbBase, address);
  if (pageOfAccess<T>(address) == load<u64>(entry, TLB_WRITE_TAG)) {
    store<T>(hostAddress(address, entry), destination<T>(uop));
    return false;
  }
  return storeSlow<T>(uop, address);
}

/** @inline */
export function pushQuadword(uop: u32, value: u64): bool {
  const address = load<u64>(SLOT_RSP) - 8;
  if (TIMED) logStore(uop, address, 8);
  const entry = entryAddress(tlbBase, address);
  if (pageOfAccess<u64>(address) == load<u64>(entry, TLB_WRITE_TAG)) {
    store<u64>(hostAddress(address, entry), value);
    store<u64>(SLOT_RSP, address);
    return false;
  }
  return pushSlow(uop, address, value);
}

/** Whether a quadword can be pushed without the slow path, and the push itself.
 * @inline */
export function pushesFast(): bool {
  const address = load<u64>(SLOT_RSP) - 8;
  return pageOfAccess<u64>(address) == load<u64>(entryAddress(tlbBase, address), TLB_WRITE_TAG);
}

/** @inline */
export function pushFast(value: u64): void {
  const address = load<u64>(SLOT_RSP) - 8;
  store<u64>(hostAddress(address, entryAddress(tlbBase, address)), value);
  store<u64>(SLOT_RSP, address);
}

/** dst ← pop; POP RSP gets the popped value.
 * @inline */
export function popQuadword(uop: u32): bool {
  const address = load<u64>(SLOT_RSP);
  if (TIMED) logLoad(uop, address, 8);
  const entry = entryAddress(tlbBase, address);
  if (pageOfAccess<u64>(address) == load<u64>(entry)) {
    store<u64>(SLOT_RSP, address + 8);
    setDestination<u64>(uop, load<u64>(hostAddress(address, entry)));
    return false;
  }
  return popSlow(uop, address);
}

/** Enters the read of the quadword at the top of the stack into the access log.
 * @inline */
export function logTop(uop: u32): void {
  logLoad(uop, load<u64>(SLOT_RSP), 8);
}

/** The quadword at the top of the stack; the caller checks faulted() when `topIsFast` was false.
 * @inline */
export function topIsFast(): bool {
  const address = load<u64>(SLOT_RSP);
  return pageOfAccess<u64>(address) == load<u64>(entryAddress(tlbBase, address));
}

/** @inline */
export function fastTop(): u64 {
  const address = load<u64>(SLOT_RSP);
  return load<u64>(hostAddress(address, entryAddress(tlbBase, address)));
}

/** The top of the stack through the slow path; #SS(0) when its address is not canonical. */
export function slowTop(): u64 {
  const value = readExplicit(load<u64>(SLOT_RSP), 8);
  if (faulted()) asStackFault();
  return value;
}

function loadSlow<T extends number, D extends T>(uop: u32, address: u64): bool {
  const value = readExplicit(address, u32(sizeof<T>()));
  if (faulted()) return addressFault(uop);
  setDestination<D>(uop, value as T as D);
  return false;
}

function loadForStoreSlow<T extends number>(uop: u32, address: u64): bool {
  const value = readForStore(address, u32(sizeof<T>()));
  if (faulted()) return addressFault(uop);
  setDestination<T>(uop, value as T);
  return false;
}

function storeSlow<T extends number>(uop: u32, address: u64): bool {
  writeExplicit(address, u64(destination<T>(uop)), u32(sizeof<T>()));
  if (faulted()) return addressFault(uop);
  stopIfCodeModified(uop);
  return false;
}

function pushSlow(uop: u32, address: u64, value: u64): bool {
  writeExplicit(address, value, 8);
  if (faulted()) {
    asStackFault();
    return true;
  }
  store<u64>(SLOT_RSP, address);
  stopIfCodeModified(uop);
  return false;
}

function popSlow(uop: u32, address: u64): bool {
  const value = slowTop();
  if (faulted()) return true;
  store<u64>(SLOT_RSP, address + 8);
  setDestination<u64>(uop, value);
  return false;
}

/** An address with base rSP or rBP lies in the stack segment: #SS(0) instead of #GP(0). */
function addressFault(uop: u32): bool {
  const base = load<u32>(uop, UOP_A);
  if (base == SLOT_RSP || base == SLOT_RBP) asStackFault();
  return true;
}

/** When the executing block has been overwritten (nobody will enter it again): makes it stop before its next instruction. */
export function stopIfCodeModified(uop: u32): void {
  const block = load<u32>(CURRENT_BLOCK);
  if (!load<u32>(block, BLOCK_DEAD)) return;
  const end = block + BLOCK_HEADER_BYTES + load<u32>(block, BLOCK_UOPS) * UOP_SIZE_BYTES;
  const index = load<u8>(uop, UOP_INDEX);
  for (let next = uop + UOP_SIZE_BYTES; next < end; next += UOP_SIZE_BYTES) {
    if (load<u8>(next, UOP_INDEX) != index) {
      store<u16>(next, u16(Op.Stop), UOP_OP);
      return;
    }
  }
}
