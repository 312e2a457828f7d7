/** The records of timed blocks: those that are kept from instructions before are those that would be written anew. */
import { describe, expect, it } from 'vitest';
import {
  DecodeStatus,
  InstructionDecoder,
} from '../../emulator/cpu/decoder/instruction-decoder.js';
import { TimingDescriber } from '../../emulator/timing/block-describer.js';
import { RECORD_BYTES } from '../../emulator/timing/engine-layout.js';
import { CORE_MODELS } from '../../emulator/timing/models.js';
import { randomStrings } from '../decoder/random-bytes.js';
import { STRING_BYTES } from '../decoder/iced.js';

const STRINGS = 30_000;
const SEED = 0x5eed_0007;
/** Of this many instructions each block is described by a describer that has seen nothing else. */
const INSTRUCTIONS = 20;

describe.each(CORE_MODELS)('the records of $name', (model) => {
  it.each([16, 32, 64] as const)(
    `are the same whatever was described before, in %i-bit code (seed=${SEED})`,
    (codeSize) => {
      const bytes = randomStrings(STRINGS, codeSize, SEED + codeSize);
      const decoder = new InstructionDecoder();
      const kept = new TimingDescriber(model);
      const words = new Int32Array((INSTRUCTIONS * RECORD_BYTES) / 4);
      const other = new Int32Array(words.length);
      const wrong: string[] = [];
      for (let first = 0; first < STRINGS; first += INSTRUCTIONS) {
        const fresh = new TimingDescriber(model);
        kept.begin();
        fresh.begin();
        for (let i = 0; i < INSTRUCTIONS; i++) {
          const at = (first + i) * STRING_BYTES;
          const status = decoder.decode(bytes, at, at + STRING_BYTES, codeSize >> 5);
          if (status === DecodeStatus.Incomplete) continue;
          kept.instruction(decoder, i);
          fresh.instruction(decoder, i);
        }
        kept.write(words, 0);
        fresh.write(other, 0);
        if (words.some((word, i) => word !== other[i])) wrong.push(`strings from ${first}`);
      }
      expect(wrong).toEqual([]);
    },
  );
});
