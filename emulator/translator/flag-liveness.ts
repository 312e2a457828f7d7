/** Whether anything can see the flags that a micro-op sets: a reader, or whoever goes on where the region is left. */
import { Op } from '../isa/uop.js';
import type { Uop } from './block-reader.js';

/** Ranges of micro-ops that set all flags and read none. */
const OVERWRITING: readonly (readonly [first: Op, last: Op])[] = [
  [Op.Add8, Op.Or64],
  [Op.And8, Op.Test64],
  [Op.Neg8, Op.Neg64],
  [Op.ImulTwo16, Op.ImulTwo64],
];
/** Ranges that read none, and behind which the region goes on in any case. Of a row of rotations all flags die, or none. */
const PASSING: readonly (readonly [first: Op, last: Op])[] = [
  [Op.Nop, Op.Ea64],
  [Op.Rol8, Op.Ror64],
  [Op.Xchg8, Op.SignFill64],
  [Op.Not8, Op.Not64],
  [Op.Rorx32, Op.Shrx64],
];

function isIn(ranges: readonly (readonly [first: Op, last: Op])[], op: number): boolean {
  return ranges.some(([first, last]) => op >= first && op <= last);
}

/** Whether the flags that `uop` of a block's micro-ops sets are overwritten before they can be seen. */
export function flagsDieBehind(uops: readonly Uop[], uop: Uop): boolean {
  const next = uops.slice(uops.indexOf(uop) + 1).find(({ op }) => !isIn(PASSING, op));
  return next !== undefined && isIn(OVERWRITING, next.op);
}
