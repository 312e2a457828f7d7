/** FLD1 to FLDZ. Source: SDM Vol. 2, "FLD1/FLDL2T/FLDL2E/FLDPI/FLDLG2/FLDLN2/FLDZ": 66-bit constants, rounded. */
import { X87 } from '../../../isa/x87';
import { RESULT, write } from './number';
import { ROUND_DOWN, ROUND_TO_ZERO, ROUND_UP, rounding } from './state';

/** RESULT ← the constant. Rounded to nearest, π, log2 e, lg 2 and ln 2 are rounded up, log2 10 down. */
export function constant(operation: i32): void {
  const down = u64(rounding == ROUND_DOWN || rounding == ROUND_TO_ZERO);
  switch (operation) {
    case X87.FLD1:
      return write(RESULT, 0x3fff, 0x8000_0000_0000_0000);
    case X87.FLDL2T:
      return write(RESULT, 0x4000, 0xd49a_784b_cd1b_8afe + u64(rounding == ROUND_UP));
    case X87.FLDL2E:
      return write(RESULT, 0x3fff, 0xb8aa_3b29_5c17_f0bc - down);
    case X87.FLDPI:
      return write(RESULT, 0x4000, 0xc90f_daa2_2168_c235 - down);
    case X87.FLDLG2:
      return write(RESULT, 0x3ffd, 0x9a20_9a84_fbcf_f799 - down);
    case X87.FLDLN2:
      return write(RESULT, 0x3ffe, 0xb172_17f7_d1cf_79ac - down);
    default:
      return write(RESULT, 0, 0);
  }
}
