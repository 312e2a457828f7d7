/**
 * Sizes of memory as people write them: `8` (MiB), `8M`, `8MiB`, `1.5G`, `512K`, `4096B`, `0x1000B`.
 * The grammar is QEMU's `-m` (a bare number counts MiB, units are powers of 1024, any case) plus the IEC names
 * and bytes. Unlike QEMU, nothing is rounded: what is not a whole number of bytes is refused.
 */

import { ConfigurationError } from './errors.js';

const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB', 'EiB'] as const;
const BITS_PER_UNIT = 10n;
const MEBIBYTE = 1n << 20n;

/** Digits after the point that formatSize writes before it takes a smaller unit. */
const DECIMALS_MAX = 3;

const EXAMPLES = 'write for example 8M, 8MiB, 1.5G or 4096B';

/**
 * Reads a size.
 * @returns bytes, 0 or more; limits are the caller's.
 * @throws ConfigurationError naming the text, when it is not a size.
 */
export function parseSize(text: string): bigint {
  const word = text.trim();
  if (word === '') throw new ConfigurationError(`a size is empty; ${EXAMPLES}`);
  if (word.startsWith('-')) throw new ConfigurationError(`size '${text}' is negative`);
  if (/^0x/i.test(word)) return parseHexadecimalBytes(word);
  const match = /^(\d+)(?:\.(\d+))?\s*([a-z]*)$/i.exec(word);
  if (match === null) throw new ConfigurationError(`'${text}' is not a size; ${EXAMPLES}`);
  const [, whole = '', fraction = '', suffix = ''] = match;
  const unit = suffix === '' ? MEBIBYTE : unitBytes(suffix);
  if (unit === undefined) {
    throw new ConfigurationError(`size '${text}' has the unknown unit '${suffix}'; ${EXAMPLES}`);
  }
  const scale = 10n ** BigInt(fraction.length);
  const scaled = BigInt(whole + fraction) * unit;
  if (scaled % scale !== 0n) {
    throw new ConfigurationError(`size '${text}' is not a whole number of bytes`);
  }
  return scaled / scale;
}

/** `0x1000B`: hexadecimal digits include B, so the unit is asked for, and is always bytes. */
function parseHexadecimalBytes(word: string): bigint {
  const match = /^(0x[0-9a-f]+)B$/i.exec(word);
  if (match?.[1] === undefined) {
    throw new ConfigurationError(
      `size '${word}' is hexadecimal, which counts bytes and ends in B, as in 0x1000B`,
    );
  }
  return BigInt(match[1]);
}

/** Bytes of `K`, `KiB`, `B` and so on in any case; undefined for anything else. */
function unitBytes(suffix: string): bigint | undefined {
  const wanted = suffix.toLowerCase();
  const power = UNITS.findIndex((name) =>
    name === 'B' ? wanted === 'b' : wanted === name.toLowerCase() || wanted === letterOf(name),
  );
  return power < 0 ? undefined : 1n << (BITS_PER_UNIT * BigInt(power));
}

function letterOf(unit: string): string {
  return unit.charAt(0).toLowerCase();
}

/**
 * Writes a size exactly, in the largest unit that needs at most three decimals: `8 GiB`, `1.5 GiB`, `639 KiB`,
 * `8388609 B`. parseSize reads it back to the same number.
 * @param bytes 0 or more.
 */
export function formatSize(bytes: bigint): string {
  for (let power = UNITS.length - 1; power > 0; power--) {
    const unit = 1n << (BITS_PER_UNIT * BigInt(power));
    const thousandths = bytes * 10n ** BigInt(DECIMALS_MAX);
    if (bytes < unit || thousandths % unit !== 0n) continue;
    const digits = (thousandths / unit).toString();
    const fraction = digits.slice(-DECIMALS_MAX).replace(/0+$/, '');
    const whole = digits.slice(0, -DECIMALS_MAX);
    return `${fraction === '' ? whole : `${whole}.${fraction}`} ${UNITS[power]}`;
  }
  return `${bytes} B`;
}
