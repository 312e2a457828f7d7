/**
 * Reduction of an angle by multiples of π/2, with π of 66 bits.
 * Source: SDM Vol. 1, "Approximation of Pi": 4 × 0.C90FDAA22168C234C in hexadecimal.
 */
import { normalised, power } from './number';
import { negate, normaliseWide } from './wide';

/** Of π/2, in units of 2^-65: C90FDAA22168C234C ÷ 4. */
const HALF_PI_HIGH: u64 = 3;
const HALF_PI_LOW: u64 = 0x243f_6a88_85a3_08d3;

/** |angle| less `quadrant` × π/2, at most π/4 in magnitude. */
export const ANGLE: u32 = u32(memory.data(24, 16));
export let quadrant: u32 = 0;

/** Of a finite number other than zero, its sign aside. */
export function angleReduction(a: u32): void {
  const exponent = power(a);
  quadrant = 0;
  if (exponent < -1) {
    normaliseWide(ANGLE, normalised(a), 0, exponent);
    return;
  }
  let high: u64 = 0;
  let low: u64 = 0;
  let bits = normalised(a);
  for (let step = exponent + 66; step > 0; step--) {
    high = (high << 1) | (low >> 63);
    low = (low << 1) | (bits >> 63);
    bits <<= 1;
    quadrant <<= 1;
    if (high > HALF_PI_HIGH || (high == HALF_PI_HIGH && low >= HALF_PI_LOW)) {
      high -= HALF_PI_HIGH + u64(low < HALF_PI_LOW);
      low -= HALF_PI_LOW;
      quadrant |= 1;
    }
  }
  const twiceHigh = (high << 1) | (low >> 63);
  const beyond = twiceHigh > HALF_PI_HIGH || (twiceHigh == HALF_PI_HIGH && low << 1 > HALF_PI_LOW);
  if (beyond) {
    high = HALF_PI_HIGH - high - u64(HALF_PI_LOW < low);
    low = HALF_PI_LOW - low;
    quadrant++;
  }
  // The unit is 2^-65: bit 63 of high stands for 2^62.
  normaliseWide(ANGLE, high, low, 62);
  if (beyond) negate(ANGLE);
}
