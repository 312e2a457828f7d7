/** Products of 64-bit integers with all their bits. */

export let productHigh: u64 = 0;
export let productLow: u64 = 0;

/** productHigh:productLow ← a × b */
export function multiplyWide(a: u64, b: u64): void {
  const lowA = a & 0xffffffff;
  const highA = a >> 32;
  const lowB = b & 0xffffffff;
  const highB = b >> 32;
  const lowest = lowA * lowB;
  const middle = highA * lowB + (lowest >> 32);
  const other = lowA * highB + (middle & 0xffffffff);
  productLow = (other << 32) | (lowest & 0xffffffff);
  productHigh = highA * highB + (middle >> 32) + (other >> 32);
}
