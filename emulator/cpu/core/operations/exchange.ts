/**
 * Exchange and compare-and-exchange.
 * Source: Intel SDM Vol. 2, XCHG, CMPXCHG.
 */
import { UOP_A } from '../../../isa/uop';
import { subtract } from './arithmetic';
import { destination, setDestination, setSlot, SLOT_RAX, sourceA, sourceB } from './operand';

/** dst ↔ a
 * @inline */
export function exchange<T extends number>(uop: u32): void {
  const a = sourceA<T>(uop);
  const old = destination<T>(uop);
  setDestination<T>(uop, a);
  setSlot<T>(load<u32>(uop, UOP_A), old);
}

/**
 * Flags of accumulator - a; equal: dst ← b; else accumulator ← a. The manual has the destination written in either case;
 * processors leave a register destination alone (the upper half of a 32-bit one too) when the values differ. A memory
 * destination is a temporary here, dst = a, and so written back as it was.
 */
export function compareExchange<T extends number>(uop: u32): void {
  const a = sourceA<T>(uop);
  const accumulator = load<T>(SLOT_RAX);
  subtract<T>(accumulator, a);
  if (accumulator == a) setDestination<T>(uop, sourceB<T>(uop));
  else setSlot<T>(SLOT_RAX, a);
}
