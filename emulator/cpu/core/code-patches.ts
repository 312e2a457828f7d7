/**
 * Stores to the immediate of a decoded instruction: the block takes over the new value, instead of being decoded again. Programs that
 * rewrite themselves all the time mostly do that.
 *
 * The decoder marks the micro-ops whose imm is their instruction's last four bytes, sign-extended, and that have nothing else from these
 * bytes (UOP_IMMEDIATE_32): decoding anew would change nothing but imm. No record of a timing model depends on its value.
 */
import { BLOCK_HEADER_BYTES, BLOCK_HOST, BLOCK_MEMBER, BLOCK_UOPS } from '../../isa/state-layout';
import {
  UOP_FLAGS,
  UOP_IMM,
  UOP_IMMEDIATE_32,
  UOP_LENGTH,
  UOP_SIZE_BYTES,
  UOP_START,
} from '../../isa/uop';

const IMMEDIATE_BYTES: u32 = 4;

/**
 * Takes over the `size` bytes that have been stored at `host`. Returns whether the block is what decoding anew would make of its bytes: not when
 * there are others among them, or the value may be in a region, too.
 */
export function patchImmediate(block: u32, host: u32, size: u32): bool {
  if (load<u8>(block, BLOCK_MEMBER)) return false;
  const first = load<u32>(block, BLOCK_HOST);
  const end = block + BLOCK_HEADER_BYTES + load<u32>(block, BLOCK_UOPS) * UOP_SIZE_BYTES;
  let patched = false;
  for (let uop = block + BLOCK_HEADER_BYTES; uop < end; uop += UOP_SIZE_BYTES) {
    if ((load<u8>(uop, UOP_FLAGS) & UOP_IMMEDIATE_32) == 0) continue;
    const behind = first + load<u16>(uop, UOP_START) + load<u8>(uop, UOP_LENGTH);
    const immediate = behind - IMMEDIATE_BYTES;
    if (host < immediate || host + size > behind) continue;
    store<i64>(uop, i64(load<i32>(immediate)), UOP_IMM);
    patched = true;
  }
  return patched;
}
