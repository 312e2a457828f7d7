/**
 * Whether a native result, normal and far from overflow, of operands that are no denormals is exact, so that PE stays as it is. False where
 * that takes more than a glance: then the exact computation says it.
 * Sources: Dekker, "A Floating-Point Technique for Extending the Available Precision" (1971), and Knuth, "The Art of Computer
 * Programming", vol. 2, 4.2.2: the error of a sum is a number that additions give. A product of odd integers is odd: it has all its bits.
 */
const FRACTION_BITS: u64 = 52;

/** By the numbers of the families: 0 addition, 1 subtraction, 2 multiplication, 3 division, 6 square root (of `b`). */
export function exactSingle(kind: i32, a: f32, b: f32, result: f32): bool {
  if (kind == 0) return sumError<f32>(a, b, result) == 0;
  if (kind == 1) return sumError<f32>(a, -b, result) == 0;
  // Products of 24 bits by 24 are exact in binary64.
  if (kind == 2) return f64(a) * f64(b) == f64(result);
  if (kind == 3) return f64(result) * f64(b) == f64(a);
  return kind == 6 && f64(result) * f64(result) == f64(b);
}

/** The same for binary64. */
export function exactDouble(kind: i32, a: f64, b: f64, result: f64): bool {
  if (kind == 0) return sumError<f64>(a, b, result) == 0;
  if (kind == 1) return sumError<f64>(a, -b, result) == 0;
  if (kind == 2) return bits(a) + bits(b) <= 53;
  if (kind == 3) return bits(result) + bits(b) <= 53 && result * b == a;
  return kind == 6 && 2 * bits(result) <= 53 && result * result == b;
}

/** Whether a zero is the exact result of operands of which so many are zeros: of a product or quotient it may have underflowed. */
export function exactZero(kind: i32, aIsZero: bool, bIsZero: bool): bool {
  if (kind == 2) return aIsZero || bIsZero;
  if (kind == 3) return aIsZero;
  return kind <= 1 || kind == 6;
}

function sumError<T extends number>(a: T, b: T, sum: T): T {
  const other = (sum - a) as T;
  return (a - (sum - other) + (b - other)) as T;
}

/** Significant bits of a normal number. */
function bits(value: f64): u64 {
  return FRACTION_BITS + 1 - min(ctz(reinterpret<u64>(value)), FRACTION_BITS);
}
