/**
 * Memory of the memo: states of the pipeline, each kept once, and the steps that lead from one to another. All of it is bounded; where
 * it is full, everything is forgotten and it begins anew.
 */
import {
  MEMO_ARENA,
  MEMO_END,
  MEMO_STATES,
  MEMO_STATES_MAX,
  MEMO_STEPS,
  MEMO_STEPS_MAX,
  MEMO_VISITS,
  MEMO_VISITS_MAX,
  MEMO_WORDS,
  MemoWord,
  STATE_BYTES,
  STATE_HASH,
  STATE_PACKED,
  STEP_BYTES,
} from '../memo-layout';

/** @inline */
export function memoWord(number: MemoWord): u32 {
  return load<u32>(MEMO_WORDS + ((<u32>number) << 2));
}

/** @inline */
export function setMemoWord(number: MemoWord, value: u32): void {
  store<u32>(MEMO_WORDS + ((<u32>number) << 2), value);
}

/** @inline */
export function countMemo(number: MemoWord): void {
  setMemoWord(number, memoWord(number) + 1);
}

const STEP_BLOCK: u32 = 4;
const STEP_PART: u32 = 8;
const STEP_NODE: u32 = 12;

/** Executions of a block before it is worth remembering. */
const VISITS_MIN: u32 = 3;
/** Executions for which a block is passed over that did what cannot be remembered. */
const PASSED_OVER: u32 = 200;

/** What has been executed so few times is hardly executed again; and a block may have to be passed over. */
export function isSeldom(block: u32): bool {
  const at = MEMO_VISITS + (block & (MEMO_VISITS_MAX - 1));
  const visits = <u32>load<u8>(at);
  if (visits == VISITS_MIN) return false;
  store<u8>(at, <u8>(visits < VISITS_MIN ? visits + 1 : visits - 1));
  return true;
}

/** The block has done what cannot be remembered, and will mostly do so again. */
export function passOver(block: u32): void {
  store<u8>(MEMO_VISITS + (block & (MEMO_VISITS_MAX - 1)), <u8>(VISITS_MIN + PASSED_OVER));
}

export function forgetAll(): void {
  // Memory that was never used is zero, and is not touched.
  const isUsed: bool = memoWord(MemoWord.States) != 0;
  setMemoWord(MemoWord.ArenaNext, MEMO_ARENA);
  setMemoWord(MemoWord.States, 0);
  setMemoWord(MemoWord.Steps, 0);
  setMemoWord(MemoWord.Current, 0);
  setMemoWord(MemoWord.LastEnd, 0);
  if (!isUsed) return;
  memory.fill(MEMO_STATES, 0, MEMO_STATES_MAX * 4);
  memory.fill(MEMO_STEPS, 0, MEMO_STEPS_MAX * STEP_BYTES);
}

/** Whether another step and another state may be too much: so many bytes, at most. */
export function isFull(bytes: u32): bool {
  return (
    memoWord(MemoWord.ArenaNext) + bytes > <u32>MEMO_END ||
    memoWord(MemoWord.States) > <u32>(MEMO_STATES_MAX >> 1) ||
    memoWord(MemoWord.Steps) > <u32>(MEMO_STEPS_MAX >> 1)
  );
}

/** @inline */
export function allocate(bytes: u32): u32 {
  const at = memoWord(MemoWord.ArenaNext);
  setMemoWord(MemoWord.ArenaNext, at + bytes);
  return at;
}

/** The state that is packed from `from` up to `end`, a multiple of 8 bytes: the same address for the same state. */
export function internState(from: u32, end: u32): u32 {
  const bytes = end - from;
  const hash = hashOf(from, end);
  let slot = hash & (MEMO_STATES_MAX - 1);
  while (true) {
    const at = MEMO_STATES + slot * 4;
    const state = load<u32>(at);
    if (state == 0) {
      const made = allocate(bytes + STATE_PACKED);
      store<u32>(made, bytes, STATE_BYTES);
      store<u32>(made, hash, STATE_HASH);
      memory.copy(made + STATE_PACKED, from, bytes);
      store<u32>(at, made);
      countMemo(MemoWord.States);
      return made;
    }
    if (load<u32>(state, STATE_HASH) == hash && isSame(state, from, bytes)) return state;
    slot = (slot + 1) & (MEMO_STATES_MAX - 1);
  }
}

function isSame(state: u32, from: u32, bytes: u32): bool {
  if (load<u32>(state, STATE_BYTES) != bytes) return false;
  for (let at: u32 = 0; at < bytes; at += 8)
    if (load<u64>(state + STATE_PACKED + at) != load<u64>(from + at)) return false;
  return true;
}

function hashOf(from: u32, end: u32): u32 {
  let hash: u64 = 0x9e3779b97f4a7c15;
  for (let at = from; at < end; at += 8) {
    hash = (hash ^ load<u64>(at)) * 0xff51afd7ed558ccd;
    hash ^= hash >> 32;
  }
  return <u32>hash;
}

/** @inline */
function slotOf(state: u32, block: u32, part: u32): u32 {
  const hash = (state * 0x9e3779b1) ^ (block * 0x85ebca6b) ^ (part * 0xc2b2ae35);
  return (hash ^ (hash >> 15)) & (MEMO_STEPS_MAX - 1);
}

/** The first node of the step that `part` of the block takes from `state`, 0: not known. */
export function findStep(state: u32, block: u32, part: u32): u32 {
  let slot = slotOf(state, block, part);
  while (true) {
    const at = MEMO_STEPS + slot * STEP_BYTES;
    const found = load<u32>(at);
    if (found == 0) return 0;
    if (found == state && load<u32>(at, STEP_BLOCK) == block && load<u32>(at, STEP_PART) == part)
      return load<u32>(at, STEP_NODE);
    slot = (slot + 1) & (MEMO_STEPS_MAX - 1);
  }
}

export function keepStep(state: u32, block: u32, part: u32, node: u32): void {
  let slot = slotOf(state, block, part);
  while (load<u32>(MEMO_STEPS + slot * STEP_BYTES) != 0) slot = (slot + 1) & (MEMO_STEPS_MAX - 1);
  const at = MEMO_STEPS + slot * STEP_BYTES;
  store<u32>(at, state);
  store<u32>(at, block, STEP_BLOCK);
  store<u32>(at, part, STEP_PART);
  store<u32>(at, node, STEP_NODE);
  countMemo(MemoWord.Steps);
}
