/** Damaged boot images and memory maps: each is refused with a sentence for the user, or accepted. */
import { ConfigurationError } from '../../emulator/base/errors.js';
import { checkPlacement, recogniseImage } from '../../emulator/machine/image.js';
import { parseMapText } from '../../emulator/memory/map-text.js';
import type { Random } from '../vectors/random.js';

/** Bytes from here on are damaged more often: headers, where the numbers are. */
const HEADER_BYTES = 0x200;
const EXTREMES = [0x00, 0x01, 0x7f, 0x80, 0xff] as const;

function damaged(bytes: Uint8Array, random: Random): Uint8Array {
  const copy = Uint8Array.from(
    random.chance(0.1) ? bytes.subarray(0, random.below(bytes.length)) : bytes,
  );
  for (let count = random.between(1, 8); count > 0 && copy.length > 0; count--) {
    const within = random.chance(0.8) ? Math.min(HEADER_BYTES, copy.length) : copy.length;
    copy[random.below(within)] = random.chance(0.5) ? random.pick(EXTREMES) : random.below(256);
  }
  return copy;
}

/** Throws what is not a sentence for the user. */
function refusedOrAccepted(action: () => void): void {
  try {
    action();
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
  }
}

export function tryDamagedImage(image: Uint8Array, random: Random): void {
  const bytes = damaged(image, random);
  refusedOrAccepted(() =>
    checkPlacement(recogniseImage(bytes, 'damaged.elf'), [
      { base: 0n, end: 64n << 20n, rom: false },
    ]),
  );
}

export function tryDamagedMap(text: string, random: Random): void {
  const bytes = damaged(new TextEncoder().encode(text), random);
  refusedOrAccepted(() => {
    parseMapText(new TextDecoder().decode(bytes), 'damaged.txt');
  });
}
