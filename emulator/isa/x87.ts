/**
 * Operations of the x87 instructions, and the forms of their operands. Read by TypeScript and by AssemblyScript, as uop.ts.
 *
 * The door `X87` is given in imm: bits 0-7 segment of the memory operand, 8-15 ModRM, 16-18 the low bits of the opcode (with
 * ModRM the FOP of the SDM), 19-22 an `X87Operand`, bit 23: 16-bit operand size (environment images), 24-30 an `X87`. The
 * effective address of a memory operand is in the slot a.
 */

export const X87_MODRM_SHIFT = 8;
export const X87_OPCODE_SHIFT = 16;
export const X87_OPERAND_SHIFT = 19;
export const X87_SIZE_16 = 1 << 23;
export const X87_OPERATION_SHIFT = 24;

export enum X87Operand {
  None,
  /** ST(i): the other operand, and the destination where the operation has one */
  Source,
  /** ST(i) is the destination, ST(0) the other operand */
  Destination,
  Single,
  Double,
  Extended,
  Int16,
  Int32,
  Int64,
  Bcd,
  /** A word in memory, an environment image, AX. */
  Word,
  Image,
  Ax,
}

/** By the SDM's mnemonics; a `P` pops. FIADD is FADD of an integer operand, and so on. */
// prettier-ignore
export enum X87 {
  /** Control instructions: no check for a pending exception (FWAIT, FLDCW, FLDENV, FRSTOR: see WAITING), FIP and FDP stay. */
  FNINIT, FNCLEX, FNSTCW, FNSTSW, FNSTENV, FNSAVE, FNENI, FNDISI, FNSETPM,
  /** From here on a pending exception is raised first. */
  FWAIT, FLDCW, FLDENV, FRSTOR,
  /** From here on FOP, FIP and FDP are recorded. */
  FNOP, FLD, FST, FSTP, FISTTP, FSTPNCE, FXCH, FFREE, FFREEP, FINCSTP, FDECSTP,
  FCMOVB, FCMOVE, FCMOVBE, FCMOVU, FCMOVNB, FCMOVNE, FCMOVNBE, FCMOVNU,
  FLD1, FLDL2T, FLDL2E, FLDPI, FLDLG2, FLDLN2, FLDZ,
  FADD, FMUL, FSUB, FSUBR, FDIV, FDIVR,
  FADDP, FMULP, FSUBP, FSUBRP, FDIVP, FDIVRP,
  FCOM, FCOMP, FCOMPP, FUCOM, FUCOMP, FUCOMPP, FCOMI, FCOMIP, FUCOMI, FUCOMIP, FTST, FXAM,
  FCHS, FABS, FSQRT, FRNDINT, FSCALE, FXTRACT, FPREM, FPREM1,
  F2XM1, FYL2X, FYL2XP1, FPTAN, FPATAN, FSIN, FCOS, FSINCOS,
  Count,
}
