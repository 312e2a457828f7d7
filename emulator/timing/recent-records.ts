/**
 * Records of instructions that were described lately, found by all that a record depends on as it stands in the decoded instruction: code
 * that is decoded again and again (self-modifying code, or after the code cache was emptied) needs neither its form's analysis nor a search by it.
 */
import type { DecodedInstruction } from '../isa/decoded-instruction.js';
import { RECORD_BYTES } from './engine-layout.js';

export const RECORD_WORDS = RECORD_BYTES >> 2;
/** A power of two. */
const PLACES = 1024;
const KEY_WORDS = 8;

export class RecentRecords {
  /** The records, RECORD_WORDS each. */
  readonly words = new Int32Array(PLACES * RECORD_WORDS);
  private readonly keys = new Int32Array(PLACES * KEY_WORDS);

  /** Where in `words` the instruction's record begins; -1: it is not there. */
  find(decoded: DecodedInstruction): number {
    const named = namedBy(decoded);
    const place = placeOf(decoded.formNumber, named);
    const { keys } = this;
    const at = place * KEY_WORDS;
    const isThere =
      keys[at] === decoded.formNumber + 1 &&
      keys[at + 1] === named &&
      keys[at + 2] === decoded.base &&
      keys[at + 3] === decoded.index &&
      keys[at + 4] === decoded.displacementLow &&
      keys[at + 5] === decoded.operandSize;
    return isThere ? place * RECORD_WORDS : -1;
  }

  /** Takes the record of the instruction. Returns where in `words` it begins. */
  keep(decoded: DecodedInstruction, record: Int32Array): number {
    const named = namedBy(decoded);
    const place = placeOf(decoded.formNumber, named);
    const { keys } = this;
    const at = place * KEY_WORDS;
    keys[at] = decoded.formNumber + 1;
    keys[at + 1] = named;
    keys[at + 2] = decoded.base;
    keys[at + 3] = decoded.index;
    keys[at + 4] = decoded.displacementLow;
    keys[at + 5] = decoded.operandSize;
    this.words.set(record, place * RECORD_WORDS);
    return place * RECORD_WORDS;
  }
}

/** Registers, prefixes and the kind of operand in one number. */
function namedBy(decoded: DecodedInstruction): number {
  return (
    decoded.reg |
    (decoded.rm << 4) |
    (decoded.opcodeRegister << 8) |
    (decoded.vvvv << 12) |
    (decoded.is4 << 16) |
    (decoded.vectorIndex << 20) |
    (decoded.scale << 24) |
    (decoded.repeat << 26) |
    (decoded.lock ? 1 << 28 : 0) |
    (decoded.inMemory ? 1 << 29 : 0) |
    (decoded.rexPresent ? 1 << 30 : 0)
  );
}

function placeOf(formNumber: number, named: number): number {
  return (Math.imul(named, 0x9e3779b1) >>> 22) ^ (formNumber & (PLACES - 1));
}
