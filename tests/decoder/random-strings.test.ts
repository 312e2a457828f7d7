/**
 * Random bytes through this decoder and iced-x86: the same lengths, the same instructions, the same strings invalid.
 * Each string starts with random prefixes and opcode maps, so that rare maps are met often.
 */
import { describe, expect, it } from 'vitest';
import {
  DecodeStatus,
  InstructionDecoder,
} from '../../emulator/cpu/decoder/instruction-decoder.js';
import {
  type CodeSize,
  FEATURES_NOT_OFFERED,
  IcedDecoder,
  LENGTH_UNKNOWN,
  REJECTED_HERE,
  SPELLINGS,
  STRING_BYTES,
} from './iced.js';
import { randomStrings } from './random-bytes.js';

const STRINGS = 200_000;
const SEED = 0x5eed_0001;

/** `null` when both agree or the table explains why not; else what differs. */
function difference(
  decoder: InstructionDecoder,
  status: DecodeStatus,
  iced: IcedDecoder,
  codeSize: CodeSize,
  at: number,
): string | null {
  const other = iced.decodeAt(at);
  const form = status === DecodeStatus.Complete ? decoder.table.formOf(decoder.variant) : null;
  if (form === null) {
    if (!other.valid || iced.features().some((feature) => FEATURES_NOT_OFFERED.test(feature)))
      return null;
    const known = REJECTED_HERE.some(
      ([code, sizes]) => code.test(iced.codeName()) && sizes.includes(codeSize),
    );
    return known ? null : `rejected, iced: ${iced.codeName()}`;
  }
  const mnemonic = (
    form.attributes.mnemonicByAddressSize?.[decoder.addressBits >> 5] ?? form.mnemonic
  ).toLowerCase();
  if (LENGTH_UNKNOWN.test(mnemonic)) return null;
  if (!other.valid) return `accepted as ${form.syntax}, iced: invalid`;
  if (decoder.length !== other.length)
    return `${decoder.length} bytes of ${form.syntax}, iced: ${other.length} of ${other.mnemonic}`;
  if (mnemonic === other.mnemonic) return null;
  const known = SPELLINGS.some(
    ([ours, theirs]) => ours.test(mnemonic) && theirs.test(other.mnemonic),
  );
  return known ? null : `${mnemonic}, iced: ${other.mnemonic}`;
}

describe.each([16, 32, 64] as const)('in %i-bit code', (codeSize) => {
  it(`reads ${STRINGS} random strings as iced-x86 does (seed=${SEED})`, () => {
    const bytes = randomStrings(STRINGS, codeSize, SEED + codeSize);
    const decoder = new InstructionDecoder();
    const iced = new IcedDecoder(codeSize, bytes);
    const differences: string[] = [];
    let complete = 0;
    for (let at = 0; at < STRINGS * STRING_BYTES; at += STRING_BYTES) {
      const status = decoder.decode(bytes, at, at + STRING_BYTES, codeSize >> 5);
      if (status === DecodeStatus.Complete) complete++;
      const text = difference(decoder, status, iced, codeSize, at);
      if (text !== null)
        differences.push(
          `${Buffer.from(bytes.subarray(at, at + STRING_BYTES)).toString('hex')}: ${text}`,
        );
    }
    iced.free();
    expect(differences.slice(0, 20)).toEqual([]);
    expect(complete).toBeGreaterThan(STRINGS / 2);
  });
});
