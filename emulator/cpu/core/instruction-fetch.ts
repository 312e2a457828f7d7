/**
 * From RIP to a decoded block: CS limit, translation, the code cache, and the host's decoder.
 */
import {
  BLOCK_DEAD,
  BLOCK_HOST,
  BLOCK_LENGTH,
  BLOCK_MODE,
  BLOCK_RIP,
  CPL,
  CpuMode,
  FETCH_BUFFER,
  FETCH_CROSSING,
  FETCH_HOST,
  FETCH_LENGTH,
  FETCH_MODE,
  FETCH_RIP,
  MODE,
  MODE_KEY_LONG,
  MODE_KEY_REAL,
  MODE_KEY_USER,
  MODE_KEY_V86,
  MODE_KEY_WHOLE_LIMIT,
  SEGMENT_ATTRIBUTES,
  SEGMENT_BASE,
  SEGMENT_LIMIT,
  SEGMENT_SIZE_BYTES,
  SEGMENTS,
} from '../../isa/state-layout';
import { Segment } from '../../isa/uop';
import {
  adoptBlock,
  arenaEpoch,
  guardCrossing,
  hashedBlock,
  jumpCacheBlock,
  linkBlocks,
  publishBlock,
  rememberJump,
  reserveBlock,
} from './code-cache';
import { GP, raise } from './exceptions';
import { decode } from './host';
import { translateForExecute } from './mmu';

const CS: u32 = SEGMENTS + Segment.CS * SEGMENT_SIZE_BYTES;
/** D/B in SEGMENT_ATTRIBUTES: 32-bit code. */
const ATTRIBUTE_D: u32 = 1 << 14;
/** Bytes of the second page that an instruction which crosses into it may be made of, and one more. */
const CROSSING_BYTES: u32 = 16;

/**
 * Instructions that cross a page boundary, direct-mapped by RIP: {u32 block, u32 arena epoch, u32 host address of its first byte,
 * u32 that of the second page}. They are not in the hash table, because no single frame holds their bytes.
 */
const CROSSING_ENTRIES: u32 = 512;
const CROSSING_ENTRY_BYTES: u32 = 16;
const crossingCache: usize = memory.data(512 * 16, 8);

/** The mode key of the state the processor is in. */
function modeKey(): u32 {
  const mode = load<u32>(MODE);
  const user = load<u32>(CPL) == 3 ? MODE_KEY_USER : 0;
  if (mode == CpuMode.Long) return 2 | MODE_KEY_LONG | user;
  const wide =
    (load<u32>(CS, SEGMENT_ATTRIBUTES) & ATTRIBUTE_D) != 0 && mode != CpuMode.Virtual8086;
  let key: u32 = user | (wide ? 1 : 0);
  if (load<u32>(CS, SEGMENT_LIMIT) == (wide ? 0xffffffff : 0xffff)) key |= MODE_KEY_WHOLE_LIMIT;
  if (mode == CpuMode.Virtual8086) key |= MODE_KEY_V86 | MODE_KEY_REAL | MODE_KEY_USER;
  if (mode == CpuMode.Real) key |= MODE_KEY_REAL;
  if (mode == CpuMode.Compatibility) key |= MODE_KEY_LONG;
  return key;
}

/** The block to execute at `rip`; 0 with an exception raised when there is none. */
export function blockAt(rip: u64): u32 {
  const known = jumpCacheBlock(rip);
  return known ? known : fetchBlock(rip);
}

/** The block behind a direct branch or the end of `from`, linked to it where that is allowed; 0 when faulted. */
export function followLink(from: u32, link: u32, rip: u64): u32 {
  const epoch = arenaEpoch;
  const block = blockAt(rip);
  if (block != 0 && epoch == arenaEpoch) linkBlocks(from, link, block);
  return block;
}

function fetchBlock(rip: u64): u32 {
  let linear = rip;
  let bytesMax: u64 = CROSSING_BYTES + 0x1000;
  if (load<u32>(MODE) != CpuMode.Long) {
    const limit = u64(load<u32>(CS, SEGMENT_LIMIT));
    if (rip > limit) {
      raise(GP, 0);
      return 0;
    }
    linear = (load<u64>(CS, SEGMENT_BASE) + rip) & 0xffffffff;
    bytesMax = limit - rip + 1;
  }
  const host = translateForExecute(linear);
  if (host == 0) return 0;
  const mode = modeKey();
  const crossing = rememberedCrossing(host, rip, mode);
  if (crossing != 0) return crossingBlock(host, linear, rip, mode, bytesMax, crossing);
  let block = hashedBlock(host, rip, mode, bytesMax);
  if (block == 0) {
    block = decodeBlock(host, rip, mode, bytesMax);
    if (block == 0) return crossingBlock(host, linear, rip, mode, bytesMax, 0);
    publishBlock(block);
  }
  rememberJump(rip, block);
  return block;
}

