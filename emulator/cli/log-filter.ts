/** `--filter ADDRESS..ADDRESS`: events are logged where their RIP lies in one of the ranges, ends included. */
import { ConfigurationError } from '../base/errors.js';

/** Whether an event with this RIP is logged. */
export type RipFilter = (rip: bigint) => boolean;

const ADDRESS = '(0x[0-9a-f]+|\\d+)';
const RANGE = new RegExp(`^${ADDRESS}\\.\\.${ADDRESS}$`, 'i');
const ADDRESS_END = 1n << 64n;

/** All of them where there is no range. @throws ConfigurationError naming the value */
export function parseFilter(words: readonly string[]): RipFilter {
  if (words.length === 0) return () => true;
  const ranges = words.flatMap((word) => word.split(',')).map(parseRange);
  return (rip) => ranges.some(({ first, last }) => rip >= first && rip <= last);
}

function parseRange(word: string): { readonly first: bigint; readonly last: bigint } {
  const [, from = '', to = ''] = RANGE.exec(word) ?? [];
  if (from === '') {
    throw new ConfigurationError(
      `--filter ${word}: write ADDRESS..ADDRESS, such as 0x100000..0x1fffff`,
    );
  }
  const [first, last] = [BigInt(from), BigInt(to)];
  if (first >= ADDRESS_END || last >= ADDRESS_END) {
    throw new ConfigurationError(`--filter ${word}: an address has 64 bits`);
  }
  if (last < first) {
    throw new ConfigurationError(`--filter ${word}: the range ends before it begins`);
  }
  return { first, last };
}
