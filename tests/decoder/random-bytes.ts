/** Seeded strings of bytes that look like instructions often enough. */
import { type CodeSize, STRING_BYTES } from './iced.js';

/** xorshift32: the same numbers for the same seed, everywhere. */
export function randomSource(seed: number): () => number {
  let state = seed >>> 0 || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>> 0;
  };
}

const PREFIXES = [0x66, 0x67, 0xf2, 0xf3, 0xf0, 0x2e, 0x36, 0x3e, 0x26, 0x64, 0x65];

/** `count` strings of STRING_BYTES: some with prefixes, REX, the maps 0F, 0F38 and 0F3A, or VEX. */
export function randomStrings(count: number, codeSize: CodeSize, seed: number): Uint8Array {
  const next = randomSource(seed);
  const bytes = new Uint8Array(count * STRING_BYTES + STRING_BYTES);
  for (let i = 0; i < bytes.length; i++) bytes[i] = next() >>> 11;
  for (let at = 0; at < count * STRING_BYTES; at += STRING_BYTES) {
    let to = at;
    for (let prefixes = next() % 4; prefixes > 1; prefixes--)
      bytes[to++] = PREFIXES[next() % PREFIXES.length] ?? 0x66;
    if (codeSize === 64 && next() % 2 === 0) bytes[to++] = 0x40 | ((next() >>> 9) & 15);
    const map = next() % 16;
    if (map < 6) bytes[to++] = 0x0f;
    if (map === 0) bytes[to++] = 0x38;
    if (map === 1) bytes[to++] = 0x3a;
    if (map === 7) {
      bytes[to++] = 0xc4;
      bytes[to] = ((bytes[to] ?? 0) & 0xe0) | 2;
    }
  }
  return bytes;
}
