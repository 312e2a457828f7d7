/**
 * Memory micro-ops that go through segmentation, and stack micro-ops of every mode: Op.LoadSegment8 to Op.Drop.
 */
import { Op, UOP_EXTRA, UOP_IMM } from '../../isa/uop';
import { faulted } from './exceptions';
import { stopIfCodeModified } from './memory-operations';
import { readExplicit, readForStore, writeExplicit } from './mmu';
import { destination, setDestination, sourceA } from './operations/operand';
import { linearAddress } from './segmentation';
import { moveStackPointer, push, stackRead } from './stack';

/** Executes one of them; returns whether it has faulted. */
export function executeRareMemory(uop: u32, op: i32): bool {
  return op < Op.Push64Flat ? executeSegmented(uop, op) : executeStack(uop, op);
}

function executeSegmented(uop: u32, op: i32): bool {
  const family = (op - Op.LoadSegment8) >> 2;
  switch ((op - Op.LoadSegment8) & 3) {
    case 0:
      return accessSegment<u8>(uop, family);
    case 1:
      return accessSegment<u16>(uop, family);
    case 2:
      return accessSegment<u32>(uop, family);
    default:
      return accessSegment<u64>(uop, family);
  }
}

function accessSegment<T extends number>(uop: u32, family: i32): bool {
  if (family == 0) return loadSegmented<T>(uop);
  return family == 1 ? loadSegmentedForStore<T>(uop) : storeSegmented<T>(uop);
}

function executeStack(uop: u32, op: i32): bool {
  switch (op) {
    case Op.Push16:
      return pushSource(uop, u64(sourceA<u16>(uop)), 2);
    case Op.Push32:
      return pushSource(uop, u64(sourceA<u32>(uop)), 4);
    case Op.Push64:
      return pushSource(uop, sourceA<u64>(uop), 8);
    case Op.Pop16:
      return pop<u16>(uop, true);
    case Op.Pop32:
      return pop<u32>(uop, true);
    case Op.Pop64:
      return pop<u64>(uop, true);
    case Op.Peek16:
      return pop<u16>(uop, false);
    case Op.Peek32:
      return pop<u32>(uop, false);
    case Op.Peek64:
      return pop<u64>(uop, false);
    default:
      // Op.Drop
      moveStackPointer(load<u64>(uop, UOP_IMM));
      return false;
  }
}

/** dst ← segment:[a]; returns whether it faulted */
function loadSegmented<T extends number>(uop: u32): bool {
  const bytes = u32(sizeof<T>());
  const linear = linearAddress(load<u32>(uop, UOP_EXTRA), sourceA<u64>(uop), bytes, false);
  if (faulted()) return true;
  const value = readExplicit(linear, bytes);
  if (faulted()) return true;
  setDestination<T>(uop, value as T);
  return false;
}

/** The same, and a store to these bytes cannot fault afterwards */
function loadSegmentedForStore<T extends number>(uop: u32): bool {
  const bytes = u32(sizeof<T>());
  const linear = linearAddress(load<u32>(uop, UOP_EXTRA), sourceA<u64>(uop), bytes, true);
  if (faulted()) return true;
  const value = readForStore(linear, bytes);
  if (faulted()) return true;
  setDestination<T>(uop, value as T);
  return false;
}

/** segment:[a] ← the operand at dst; returns whether it faulted */
function storeSegmented<T extends number>(uop: u32): bool {
  const bytes = u32(sizeof<T>());
  const linear = linearAddress(load<u32>(uop, UOP_EXTRA), sourceA<u64>(uop), bytes, true);
  if (faulted()) return true;
  writeExplicit(linear, u64(destination<T>(uop)), bytes);
  if (faulted()) return true;
  stopIfCodeModified(uop);
  return false;
}

function pushSource(uop: u32, value: u64, bytes: u32): bool {
  if (push(value, bytes)) return true;
  stopIfCodeModified(uop);
  return false;
}

function pop<T extends number>(uop: u32, remove: bool): bool {
  const value = stackRead(0, u32(sizeof<T>()));
  if (faulted()) return true;
  if (remove) moveStackPointer(u64(sizeof<T>()));
  setDestination<T>(uop, value as T);
  return false;
}
