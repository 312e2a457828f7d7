/** Quantities as users write them on the command line, beside sizes (base/size.ts): durations, counts, frequencies. */
import { ConfigurationError } from '../base/errors.js';

const TIME_UNITS_NS: Readonly<Record<string, number>> = {
  ns: 1,
  us: 1_000,
  ms: 1_000_000,
  s: 1_000_000_000,
  m: 60_000_000_000,
  min: 60_000_000_000,
};
const FACTORS: Readonly<Record<string, number>> = {
  '': 1,
  k: 1e3,
  K: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
};

/** `120ms`, `3.5s`, `5m` in nanoseconds. @throws ConfigurationError naming option and value */
export function parseDurationNs(text: string, option: string): number {
  const match = /^(\d+(?:\.\d+)?)(ns|us|ms|s|m|min)$/.exec(text.trim());
  const unit = match === null ? undefined : TIME_UNITS_NS[match[2] ?? ''];
  if (match === null || unit === undefined) {
    throw new ConfigurationError(
      `${option} ${text}: not a duration; write a number and ns, us, ms, s or m, such as 120ms or 3.5s`,
    );
  }
  return positive(Math.round(Number(match[1]) * unit), text, option);
}

/** `5000`, `5M`, `1.2G` as a positive whole number. @throws ConfigurationError naming option and value */
export function parseCount(text: string, option: string): number {
  const match = /^(\d+(?:\.\d+)?)([kKMGT]?)$/.exec(text.trim());
  if (match === null) {
    throw new ConfigurationError(
      `${option} ${text}: not a count; write a number such as 5000, 5M or 1.2G`,
    );
  }
  const value = Number(match[1]) * (FACTORS[match[2] ?? ''] ?? 1);
  const count = Math.round(value);
  // 1.1G is a count, though no double is a tenth: only a difference that decimals cannot make is a fraction.
  if (Math.abs(value - count) > Math.abs(value) * 2 ** -50) {
    throw new ConfigurationError(`${option} ${text}: not a whole number`);
  }
  return positive(count, text, option);
}

/** `2500000000`, `3G`, `3GHz` in hertz. @throws ConfigurationError naming option and value */
export function parseFrequencyHz(text: string, option: string): number {
  return parseCount(text.trim().replace(/Hz$/i, ''), option);
}

/** A seed: a whole number below 2^64. @throws ConfigurationError naming option and value */
export function parseSeed(value: string | undefined, option: string): bigint | null {
  if (value === undefined) return null;
  if (/^\d+$/.test(value) && BigInt(value) < 1n << 64n) return BigInt(value);
  throw new ConfigurationError(`${option} ${value}: not a seed, a whole number below 2^64`);
}

function positive(value: number, text: string, option: string): number {
  if (!Number.isSafeInteger(value) || value <= 0) {
    throw new ConfigurationError(`${option} ${text}: must be more than 0 and less than 2^53`);
  }
  return value;
}

/** `4.812 ms`: a time in the largest unit that leaves at least one digit before the point. */
export function formatNs(ns: number): string {
  const units: readonly [number, string][] = [
    [1e9, 's'],
    [1e6, 'ms'],
    [1e3, 'us'],
  ];
  for (const [size, unit] of units) {
    if (ns >= size) return `${(ns / size).toFixed(3)} ${unit}`;
  }
  return `${ns} ns`;
}

/** `14 437 210`: digits in groups of three. */
export function formatCount(value: number | bigint): string {
  return value.toString().replace(/\B(?=(\d{3})+$)/g, ' ');
}
