/**
 * SSE arithmetic from the definitions: exact numbers as integers and powers of two, rounded once, and the flags of MXCSR. Source:
 * IEEE 754, 4.3, 5.4.1, 7; SDM Vol. 1, "MXCSR Control and Status Register", "Underflow Exception" (tininess after rounding),
 * "Denormals-Are-Zeros", "Flush-To-Zero". All exceptions are masked.
 */
export const IE = 1;
export const DE = 2;
export const ZE = 4;
export const OE = 8;
export const UE = 16;
export const PE = 32;
const DAZ = 1 << 6;
const FTZ = 1 << 15;

export interface Format {
  readonly bytes: 4 | 8;
  /** Bits of the significand, the first included. */
  readonly precision: number;
  /** Exponent of the largest number's first bit; that of the smallest normal one is 1 - this. */
  readonly exponentMax: number;
}
export const BINARY32: Format = { bytes: 4, precision: 24, exponentMax: 127 };
export const BINARY64: Format = { bytes: 8, precision: 53, exponentMax: 1023 };

/** ± size × 2^power, more by less than the last bit when `sticky`. */
interface Exact {
  readonly negative: boolean;
  readonly size: bigint;
  readonly power: number;
  readonly sticky: boolean;
}

export type Operation = 'add' | 'sub' | 'mul' | 'div' | 'min' | 'max' | 'sqrt';

export interface Answer {
  readonly bits: bigint;
  readonly flags: number;
}

const fractionBits = (format: Format): bigint => BigInt(format.precision - 1);
const signOf = (format: Format): bigint => 1n << BigInt(8 * format.bytes - 1);
const infinityOf = (format: Format): bigint =>
  (1n << BigInt(8 * format.bytes - 1)) - (1n << fractionBits(format));
const magnitude = (bits: bigint, format: Format): bigint => bits & (signOf(format) - 1n);
const isNegative = (bits: bigint, format: Format): boolean => (bits & signOf(format)) !== 0n;
const isNan = (bits: bigint, format: Format): boolean =>
  magnitude(bits, format) > infinityOf(format);
const quiet = (format: Format): bigint => 1n << (fractionBits(format) - 1n);
const isSignalling = (bits: bigint, format: Format): boolean =>
  isNan(bits, format) && (bits & quiet(format)) === 0n;
const isDenormal = (bits: bigint, format: Format): boolean =>
  magnitude(bits, format) !== 0n && magnitude(bits, format) >> fractionBits(format) === 0n;

function lengthOf(value: bigint): number {
  return value.toString(2).length;
}

function exact(bits: bigint, format: Format): Exact {
  const field = Number(magnitude(bits, format) >> fractionBits(format));
  const fraction = bits & ((1n << fractionBits(format)) - 1n);
  const size = field === 0 ? fraction : fraction | (1n << fractionBits(format));
  const power = Math.max(field, 1) - format.exponentMax - (format.precision - 1);
  return { negative: isNegative(bits, format), size, power, sticky: false };
}

/** The integer nearest to size ÷ 2^shift by the rounding mode, and whether it differs. */
function shifted(
  { size, negative, sticky }: Exact,
  shift: number,
  mode: number,
): [bigint, boolean] {
  // Two bits below the last, and one for whether there is more.
  const scaled = ((size << 1n) | (sticky ? 1n : 0n)) << 2n;
  const below = BigInt(shift + 3);
  if (below <= 0n) return [scaled << -below, false];
  const kept = scaled >> below;
  const rest = scaled - (kept << below);
  const half = 1n << (below - 1n);
  const up = [
    rest > half || (rest === half && (kept & 1n) === 1n),
    negative && rest !== 0n,
    !negative && rest !== 0n,
    false,
  ][mode];
  return [up === true ? kept + 1n : kept, rest !== 0n];
}

function rounded(value: Exact, format: Format, mxcsr: number): Answer {
  const mode = (mxcsr >> 13) & 3;
  const sign = value.negative ? signOf(format) : 0n;
  const { precision, exponentMax } = format;
  const first = lengthOf(value.size) - 1 + value.power;
  const lowest = 1 - exponentMax;
  const unbounded = shifted(value, first - (precision - 1) - value.power, mode);
  const firstRounded = first + (lengthOf(unbounded[0]) > precision ? 1 : 0);
  const tiny = firstRounded < lowest;
  if (tiny && (mxcsr & FTZ) !== 0) return { bits: sign, flags: UE | PE };
  const last = Math.max(first, lowest) - (precision - 1);
  const [significand, inexact] = shifted(value, last - value.power, mode);
  if (firstRounded > exponentMax) {
    const toInfinity = mode === 0 || mode === (value.negative ? 1 : 2);
    return { bits: sign | (infinityOf(format) - (toInfinity ? 0n : 1n)), flags: OE | PE };
  }
  // The hidden bit adds one to the exponent's field.
  const field = BigInt(Math.max(first, lowest) - lowest);
  const bits = sign | ((field << fractionBits(format)) + significand);
  return { bits, flags: inexact ? (tiny ? UE | PE : PE) : 0 };
}

