import { REGISTERS } from '../isa/state-layout.js';
import { SLOT_ZERO } from '../isa/uop.js';
import { READY_GPR, READY_NEVER_WAITS } from './engine-layout.js';

/** Scoreboard register of a base or index register, given as the address of its slot. */
export function readyOfSlot(address: number): number {
  const slot = (address - REGISTERS) >> 3;
  return slot === SLOT_ZERO ? READY_NEVER_WAITS : READY_GPR + slot;
}
