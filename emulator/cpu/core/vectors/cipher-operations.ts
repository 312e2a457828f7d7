/** Vector micro-ops from Aesenc on: ciphers, hashes and comparisons of strings. */
import { Op, UOP_A, UOP_B, UOP_DST, UOP_IMM } from '../../../isa/uop';
import { aesInverseMixColumns, aesKeyGeneration, aesRound, carrylessProduct } from './aes';
import { sha } from './sha';
import { compareStrings } from './string-comparison';

export function executeCipher(uop: u32, op: i32): void {
  if (op >= Op.Pcmpestrm) {
    compareStrings(uop, op);
    return;
  }
  const a = v128.load(load<u32>(uop, UOP_A));
  // Those without a second operand have 0 there: an address like any other.
  const b = v128.load(load<u32>(uop, UOP_B));
  const imm = u32(load<u8>(uop, UOP_IMM));
  let result: v128;
  if (op <= Op.Aesdeclast) result = aesRound(op, a, b);
  else if (op == Op.Aesimc) result = aesInverseMixColumns(a);
  else if (op == Op.Aeskeygenassist) result = aesKeyGeneration(a, imm);
  else if (op == Op.Pclmulqdq) result = carrylessProduct(a, b, imm);
  else result = sha(op, a, b, imm);
  v128.store(load<u32>(uop, UOP_DST), result);
}
