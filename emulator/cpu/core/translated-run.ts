/**
 * Translated code in the interpreter's loop: counting how hot a block is, entering a region, going on behind it.
 *
 * A region (emulator/translator) is entered like a block: paid for and recorded. It leaves at a micro-op of one of its
 * blocks, likewise paid for and recorded, with all registers, temporaries and flags as the interpreter would have them before
 * that micro-op, and the interpreter goes on there. So whatever a region does not do (a slow access, a fault, a link that is
 * not known, a budget that ends) is done by the interpreter, at the same place and in the same state as without regions.
 */
import {
  BLOCK_HEADER_BYTES,
  BLOCK_HEAT,
  BLOCK_REGION,
  CURRENT_BLOCK,
  FAULT,
  LAST_BLOCKS_POSITION,
  REGION_REMAINING,
  TRANSLATION_FORCED,
  TRANSLATION_THRESHOLD,
} from '../../isa/state-layout';
import { Op } from '../../isa/uop';
import { translate } from './host';
import { settlePending } from './pending-flags';
import { executeRare } from './rare-operations';
import { plantedUop } from './run-control';
import { executeVector } from './vectors/vector-operations';

/** More instructions than this are not given to a region at once: it counts in 32 bits. */
const ROOM_MAX: i64 = 0x40000000;

/** Where the interpreter goes on: see `execute`. */
export let block: u32 = 0;
export let remaining: i64 = 0;
export let ring: u32 = 0;

/** Counts an entry of the block; whether it should be, or is, translated.
 * @inline */
export function isHot(entered: u32): bool {
  const heat = load<i32>(entered, BLOCK_HEAT) - 1;
  store<i32>(entered, heat, BLOCK_HEAT);
  return heat <= 0;
}

/**
 * Executes the region that begins with the block `entered`, if there is one or can be. `left` and `place` are the loop's
 * `remaining` and `ring`. Returns the micro-op to go on with; `block`, `remaining` and `ring` belong to it.
 */
export function execute(entered: u32, left: i64, place: u32): u32 {
  block = entered;
  remaining = left;
  ring = place;
  store<i32>(entered, 1, BLOCK_HEAT);
  let region: u32 = load<u16>(entered, BLOCK_REGION);
  if (region == 0 || plantedUop != 0) {
    if (plantedUop != 0 && load<u32>(TRANSLATION_THRESHOLD) != u32(TRANSLATION_FORCED))
      return entered + BLOCK_HEADER_BYTES;
    region = translate(entered, plantedUop);
    if (region == 0) return entered + BLOCK_HEADER_BYTES;
  }
  const room = min(left, ROOM_MAX);
  const uop = call_indirect<u32>(region, i32(room), place << 2);
  block = load<u32>(CURRENT_BLOCK);
  remaining = left - room + i64(load<i32>(REGION_REMAINING));
  ring = load<u32>(LAST_BLOCKS_POSITION) >> 2;
  settlePending();
  return uop;
}

/**
 * For regions: executes a micro-op that touches no memory and transfers no control. Nonzero when it has faulted: it had no
 * effect, and the interpreter is to execute it again.
 */
export function stepUop(uop: u32): u32 {
  const failed = load<u16>(uop) >= u16(Op.RequireSse) ? executeVector(uop) : executeRare(uop);
  if (failed) store<u32>(FAULT, 0);
  return u32(failed);
}
