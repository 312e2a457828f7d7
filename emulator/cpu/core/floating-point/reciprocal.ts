/**
 * RCPPS and RSQRTPS: approximations with a relative error of at most 1.5 × 2^-12, no flags, no exceptions.
 * Source: SDM Vol. 2, RCPPS, RSQRTPS; Vol. 1, table of their special values. Which approximation is the implementation's
 * affair: here the double-precision result, rounded, so the error is at most 2^-24.
 */
import {
  indefinite,
  infinity,
  isDenormal,
  isNan,
  isZero,
  magnitude,
  quietBit,
  signBit,
} from './format';

/** Denormals count as zeroes whatever MXCSR says, and denormal results become zeroes. */
export function reciprocal(value: u32): u32 {
  if (isNan<u32>(value)) return value | u32(quietBit<u32>());
  const sign = value & u32(signBit<u32>());
  if (isZero<u32>(value) || isDenormal<u32>(value)) return sign | u32(infinity<u32>());
  const result = reinterpret<u32>(f32(1.0 / f64(reinterpret<f32>(value))));
  return isDenormal<u32>(result) ? sign : result;
}

export function reciprocalRoot(value: u32): u32 {
  if (isNan<u32>(value)) return value | u32(quietBit<u32>());
  const sign = value & u32(signBit<u32>());
  if (isZero<u32>(value) || isDenormal<u32>(value)) return sign | u32(infinity<u32>());
  if (sign != 0) return u32(indefinite<u32>());
  if (magnitude<u32>(value) == infinity<u32>()) return 0;
  return reinterpret<u32>(f32(1.0 / sqrt<f64>(f64(reinterpret<f32>(value)))));
}
