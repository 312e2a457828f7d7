/**
 * CRC32C (polynomial 11EDC6F41h), bit-reflected, one byte at a time.
 * Source: Intel SDM Vol. 2, CRC32.
 */

/** The polynomial, bit-reflected. */
const POLYNOMIAL: u32 = 0x82f63b78;

/** The checksum `crc` continued over the low `bytes` bytes of `data`, least significant byte first. */
export function crc32c(crc: u32, data: u64, bytes: u32): u32 {
  for (let index: u32 = 0; index < bytes; index++, data >>= 8) {
    crc ^= u32(data) & 0xff;
    for (let bit = 0; bit < 8; bit++) crc = (crc >> 1) ^ (POLYNOMIAL & (0 - (crc & 1)));
  }
  return crc;
}
