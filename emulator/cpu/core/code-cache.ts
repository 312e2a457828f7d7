/**
 * Decoded blocks: where they are found, how they are linked, how they die when their bytes are written to.
 *
 * A block is identified by the host address of its first byte, its RIP and the mode key. It is found through
 *   its predecessor's link (BLOCK_TAKEN, BLOCK_FALL: only within one frame, so a link needs no translation; else
 *   LINK_ELSEWHERE),
 *   the jump cache (RIP + context: valid until translation, mode or privilege change), or the hash table.
 * Blocks of one frame form a list; the frame's mask says which 64-byte lines hold decoded code. A store to such a line
 * kills the blocks that overlap the stored bytes. Space in the arena is not reused: when it is full, everything goes.
 * An instruction that crosses a page is a block whose bytes are a copy (FETCH_BUFFER). It is in no list and not in the hash table:
 * in the lists of its two frames stand its guards, headers without micro-ops that name it in BLOCK_TAKEN and die with it.
 */
import {
  ARENA_NEXT,
  BLOCK_BYTES,
  BLOCK_DEAD,
  BLOCK_FALL,
  BLOCK_HASH,
  BLOCK_HASH_ENTRIES,
  BLOCK_HASH_NEXT,
  BLOCK_HEADER_BYTES,
  BLOCK_HEAT,
  BLOCK_HOST,
  BLOCK_INSTRUCTIONS,
  BLOCK_INSTRUCTIONS_MAX,
  BLOCK_LENGTH,
  BLOCK_MEMBER,
  BLOCK_MODE,
  BLOCK_PAGE_NEXT,
  BLOCK_RIP,
  BLOCK_TAKEN,
  BLOCK_UOPS,
  BLOCK_UOPS_MAX,
  BLOCKS_DECODED,
  CODE_ARENA,
  CODE_ARENA_END,
  CURRENT_BLOCK,
  DESCRIPTION_BYTES_MAX,
  FETCH_BUFFER,
  FRAME_FIRST_BLOCK,
  FRAME_INFO,
  FRAME_INFO_BYTES,
  FRAME_REGIONS_LOST,
  FRAMES,
  JUMP_BLOCK,
  JUMP_CACHE,
  JUMP_CACHE_ENTRIES,
  JUMP_CONTEXT,
  LAST_BLOCKS,
  LAST_BLOCKS_COUNT,
  LINK_ELSEWHERE,
  MODE_KEY_WHOLE_LIMIT,
  REGION_DOUBLINGS_MAX,
  REGION_LOSSES_PER_DOUBLING,
  THRESHOLD_BLOCK_INSTRUCTIONS,
  TRANSLATION_FORCED,
  TRANSLATION_THRESHOLD,
} from '../../isa/state-layout';
import { UOP_SIZE_BYTES } from '../../isa/uop';
import { patchImmediate } from './code-patches';
import { untranslate } from './host';
import { specialise } from './specialisation';
import { loseMarks } from './table-marks';
import { TIMED } from './timed';
import { contextTag, dropWriteMappings, flushTlb } from './tlb';

/** Bytes that a block of the largest size takes in the arena. */
const BLOCK_BYTES_MAX: u32 =
  BLOCK_HEADER_BYTES + BLOCK_UOPS_MAX * UOP_SIZE_BYTES + BLOCK_INSTRUCTIONS_MAX * 4 + 64;

/** Counts the times everything was dropped: a block address from an earlier time is worth nothing. */
export let arenaEpoch: u32 = 0;

/** @inline */
function jumpEntry(rip: u64): u32 {
  return JUMP_CACHE + ((u32(rip) ^ u32(rip >> 12)) & (JUMP_CACHE_ENTRIES - 1)) * 16;
}

/** The block at `rip` if the jump cache knows it, else 0.
 * @inline */
