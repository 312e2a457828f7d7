/**
 * Whether it is worth remembering steps. One that is not known costs as much as several that are save: there is a credit, which those
 * that are known raise and the others lower. Where it is used up, none is remembered for a while, for longer each time.
 * By counts of steps alone: what is remembered depends on the program, not on the host.
 */
import { MemoWord } from '../memo-layout';
import { memoWord, setMemoWord } from './memo-tables';

const UNKNOWN_COST: i32 = 8;
const CREDIT_MAX: i32 = 40_000;
/** Behind a pause: enough to find out. */
const CREDIT_TRIAL: i32 = 1_600;
const PAUSE_MIN: u32 = 1 << 12;
const PAUSE_MAX: u32 = 1 << 18;
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

/** A step was not known. Returns whether a pause begins. */
export function spendCredit(): bool {
  const known = memoWord(MemoWord.Known);
  const credit = <i32>memoWord(MemoWord.Credit) + <i32>(known - memoWord(MemoWord.KnownBefore));
  setMemoWord(MemoWord.KnownBefore, known);
  if (credit >= CREDIT_MAX) setMemoWord(MemoWord.NextPause, PAUSE_MIN);
  const left = min(credit, CREDIT_MAX) - UNKNOWN_COST;
  setMemoWord(MemoWord.Credit, left);
  if (left >= 0) return false;
  const pause = memoWord(MemoWord.NextPause);
  setMemoWord(MemoWord.Credit, CREDIT_TRIAL);
  setMemoWord(MemoWord.Pause, pause);
  setMemoWord(MemoWord.NextPause, min(pause * 2, PAUSE_MAX));
  return true;
}