/** Decodes at most up to the end of the page; 0 when the first instruction runs past that. */
function decodeBlock(host: u32, rip: u64, mode: u32, bytesMax: u64): u32 {
  const toPageEnd = 0x1000 - (host & 0xfff);
  reserveBlock();
  store<u32>(FETCH_HOST, host);
  store<u32>(FETCH_LENGTH, bytesMax < u64(toPageEnd) ? u32(bytesMax) : toPageEnd);
  store<u64>(FETCH_RIP, rip);
  store<u32>(FETCH_MODE, mode);
  store<u32>(FETCH_CROSSING, 0);
  const bytes = decode();
  return bytes == 0 ? 0 : adoptBlock(bytes);
}

/** Where the instruction at `rip` is remembered if it crosses. */
function crossingEntry(rip: u64): u32 {
  const number = (u32(rip) ^ (u32(rip) >> 12)) & (CROSSING_ENTRIES - 1);
  return u32(crossingCache) + number * CROSSING_ENTRY_BYTES;
}

/** The block of the instruction at `rip` if it is remembered to cross from the page of `host`, where no store has ended it; else 0. */
function rememberedCrossing(host: u32, rip: u64, mode: u32): u32 {
  const entry = crossingEntry(rip);
  if (load<u32>(entry, 4) != arenaEpoch + 1 || load<u32>(entry, 8) != host) return 0;
  const block = load<u32>(entry);
  if (load<u64>(block, BLOCK_RIP) != rip || load<u32>(block, BLOCK_MODE) != mode) return 0;
  return load<u32>(block, BLOCK_DEAD) ? 0 : block;
}

/**
 * One instruction whose bytes lie in two pages. Both translations were checked when this returns a block.
 * #GP(0) when the CS limit cuts the instruction short. `remembered`: the block if the second page is the same, too.
 */
function crossingBlock(
  host: u32,
  linear: u64,
  rip: u64,
  mode: u32,
  bytesMax: u64,
  remembered: u32,
): u32 {
  const inFirst: u32 = 0x1000 - (host & 0xfff);
  if (bytesMax <= u64(inFirst)) {
    raise(GP, 0);
    return 0;
  }
  const wide = load<u32>(MODE) == CpuMode.Long;
  const next = wide ? linear + u64(inFirst) : (linear + u64(inFirst)) & 0xffffffff;
  const second = translateForExecute(next);
  if (second == 0) return 0;
  const inSecond =
    bytesMax - u64(inFirst) < u64(CROSSING_BYTES) ? u32(bytesMax) - inFirst : CROSSING_BYTES;
  const entry = crossingEntry(rip);
  if (remembered != 0) {
    const behind = load<u32>(remembered, BLOCK_LENGTH) - inFirst;
    if (behind <= inSecond && load<u32>(entry, 12) == second) {
      rememberJump(rip, remembered);
      return remembered;
    }
  }
  memory.fill(FETCH_BUFFER, 0, 2 * CROSSING_BYTES);
  memory.copy(FETCH_BUFFER, host, inFirst);
  memory.copy(FETCH_BUFFER + inFirst, second, inSecond);
  const block = decodeCrossing(inFirst + inSecond, rip, mode);
  if (block == 0 || load<u32>(block, BLOCK_LENGTH) <= inFirst) return block;
  guardCrossing(block, host, inFirst);
  guardCrossing(block, second, load<u32>(block, BLOCK_LENGTH) - inFirst);
  store<u32>(entry, block);
  store<u32>(entry, arenaEpoch + 1, 4);
  store<u32>(entry, host, 8);
  store<u32>(entry, second, 12);
  rememberJump(rip, block);
  return block;
}

function decodeCrossing(length: u32, rip: u64, mode: u32): u32 {
  reserveBlock();
  store<u32>(FETCH_HOST, FETCH_BUFFER);
  store<u32>(FETCH_LENGTH, length);
  store<u64>(FETCH_RIP, rip);
  store<u32>(FETCH_MODE, mode);
  store<u32>(FETCH_CROSSING, 1);
  const bytes = decode();
  if (bytes == 0) {
    raise(GP, 0);
    return 0;
  }
  const block = adoptBlock(bytes);
  store<u32>(block, FETCH_BUFFER, BLOCK_HOST);
  return block;
}