export function jumpCacheBlock(rip: u64): u32 {
  const entry = jumpEntry(rip);
  if (load<u64>(entry) != rip || load<u32>(entry, JUMP_CONTEXT) != contextTag()) return 0;
  return load<u32>(entry, JUMP_BLOCK);
}

export function rememberJump(rip: u64, block: u32): void {
  const entry = jumpEntry(rip);
  store<u64>(entry, rip);
  store<u32>(entry, block, JUMP_BLOCK);
  store<u32>(entry, contextTag(), JUMP_CONTEXT);
}

function hashHead(host: u32): u32 {
  return BLOCK_HASH + ((host ^ (host >> 14)) & (BLOCK_HASH_ENTRIES - 1)) * 4;
}

/** The living block decoded from the byte at `host` for `rip` and `mode`, whose bytes all lie below `bytesMax`; or 0. */
export function hashedBlock(host: u32, rip: u64, mode: u32, bytesMax: u64): u32 {
  let block = load<u32>(hashHead(host));
  while (block != 0) {
    if (
      load<u32>(block, BLOCK_HOST) == host &&
      load<u64>(block, BLOCK_RIP) == rip &&
      load<u32>(block, BLOCK_MODE) == mode &&
      u64(load<u32>(block, BLOCK_LENGTH)) <= bytesMax
    ) {
      return block;
    }
    block = load<u32>(block, BLOCK_HASH_NEXT);
  }
  return 0;
}

/** Makes room for a block of any size at ARENA_NEXT. */
export function reserveBlock(): void {
  const bytesMax = BLOCK_BYTES_MAX + (TIMED ? load<u32>(DESCRIPTION_BYTES_MAX) : 0);
  if (load<u32>(ARENA_NEXT) + bytesMax > u32(CODE_ARENA_END)) resetCodeCache();
}

/** Takes the block that was decoded to ARENA_NEXT, `bytes` bytes long there, into the arena without making it findable. */
export function adoptBlock(bytes: u32): u32 {
  const block = load<u32>(ARENA_NEXT);
  store<u32>(ARENA_NEXT, block + bytes);
  store<u32>(block, 0, BLOCK_HASH_NEXT);
  store<u32>(block, 0, BLOCK_TAKEN);
  store<u32>(block, 0, BLOCK_FALL);
  store<u32>(block, 0, BLOCK_PAGE_NEXT);
  store<u32>(block, 0, BLOCK_DEAD);
  store<i32>(block, initialHeat(block), BLOCK_HEAT);
  store<u64>(BLOCKS_DECODED, load<u64>(BLOCKS_DECODED) + 1);
  specialise(block);
  return block;
}

/** How often the block must be entered before it is translated. */
function initialHeat(block: u32): i32 {
  const threshold = load<u32>(TRANSLATION_THRESHOLD);
  if (threshold <= u32(TRANSLATION_FORCED)) return threshold == 0 ? i32.MAX_VALUE : i32(threshold);
  const lost = load<u32>(frameInfo(load<u32>(block, BLOCK_HOST)), FRAME_REGIONS_LOST);
  const doublings = min(lost / u32(REGION_LOSSES_PER_DOUBLING), u32(REGION_DOUBLINGS_MAX));
  const whole = u64(threshold << doublings) * u64(THRESHOLD_BLOCK_INSTRUCTIONS);
  const instructions = max(load<u32>(block, BLOCK_INSTRUCTIONS), u32(THRESHOLD_BLOCK_INSTRUCTIONS));
  return i32(whole / u64(instructions));
}

/** Enters an adopted block into the hash table and the list of its frame, and guards its bytes against stores. */
export function publishBlock(block: u32): void {
  const head = hashHead(load<u32>(block, BLOCK_HOST));
  store<u32>(block, load<u32>(head), BLOCK_HASH_NEXT);
  store<u32>(head, block);
  guard(block);
}

