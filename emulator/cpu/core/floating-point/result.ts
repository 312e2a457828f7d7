/** Where an instruction's results gather before they are written, and how wide its vectors are. */
import { UOP_DST, UOP_EXTRA } from '../../../isa/uop';
import { finish } from './environment';

export const RESULT: u32 = u32(memory.data(32, 16));

/** Of a micro-op that says its width in `extra`.
 * @inline */
export function vectorBytes(uop: u32): u32 {
  return load<u32>(uop, UOP_EXTRA) == 256 ? 32 : 16;
}

export function copyResult(uop: u32): void {
  const dst = load<u32>(uop, UOP_DST);
  v128.store(dst, v128.load(RESULT));
  if (vectorBytes(uop) == 32) v128.store(dst, v128.load(RESULT, 16), 16);
}

/** Ends the instruction; returns whether it has faulted. */
export function written(uop: u32): bool {
  if (finish()) return true;
  copyResult(uop);
  return false;
}
