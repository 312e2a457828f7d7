/**
 * Which status flags an instruction leaves undefined, by mnemonic: a recorded value there proves nothing.
 *
 * Source: SDM Vol. 2, section "Flags Affected" of each instruction; the words are quoted. Independent of the forms in
 * emulator/isa, so that a mistake there is not repeated here. A mnemonic that is not listed leaves no flag undefined.
 */

export const CF = 1 << 0;
export const PF = 1 << 2;
export const AF = 1 << 4;
export const ZF = 1 << 6;
export const SF = 1 << 7;
export const OF = 1 << 11;

/** What the rule of a shift needs to know. */
export interface ShiftOperands {
  /** The count after masking (SDM: "masked to 5 bits (or 6 bits with a 64-bit operand)"). */
  readonly maskedCount: number;
  readonly operandBits: number;
}

type Rule = number | ((operands: ShiftOperands) => number);

/** "If the count is 0, the flags are not affected"; "OF … is undefined for shifts of more than 1 bit"; AF undefined. */
function shift(carryIsUndefinedFrom: (operandBits: number) => number): Rule {
  return ({ maskedCount, operandBits }) => {
    if (maskedCount === 0) return 0;
    const overflow = maskedCount === 1 ? 0 : OF;
    return AF | overflow | (maskedCount >= carryIsUndefinedFrom(operandBits) ? CF : 0);
  };
}

/** "If the masked count is 1, then the OF flag is affected, otherwise (masked count is greater than 1) … undefined." */
const rotate: Rule = ({ maskedCount }) => (maskedCount > 1 ? OF : 0);

/** SHL, SHR: "the CF flag … is undefined … where the count is greater than or equal to the size (in bits)". */
const logicalShift = shift((operandBits) => operandBits);
/** SAR: every bit shifted out is then the sign; the sentence on CF names SHL and SHR only. */
const arithmeticShift = shift(() => Infinity);
/** SHLD, SHRD: undefined beyond the operand size, and such counts are not recorded. */
const doubleShift = shift((operandBits) => operandBits + 1);

const RULES: Readonly<Record<string, Rule>> = {
  // "The OF and CF flags are cleared; the SF, ZF, and PF flags are set according to the result. AF is undefined."
  AND: AF,
  OR: AF,
  XOR: AF,
  TEST: AF,
  // "The SF, ZF, AF, and PF flags are undefined."
  MUL: SF | ZF | AF | PF,
  IMUL: SF | ZF | AF | PF,
  // "The CF, OF, SF, ZF, AF, and PF flags are undefined."
  DIV: CF | OF | SF | ZF | AF | PF,
  IDIV: CF | OF | SF | ZF | AF | PF,
  ROL: rotate,
  ROR: rotate,
  RCL: rotate,
  RCR: rotate,
  SHL: logicalShift,
  SAL: logicalShift,
  SHR: logicalShift,
  SAR: arithmeticShift,
  SHLD: doubleShift,
  SHRD: doubleShift,
  // "The CF flag contains the value of the selected bit … ZF is unaffected. OF, SF, AF, and PF are undefined."
  BT: OF | SF | AF | PF,
  BTS: OF | SF | AF | PF,
  BTR: OF | SF | AF | PF,
  BTC: OF | SF | AF | PF,
  // "The ZF flag is set to 1 if the source operand is 0 … CF, OF, SF, AF, and PF are undefined."
  BSF: CF | OF | SF | AF | PF,
  BSR: CF | OF | SF | AF | PF,
  // "ZF … CF … OF, SF, PF, and AF flags are undefined."
  TZCNT: OF | SF | PF | AF,
  LZCNT: OF | SF | PF | AF,
  // "SF and ZF are updated … OF and CF flags are cleared. AF and PF flags are undefined."
  ANDN: AF | PF,
  BLSI: AF | PF,
  BLSMSK: AF | PF,
  BLSR: AF | PF,
  BZHI: AF | PF,
  // "ZF is updated … AF, SF, and PF are undefined. All other flags are cleared."
  BEXTR: AF | SF | PF,
};

/** LAR: "the access rights … 00FxFF00H, where x is undefined": bits of the destination register. */
export const LAR_UNDEFINED = 0x000f_0000;

/** The undefined bits of RFLAGS after an instruction that did not fault. `mnemonic` is the SDM's, in capitals. */
export function undefinedFlags(mnemonic: string, operands: ShiftOperands): number {
  const rule = RULES[mnemonic] ?? 0;
  return typeof rule === 'number' ? rule : rule(operands);
}
