import { newLine } from '../console';
import { heapFreeBytes, heapLargest } from './heap-subject';
import { largestByTrying } from './largest-block';
import { printField } from './samples';

/**
 * The state of a heap in figures.
 *
 *     live      bytes in use, as they were asked for
 *     free      bytes that are in no block: the rest of the heap is blocks, their padding and all bookkeeping
 *     largest   the longest block that can be had at once, to 256 bytes
 *     fails     requests that got nothing
 *     high      the furthest end of a block from the heap's start
 *     peak      the most bytes that were in use
 */

/** The end of a line of the way. */
export function fragmentation(bytes: u64, live: u64, fails: u64): void {
  printField('live', live);
  printField('free', heapFreeBytes());
  const known = heapLargest();
  printField('largest', known != 0 ? known : largestByTrying(bytes));
  printField('fails', fails);
  newLine();
}

/** The end of the line in the end. */
export function heapScore(
  fails: u64,
  live: u64,
  bytes: u64,
  high: u64,
  peak: u64,
  blocks: u64,
): void {
  printField('high', high);
  printField('peak', peak);
  printField('blocks', blocks);
  fragmentation(bytes, live, fails);
}