/** Guards `bytes` bytes at `host` of an instruction that crosses a page. The room that was reserved for the block's micro-ops has some left. */
export function guardCrossing(block: u32, host: u32, bytes: u32): void {
  const header = load<u32>(ARENA_NEXT);
  store<u32>(ARENA_NEXT, header + BLOCK_HEADER_BYTES);
  memory.fill(header, 0, BLOCK_HEADER_BYTES);
  store<u32>(header, host, BLOCK_HOST);
  store<u32>(header, bytes, BLOCK_LENGTH);
  store<u32>(header, BLOCK_HEADER_BYTES, BLOCK_BYTES);
  store<u32>(header, block, BLOCK_TAKEN);
  guard(header);
}

/** Enters the block, or what guards one, into the list of its frame. */
function guard(block: u32): void {
  const host = load<u32>(block, BLOCK_HOST);
  const info = frameInfo(host);
  store<u32>(block, load<u32>(info, FRAME_FIRST_BLOCK), BLOCK_PAGE_NEXT);
  store<u32>(info, block, FRAME_FIRST_BLOCK);
  const lines = load<u64>(info);
  if (lines == 0) dropWriteMappings(host);
  store<u64>(info, lines | linesOf(block));
}

/** Links `from` to the block that follows it, when both lie in one frame. `link` is BLOCK_TAKEN or BLOCK_FALL. */
export function linkBlocks(from: u32, link: u32, to: u32): void {
  const host = load<u32>(from, BLOCK_HOST);
  if (load<u32>(from, BLOCK_DEAD)) return;
  const target = load<u32>(to, BLOCK_HOST);
  const distance = load<u64>(to, BLOCK_RIP) - load<u64>(from, BLOCK_RIP);
  // The bytes of a crossing instruction are a copy outside the frames. A link asks no CS limit: it must be without effect.
  const mode = load<u32>(from, BLOCK_MODE);
  const unlimited = (mode & (MODE_KEY_WHOLE_LIMIT | 2)) != 0;
  const near = unlimited && host >= u32(FRAMES) && ((host ^ target) & ~0xfff) == 0;
  store<u32>(from + link, near && u32(distance) == target - host ? to : u32(LINK_ELSEWHERE));
}

/**
 * The `size` bytes at `host` (within one frame) are overwritten or given up: kills the blocks made from them, but for those that can take over what
 * is `stored` there already. Such a block is not to be translated before it has been left alone for as long as a new one.
 * The executing block may be among them: it goes on to the end of its instruction (stopIfCodeModified).
 */
export function invalidateCode(host: u32, size: u32, stored: bool): void {
  const info = frameInfo(host);
  const end = host + size;
  let lines: u64 = 0;
  let survivors: u32 = 0;
  let block = load<u32>(info, FRAME_FIRST_BLOCK);
  while (block != 0) {
    const next = load<u32>(block, BLOCK_PAGE_NEXT);
    const first = load<u32>(block, BLOCK_HOST);
    const touched = first < end && first + load<u32>(block, BLOCK_LENGTH) > host;
    const patched = touched && stored && patchImmediate(block, host, size);
    if (patched) store<i32>(block, initialHeat(block), BLOCK_HEAT);
    if (touched && !patched) kill(block);
    else {
      lines |= linesOf(block);
      store<u32>(block, survivors, BLOCK_PAGE_NEXT);
      survivors = block;
    }
    block = next;
  }
  store<u64>(info, lines);
  store<u32>(info, survivors, FRAME_FIRST_BLOCK);
  for (block = survivors; block != 0; block = load<u32>(block, BLOCK_PAGE_NEXT)) {
    unlinkDead(block, BLOCK_TAKEN);
    unlinkDead(block, BLOCK_FALL);
  }
}

