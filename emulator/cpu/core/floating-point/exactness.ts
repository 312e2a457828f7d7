/**
 * Whether a native result, normal, of operands that are no denormals is exact, so that PE stays as it is. False where
 * that takes more than a glance: then the exact computation says it.
 * Sources: Dekker, "A Floating-Point Technique for Extending the Available Precision" (1971), and Knuth, "The Art of Computer
 * Programming", vol. 2, 4.2.2: the error of a sum is a number that additions give. A product of odd integers is odd: it has all its bits.
 */
import { ArithmeticFamily } from '../../../isa/floating-point';

const FRACTION_BITS: u64 = 52;
const SIGNIFICAND_BITS: u64 = FRACTION_BITS + 1;

/** `kind`: its family; a square root is of `b`. */
export function exactSingle(kind: i32, a: f32, b: f32, result: f32): bool {
  if (kind == ArithmeticFamily.Add) return sumError<f32>(a, b, result) == 0;
  if (kind == ArithmeticFamily.Sub) return sumError<f32>(a, -b, result) == 0;
  // Products of 24 bits by 24 are exact in binary64.
  if (kind == ArithmeticFamily.Mul) return f64(a) * f64(b) == f64(result);
  if (kind == ArithmeticFamily.Div) return f64(result) * f64(b) == f64(a);
  return kind == ArithmeticFamily.Sqrt && f64(result) * f64(result) == f64(b);
}

/** The same for binary64. */
export function exactDouble(kind: i32, a: f64, b: f64, result: f64): bool {
  if (kind == ArithmeticFamily.Add) return sumError<f64>(a, b, result) == 0;
  if (kind == ArithmeticFamily.Sub) return sumError<f64>(a, -b, result) == 0;
  if (kind == ArithmeticFamily.Mul) return bits(a) + bits(b) <= SIGNIFICAND_BITS;
  if (kind == ArithmeticFamily.Div)
    return bits(result) + bits(b) <= SIGNIFICAND_BITS && result * b == a;
  return (
    kind == ArithmeticFamily.Sqrt && 2 * bits(result) <= SIGNIFICAND_BITS && result * result == b
  );
}

/** Whether a zero is the exact result of these operands: a product or quotient may have underflowed. */
export function exactZero(kind: i32, aIsZero: bool, bIsZero: bool): bool {
  if (kind == ArithmeticFamily.Mul) return aIsZero || bIsZero;
  if (kind == ArithmeticFamily.Div) return aIsZero;
  return kind <= ArithmeticFamily.Sub || kind == ArithmeticFamily.Sqrt;
}

function sumError<T extends number>(a: T, b: T, sum: T): T {
  const other = (sum - a) as T;
  return (a - (sum - other) + (b - other)) as T;
}

/** Significant bits of a normal number. */
function bits(value: f64): u64 {
  return SIGNIFICAND_BITS - min(ctz(reinterpret<u64>(value)), FRACTION_BITS);
}
