import { PAGE_SHIFT } from './page';
import { x86 } from './x86';

/**
 * The claimed word: up to 64 free pages of one word of a leaf line, set aside for this processor (page-claim.ts). In the line
 * they are free until they are popped; what the line is summed up in, and whoever looks for pages in it, calls them used.
 */

/** Its number, that of its pages / 64; NO_WORD for none. */
export let claimedWord: u64 = u64.MAX_VALUE;
export const NO_WORD: u64 = u64.MAX_VALUE;
/** Its address in the leaf lines; 0 for none. */
export let claimedLine: usize = 0;
/** The pages of it that are claimed. */
export let claimedPages: u64 = 0;
/** Address of the page of bit 0. */
export let claimedStart: usize = 0;

/** The free pages `pages` of word number `word`, which is at `line`, are claimed. @inline */
export function setClaim(word: u64, line: usize, pages: u64): void {
  claimedWord = word;
  claimedLine = line;
  claimedPages = pages;
  claimedStart = (word << (PAGE_SHIFT + 6)) as usize;
}

/** No page is claimed. */
export function clearClaim(): void {
  claimedWord = NO_WORD;
  claimedLine = 0;
  claimedPages = 0;
}

/** Takes the lowest of the claimed pages, of which there are some. @inline */
export function popClaimed(): usize {
  const pages = claimedPages;
  claimedPages = pages & (pages - 1);
  store<u64>(claimedLine, load<u64>(claimedLine) | (pages & (0 - pages)));
  return claimedStart + ((x86.bsf64(pages) << PAGE_SHIFT) as usize);
}

/** A page of the claimed word that was in use, by its bit, is claimed. */
export function claimReturned(bit: u64): void {
  claimedPages |= bit;
  store<u64>(claimedLine, load<u64>(claimedLine) & ~bit);
}

/** Whether the page at `address` is of the claimed word. @inline */
export function isClaimedWord(address: usize): bool {
  return (address as u64) >> (PAGE_SHIFT + 6) == claimedWord;
}