/** Whether a block was made from any of the `size` bytes at `host` (within one frame). */
export function touchesBlocks(host: u32, size: u32): bool {
  let block = load<u32>(frameInfo(host), FRAME_FIRST_BLOCK);
  for (; block != 0; block = load<u32>(block, BLOCK_PAGE_NEXT)) {
    const first = load<u32>(block, BLOCK_HOST);
    if (first < host + size && first + load<u32>(block, BLOCK_LENGTH) > host) return true;
  }
  return false;
}

function unlinkDead(block: u32, link: u32): void {
  const target = load<u32>(block + link);
  if (target > u32(LINK_ELSEWHERE) && load<u32>(target, BLOCK_DEAD)) store<u32>(block + link, 0);
}

function kill(block: u32): void {
  if (load<u32>(block, BLOCK_UOPS) == 0) {
    const crossing = load<u32>(block, BLOCK_TAKEN);
    if (crossing != 0 && !load<u32>(crossing, BLOCK_DEAD)) kill(crossing);
    return;
  }
  if (load<u8>(block, BLOCK_MEMBER)) untranslate(block);
  store<u32>(block, 1, BLOCK_DEAD);
  store<u32>(block, 0, BLOCK_TAKEN);
  store<u32>(block, 0, BLOCK_FALL);
  if (load<u32>(block, BLOCK_HOST) != u32(FETCH_BUFFER)) {
    let place = hashHead(load<u32>(block, BLOCK_HOST));
    while (load<u32>(place) != block) place = load<u32>(place) + BLOCK_HASH_NEXT;
    store<u32>(place, load<u32>(block, BLOCK_HASH_NEXT));
  }
  const entry = jumpEntry(load<u64>(block, BLOCK_RIP));
  if (load<u32>(entry, JUMP_BLOCK) == block) store<u32>(entry, 0, JUMP_BLOCK);
}

/** For the host: decoded code and the frames' masks start afresh; to be called once on fresh memory, too. */
export function invalidateAllCode(): void {
  if (load<u32>(ARENA_NEXT) == 0) store<u32>(ARENA_NEXT, CODE_ARENA);
  resetCodeCache();
  flushTlb(false);
}

/** For the host: drops every decoded block, and nothing else. */
export function dropAllCode(): void {
  if (load<u32>(ARENA_NEXT) == 0) store<u32>(ARENA_NEXT, CODE_ARENA);
  resetCodeCache();
}

/**
 * Drops every decoded block. When that happens depends on how runs were cut: translations must stay, or a guest whose page tables
 * have changed without an invalidation could tell. Stores to what were code pages get fast again one by one (core/mmu.ts).
 */
function resetCodeCache(): void {
  if (TIMED) loseMarks(); // a snapshot has none
  untranslate(0);
  const end = load<u32>(ARENA_NEXT);
  for (let block: u32 = CODE_ARENA; block < end; block += load<u32>(block, BLOCK_BYTES)) {
    const host = load<u32>(block, BLOCK_HOST);
    store<u64>(frameInfo(host), 0);
    store<u32>(frameInfo(host), 0, FRAME_FIRST_BLOCK);
  }
  memory.fill(BLOCK_HASH, 0, BLOCK_HASH_ENTRIES * 4);
  memory.fill(JUMP_CACHE, 0, JUMP_CACHE_ENTRIES * 16);
  memory.fill(LAST_BLOCKS, 0, LAST_BLOCKS_COUNT * 4);
  store<u32>(ARENA_NEXT, CODE_ARENA);
  store<u32>(CURRENT_BLOCK, 0);
  arenaEpoch++;
}

function frameInfo(host: u32): u32 {
  return FRAME_INFO + (host >> 12) * FRAME_INFO_BYTES;
}

/** The 64-byte lines of its frame that the block's bytes touch. */
function linesOf(block: u32): u64 {
  const host = load<u32>(block, BLOCK_HOST);
  const first = (host >> 6) & 63;
  const last = ((host + load<u32>(block, BLOCK_LENGTH) - 1) >> 6) & 63;
  return (~u64(0) >> u64(63 - (last - first))) << u64(first);
}
