/**
 * The recorder's honesty: register-to-register arithmetic of the vectors, calculated again from the definition of the
 * flags (SDM Vol. 1 "EFLAGS Register", "Status Flags"). A slip in recording, storing or reading would show here.
 */
import { Decoder, DecoderOptions, Mnemonic, OpKind, Register, RegisterExt } from 'iced-x86';
import { describe, expect, it } from 'vitest';
import type { MachineState } from '../../scripts/vectors/initial-state.js';
import { AF, CF, OF, PF, SF, ZF } from './undefined-flags.js';
import { openVectorFile } from './vector-file.js';

interface Operation {
  readonly first: number;
  readonly second: number;
  readonly mnemonic: Mnemonic;
  readonly bits: number;
}

/** Register of 64, 32 or 16 bits, or a low byte. */
function registerValue(state: MachineState, register: number, bits: number): bigint {
  const [low = 0, high = 0] = state.registers.subarray(2 * register);
  return BigInt.asUintN(bits, (BigInt(high) << 32n) | BigInt(low));
}

function readOperation(bytes: Uint8Array): Operation | null {
  const decoder = new Decoder(64, bytes, DecoderOptions.None);
  const { mnemonic, opCount, op0Kind, op1Kind, op0Register, op1Register } = decoder.decode();
  const high = [Register.AH, Register.CH, Register.DH, Register.BH];
  if (opCount !== 2 || op0Kind !== OpKind.Register || op1Kind !== OpKind.Register) return null;
  if (high.includes(op0Register) || high.includes(op1Register)) return null;
  const bits = 8 * RegisterExt.size(op0Register);
  const number = (register: Register): number =>
    RegisterExt.number(RegisterExt.fullRegister(register));
  return { first: number(op0Register), second: number(op1Register), mnemonic, bits };
}

/** Result and flags (AF only where defined) of an operation. */
function calculate(
  { first, second, mnemonic, bits }: Operation,
  before: MachineState,
): [bigint, number] | null {
  const a = registerValue(before, first, bits);
  const b = registerValue(before, second, bits);
  const carry = BigInt(before.rflags & CF);
  const sign = (value: bigint): boolean => BigInt.asIntN(bits, value) < 0n;
  const sums = {
    [Mnemonic.Add]: a + b,
    [Mnemonic.Adc]: a + b + carry,
    [Mnemonic.Sub]: a - b,
    [Mnemonic.Sbb]: a - b - carry,
  };
  const logic = { [Mnemonic.And]: a & b, [Mnemonic.Or]: a | b, [Mnemonic.Xor]: a ^ b };
  const exact = { ...sums, ...logic }[mnemonic as number];
  if (exact === undefined) return null;
  const result = BigInt.asUintN(bits, exact);
  const ones = (result & 0xffn).toString(2).split('1').length - 1;
  let flags = (result === 0n ? ZF : 0) | (sign(result) ? SF : 0) | (ones % 2 === 0 ? PF : 0);
  if (mnemonic in sums) {
    const subtracts = mnemonic === Mnemonic.Sub || mnemonic === Mnemonic.Sbb;
    if (exact !== result) flags |= CF;
    if (((a ^ b ^ result) & 16n) !== 0n) flags |= AF;
    if (sign(a) === (sign(b) !== subtracts) && sign(a) !== sign(result)) flags |= OF;
  } else {
    flags |= AF; // undefined: set on both sides
  }
  return [result, flags];
}

describe('recorded vectors', () => {
  it('ADD ADC SUB SBB AND OR XOR of registers did what arithmetic says', () => {
    const file = openVectorFile('binary-arithmetic');
    const wrong: string[] = [];
    let checked = 0;
    for (let i = 0; i < file.instructionCount; i += 1) {
      file.next(({ bytes }) => {
        const operation = readOperation(bytes);
        return (before, { state }) => {
          const expected = operation === null ? null : calculate(operation, before);
          if (operation === null || expected === null) return;
          const logical = [Mnemonic.And, Mnemonic.Or, Mnemonic.Xor].includes(operation.mnemonic);
          const flags = (state.rflags | (logical ? AF : 0)) & (CF | PF | AF | ZF | SF | OF);
          const result = registerValue(state, operation.first, operation.bits);
          checked += 1;
          if (result !== expected[0] || flags !== expected[1])
            wrong.push(Buffer.from(bytes).toString('hex'));
        };
      });
    }
    file.verify();
    expect(wrong).toEqual([]);
    expect(checked).toBeGreaterThan(3000);
  });

  it('what follows the instruction is untouched by a case that changes nothing', () => {
    const file = openVectorFile('data-transfer');
    let nops = 0;
    for (let i = 0; i < file.instructionCount; i += 1) {
      file.next(({ bytes, codeOffset }) => (before, after) => {
        if (bytes.length !== 1 || bytes[0] !== 0x90) return;
        nops += 1;
        expect(after.ripOffset).toBe(codeOffset + 1);
        expect(after.state.registers).toEqual(before.registers);
        expect(after.state.image).toEqual(before.image);
        expect(after.state.rflags).toBe(before.rflags);
      });
    }
    expect(nops).toBeGreaterThan(0);
  });
});