function squareRoot(value: bigint): bigint {
  let root = 1n << BigInt((lengthOf(value) + 1) >> 1);
  for (;;) {
    const next = (root + value / root) >> 1n;
    if (next >= root) return root;
    root = next;
  }
}

const PLACES = 140;

function quotient(a: Exact, b: Exact): Exact {
  const size = (a.size << BigInt(PLACES)) / b.size;
  const sticky = size * b.size !== a.size << BigInt(PLACES);
  return { negative: a.negative !== b.negative, size, power: a.power - b.power - PLACES, sticky };
}

function root(a: Exact): Exact {
  const places = 2 * PLACES + (a.power & 1);
  const value = a.size << BigInt(places);
  const size = squareRoot(value);
  return { negative: false, size, power: (a.power - places) / 2, sticky: size * size !== value };
}

function sum(a: Exact, b: Exact): Exact {
  const power = Math.min(a.power, b.power);
  const signed = (x: Exact): bigint =>
    (x.negative ? -1n : 1n) * (x.size << BigInt(x.power - power));
  const value = signed(a) + signed(b);
  return { negative: value < 0n, size: value < 0n ? -value : value, power, sticky: false };
}

/** dst ← a operation b of one element; of a square root, of b. */
export function computed(
  operation: Operation,
  first: bigint,
  second: bigint,
  format: Format,
  mxcsr: number,
): Answer {
  const zeroed = (bits: bigint): bigint =>
    (mxcsr & DAZ) !== 0 && isDenormal(bits, format) ? bits & signOf(format) : bits;
  const b = zeroed(second);
  const a = operation === 'sqrt' ? b : zeroed(first);
  if (isNan(a, format) || isNan(b, format)) {
    const anyway = operation === 'min' || operation === 'max';
    const signals = anyway || isSignalling(a, format) || isSignalling(b, format);
    const chosen = isNan(a, format) ? a : b;
    return { bits: anyway ? b : chosen | quiet(format), flags: signals ? IE : 0 };
  }
  const flags = isDenormal(a, format) || isDenormal(b, format) ? DE : 0;
  const infinity = infinityOf(format);
  const [sizeA, sizeB] = [magnitude(a, format), magnitude(b, format)];
  const invalid = { bits: signOf(format) | infinity | quiet(format), flags: IE };
  const sign = (a ^ b) & signOf(format);
  const [x, y] = [exact(a, format), exact(b, format)];
  const result = (value: Exact): Answer => {
    const answer = rounded(value, format, mxcsr);
    return { bits: answer.bits, flags: answer.flags | flags };
  };
  const minus = operation === 'sub' ? b ^ signOf(format) : b;
  switch (operation) {
    case 'add':
    case 'sub': {
      if (sizeA === infinity && sizeB === infinity && a !== minus) return invalid;
      if (sizeA === infinity) return { bits: a, flags };
      if (sizeB === infinity) return { bits: minus, flags };
      const value = sum(x, exact(minus, format));
      if (value.size !== 0n) return result(value);
      if (sizeA === 0n && a === minus) return { bits: a, flags };
      return { bits: ((mxcsr >> 13) & 3) === 1 ? signOf(format) : 0n, flags };
    }
    case 'mul':
      if (sizeA === infinity || sizeB === infinity)
        return sizeA === 0n || sizeB === 0n ? invalid : { bits: sign | infinity, flags };
      if (sizeA === 0n || sizeB === 0n) return { bits: sign, flags };
      return result({
        negative: sign !== 0n,
        size: x.size * y.size,
        power: x.power + y.power,
        sticky: false,
      });
    case 'div':
      if (sizeA === sizeB && (sizeA === 0n || sizeA === infinity)) return invalid;
      if (sizeA === infinity) return { bits: sign | infinity, flags };
      // The quotient is exact: #Z has precedence over a denormal dividend.
      if (sizeB === 0n) return { bits: sign | infinity, flags: ZE };
      if (sizeA === 0n || sizeB === infinity) return { bits: sign, flags };
      return result(quotient(x, y));
    case 'sqrt':
      if (sizeB === 0n) return { bits: b, flags };
      if (isNegative(b, format)) return invalid;
      return sizeB === infinity ? { bits: b, flags } : result(root(y));
    default: {
      const difference =
        sizeA === infinity || sizeB === infinity ? ordering(a, b, format) : signOfSum(x, y);
      const isFirst = operation === 'min' ? difference < 0 : difference > 0;
      return { bits: isFirst ? a : b, flags };
    }
  }
}

/** The sign of a - b of finite numbers. */
function signOfSum(a: Exact, b: Exact): number {
  const { negative, size } = sum(a, { ...b, negative: !b.negative });
  return size === 0n ? 0 : negative ? -1 : 1;
}

/** The same where one is infinite. */
function ordering(a: bigint, b: bigint, format: Format): number {
  if (a === b) return 0;
  const infinity = infinityOf(format);
  const rank = (bits: bigint): number =>
    magnitude(bits, format) === infinity ? (isNegative(bits, format) ? -1 : 1) : 0;
  return rank(a) - rank(b);
}
