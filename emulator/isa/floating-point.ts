/**
 * SSE's arithmetic, as the core and the translator both know it. This file imports nothing: two languages read it.
 * Source: SDM Vol. 1, "MXCSR Control and Status Register".
 */

/** Families of four micro-ops from Op.Addps on, in their order: ps, pd, ss, sd. */
export enum ArithmeticFamily {
  Add,
  Sub,
  Mul,
  Div,
  Min,
  Max,
  Sqrt,
}

/** Bits of MXCSR: an inexact result was met; that is no exception; rounding control, 0: to nearest. */
export const MXCSR_PE = 1 << 5;
export const MXCSR_PM = 1 << 12;
export const MXCSR_RC = 3 << 13;
