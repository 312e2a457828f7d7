/**
 * RFLAGS: masks by the SDM's names, and sets of flags written as the SDM's tables write them.
 * Source: SDM Vol. 1, "EFLAGS Register".
 */
import { assert } from '../base/assert.js';

/** One mask per flag, at its position in RFLAGS. */
export const RFLAGS_MASKS: Readonly<Record<string, number>> = {
  CF: 1 << 0,
  PF: 1 << 2,
  AF: 1 << 4,
  ZF: 1 << 6,
  SF: 1 << 7,
  TF: 1 << 8,
  IF: 1 << 9,
  DF: 1 << 10,
  OF: 1 << 11,
  IOPL: 3 << 12,
  NT: 1 << 14,
  RF: 1 << 16,
  VM: 1 << 17,
  AC: 1 << 18,
  VIF: 1 << 19,
  VIP: 1 << 20,
  ID: 1 << 21,
};

/** The mask of a set such as `'OF SF ZF'`; the empty string is the empty set. */
export function flagMask(names: string): number {
  let mask = 0;
  for (const name of names.split(' ')) {
    if (name === '') continue;
    const bit = RFLAGS_MASKS[name];
    assert(bit !== undefined, `"${name}" is not a flag of RFLAGS`);
    mask |= bit;
  }
  return mask;
}

/** The names of the flags in `mask`, in the order of the SDM's tables: `'OF SF ZF'`. */
export function flagNames(mask: number): string {
  return [
    'OF',
    'SF',
    'ZF',
    'AF',
    'PF',
    'CF',
    'DF',
    'IF',
    'TF',
    'IOPL',
    'NT',
    'RF',
    'VM',
    'AC',
    'VIF',
    'VIP',
    'ID',
  ]
    .filter((name) => (mask & (RFLAGS_MASKS[name] ?? 0)) !== 0)
    .join(' ');
}
