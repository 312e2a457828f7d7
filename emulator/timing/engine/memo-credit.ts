/**
 * Whether it is worth remembering steps. One that is not known costs as much as several that are save: there is a credit, which those
 * that are known raise and the others lower. Where it is used up, none is remembered for a while, for longer each time.
 * By counts of steps alone: what is remembered depends on the program, not on the host.
 */
import { MemoWord } from '../memo-layout';
import { memoWord, setMemoWord } from './memo-tables';

/** What a step that is not known costs: so much, and as much for so many bytes of its state. */
const UNKNOWN_COST: i32 = 4;
const UNKNOWN_BYTES: i32 = 32;
const CREDIT_MAX: i32 = 200_000;
/** Behind a pause: enough to find out. */
const CREDIT_TRIAL: i32 = 20_000;
const PAUSE_MIN: u32 = 1 << 13;
const PAUSE_MAX: u32 = 1 << 19;
const FOR_EVER: u32 = 0xffff_ffff;

export function resetCredit(): void {
  setMemoWord(MemoWord.Credit, CREDIT_MAX);
  setMemoWord(MemoWord.KnownBefore, memoWord(MemoWord.Known));
  setMemoWord(MemoWord.NextPause, PAUSE_MIN);
  if (memoWord(MemoWord.Pause) != FOR_EVER) setMemoWord(MemoWord.Pause, 0);
}

/** No pause, or one without end. */
export function pauseForEver(pauses: bool): void {
  setMemoWord(MemoWord.Pause, pauses ? FOR_EVER : 0);
}

/** Whether the next step is to be remembered.
 * @inline */
export function isRemembering(): bool {
  return memoWord(MemoWord.Pause) == 0 || pauseEnds();
}

function pauseEnds(): bool {
  const pause = memoWord(MemoWord.Pause);
  if (pause == FOR_EVER) return false;
  setMemoWord(MemoWord.Pause, pause - 1);
  return pause == 1;
}

/** A step was not known that leads to a state of so many `bytes`. Returns whether a pause begins. */
export function spendCredit(bytes: u32): bool {
  const known = memoWord(MemoWord.Known);
  const credit = <i32>memoWord(MemoWord.Credit) + <i32>(known - memoWord(MemoWord.KnownBefore));
  setMemoWord(MemoWord.KnownBefore, known);
  if (credit >= CREDIT_MAX) setMemoWord(MemoWord.NextPause, PAUSE_MIN);
  const left = min(credit, CREDIT_MAX) - UNKNOWN_COST - <i32>bytes / UNKNOWN_BYTES;
  setMemoWord(MemoWord.Credit, left);
  if (left >= 0) return false;
  const pause = memoWord(MemoWord.NextPause);
  setMemoWord(MemoWord.Credit, CREDIT_TRIAL);
  setMemoWord(MemoWord.Pause, pause);
  setMemoWord(MemoWord.NextPause, min(pause * 2, PAUSE_MAX));
  return true;
}
