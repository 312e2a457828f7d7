/**
 * The sixteen conditions of Jcc, SETcc and CMOVcc.
 * Source: Intel SDM Vol. 1, "EFLAGS Condition Codes".
 */
import {
  carryFlag,
  carryOrZero,
  lessOrEqual,
  overflowFlag,
  parityFlag,
  signFlag,
  signNotOverflow,
  zeroFlag,
} from '../flags';

/** Whether `condition` (a `Condition`, 0 to 15) holds. An odd condition is the opposite of the even one before it. */
export function conditionHolds(condition: u32): bool {
  return (evenCondition(condition >> 1) ^ (condition & 1)) != 0;
}

function evenCondition(pair: u32): u32 {
  switch (pair) {
    case 0:
      return overflowFlag();
    case 1:
      return carryFlag();
    case 2:
      return u32(zeroFlag());
    case 3:
      return carryOrZero();
    case 4:
      return signFlag();
    case 5:
      return parityFlag();
    case 6:
      return signNotOverflow();
    default:
      return lessOrEqual();
  }
}
